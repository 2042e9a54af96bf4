// Before a device is put into its site's file or taken out: what changes there, and why.
import { useSignal } from "@preact/signals";
import { type SavedSiteFile, type SiteFile, removeDevice, saveDevice } from "../../api/devices";
import { t } from "../../i18n";
import { Dialogue } from "../../ui/Dialogue";
import { TextField } from "../../ui/Field";
import { ConfirmDialogue, FormActions, FormFault } from "../../ui/FormEnd";
import { useSending } from "../../ui/sending";
import { DiffView } from "../rules/DiffView";
import { whyNotSaved } from "./draft";

interface OfDevice {
  file: SiteFile;
  device: string;
  /** Somebody was faster: the file is not what is shown. */
  onOvertaken: () => void;
  onClose: () => void;
}

export interface SaveDialogueProps extends OfDevice {
  toml: string;
  /** The file as it would be. */
  after: string;
  onSaved: (saved: SavedSiteFile) => void;
}

export function SaveDialogue({ file, device, toml, after, onOvertaken, onClose, onSaved }: SaveDialogueProps) {
  const why = useSignal("");
  const { busy, fault, submit } = useSending(
    async () => onSaved(await saveDevice(file.site, device, { toml, revision: file.revision, why: why.value })),
    (error) => whyNotSaved(error, onOvertaken),
  );
  const title = t("devices.diff", { file: file.file });
  return (
    <Dialogue title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <DiffView title={title} before={file.text} after={after} />
        <TextField label={t("devices.why")} value={why.value} maxLength={2000} onInput={(event) => (why.value = event.currentTarget.value)} />
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("devices.save")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

export function RemoveDialogue({ file, device, onOvertaken, onClose, onDone }: OfDevice & { onDone: () => void }) {
  return (
    <ConfirmDialogue
      title={t("devices.remove")}
      text={t("devices.removeSure")}
      action={t("devices.remove")}
      send={() => removeDevice(file.site, device, file.revision)}
      words={(error) => whyNotSaved(error, onOvertaken)}
      onClose={onClose}
      onDone={onDone}
    />
  );
}
