// Days, weeks and months as people name them, by the calendar: "last week" is Monday to Sunday, not the last 168 hours. Pure.
import { dayCode } from "../i18n/format";

/** The names, in the order in which they are offered. Where two mean the same days, on the first of a month, the earlier is shown. */
export const CALENDAR = ["yesterday", "week", "lastWeek", "month", "lastMonth", "lastYear"] as const;
export type CalendarName = (typeof CALENDAR)[number];

/** Two days by their codes, `2026-11-16` to `2026-11-22`, both within. */
export interface Days {
  from: string;
  last: string;
}

const code = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);

/** The days that each name means at a moment. What is not over ends today. */
export function calendar(nowMs: number): Record<CalendarName, Days> {
  const today = dayCode(nowMs);
  const [year = 0, next = 0, day = 0] = today.split("-").map(Number);
  const month = next - 1;
  const monday = day - ((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7);
  return {
    yesterday: { from: code(year, month, day - 1), last: code(year, month, day - 1) },
    week: { from: code(year, month, monday), last: today },
    lastWeek: { from: code(year, month, monday - 7), last: code(year, month, monday - 1) },
    month: { from: code(year, month, 1), last: today },
    lastMonth: { from: code(year, month - 1, 1), last: code(year, month, 0) },
    lastYear: { from: code(year - 1, 0, 1), last: code(year - 1, 11, 31) },
  };
}
