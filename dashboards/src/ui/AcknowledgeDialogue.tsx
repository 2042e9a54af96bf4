// "I have seen it": acknowledging an alarm, with a comment if there is something to say.
import { useSignal } from "@preact/signals";
import { acknowledge } from "../api/calls";
import { HubError } from "../api/client";
import type { Alarm, AlarmDetail } from "../api/types";
import { local, t } from "../i18n";
import { store } from "../state/store";
import { placeOf } from "./AlarmRow";
import { Button } from "./Button";
import { Dialogue } from "./Dialogue";
import { TextArea } from "./Field";
import { StatusMark } from "./StatusMark";
import { toast } from "./Toast";

export interface AcknowledgeDialogueProps {
  alarm: Alarm;
  onClose: () => void;
  onChanged?: (alarm: AlarmDetail) => void;
}

export function AcknowledgeDialogue({ alarm, onClose, onChanged }: AcknowledgeDialogueProps) {
  const comment = useSignal("");
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);

  async function submit(event: Event) {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    fault.value = null;
    try {
      const changed = await acknowledge(alarm.id, comment.value.trim());
      store.applyAlarm(changed);
      onChanged?.(changed);
      toast(t("alarm.acknowledged"));
      onClose();
    } catch (error) {
      fault.value = faultText(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialogue title={t("alarm.acknowledge")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <div>
          <p class="row">
            <StatusMark status={alarm.priority} />
            <strong>{local(alarm.title)}</strong>
          </p>
          <p class="muted">{placeOf(alarm)}</p>
        </div>
        <p class="small">{t("alarm.acknowledgeHint")}</p>
        <TextArea
          label={t("alarm.commentOptional")}
          name="comment"
          maxLength={1000}
          value={comment.value}
          onInput={(event) => (comment.value = event.currentTarget.value)}
        />
        {fault.value !== null && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" tall type="submit" busy={busy.value}>
            {t("alarm.acknowledge")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

/** Why an action on an alarm was not recorded, in words. */
export function faultText(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 0) return t("page.unreachable");
  if (status === 403) return t("alarm.forbidden");
  if (status === 409) return t("alarm.already");
  return t("alarm.failed");
}
