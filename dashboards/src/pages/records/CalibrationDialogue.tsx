// A calibration is entered or changed. Its effect is shown first; if somebody else has changed it meanwhile, both stand side by
// side and nothing that was typed is lost.
import { useSignal } from "@preact/signals";
import { HubError } from "../../api/client";
import { type CalibrationWish, addCalibration, changeCalibration, getCalibrations, previewCalibration } from "../../api/records";
import type { Calibration, Job, Point } from "../../api/types";
import { lang, local, t } from "../../i18n";
import { dayCode, dayDate, moment, parseDayCode } from "../../i18n/format";
import { parseTypedNumber, typedNumber } from "../../i18n/typed";
import { hubNow } from "../../state/clock";
import { session } from "../../state/commune";
import { Button } from "../../ui/Button";
import { DayField } from "../../ui/DayField";
import { Dialogue } from "../../ui/Dialogue";
import { TextArea, TextField } from "../../ui/Field";
import { FormActions, FormFault } from "../../ui/FormEnd";
import { useSending } from "../../ui/sending";
import { CalibrationEffect, EffectFrame, useEffectOf } from "./Effect";
import { PointField } from "./PointField";
import { calibrationWords, recordFault } from "./words";

export interface CalibrationDialogueProps {
  /** One of these is calibrated. */
  points: readonly Point[];
  /** The one to be changed; `null` for a new one. */
  calibration: Calibration | null;
  onClose: () => void;
  onDone: (job: Job) => void;
}

/** A factor beyond is a slip of the pen; the hub's own bound. */
const GAINS = { least: 1e-6, most: 1e6 };

export function CalibrationDialogue({ points, calibration, onClose, onDone }: CalibrationDialogueProps) {
  const point = useSignal<Point | undefined>(points.find((each) => each.id === calibration?.point) ?? points[0]);
  const day = useSignal(dayCode(calibration === null ? hubNow() : Date.parse(calibration.from)));
  const gain = useSignal(typedNumber(calibration?.gain ?? 1, lang.value));
  const offset = useSignal(typedNumber(calibration?.offset ?? 0, lang.value));
  const by = useSignal(calibration?.by ?? session.value?.username ?? "");
  const certificate = useSignal(calibration?.certificate ?? "");
  const due = useSignal(calibration?.next_due == null ? "" : dayCode(Date.parse(calibration.next_due)));
  const note = useSignal(calibration?.note ?? "");
  /** The version that a change goes out from, and what somebody else has made of it meanwhile. */
  const version = useSignal(calibration?.version ?? null);
  const rival = useSignal<Calibration | "removed" | null>(null);

  const factor = parseTypedNumber(gain.value);
  const added = parseTypedNumber(offset.value);
  const gainFault = factor === null || Math.abs(factor) < GAINS.least || Math.abs(factor) > GAINS.most ? t("records.gainWrong") : null;
  const offsetFault = added === null ? t("records.numberWrong") : null;
  const dayFault = (parseDayCode(day.value) ?? 0) > hubNow() ? t("records.dayAhead") : null;
  const dueFault = due.value !== "" && due.value <= day.value ? t("records.dueWrong") : null;
  const isValid = point.value !== undefined && [gainFault, offsetFault, dayFault, dueFault].every((fault) => fault === null);
  const wish = (): CalibrationWish => ({
    from: day.value,
    gain: factor ?? 1,
    offset: added ?? 0,
    by: by.value.trim(),
    certificate: certificate.value.trim(),
    note: note.value.trim(),
    ...(due.value === "" ? {} : { next_due: due.value }),
  });
  const id = point.value?.id ?? "";
  const tried = useEffectOf(isValid ? `${id} ${day.value} ${factor} ${added}` : "", () => previewCalibration(id, wish()));

  const { busy, fault, submit } = useSending(async () => {
    if (!isValid) throw new HubError(400, "");
    const isNew = calibration?.id == null || rival.peek() === "removed";
    try {
      const done = isNew ? await addCalibration(id, wish()) : await changeCalibration(calibration.id ?? 0, { ...wish(), version: version.value ?? 0 });
      onDone(done.job);
    } catch (error) {
      if (error instanceof HubError && (error.status === 409 || (error.status === 404 && !isNew))) await showRival(isNew);
      throw error;
    }
  }, (error) => (rival.value !== null && error instanceof HubError && [404, 409].includes(error.status) ? t("records.notSaved") : recordFault(error)));

  /** What the hub holds now in place of what was being changed, or of the same date. */
  async function showRival(isNew: boolean) {
    const held = await getCalibrations(id);
    const from = parseDayCode(day.peek());
    const found = held.find((each) => (isNew ? Date.parse(each.from) === from : each.id === calibration?.id));
    rival.value = found ?? (isNew ? null : "removed");
  }

  function takeTheirs(theirs: Calibration) {
    day.value = dayCode(Date.parse(theirs.from));
    gain.value = typedNumber(theirs.gain, lang.value);
    offset.value = typedNumber(theirs.offset, lang.value);
    by.value = theirs.by;
    certificate.value = theirs.certificate ?? "";
    due.value = theirs.next_due === null ? "" : dayCode(Date.parse(theirs.next_due));
    note.value = theirs.note ?? "";
    keepMine(theirs);
  }

  function keepMine(theirs: Calibration) {
    version.value = theirs.version;
    rival.value = null;
    fault.value = null;
  }

  const other = rival.value;
  return (
    <Dialogue title={t(calibration === null ? "records.calibration.add" : "records.calibration.change")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {calibration === null ? <PointField points={points} chosen={point.value} onChoose={(chosen) => (point.value = chosen)} /> : <strong>{local(point.value?.name)}</strong>}
        <p class="small muted">{t("records.calibration.hint")}</p>
        <DayField label={t("records.from")} code={day.value} onDay={(code) => (day.value = code)} fault={dayFault} />
        <div class="form-pair">
          <TextField label={t("records.gain")} inputMode="decimal" autoComplete="off" maxLength={20} value={gain.value} fault={gainFault} onInput={(event) => (gain.value = event.currentTarget.value)} />
          <TextField label={t("records.offset")} inputMode="decimal" autoComplete="off" maxLength={20} value={offset.value} fault={offsetFault} onInput={(event) => (offset.value = event.currentTarget.value)} />
        </div>
        <EffectFrame tried={tried.value}>{(preview) => point.value !== undefined && <CalibrationEffect preview={preview} point={point.value} />}</EffectFrame>
        <TextField label={t("records.by")} autoComplete="off" maxLength={200} value={by.value} onInput={(event) => (by.value = event.currentTarget.value)} />
        <div class="form-pair">
          <TextField label={t("records.certificate")} autoComplete="off" maxLength={200} value={certificate.value} onInput={(event) => (certificate.value = event.currentTarget.value)} />
          <DayField label={t("records.nextDue")} optional code={due.value} onDay={(code) => (due.value = code)} fault={dueFault} />
        </div>
        <TextArea label={t("records.note")} maxLength={2_000} rows={2} value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} />
        {other !== null && (
          <section class="rival" role="alert">
            {other === "removed" ? (
              <p>{t("records.rival.removed")}</p>
            ) : (
              <>
                <p>
                  <strong>
                    {other.entered_by === null
                      ? t("records.rival.configured", { day: dayDate(Date.parse(other.from)) })
                      : t(calibration === null ? "records.rival.sameDay" : "records.rival.changed", {
                          who: other.entered_by,
                          time: moment(Date.parse(other.entered_at ?? other.from), hubNow()),
                        })}
                  </strong>
                </p>
                <p class="figures">{calibrationWords(other)}</p>
                {calibration !== null && other.id !== null && (
                  <p class="row">
                    <Button onClick={() => keepMine(other)}>{t("records.rival.keepMine")}</Button>
                    <Button onClick={() => takeTheirs(other)}>{t("records.rival.takeTheirs")}</Button>
                  </p>
                )}
              </>
            )}
          </section>
        )}
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("dialogue.send")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}
