// Readings of a span are excluded, set to a value, or given back what they were; with a reason, and with the effect first.
import { useSignal } from "@preact/signals";
import { getBuckets } from "../../api/calls";
import { HubError } from "../../api/client";
import { type CorrectionWish, addCorrection, getCorrected } from "../../api/records";
import type { Job, Point } from "../../api/types";
import { t } from "../../i18n";
import { dayStart } from "../../i18n/format";
import { parseTypedNumber } from "../../i18n/typed";
import { formatNumber, showText, unitSign } from "../../i18n/units";
import { hubNow } from "../../state/clock";
import { Dialogue } from "../../ui/Dialogue";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { FormActions, FormFault } from "../../ui/FormEnd";
import { MomentField } from "../../ui/MomentField";
import { useSending } from "../../ui/sending";
import { type CorrectionEffect, effectOf } from "./correction";
import { EffectFrame, useEffectOf } from "./Effect";
import { PointField } from "./PointField";
import { recordFault } from "./words";

export interface CorrectionDialogueProps {
  points: readonly Point[];
  /** The span that it begins with, epoch ms. */
  from: number;
  to: number;
  onClose: () => void;
  onDone: (job: Job) => void;
}

const ACTIONS = ["exclude", "set", "restore"] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What is shown first: of an action that takes changes back, how many there are; of the others the means. */
type Shown = { kind: "restore"; n: number } | { kind: "means"; effect: CorrectionEffect };

export function CorrectionDialogue({ points, from, to, onClose, onDone }: CorrectionDialogueProps) {
  const point = useSignal<Point | undefined>(points[0]);
  const start = useSignal(Math.floor(from / MINUTE_MS) * MINUTE_MS);
  const end = useSignal(Math.min(Math.ceil(to / MINUTE_MS) * MINUTE_MS, Math.ceil(hubNow() / MINUTE_MS) * MINUTE_MS));
  const action = useSignal<CorrectionWish["action"]>("exclude");
  const value = useSignal("");
  const reason = useSignal("");
  const tried = useSignal(false);

  const set = action.value === "set" ? parseTypedNumber(value.value) : null;
  const startFault = start.value > hubNow() ? t("records.dayAhead") : null;
  const endFault = end.value <= start.value ? t("records.order") : null;
  const valueFault = action.value === "set" && set === null ? t("records.numberWrong") : null;
  const reasonFault = reason.value.trim() === "" ? t("alarm.shelveReasonRequired") : null;
  const isValid = point.value !== undefined && startFault === null && endFault === null && valueFault === null;
  const id = point.value?.id ?? "";
  const effect = useEffectOf<Shown>(isValid ? `${id} ${start.value} ${end.value} ${action.value} ${set}` : "", async () => {
    if (action.peek() === "restore") return { kind: "restore", n: (await getCorrected(id, start.value, end.value)).length };
    const [first, last] = [dayStart(start.value), dayStart(end.value - 1 + DAY_MS)];
    const [[days], [span]] = await Promise.all([getBuckets([id], first, last, 1), getBuckets([id], start.value, end.value, 1)]);
    return { kind: "means", effect: effectOf(days, span, set) };
  });
  const { busy, fault, submit } = useSending(async () => {
    tried.value = true;
    if (!isValid || reasonFault !== null) throw new HubError(400, "");
    const wish = { from: start.value, to: end.value, action: action.value, reason: reason.value.trim() };
    onDone(await addCorrection(id, set === null ? wish : { ...wish, value: set }));
  }, recordFault);

  return (
    <Dialogue title={t("records.correction.add")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="small muted">{t("records.correction.hint")}</p>
        <PointField points={points} chosen={point.value} onChoose={(chosen) => (point.value = chosen)} />
        <MomentField label={t("records.start")} at={start.value} onMoment={(at) => (start.value = at)} fault={startFault} />
        <MomentField label={t("records.end")} at={end.value} onMoment={(at) => (end.value = at)} fault={endFault} />
        <SelectField
          label={t("records.correction.what")}
          value={action.value}
          onChange={(event) => (action.value = ACTIONS.find((each) => each === event.currentTarget.value) ?? "exclude")}
        >
          {ACTIONS.map((each) => (
            <option key={each} value={each} selected={each === action.value}>
              {t(`records.correction.${each}`)}
            </option>
          ))}
        </SelectField>
        {action.value === "set" && (
          <TextField
            label={[t("alarm.value"), unitSign(point.value?.unit ?? "")].filter((part) => part !== "").join(", ")}
            inputMode="decimal"
            autoComplete="off"
            maxLength={20}
            value={value.value}
            fault={tried.value || value.value !== "" ? valueFault : null}
            onInput={(event) => (value.value = event.currentTarget.value)}
          />
        )}
        <EffectFrame tried={effect.value}>{(shown) => point.value !== undefined && <EffectWords shown={shown} point={point.value} />}</EffectFrame>
        <TextArea
          label={t("alarm.shelveReason")}
          maxLength={2_000}
          rows={2}
          value={reason.value}
          fault={tried.value ? reasonFault : null}
          onInput={(event) => (reason.value = event.currentTarget.value)}
        />
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("dialogue.send")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

function EffectWords({ shown, point }: { shown: Shown; point: Point }) {
  if (shown.kind === "restore") {
    return <p>{shown.n === 0 ? t("records.effect.nothingToRestore") : t("records.effect.restore", { n: formatNumber(shown.n, 0) })}</p>;
  }
  const { n, min, max, before, after } = shown.effect;
  if (n === 0 || min === null || max === null) return <p>{t("records.effect.noValues")}</p>;
  const text = (value: number | null) => (value === null ? t("trends.stat.noData") : showText(value, point));
  return (
    <>
      <p>{t("records.effect.touched", { n: formatNumber(n, 0), min: text(min), max: text(max) })}</p>
      <p class="figures">
        {t("records.effect.dayMean")}: {text(before)} → <strong>{text(after)}</strong>
      </p>
      <p class="small muted">{t("records.rawStays")}</p>
    </>
  );
}
