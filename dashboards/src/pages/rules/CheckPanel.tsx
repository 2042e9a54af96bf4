// What the hub says of the text under it, and how its cases went: each with its line, which leads there.
import { useSignal } from "@preact/signals";
import type { Ref } from "preact";
import { useRef } from "preact/hooks";
import { type RuleDraft, runCases } from "../../api/rules";
import type { CasesRun, TextFault } from "../../api/types";
import { local, t } from "../../i18n";
import { Button } from "../../ui/Button";
import { StatusMark } from "../../ui/StatusMark";
import { CodeField, type CodeHandle } from "./CodeField";
import type { Check } from "./check";
import { faultWords, whyText } from "./whyText";

type GoTo = (line: number, column: number | null) => void;

export function CheckPanel({ check, onLine }: { check: Check; onLine: GoTo }) {
  return (
    <div class="rules-check" role="status" data-testid="rule-check">
      {check.state === "checking" && <p class="small muted">{t("rules.checking")}</p>}
      {check.state === "failed" && <p class="small">{t("rules.checkFailed")}</p>}
      {check.state === "done" && check.found.faults.length > 0 && (
        <>
          <StatusMark status="fail" word={t("rules.refused")} />
          <Faults faults={check.found.faults as TextFault[]} onLine={onLine} />
        </>
      )}
      {check.state === "done" && check.found.rule !== null && (
        <StatusMark status="well" word={t("rules.well", { title: local(check.found.rule.title), priority: t(`priority.${check.found.rule.priority}`).toLowerCase() })} />
      )}
      {check.state === "done" && check.found.doubts.length > 0 && (
        <>
          <p class="small rules-warning">{t("rules.doubts")}</p>
          <Faults faults={check.found.doubts as TextFault[]} onLine={onLine} />
        </>
      )}
    </div>
  );
}

function Faults({ faults, onLine }: { faults: readonly TextFault[]; onLine: GoTo }) {
  return (
    <ul>
      {faults.map((fault) => (
        <li key={`${fault.line} ${fault.message}`} class="rules-fault-row">
          <button type="button" class="link small" onClick={() => onLine(fault.line, fault.column)}>
            {fault.column === null ? t("rules.line", { line: fault.line }) : t("rules.lineColumn", { line: fault.line, column: fault.column })}
          </button>{" "}
          <span class="small">{faultWords(fault)}</span>
        </li>
      ))}
    </ul>
  );
}

export interface CasesPanelProps {
  id: string;
  draft: RuleDraft;
  handle: Ref<CodeHandle> & { current: CodeHandle | null };
  onText: (cases: string) => void;
  /** All cases of this draft have passed. */
  onPassed: (draft: RuleDraft) => void;
}

export function CasesPanel({ id, draft, handle, onText, onPassed }: CasesPanelProps) {
  const run = useSignal<CasesRun | null>(null);
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  const first = useRef(draft.cases).current;

  async function start() {
    busy.value = true;
    fault.value = null;
    try {
      const found = await runCases(id, draft.source, draft.cases);
      run.value = found;
      if (found.results.length > 0 && found.results.every((each) => each.failure === null)) onPassed(draft);
    } catch (error) {
      fault.value = whyText(error);
    } finally {
      busy.value = false;
    }
  }

  const found = run.value;
  const failed = found?.results.filter((each) => each.failure !== null).length ?? 0;
  return (
    <>
      <CodeField label={t("rules.casesLabel")} language="toml" text={first} onText={onText} faults={faultsOf(found)} handle={handle} />
      <div>
        <Button onClick={() => void start()} busy={busy.value}>
          {busy.value ? t("rules.running") : t("rules.run")}
        </Button>
      </div>
      <div role="status" data-testid="cases-run">
        {fault.value !== null && <p class="small rules-fault">{fault.value}</p>}
        {found?.rule_fault != null && (
          <p class="small rules-fault">
            {t("rules.faultAt", { line: found.rule_fault.line, message: faultWords(found.rule_fault) })}
          </p>
        )}
        {found?.cases_fault != null && <p class="small rules-fault">{t("rules.casesFault", { line: found.cases_fault.line, message: faultWords(found.cases_fault) })}</p>}
        {found !== null && found.results.length > 0 && (
          <>
            <p>{failed === 0 ? t("rules.allPassed", { n: found.results.length }) : t("rules.someFailed", { n: failed })}</p>
            <ul>
              {found.results.map((each) => (
                <li key={each.line} class="rules-case">
                  <StatusMark status={each.failure === null ? "well" : "fail"} word={t(each.failure === null ? "rules.passed" : "rules.failed")} />
                  <button type="button" class="link small" onClick={() => handle.current?.goTo(each.line, null)}>
                    {each.name}
                  </button>
                  {each.failure !== null && (
                    <p class="small">{faultWords({ message: each.failure, message_vi: each.failure_vi ?? each.failure })}</p>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
        {found !== null && found.results.length === 0 && found.cases_fault === null && found.rule_fault === null && <p class="small muted">{t("rules.noCases")}</p>}
      </div>
    </>
  );
}

/** At their lines in the cases: what is wrong with the text, else the cases that failed. */
function faultsOf(run: CasesRun | null): TextFault[] {
  if (run === null) return NONE;
  if (run.cases_fault !== null) return [run.cases_fault as TextFault];
  return run.results.flatMap((each) => (each.failure === null ? [] : [{ line: each.line, column: null, message: each.failure, message_vi: each.failure_vi ?? each.failure }]));
}

const NONE: TextFault[] = [];
