// A word on an alarm for whoever comes next, or with its reset.
import { useSignal } from "@preact/signals";
import { addComment, resetAlarm } from "../api/calls";
import { HubError } from "../api/client";
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Dialogue } from "../ui/Dialogue";
import { TextArea } from "../ui/Field";
import { toast } from "../ui/Toast";
import { faultText, useSending } from "../ui/sending";

const resetFault = (error: unknown) => (error instanceof HubError && error.status === 409 ? t("alarm.resetTooLate") : faultText(error));

export interface CommentDialogueProps {
  alarm: Alarm;
  /** Ends a latched alarm; then there need not be a word. */
  resets?: boolean;
  onClose: () => void;
  onChanged: () => void;
}

export function CommentDialogue({ alarm, resets = false, onClose, onChanged }: CommentDialogueProps) {
  const comment = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    await (resets ? resetAlarm : addComment)(alarm.id, comment.value.trim());
    toast(t(resets ? "alarm.resetDone" : "alarm.commented"));
    onChanged();
    onClose();
  }, resets ? resetFault : undefined);

  function submitText(event: Event) {
    if (resets || comment.value.trim() !== "") {
      void submit(event);
      return;
    }
    event.preventDefault();
    fault.value = t("alarm.commentRequired");
  }

  return (
    <Dialogue title={t(resets ? "alarm.reset" : "alarm.addComment")} onClose={onClose}>
      <form class="stack" onSubmit={submitText}>
        {resets && <p>{t("alarm.resetHint")}</p>}
        <TextArea
          label={t(resets ? "alarm.commentOptional" : "alarm.comment")}
          name="comment"
          maxLength={1000}
          value={comment.value}
          fault={fault.value}
          onInput={(event) => (comment.value = event.currentTarget.value)}
        />
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {t(resets ? "alarm.reset" : "dialogue.send")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}
