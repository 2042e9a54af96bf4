// Where a value lies, as fractions of a bar: the geometry of the moving bar, without drawing it. Pure.
import type { Limit, Range } from "../api/types";

export interface BarInput {
  value: number | null;
  range: Range | null;
  limit: Pick<Limit, "min" | "max"> | null;
  /** Least and greatest since midnight. */
  today: { min: number; max: number } | null;
}

export interface Stretch {
  from: number;
  to: number;
}

export interface BarGeometry {
  /** What the two ends of the bar stand for, in the value's unit. */
  low: number;
  high: number;
  /** All below as fractions of the bar, 0 at its left end. */
  allowed: Stretch | null;
  today: Stretch | null;
  tick: number | null;
  /** -1 or 1 when the value lies beyond that end. */
  beyond: -1 | 0 | 1;
  /** The limit that the value is nearer to. */
  nearer: { side: "min" | "max"; figure: number; at: number } | null;
  /** Whether the value is outside of what is allowed. */
  exceeded: boolean;
}

/** The bar of a point, or `null` where nothing gives the value a place. */
export function barGeometry(input: BarInput): BarGeometry | null {
  const ends = endsOf(input);
  if (ends === null) return null;
  const { low, high } = ends;
  const place = (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const { value, limit, today } = input;
  const min = limit?.min ?? null;
  const max = limit?.max ?? null;
  return {
    low,
    high,
    allowed: min === null && max === null ? null : { from: min === null ? 0 : place(min), to: max === null ? 1 : place(max) },
    today: today === null ? null : { from: place(today.min), to: place(today.max) },
    tick: value === null ? null : place(value),
    beyond: value === null ? 0 : value < low ? -1 : value > high ? 1 : 0,
    nearer: nearerLimit(value, min, max, place),
    exceeded: value !== null && ((min !== null && value < min) || (max !== null && value > max)),
  };
}

/**
 * The physical range is the bar, unless limits take up too little of it to be seen (turbidity can be 1000, its limit is 2):
 * then the bar shows the limits with half of their span on both sides, and as much more as the day needed, up to twice that.
 */
function endsOf({ value, range, limit, today }: BarInput): { low: number; high: number } | null {
  const rangeLow = range?.min ?? null;
  const rangeHigh = range?.max ?? null;
  const min = limit?.min ?? null;
  const max = limit?.max ?? null;
  if (min === null && max === null) {
    if (rangeLow !== null && rangeHigh !== null && rangeHigh > rangeLow) return { low: rangeLow, high: rangeHigh };
    if (today === null || today.max <= today.min) return null;
    const margin = (today.max - today.min) / 4;
    return { low: today.min - margin, high: today.max + margin };
  }
  const base = min ?? Math.min(0, rangeLow ?? 0);
  const top = max ?? Math.max(base + 2 * Math.abs(base || 1), base);
  const spread = Math.max(top - base, Number.EPSILON);
  const seen = [value, today?.min, today?.max].filter((each): each is number => each != null);
  let low = min === null ? base : Math.max(base - 2 * spread, Math.min(base - spread / 2, ...seen));
  let high = Math.min(top + 2 * spread, Math.max(top + spread / 2, ...seen));
  if (rangeLow !== null) low = Math.max(low, rangeLow);
  if (rangeHigh !== null) high = Math.min(high, rangeHigh);
  return high > low ? { low, high } : null;
}

function nearerLimit(
  value: number | null,
  min: number | null,
  max: number | null,
  place: (value: number) => number,
): BarGeometry["nearer"] {
  if (min === null && max === null) return null;
  const toMin = min === null ? Infinity : value === null ? 1 : Math.abs(value - min);
  const toMax = max === null ? Infinity : value === null ? 0 : Math.abs(value - max);
  if (min !== null && toMin < toMax) return { side: "min", figure: min, at: place(min) };
  return max === null ? null : { side: "max", figure: max, at: place(max) };
}
