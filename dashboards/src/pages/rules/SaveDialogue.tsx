// Before a rule is put in force, switched or deleted: what changes, and why. The hub keeps the texts.
import { useSignal } from "@preact/signals";
import { type RuleDraft, deleteRule, saveRule, switchRule } from "../../api/rules";
import { HubError } from "../../api/client";
import type { DeletedRule, SavedRule } from "../../api/types";
import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { TextField } from "../../ui/Field";
import { whyText } from "./whyText";
import { useSending } from "../../ui/sending";
import { DiffView } from "./DiffView";

const words = (error: unknown) => t("rules.saveFailed", { why: whyText(error) });

export interface SaveDialogueProps {
  rule: string;
  draft: RuleDraft;
  /** What is in force now; empty texts for a new rule. */
  before: RuleDraft;
  revision: string | null;
  tested: boolean;
  why: string;
  onSaved: (saved: SavedRule) => void;
  /** Somebody else was faster. */
  onOvertaken: () => void;
  onClose: () => void;
}

export function SaveDialogue({ rule, draft, before, revision, tested, why: begun, onSaved, onOvertaken, onClose }: SaveDialogueProps) {
  const why = useSignal(begun);
  const { busy, fault, submit } = useSending(async () => {
    try {
      onSaved(await saveRule(rule, draft, why.value, revision));
    } catch (error) {
      if (!(error instanceof HubError) || error.status !== 409) throw error;
      onOvertaken();
    }
  }, words);
  return (
    <Dialogue title={t("rules.saveTitle")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="small muted">{t("rules.saveHint")}</p>
        {!tested && <p class="small rules-warning">{t("rules.notTested")}</p>}
        <h3>{t("rules.diff")}</h3>
        <DiffView title={t("rules.diff")} before={before.source} after={draft.source} />
        {before.cases !== draft.cases && (
          <>
            <h3>{t("rules.diffCases")}</h3>
            <DiffView title={t("rules.diffCases")} before={before.cases} after={draft.cases} />
          </>
        )}
        <TextField label={t("rules.why")} value={why.value} maxLength={2000} required fault={fault.value} onInput={(event) => (why.value = event.currentTarget.value)} />
        <p class="small muted">{t("rules.whyHint")}</p>
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {t("rules.save")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

interface WhyDialogueProps {
  title: string;
  hint: string;
  /** Does it; what a conflict means is the caller's to know. */
  act: (why: string) => Promise<void>;
  onClose: () => void;
}

function WhyDialogue({ title, hint, act, onClose }: WhyDialogueProps) {
  const why = useSignal("");
  const { busy, fault, submit } = useSending(() => act(why.value), words);
  return (
    <Dialogue title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="small muted">{hint}</p>
        <TextField label={t("rules.switchWhy")} value={why.value} maxLength={2000} required fault={fault.value} onInput={(event) => (why.value = event.currentTarget.value)} />
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {title}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

export interface SwitchDialogueProps {
  rule: string;
  on: boolean;
  revision: string;
  onSwitched: (saved: SavedRule) => void;
  onOvertaken: () => void;
  onClose: () => void;
}

export function SwitchDialogue({ rule, on, revision, onSwitched, onOvertaken, onClose }: SwitchDialogueProps) {
  const act = async (why: string) => {
    try {
      onSwitched(await switchRule(rule, on, why, revision));
    } catch (error) {
      if (!(error instanceof HubError) || error.status !== 409) throw error;
      onOvertaken();
    }
  };
  return <WhyDialogue title={t(on ? "rules.switchOn" : "rules.switchOff")} hint={t(on ? "rules.switchOnHint" : "rules.switchOffHint")} act={act} onClose={onClose} />;
}

export interface DeleteDialogueProps {
  rule: string;
  revision: string;
  onDeleted: (gone: DeletedRule) => void;
  onClose: () => void;
}

/** A refusal is shown with its reason: somebody was faster, or a site's file says something of the rule. */
export function DeleteDialogue({ rule, revision, onDeleted, onClose }: DeleteDialogueProps) {
  const act = async (why: string) => onDeleted(await deleteRule(rule, why, revision));
  return <WhyDialogue title={t("rules.delete")} hint={t("rules.deleteHint")} act={act} onClose={onClose} />;
}
