// The figures of a period: from every reading where they are few, else weighted from buckets, and it says which. Pure.
import type { Limit, Point, Series } from "../../api/types";
import { HOUR_MS } from "./period";
import type { Line } from "./columns";

export interface Statistics {
  /** Readings with a value that can be used. */
  n: number;
  /** Share of the readings that the days' rhythms let expect; `null` where no rhythm is known. */
  completeness: number | null;
  min: number;
  mean: number;
  median: number;
  p95: number;
  max: number;
  /** Hours beyond a limit that applied then; `null` without any limit. */
  hoursOutside: number | null;
  /** Whether median, p95 and hours come from means of spans. */
  approximate: boolean;
}

/** A value that stood for a while. */
export interface Weighted {
  value: number;
  /** How many readings it stands for. */
  n: number;
  /** When, epoch ms. */
  at: number;
  /** For how long, ms. */
  forMs: number;
}

const USABLE = new Set(["good", "not_evaluated", "suspect"]);

/** Every usable reading, each standing until the next but never longer than a gap. */
export function weightedReadings(series: Series, mostMs: number, until: number): Weighted[] {
  const found: Weighted[] = [];
  series.t.forEach((at, index) => {
    const value = series.v[index];
    if (value == null || !USABLE.has(series.q[index] ?? "")) return;
    found.push({ value, n: 1, at, forMs: Math.max(0, Math.min(mostMs, (series.t[index + 1] ?? until) - at)) });
  });
  return found;
}

export function weightedBuckets(line: Line): Weighted[] {
  return line.buckets.t.flatMap((at, index) => {
    const value = line.buckets.mean[index];
    return value == null ? [] : [{ value, n: line.buckets.n[index] ?? 1, at, forMs: line.widthMs }];
  });
}

export function statisticsOf(line: Line, readings: readonly Weighted[] | null): Statistics | null {
  const values = readings ?? weightedBuckets(line);
  if (values.length === 0) return null;
  const { min, max, n: counts, mean } = line.buckets;
  const n = readings?.length ?? counts.reduce((sum, count) => sum + count, 0);
  const sum = readings === null
    ? mean.reduce<number>((total, value, index) => total + (value ?? 0) * (counts[index] ?? 0), 0)
    : readings.reduce((total, { value }) => total + value, 0);
  return {
    n,
    completeness: line.expected === null ? null : Math.min(1, n / Math.max(1, line.expected)),
    min: Math.min(...min),
    mean: sum / n,
    median: percentile(values, 0.5),
    p95: percentile(values, 0.95),
    max: Math.max(...max),
    hoursOutside: hoursOutside(values, line.point.limits),
    approximate: readings === null,
  };
}

/** Hours beyond the limits of single values; where there are none, of those of the shortest mean up to a day. */
export function hoursOutside(values: readonly Weighted[], all: readonly Limit[]): number | null {
  const spans = all.map((limit) => limit.averaging_s ?? 0).filter((seconds) => seconds <= 86_400);
  if (spans.length === 0) return null;
  const shortest = Math.min(...spans);
  const limits = all.filter((limit) => (limit.averaging_s ?? 0) === shortest);
  const held = shortest === 0 ? values : averaged(values, shortest * 1_000);
  return held.reduce((total, each) => total + (isOutside(each, limits) ? each.forMs : 0), 0) / HOUR_MS;
}

/** Means of whole spans, such as clock hours. */
function averaged(values: readonly Weighted[], spanMs: number): Weighted[] {
  const spans = new Map<number, { sum: number; n: number }>();
  for (const { value, n, at } of values) {
    const start = Math.floor(at / spanMs) * spanMs;
    const held = spans.get(start) ?? { sum: 0, n: 0 };
    spans.set(start, { sum: held.sum + value * n, n: held.n + n });
  }
  return [...spans].map(([at, { sum, n }]) => ({ value: sum / n, n, at, forMs: spanMs }));
}

/** The least value that at least this share of the readings does not exceed. */
export function percentile(values: readonly Weighted[], share: number): number {
  const sorted = [...values].sort((a, b) => a.value - b.value);
  const wanted = share * sorted.reduce((sum, { n }) => sum + n, 0);
  let passed = 0;
  for (const { value, n } of sorted) {
    passed += n;
    if (passed >= wanted) return value;
  }
  return sorted.at(-1)?.value ?? NaN;
}

/** Whether a limit applied at a moment. */
export function applies(limit: Pick<Limit, "valid_from" | "valid_to">, at: number): boolean {
  return (limit.valid_from === null || Date.parse(limit.valid_from) <= at) && (limit.valid_to === null || at < Date.parse(limit.valid_to));
}

/** Limits that apply at any time of a period. */
export function limitsIn({ limits }: Pick<Point, "limits">, from: number, to: number): Limit[] {
  return limits.filter((limit) => (limit.valid_from === null || Date.parse(limit.valid_from) < to) && (limit.valid_to === null || Date.parse(limit.valid_to) > from));
}

export function isOutside({ value, at }: Pick<Weighted, "value" | "at">, limits: readonly Limit[]): boolean {
  return limits.some((limit) => applies(limit, at) && ((limit.min !== null && value < limit.min) || (limit.max !== null && value > limit.max)));
}

export interface Bin {
  low: number;
  high: number;
  /** Share of the readings, 0 to 1. */
  share: number;
}

const BINS = 24;

/** How often which value was: equal bins between the least and the greatest. */
export function histogram(values: readonly Weighted[]): Bin[] {
  const least = Math.min(...values.map(({ value }) => value));
  const greatest = Math.max(...values.map(({ value }) => value));
  const total = values.reduce((sum, { n }) => sum + n, 0);
  if (total === 0) return [];
  const count = greatest > least ? BINS : 1;
  const width = (greatest - least) / count || 1;
  const bins = Array.from({ length: count }, (_, index) => ({ low: least + index * width, high: least + (index + 1) * width, share: 0 }));
  for (const { value, n } of values) {
    const bin = bins[Math.min(count - 1, Math.floor((value - least) / width))];
    if (bin !== undefined) bin.share += n / total;
  }
  return bins;
}

/** For how much of the time the value was above each of some figures, from the least (1) to the greatest (0). */
export function durationCurve(values: readonly Weighted[], steps = 60): { value: number; share: number }[] {
  const sorted = [...values].sort((a, b) => b.value - a.value);
  const total = sorted.reduce((sum, { forMs }) => sum + forMs, 0);
  if (total === 0) return [];
  const curve: { value: number; share: number }[] = [];
  let passed = 0;
  let next = 0;
  for (const { value, forMs } of sorted) {
    passed += forMs;
    if (passed / total < next && passed < total) continue;
    curve.push({ value, share: passed / total });
    next += 1 / steps;
  }
  return curve;
}
