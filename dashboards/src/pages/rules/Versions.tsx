// What the rule was before: who changed it, when and why, what differs, and the way back.
import { useSignal } from "@preact/signals";
import { getRuleVersion } from "../../api/rules";
import type { OldRuleText, RuleVersion } from "../../api/types";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { DiffView } from "./DiffView";

export interface VersionsProps {
  rule: string;
  versions: readonly RuleVersion[];
  /** The text in force; empty where there is none, any more. */
  source: string;
  onLoad: (version: number) => void;
}

export function Versions({ rule, versions, source, onLoad }: VersionsProps) {
  const shown = useSignal<OldRuleText | null>(null);
  return (
    <section class="panel stack-tight rules-panel" aria-labelledby="rules-versions">
      <h2 id="rules-versions">{t("rules.versions")}</h2>
      {versions.length === 0 ? (
        <p class="small muted">{t("rules.noVersions")}</p>
      ) : (
        <ul>
          {versions.map((version) => {
            const time = moment(Date.parse(version.at), hubNow());
            const isOpen = shown.value?.id === version.id;
            return (
              <li key={version.id} class="rules-version">
                <div class="row row-ends">
                  <p>
                    <span class="figures">{time}</span> · {t(`rules.what.${version.what}` as "rules.what.saved")}
                    {version.by !== null && ` · ${version.by}`}
                    {version.why !== "" && <span class="muted"> · {version.why}</span>}
                  </p>
                  <Button
                    aria-expanded={isOpen}
                    aria-label={t("rules.showVersion", { time })}
                    onClick={() => {
                      if (isOpen) shown.value = null;
                      else void getRuleVersion(rule, version.id).then((old) => (shown.value = old));
                    }}
                  >
                    {t("rules.show")}
                  </Button>
                </div>
                {isOpen && shown.value !== null && (
                  <div class="stack-tight">
                    <h3>{t("rules.oldDiff")}</h3>
                    <DiffView title={t("rules.oldDiff")} before={shown.value.source} after={source} />
                    <div>
                      <Button onClick={() => onLoad(version.id)}>{t("rules.rollBack")}</Button>
                    </div>
                  </div>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
