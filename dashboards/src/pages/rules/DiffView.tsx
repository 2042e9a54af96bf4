// The lines that differ between two texts, with sign and word beside the colour.
import { count, t } from "../../i18n";
import { diffLines, folded } from "./diff";
// It is shown by pages that are not of rules, too.
import "./texts";
import "./Rules.css";

export function DiffView({ title, before, after }: { title: string; before: string; after: string }) {
  const lines = diffLines(before, after);
  if (lines.every((line) => line.kind === "same")) return <p class="small muted">{t("rules.same")}</p>;
  return (
    <div class="rules-diff" role="region" aria-label={title} tabIndex={0}>
      <ol>
        {folded(lines).map((line, index) =>
          line.kind === "left" ? (
            <li key={index} class="rules-diff-left small muted">
              {count("rules.unchanged", line.count)}
            </li>
          ) : (
            <li key={index} class={`rules-diff-${line.kind}`}>
              <span class="rules-diff-sign" aria-hidden="true">
                {line.kind === "added" ? "+" : line.kind === "removed" ? "−" : " "}
              </span>
              {line.kind !== "same" && <span class="unseen">{t(`rules.${line.kind}`)}: </span>}
              <code>{line.text}</code>
            </li>
          ),
        )}
      </ol>
    </div>
  );
}
