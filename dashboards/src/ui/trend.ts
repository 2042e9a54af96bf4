// What a day's trend is drawn from: buckets with gaps left open, and the stretches of the quality strip. Pure.
import type { Buckets, Quality, Series } from "../api/types";

export interface Trend {
  /** Epoch ms of each bucket's beginning, ascending. */
  t: number[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
}

export type StripKind = "missing" | "suspect" | "fail" | "calibrating";
export interface StripSpan {
  kind: StripKind;
  from: number;
  to: number;
}

export const MOST_BUCKETS = 288;
const LEAST_BUCKETS = 24;
/** With a rhythm at least this slow, a day's readings are few enough to fetch each with its quality. */
export const SLOW_RHYTHM_S = 30;

/** As many buckets as the day can fill: with a reading every quarter of an hour, 288 would be mostly gaps. */
export function bucketCount(spanMs: number, intervalSeconds: number | null): number {
  if (intervalSeconds === null || intervalSeconds <= 0) return LEAST_BUCKETS * 2;
  const fillable = Math.floor(spanMs / (intervalSeconds * 1_500));
  return Math.min(MOST_BUCKETS, Math.max(LEAST_BUCKETS, fillable));
}

/** After how long without a bucket something is missing: buckets finer than the readings came are empty for no fault. */
function gapOf(buckets: Buckets, widthMs: number): number {
  const steps = buckets.t.slice(1).map((t, index) => t - (buckets.t[index] ?? t)).sort((a, b) => a - b);
  // Of a few steps none is usual.
  const usual = steps.length < 8 ? 0 : (steps[Math.floor(steps.length / 2)] ?? 0);
  return Math.max(1.5 * widthMs, 2.5 * usual);
}

/** Buckets as a trend; where one was empty or left out, the line is open. */
export function toTrend(buckets: Buckets, widthMs: number): Trend {
  const gap = gapOf(buckets, widthMs);
  const trend: Trend = { t: [], min: [], mean: [], max: [] };
  const push = (t: number, min: number | null, mean: number | null, max: number | null) => {
    trend.t.push(t);
    trend.min.push(min);
    trend.mean.push(mean);
    trend.max.push(max);
  };
  for (const [index, t] of buckets.t.entries()) {
    const before = trend.t.at(-1);
    if (before !== undefined && t - before > gap) push(before + widthMs, null, null, null);
    push(t, buckets.min[index] ?? null, buckets.mean[index] ?? null, buckets.max[index] ?? null);
  }
  return trend;
}

const STRIP_OF: Partial<Record<Quality, StripKind>> = {
  missing: "missing",
  suspect: "suspect",
  fail: "fail",
  calibrating: "calibrating",
};

/** Stretches of a strip from moments with a kind, each lasting until the next, the last until `until`. */
function spansOf(moments: readonly { t: number; kind: StripKind | null }[], until: number): StripSpan[] {
  const spans: StripSpan[] = [];
  for (const [index, { t, kind }] of moments.entries()) {
    if (kind === null) continue;
    const to = moments[index + 1]?.t ?? until;
    const last = spans.at(-1);
    if (last !== undefined && last.kind === kind && last.to >= t) last.to = Math.max(to, t);
    else spans.push({ kind, from: t, to: Math.max(to, t) });
  }
  return spans;
}

/** What was not good in a bucket as a whole: a single missing reading among many hides nothing that a line could show. */
function kindOf(values: number, counts: { suspect: number; fail: number; missing: number; calibrating: number }): StripKind | null {
  const absent = [counts.missing, counts.fail, counts.calibrating];
  if (values === 0) return counts.missing === Math.max(...absent) ? "missing" : counts.fail >= counts.calibrating ? "fail" : "calibrating";
  if (counts.fail > 0) return "fail";
  if (counts.suspect > 0) return "suspect";
  if (counts.calibrating > 0) return "calibrating";
  return counts.missing > values ? "missing" : null;
}

/** The strip from buckets: stretches without any reading, and buckets whose doubts were asked for and found. */
export function stripFromBuckets(buckets: Buckets, widthMs: number, from: number, until: number): StripSpan[] {
  const { doubts } = buckets;
  const kinds = new Map<number, StripKind | null>();
  const values = new Map(buckets.t.map((t, index) => [t, buckets.n[index] ?? 0]));
  for (const [index, t] of buckets.t.entries()) kinds.set(t, buckets.mean[index] == null ? "missing" : null);
  for (const [index, t] of doubts?.t.entries() ?? []) {
    const count = (column: readonly number[] | undefined) => column?.[index] ?? 0;
    const counts = { suspect: count(doubts?.suspect), fail: count(doubts?.fail), missing: count(doubts?.missing), calibrating: count(doubts?.calibrating) };
    kinds.set(t, kindOf(values.get(t) ?? 0, counts));
  }
  const moments: { t: number; kind: StripKind | null }[] = [];
  const gap = gapOf(buckets, widthMs);
  let expected = from;
  for (const [t, kind] of [...kinds].sort((a, b) => a[0] - b[0])) {
    if (t - expected > gap - widthMs) moments.push({ t: expected, kind: "missing" });
    moments.push({ t, kind });
    expected = t + widthMs;
  }
  if (until - expected > gap - widthMs) moments.push({ t: expected, kind: "missing" });
  return spansOf(moments, until);
}

/** The strip from single readings; more than `gapAt` a moment without one is missing, too, ms. */
export function stripFromSeries(series: Series, gapAt: (at: number) => number, from: number, until: number): StripSpan[] {
  const moments: { t: number; kind: StripKind | null }[] = [];
  let before = from;
  for (const [index, t] of series.t.entries()) {
    if (t - before > gapAt(before)) moments.push({ t: before, kind: "missing" });
    const quality = series.q[index] ?? "missing";
    moments.push({ t, kind: STRIP_OF[quality] ?? null });
    before = t;
  }
  if (until - before > gapAt(before)) moments.push({ t: before, kind: "missing" });
  return spansOf(moments, until);
}

/** Least, mean and greatest over the whole trend. */
export function extremes(trend: Trend): { min: number; mean: number; max: number } | null {
  const present = (values: readonly (number | null)[]) => values.filter((value): value is number => value !== null);
  const means = present(trend.mean);
  if (means.length === 0) return null;
  return {
    min: Math.min(...present(trend.min), ...means),
    mean: means.reduce((sum, value) => sum + value, 0) / means.length,
    max: Math.max(...present(trend.max), ...means),
  };
}
