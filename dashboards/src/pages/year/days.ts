// A year of one point or of a site's points, day by day: how complete, how near to the limit, how many alarms. Pure.
import type { Alarm, Buckets, DayCompleteness, Limit, Point, Priority } from "../../api/types";
import { dayCode, dayStart, parseDayCode } from "../../i18n/format";
import { applies } from "../trends/statistics";

export const DAY_MS = 86_400_000;

/** What a day is looked at for. */
export const SHOWS = ["completeness", "worst", "alarms"] as const;
export type Show = (typeof SHOWS)[number];

export interface Day {
  /** `2026-11-23`. */
  code: string;
  /** Local midnight, epoch ms, and that of the next day. */
  start: number;
  end: number;
}

export interface Month {
  /** 1 to 12. */
  month: number;
  /** How many cells stand empty before the first day; weeks begin on Monday. */
  before: number;
  days: Day[];
}

/** The months of a year, as far as days have begun, the newest first: that is what one looks for. */
export function monthsOf(year: number, nowMs: number): Month[] {
  const months: Month[] = [];
  for (let month = 1; month <= 12; month += 1) {
    const days: Day[] = [];
    const first = parseDayCode(`${year}-${String(month).padStart(2, "0")}-01`);
    if (first === null || first > nowMs) break;
    for (let start = first; start <= nowMs; ) {
      const code = dayCode(start);
      if (Number(code.slice(5, 7)) !== month) break;
      const end = dayStart(start + 1.5 * DAY_MS);
      days.push({ code, start, end });
      start = end;
    }
    const weekday = new Date(`${dayCode(first)}T12:00:00Z`).getUTCDay();
    months.push({ month, before: (weekday + 6) % 7, days });
  }
  return months.reverse();
}

/** The mean completeness of some points for each day: of what its own rhythm let expect; a day without any reading is 0. */
export function completenessOf(points: readonly (readonly DayCompleteness[])[]): Map<string, number | null> {
  const shares = new Map<string, number[]>();
  for (const { day, share, n } of points.flat()) {
    const known = share ?? (n > 0 ? null : 0);
    const held = shares.get(day) ?? [];
    shares.set(day, known === null ? held : [...held, known]);
  }
  return new Map([...shares].map(([day, known]) => [day, known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0) / known.length]));
}

export interface Worst {
  value: number;
  side: "min" | "max";
  /** Beyond 1 it is outside; from 0.8 on it is near. */
  ratio: number;
}

/** What a limit is held against: single values by the least and the greatest of each day, means by those of its own spans, ms. */
const heldBy = ({ averaging_s: seconds }: Limit) => (seconds === null ? DAY_MS : seconds * 1_000);

/** The spans that a point's limits ask for. A mean of more than a day says nothing of one. */
export const spansOf = (limits: readonly Limit[]) => [...new Set(limits.map(heldBy))].filter((spanMs) => spanMs <= DAY_MS);

/** The value of each day that was nearest to its limit, or furthest beyond it; of each of `spansOf` its own buckets. */
export function worstOf(point: Point, series: ReadonlyMap<number, Buckets>, days: readonly Day[]): Map<string, Worst> {
  const found = new Map<string, Worst>();
  const known = new Map(days.map((day) => [day.code, day]));
  for (const [spanMs, { t, min, mean, max }] of series) {
    const limits = point.limits.filter((limit) => heldBy(limit) === spanMs);
    t.forEach((at, index) => {
      // Some way in: where clocks change a bucket may begin shortly before midnight.
      const day = known.get(dayCode(at + Math.min(spanMs / 2, 3_600_000)));
      if (day === undefined) return;
      for (const limit of limits.filter((each) => applies(each, day.start))) {
        const isSingle = limit.averaging_s === null;
        const worst = worstBy(limit, (isSingle ? min : mean)[index] ?? 0, (isSingle ? max : mean)[index] ?? 0);
        if (worst !== null && worst.ratio > (found.get(day.code)?.ratio ?? -Infinity)) found.set(day.code, worst);
      }
    });
  }
  return found;
}

function worstBy({ min, max }: Limit, least: number, greatest: number): Worst | null {
  // Between two limits what counts is how far from the middle; with one, its share.
  const middle = min !== null && max !== null ? (min + max) / 2 : null;
  const above = max === null ? -Infinity : middle === null ? greatest / (max || 1) : (greatest - middle) / (max - middle || 1);
  const below = min === null ? -Infinity : middle === null ? min / Math.max(least, Number.EPSILON) : (middle - least) / (middle - min || 1);
  if (max === null && min === null) return null;
  return above >= below ? { value: greatest, side: "max", ratio: above } : { value: least, side: "min", ratio: below };
}

export interface DayAlarms {
  count: number;
  worst: Priority;
}

const RANK: Record<Priority, number> = { critical: 0, high: 1, medium: 2, low: 3 };

/** Alarms of each day on which they were raised. */
export function alarmsOf(alarms: readonly Alarm[]): Map<string, DayAlarms> {
  const found = new Map<string, DayAlarms>();
  for (const alarm of alarms) {
    const code = dayCode(Date.parse(alarm.raised_at));
    const held = found.get(code);
    const worst = held === undefined || RANK[alarm.priority] < RANK[held.worst] ? alarm.priority : held.worst;
    found.set(code, { count: (held?.count ?? 0) + 1, worst });
  }
  return found;
}
