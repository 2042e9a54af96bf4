// Holding a period against the limits as regulations want it: means of whole clock spans, counted only when enough readings
// are in them, and stretches of exceedance put together. Pure.
import type { Buckets, Limit, Point } from "../../api/types";
import { applies } from "../trends/statistics";

export interface Exceedance {
  from: number;
  to: number;
  worst: number;
  side: "min" | "max";
}

/** The value that leaves the least room within the limit, or lies farthest beyond it. */
export interface Worst {
  at: number;
  value: number;
  side: "min" | "max";
}

export interface Verdict {
  point: Point;
  limit: Limit;
  /** Spans that have enough readings, and all that the period has. */
  valid: number;
  spans: number;
  /** Valid spans outside of the limit. */
  outside: number;
  /** Of the valid spans; `null` where there are none, or the limit has no figure. */
  worst: Worst | null;
  exceedances: Exceedance[];
}

/** A limit of single values is held against means of this span, and against the least and the greatest in it. */
export const SINGLE_MS = 600_000;
export const DAY_MS = 86_400_000;

/** The spans over which a limit wants its means; `null` for one that a period of days cannot judge, such as a yearly mean. */
export function spanOf(limit: Pick<Limit, "averaging_s">): number | null {
  if (limit.averaging_s === null) return SINGLE_MS;
  return limit.averaging_s <= 86_400 ? limit.averaging_s * 1_000 : null;
}

/** Limits of a point that a period touches. */
export function limitsIn(point: Point, from: number, to: number): Limit[] {
  return point.limits.filter(
    (limit) => (limit.valid_from === null || Date.parse(limit.valid_from) < to) && (limit.valid_to === null || Date.parse(limit.valid_to) > from),
  );
}

/** What a verdict is reached by. */
export interface Judged {
  point: Point;
  limit: Limit;
  /** Means of the limit's spans. */
  buckets: Buckets;
  /** Readings that a span should have; `null` where no rhythm is known. */
  expected: (from: number, to: number) => number | null;
  from: number;
  until: number;
  /** The share of the expected readings that a span needs, such as 0.75. */
  enough: number;
}

export function judge({ point, limit, buckets, expected, from, until, enough }: Judged): Verdict {
  const spanMs = spanOf(limit) ?? DAY_MS;
  const isSingle = limit.averaging_s === null;
  const verdict: Verdict = { point, limit, valid: 0, spans: Math.max(0, (isSingle ? Math.ceil : Math.floor)((until - from) / spanMs)), outside: 0, worst: null, exceedances: [] };
  let leastRoom = Infinity;
  buckets.t.forEach((t, index) => {
    if (!applies(limit, t)) return;
    const n = buckets.n[index] ?? 0;
    // A single value beyond its limit is one, however few there are beside it.
    // A mean is one of its whole span; single values are there as soon as they are measured.
    if (!isSingle && t + spanMs > until) return;
    const due = isSingle ? null : expected(t, t + spanMs);
    if (due !== null && n < enough * Math.max(1, Math.floor(due))) return;
    verdict.valid += 1;
    const mean = buckets.mean[index] ?? 0;
    const found = nearest(limit, isSingle ? (buckets.min[index] ?? mean) : mean, isSingle ? (buckets.max[index] ?? mean) : mean);
    if (found === null) return;
    const { room, value, side } = found;
    if (room < leastRoom) {
      leastRoom = room;
      verdict.worst = { at: t, value, side };
    }
    if (room >= 0) return;
    verdict.outside += 1;
    add(verdict.exceedances, { from: t, to: Math.min(t + spanMs, until), worst: value, side });
  });
  return verdict;
}

/** Which of the least and the greatest value has less room to its side of the limit; below 0 it lies beyond. */
function nearest({ min, max }: Limit, least: number, greatest: number): { room: number; value: number; side: "min" | "max" } | null {
  const above = max === null ? Infinity : max - greatest;
  const below = min === null ? Infinity : least - min;
  if (above === Infinity && below === Infinity) return null;
  return above <= below ? { room: above, value: greatest, side: "max" } : { room: below, value: least, side: "min" };
}

/** What follows upon the last on the same side is one with it. */
function add(list: Exceedance[], next: Exceedance): void {
  const last = list.at(-1);
  if (last === undefined || last.side !== next.side || next.from - last.to > 1) {
    list.push(next);
    return;
  }
  last.to = next.to;
  last.worst = next.side === "max" ? Math.max(last.worst, next.worst) : Math.min(last.worst, next.worst);
}
