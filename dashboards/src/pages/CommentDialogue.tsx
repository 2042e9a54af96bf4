// A word on an alarm for whoever comes next.
import { useSignal } from "@preact/signals";
import { addComment } from "../api/calls";
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { faultText } from "../ui/AcknowledgeDialogue";
import { Button } from "../ui/Button";
import { Dialogue } from "../ui/Dialogue";
import { TextArea } from "../ui/Field";
import { toast } from "../ui/Toast";

export function CommentDialogue({ alarm, onClose, onChanged }: { alarm: Alarm; onClose: () => void; onChanged: () => void }) {
  const comment = useSignal("");
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);

  async function submit(event: Event) {
    event.preventDefault();
    if (busy.value) return;
    const text = comment.value.trim();
    if (text === "") {
      fault.value = t("alarm.commentRequired");
      return;
    }
    busy.value = true;
    try {
      await addComment(alarm.id, text);
      toast(t("alarm.commented"));
      onChanged();
      onClose();
    } catch (error) {
      fault.value = faultText(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialogue title={t("alarm.addComment")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
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
