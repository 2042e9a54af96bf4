// A day, typed with the day first or taken from the browser's calendar. The browser's own date field writes days as the
// browser's language does, whatever the page's: 11/17/2026 on a Vietnamese page. So the text is ours, the calendar is its.
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import { parseTypedDay } from "../i18n/format";
import "./Field.css";
import "./DayField.css";

export interface DayFieldProps {
  label: string;
  /** `2026-11-23`, or empty. */
  code: string;
  /** Called with the code of a day that is one. */
  onDay: (code: string) => void;
  /** What is wrong with the day, where it is one. */
  fault?: string | null;
  /** Whether it may stay empty: then it is called with "". */
  optional?: boolean;
}

const written = (code: string) => code.split("-").reverse().join("/");

export function DayField({ label, code, onDay, fault = null, optional = false }: DayFieldProps) {
  const id = useId();
  const text = useSignal(written(code));
  const wrong = useSignal(false);
  const calendar = useRef<HTMLInputElement>(null);
  // The address may name another day meanwhile: by the back button, or by the other field.
  useEffect(() => {
    text.value = written(code);
    wrong.value = false;
  }, [code]);

  const take = () => {
    const day = optional && text.value.trim() === "" ? "" : parseTypedDay(text.value);
    wrong.value = day === null;
    if (day === null) return;
    text.value = written(day);
    if (day !== code) onDay(day);
  };
  const shown = wrong.value ? t("day.wrong", { example: "23/11/2026" }) : (fault ?? "");
  return (
    <div class="field">
      <label class="field-label" htmlFor={id}>
        {label}
      </label>
      <div class="day-field">
        <input
          id={id}
          class="field-control figures"
          type="text"
          inputMode="numeric"
          autoComplete="off"
          maxLength={12}
          placeholder={t("day.hint")}
          value={text.value}
          aria-describedby={shown === "" ? undefined : `${id}-fault`}
          aria-invalid={shown === "" ? undefined : true}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onChange={take}
          onKeyDown={(event) => {
            if (event.key === "Enter") take();
          }}
        />
        {canPick() && (
          <button type="button" class="day-pick" aria-label={t("day.pick", { label })} onClick={() => calendar.current?.showPicker()}>
            <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
              <path d="M3 5h14v12H3zM3 9h14M7 3v4M13 3v4" />
            </svg>
          </button>
        )}
        <input
          ref={calendar}
          class="day-calendar"
          type="date"
          tabIndex={-1}
          aria-hidden="true"
          value={code}
          onChange={(event) => {
            if (event.currentTarget.value !== "") onDay(event.currentTarget.value);
          }}
        />
      </div>
      {shown !== "" && (
        <p class="field-fault" id={`${id}-fault`} role="alert">
          {shown}
        </p>
      )}
    </div>
  );
}

/** Older browsers cannot open the calendar from outside of its field; typing remains. */
const canPick = () => "showPicker" in HTMLInputElement.prototype;
