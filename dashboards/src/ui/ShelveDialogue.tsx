// Putting an alarm aside for a while, with a reason: it stays listed, and comes back by itself.
import { useSignal } from "@preact/signals";
import { shelve } from "../api/calls";
import type { Alarm, AlarmDetail } from "../api/types";
import { count, local, t } from "../i18n";
import { moment } from "../i18n/format";
import { hubNow } from "../state/clock";
import { store } from "../state/store";
import { placeOf } from "./AlarmRow";
import { Button } from "./Button";
import { Dialogue } from "./Dialogue";
import { SelectField, TextArea } from "./Field";
import { StatusMark } from "./StatusMark";
import { toast } from "./Toast";
import { useSending } from "./sending";

/** For how many hours one may put it aside here. */
const HOURS = [1, 4, 8, 24, 72] as const;
const HOUR_MS = 3_600_000;

export interface ShelveDialogueProps {
  alarm: Alarm;
  onClose: () => void;
  onChanged?: (alarm: AlarmDetail) => void;
}

export function ShelveDialogue({ alarm, onClose, onChanged }: ShelveDialogueProps) {
  const hours = useSignal<number>(HOURS[1]);
  const reason = useSignal("");
  const missing = useSignal(false);
  const until = hubNow() + hours.value * HOUR_MS;
  const { busy, fault, submit } = useSending(async () => {
    const changed = await shelve(alarm.id, new Date(hubNow() + hours.value * HOUR_MS).toISOString(), reason.value.trim());
    store.applyAlarm(changed);
    onChanged?.(changed);
    toast(t("alarm.shelved"));
    onClose();
  });

  function submitReason(event: Event) {
    missing.value = reason.value.trim() === "";
    if (missing.value) event.preventDefault();
    else void submit(event);
  }

  return (
    <Dialogue title={t("alarm.shelve")} onClose={onClose}>
      <form class="stack" onSubmit={submitReason}>
        <div>
          <p class="row">
            <StatusMark status={alarm.priority} />
            <strong>{local(alarm.title)}</strong>
          </p>
          <p class="muted">{placeOf(alarm)}</p>
        </div>
        <p class="small">{t("alarm.shelveHint")}</p>
        <SelectField label={t("alarm.shelveFor")} value={String(hours.value)} onChange={(event) => (hours.value = Number(event.currentTarget.value))}>
          {HOURS.map((each) => (
            <option key={each} value={each} selected={each === hours.value}>
              {each < 24 ? count("time.hours", each) : count("time.days", each / 24)}
            </option>
          ))}
        </SelectField>
        <p class="small muted figures">{t("alarm.shelvedUntil", { time: moment(until, hubNow()) })}</p>
        <TextArea
          label={t("alarm.shelveReason")}
          name="reason"
          maxLength={1000}
          value={reason.value}
          fault={missing.value ? t("alarm.shelveReasonRequired") : null}
          onInput={(event) => (reason.value = event.currentTarget.value)}
        />
        {fault.value !== null && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" tall type="submit" busy={busy.value}>
            {t("alarm.shelve")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}
