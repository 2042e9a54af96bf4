// A moment: a day and a time of the commune, each typed as people write it.
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { t } from "../i18n";
import { clockTime, dayCode, parseDayCode } from "../i18n/format";
import { parseTypedClock } from "../i18n/typed";
import { DayField } from "./DayField";
import "./MomentField.css";

export interface MomentFieldProps {
  label: string;
  /** Epoch ms. */
  at: number;
  onMoment: (at: number) => void;
  /** What is wrong with it, where it is one. */
  fault?: string | null;
}

const MINUTE_MS = 60_000;

export function MomentField({ label, at, onMoment, fault = null }: MomentFieldProps) {
  const id = useId();
  const clock = useSignal(clockTime(at));
  const wrong = useSignal(false);
  useEffect(() => {
    clock.value = clockTime(at);
    wrong.value = false;
  }, [at]);
  const day = dayCode(at);
  const move = (code: string, minutes: number) => onMoment((parseDayCode(code) ?? at) + minutes * MINUTE_MS);
  // A time that cannot be read leaves the one that was there.
  const minutesOf = () => parseTypedClock(clock.value) ?? (at - (parseDayCode(day) ?? at)) / MINUTE_MS;
  const take = () => {
    const minutes = parseTypedClock(clock.value);
    wrong.value = minutes === null;
    if (minutes !== null) move(day, minutes);
  };
  return (
    <div class="moment-field">
      <DayField label={label} code={day} onDay={(code) => move(code, minutesOf())} fault={fault} />
      <div class="field">
        <label class="field-label" htmlFor={id}>
          {t("moment.clock")}
          <span class="unseen">{`, ${label}`}</span>
        </label>
        <input
          id={id}
          class="field-control figures"
          type="text"
          inputMode="numeric"
          autoComplete="off"
          maxLength={10}
          value={clock.value}
          aria-invalid={wrong.value ? true : undefined}
          aria-describedby={wrong.value ? `${id}-fault` : undefined}
          onInput={(event) => (clock.value = event.currentTarget.value)}
          onChange={take}
        />
        {wrong.value && (
          <p class="field-fault" id={`${id}-fault`} role="alert">
            {t("moment.wrong")}
          </p>
        )}
      </div>
    </div>
  );
}
