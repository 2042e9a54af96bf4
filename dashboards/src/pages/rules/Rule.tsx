// One rule for integrators: its text and its cases with a live check, cases run, a back-test, then saved and used; its versions.
// What is written is kept by the browser until it is saved; when somebody else was faster both texts stay.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { getRule, getRuleVersion, getRuleVersions, type RuleDraft } from "../../api/rules";
import { HubError, said } from "../../api/client";
import type { RuleText, RuleVersion, SavedRule } from "../../api/types";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { useResource } from "../../lib/resource";
import { navigate } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { BackLink } from "../../ui/BackLink";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Choice";
import { Help } from "../../ui/Help";
import { Failed, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import { toast } from "../../ui/Toast";
import { BacktestPanel } from "./BacktestPanel";
import { CasesPanel, CheckPanel } from "./CheckPanel";
import { CodeField, type CodeHandle } from "./CodeField";
import { DiffView } from "./DiffView";
import { DeleteDialogue, SaveDialogue, SwitchDialogue } from "./SaveDialogue";
import { Versions } from "./Versions";
import { useCheck } from "./check";
import { casesTemplate, keepDraft, recallDraft, template } from "./draft";
import "./texts";
import "./Rules.css";

/** How often the hub is asked whether somebody else has changed the rule. */
const LOOK_MS = 15_000;

export default function RulePage({ id }: { id: string }) {
  useTitle(id);
  const [found, reload] = useResource(id, () => known(id));
  const { data, error } = found.value;
  return (
    <>
      <BackLink href="/rules">{t("rules.all")}</BackLink>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} height={160} />
      ) : (
        <Editor key={id} id={id} first={data.text} earlier={data.versions} />
      )}
    </>
  );
}

/** The rule, or `null` where there is none of this name, and what is known of one that was deleted. */
async function known(id: string): Promise<{ text: RuleText | null; versions: RuleVersion[] }> {
  try {
    const text = await getRule(id);
    return { text, versions: text.versions };
  } catch (error) {
    if (error instanceof HubError && error.status === 404) return { text: null, versions: await getRuleVersions(id) };
    throw error;
  }
}

const textsOf = (text: RuleText | null): RuleDraft => ({ source: text?.source ?? "", cases: text?.cases ?? "" });
const isSame = (one: RuleDraft, other: RuleDraft) => one.source === other.source && one.cases === other.cases;

function Editor({ id, first, earlier }: { id: string; first: RuleText | null; earlier: RuleVersion[] }) {
  const kept = useRef(recallDraft(id)).current;
  /** What is in force as far as we know. */
  const base = useSignal<RuleText | null>(first);
  /** What somebody else has put in force meanwhile. */
  const theirs = useSignal<RuleText | null>(null);
  const start = kept ?? (first === null ? { source: template(id), cases: casesTemplate } : textsOf(first));
  const draft = useSignal<RuleDraft>({ source: start.source, cases: start.cases });
  /** The revision that the draft was made from. */
  const revision = useSignal<string | null>(kept === null ? (first?.revision ?? null) : kept.revision);
  const fromDraft = useSignal(kept !== null && !isSame(kept, textsOf(first)));
  const side = useSignal<"text" | "cases">("text");
  const asking = useSignal<"save" | "switch" | "delete" | null>(null);
  const why = useSignal("");
  /** The draft whose cases have all passed. */
  const tested = useSignal<RuleDraft | null>(null);
  const text = useRef<CodeHandle>(null);
  const cases = useRef<CodeHandle>(null);
  const check = useCheck(id, draft.value.source);

  const write = (change: Partial<RuleDraft>) => {
    draft.value = { ...draft.peek(), ...change };
    const isNew = !isSame(draft.peek(), textsOf(base.peek()));
    keepDraft(id, isNew ? { ...draft.peek(), revision: revision.peek() } : null);
  };
  const put = (texts: RuleDraft) => {
    text.current?.replace(texts.source);
    cases.current?.replace(texts.cases);
    write(texts);
  };

  async function look() {
    const now = await known(id).catch(() => null);
    if (now === null) return;
    if ((now.text?.revision ?? null) === revision.peek()) base.value = now.text;
    else if (now.text !== null) theirs.value = now.text;
    else {
      base.value = revision.value = null;
      toast(t("rules.goneMeanwhile"));
    }
  }
  useEffect(() => {
    if (kept !== null) void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);

  const taken = (saved: SavedRule) => {
    base.value = saved as RuleText;
    revision.value = saved.revision;
    theirs.value = null;
    fromDraft.value = false;
    asking.value = null;
    why.value = "";
    keepDraft(id, isSame(draft.peek(), textsOf(saved as RuleText)) ? null : { ...draft.peek(), revision: saved.revision });
  };
  const overtaken = () => {
    asking.value = null;
    void look();
  };

  async function loadOld(version: number) {
    const old = await getRuleVersion(id, version);
    put({ source: old.source, cases: old.cases ?? "" });
    why.value = t("rules.rolledBack", { time: moment(Date.parse(old.at), hubNow()) });
    side.value = "text";
    toast(t("rules.loadedOld"));
    scrollTo(0, 0);
  }

  const rule = base.value;
  const changed = !isSame(draft.value, textsOf(rule));
  const faulty = check.value.state === "done" && check.value.found.faults.length > 0;
  return (
    <>
      <div class="row row-ends">
        <div>
          <h1>
            <code>{id}</code>
          </h1>
          <p class="row small muted">
            {rule === null ? (
              t(earlier.length === 0 ? "rules.isNew" : "rules.wasDeleted")
            ) : (
              <>
                <StatusMark status={rule.on ? "well" : "calm"} word={t(rule.on ? "rules.state.on" : "rules.state.off")} />
                <span>{t(`rules.origin.${rule.origin}`)}</span>
              </>
            )}
          </p>
          <Help text={t("rules.help")} />
        </div>
        <div class="row">
          {rule !== null && <Button onClick={() => (asking.value = "switch")}>{t(rule.on ? "rules.switchOff" : "rules.switchOn")}</Button>}
          {rule?.origin === "own" && <Button onClick={() => (asking.value = "delete")}>{t("rules.delete")}</Button>}
          <Button kind="main" disabled={!changed || faulty} onClick={() => (asking.value = "save")}>
            {t("rules.save")}
          </Button>
        </div>
      </div>
      {fromDraft.value && (
        <div class="panel row row-ends rules-notice" role="status">
          <span>{t("rules.draft")}</span>
          <Button
            onClick={() => {
              const now = theirs.peek() ?? base.peek();
              base.value = now;
              revision.value = now?.revision ?? null;
              theirs.value = null;
              fromDraft.value = false;
              put(now === null ? { source: template(id), cases: casesTemplate } : textsOf(now));
            }}
          >
            {t("rules.dropDraft")}
          </Button>
        </div>
      )}
      {theirs.value !== null && (
        <Overtaken
          theirs={theirs.value}
          mine={draft.value}
          onMine={() => {
            base.value = theirs.peek();
            revision.value = theirs.peek()?.revision ?? null;
            theirs.value = null;
            write({});
          }}
          onTheirs={() => {
            const now = theirs.peek();
            base.value = now;
            revision.value = now?.revision ?? null;
            theirs.value = null;
            put(textsOf(now));
          }}
        />
      )}
      <section class="panel stack-tight rules-panel" aria-label={t("rules.text")}>
        <Choice
          label={t("rules.text")}
          unlabelled
          chosen={side.value}
          onChoose={(chosen) => (side.value = chosen)}
          options={[
            { value: "text", text: t("rules.text") },
            { value: "cases", text: t("rules.cases") },
          ]}
        />
        {/* Both stay: each keeps its place and what can be undone. */}
        <div hidden={side.value !== "text"}>
          <CodeField
            label={t("rules.textLabel")}
            language="rhai"
            text={draft.peek().source}
            onText={(source) => write({ source })}
            faults={check.value.state === "done" ? check.value.found.faults : []}
            doubts={check.value.state === "done" ? check.value.found.doubts : []}
            handle={text}
          />
          <CheckPanel check={check.value} onLine={(line, column) => text.current?.goTo(line, column)} />
        </div>
        <div hidden={side.value !== "cases"} class="stack-tight">
          <p class="small muted">{t("rules.casesHint")}</p>
          <CasesPanel id={id} draft={draft.value} handle={cases} onText={(next) => write({ cases: next })} onPassed={(passed) => (tested.value = passed)} />
        </div>
      </section>
      <BacktestPanel rule={id} source={() => draft.peek().source} />
      <Versions rule={id} versions={rule?.versions ?? earlier} source={rule?.source ?? ""} onLoad={(version) => void loadOld(version)} />
      {asking.value === "save" && (
        <SaveDialogue
          rule={id}
          draft={draft.value}
          before={textsOf(rule)}
          revision={revision.value}
          tested={tested.value !== null && isSame(tested.value, draft.value)}
          why={why.value}
          onSaved={(saved) => {
            taken(saved);
            toast(saved.in_force ? t("rules.saved") : saved.waits_for === null ? t("rules.savedLater") : t("rules.savedWaits", { why: said({ detail: saved.waits_for, detail_vi: saved.waits_for_vi }) }));
          }}
          onOvertaken={overtaken}
          onClose={() => (asking.value = null)}
        />
      )}
      {asking.value === "delete" && rule !== null && (
        <DeleteDialogue
          rule={id}
          revision={rule.revision}
          onDeleted={(gone) => {
            keepDraft(id, null);
            toast(gone.in_force ? t("rules.deleted") : t("rules.deletedLater"));
            navigate("/rules");
          }}
          onClose={() => (asking.value = null)}
        />
      )}
      {asking.value === "switch" && rule !== null && (
        <SwitchDialogue
          rule={id}
          on={!rule.on}
          revision={rule.revision}
          onSwitched={(saved) => {
            taken(saved);
            toast(t(saved.on ? "rules.switchedOn" : "rules.switchedOff"));
          }}
          onOvertaken={overtaken}
          onClose={() => (asking.value = null)}
        />
      )}
    </>
  );
}

interface OvertakenProps {
  theirs: RuleText;
  mine: RuleDraft;
  onMine: () => void;
  onTheirs: () => void;
}

function Overtaken({ theirs, mine, onMine, onTheirs }: OvertakenProps) {
  const by = theirs.versions[0]?.by ?? null;
  return (
    <section class="panel stack-tight rules-notice" role="alert">
      <p>
        <strong>{t("rules.overtaken", { by: by ?? t("rules.somebody") })}</strong>
      </p>
      <details>
        <summary>{t("rules.compare")}</summary>
        <DiffView title={t("rules.theirs")} before={theirs.source} after={mine.source} />
      </details>
      <div class="row">
        <Button onClick={onMine}>{t("rules.keepMine")}</Button>
        <Button onClick={onTheirs}>{t("rules.takeTheirs")}</Button>
      </div>
    </section>
  );
}
