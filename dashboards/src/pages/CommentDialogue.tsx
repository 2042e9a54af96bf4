// A word on an alarm for whoever comes next.
import { useSignal } from "@preact/signals";
import { addComment } from "../api/calls";
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Dialogue } from "../ui/Dialogue";
import { TextArea } from "../ui/Field";
import { toast } from "../ui/Toast";
import { useSending } from "../ui/sending";

export function CommentDialogue({ alarm, onClose, onChanged }: { alarm: Alarm; onClose: () => void; onChanged: () => void }) {
  const comment = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    await addComment(alarm.id, comment.value.trim());
    toast(t("alarm.commented"));
    onChanged();
    onClose();
  });

  function submitText(event: Event) {
    if (comment.value.trim() !== "") {
      void submit(event);
      return;
    }
    event.preventDefault();
    fault.value = t("alarm.commentRequired");
  }

  return (
    <Dialogue title={t("alarm.addComment")} onClose={onClose}>
      <form class="stack" onSubmit={submitText}>
        <TextArea
          label={t("alarm.comment")}
          name="comment"
          maxLength={1000}
          value={comment.value}
          fault={fault.value}
          onInput={(event) => (comment.value = event.currentTarget.value)}
        />
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {t("dialogue.send")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}
