// A period by its everyday name, beside the fields for its days: last week, this month.
import { t } from "../i18n";
import { CALENDAR, type Days, calendar } from "../lib/calendar";
import { hubNow } from "../state/clock";
import { SelectField } from "./Field";

export function CalendarField({ days, onDays }: { days: Days; onDays: (days: Days) => void }) {
  const named = calendar(hubNow());
  const shown = CALENDAR.find((name) => named[name].from === days.from && named[name].last === days.last);
  return (
    <SelectField
      label={t("calendar.label")}
      value={shown ?? ""}
      onChange={(event) => {
        const wanted = CALENDAR.find((name) => name === event.currentTarget.value);
        if (wanted !== undefined) onDays(named[wanted]);
      }}
    >
      {shown === undefined && (
        <option value="" selected>
          {t("calendar.own")}
        </option>
      )}
      {CALENDAR.map((name) => (
        <option key={name} value={name} selected={name === shown}>
          {t(`calendar.${name}`)}
        </option>
      ))}
    </SelectField>
  );
}
