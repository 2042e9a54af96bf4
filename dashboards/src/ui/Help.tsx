// "What am I seeing?": a short word on the page, folded until it is wanted; below it what the words of the field mean.
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Lazy } from "../lib/Lazy";
import { later } from "../lib/later";
import type { TermsProps } from "./Terms";
import "./Help.css";

const terms = later(() => import("./Terms"));

interface HelpProps extends Partial<TermsProps> {
  text: string;
}

/** With `words`, if only an empty list, the page's terms are told as well. */
export function Help({ text, words, points }: HelpProps) {
  const opened = useSignal(false);
  return (
    <details class="help no-print" onToggle={(event) => (opened.value ||= event.currentTarget.open)}>
      <summary>{t("help.open")}</summary>
      <p class="small">{text}</p>
      {opened.value && words !== undefined && <Lazy load={terms} props={{ words, points }} rows={1} height={60} />}
    </details>
  );
}
