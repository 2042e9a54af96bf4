// "What am I seeing?": a short word on the page, folded until it is wanted.
import { t } from "../i18n";
import "./Help.css";

export function Help({ text }: { text: string }) {
  return (
    <details class="help no-print">
      <summary>{t("help.open")}</summary>
      <p class="small">{text}</p>
    </details>
  );
}
