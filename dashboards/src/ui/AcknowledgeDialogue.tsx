// "I have seen it": acknowledging an alarm, with a comment if there is something to say.
import { useSignal } from "@preact/signals";
import { acknowledge } from "../api/calls";
import type { Alarm, AlarmDetail } from "../api/types";
import { local, t } from "../i18n";
import { moment } from "../i18n/format";
import { hubNow } from "../state/clock";
import { store } from "../state/store";
import { placeOf } from "./AlarmRow";
import { Button } from "./Button";
import { Dialogue } from "./Dialogue";
import { TextArea } from "./Field";
import { StatusMark } from "./StatusMark";
import { toast } from "./Toast";
import { useSending } from "./sending";

export interface AcknowledgeDialogueProps {
  alarm: Alarm;
  onClose: () => void;
  onChanged?: (alarm: AlarmDetail) => void;
}

export function AcknowledgeDialogue({ alarm, onClose, onChanged }: AcknowledgeDialogueProps) {
  const comment = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    const changed = await acknowledge(alarm.id, comment.value.trim());
    store.applyAlarm(changed);
    onChanged?.(changed);
    toast(t("alarm.acknowledged"));
    onClose();
  });

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
        <p class="small" role="status">
          {meanwhile(alarm)}
        </p>
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

/** What has become of the alarm while the question stood open. */
function meanwhile(opened: Alarm): string {
  const present = store.alarms.value?.get(opened.id);
  if (present === undefined || present.state === opened.state) return "";
  if (present.state === "rtn_unacknowledged") return t("alarm.clearedMeanwhile");
  if (present.acknowledged_by !== null) return t("alarm.acknowledgedBy", { who: present.acknowledged_by, time: moment(Date.parse(present.acknowledged_at ?? ""), hubNow()) });
  return "";
}
