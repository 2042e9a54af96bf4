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

export const DAY_MS = 86_400_000;
/** A limit of single values is held against the least and the greatest of spans: of the shortest, of which a period has not too many. */
const SINGLE_MS = [600_000, 3_600_000, DAY_MS];
const MOST_SINGLE = 10_000;

/** The spans, ms, into which a period of `lengthMs` is cut to be held against a limit: those over which it wants its means. */
export function spanOf({ averaging_s: seconds }: Pick<Limit, "averaging_s">, lengthMs: number): number {
  return seconds === null ? (SINGLE_MS.find((each) => lengthMs / each <= MOST_SINGLE) ?? DAY_MS) : seconds * 1_000;
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
  const spanMs = spanOf(limit, until - from);
  const isSingle = limit.averaging_s === null;
  const verdict: Verdict = { point, limit, valid: 0, spans: Math.max(0, (isSingle ? Math.ceil : Math.floor)((until - from) / spanMs)), outside: 0, worst: null, exceedances: [] };
  let leastRoom = Infinity;
  buckets.t.forEach((t, index) => {
    if (!applies(limit, t)) return;
    const n = buckets.n[index] ?? 0;
    // A mean is one of its whole span; single values are there as soon as they are measured.
    if (!isSingle && t + spanMs > until) return;
    // A single value beyond its limit is one, however few there are beside it.
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
