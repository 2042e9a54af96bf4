// The end of a dialogue's form: what went wrong, and the two buttons. And the dialogue that only asks whether one is sure.
import { t } from "../i18n";
import { Button } from "./Button";
import { Dialogue } from "./Dialogue";
import { useSending } from "./sending";

export function FormFault({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p class="field-fault" role="alert">
      {text}
    </p>
  );
}

export function FormActions({ busy, text, onClose }: { busy: boolean; text: string; onClose: () => void }) {
  return (
    <div class="dialogue-actions">
      <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
      <Button kind="main" type="submit" busy={busy}>
        {text}
      </Button>
    </div>
  );
}

export interface ConfirmDialogueProps {
  title: string;
  text: string;
  action: string;
  send: () => Promise<unknown>;
  /** What a refusal is in words. */
  words: (error: unknown) => string;
  onClose: () => void;
  onDone: () => void;
}

/** Whether one is sure. */
export function ConfirmDialogue({ title, text, action, send, words, onClose, onDone }: ConfirmDialogueProps) {
  const { busy, fault, submit } = useSending(async () => {
    await send();
    onDone();
  }, words);
  return (
    <Dialogue title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p>{text}</p>
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={action} onClose={onClose} />
      </form>
    </Dialogue>
  );
}
