// What excluding or setting readings does to the mean of the days that the span touches. Pure.
import type { Buckets } from "../../api/types";

export interface CorrectionEffect {
  /** Values in the span. */
  n: number;
  min: number | null;
  max: number | null;
  /** Mean of the whole days around it, as it is and as it would be; `null` without values. */
  before: number | null;
  after: number | null;
}

/** `days` is one bucket of the days around, `span` one of the span itself; with `value` it is set, without excluded. */
export function effectOf(days: Buckets | undefined, span: Buckets | undefined, value: number | null): CorrectionEffect {
  const [all, allMean] = [days?.n[0] ?? 0, days?.mean[0] ?? 0];
  const [n, mean] = [span?.n[0] ?? 0, span?.mean[0] ?? 0];
  const rest = all - n;
  const restSum = all * allMean - n * mean;
  const [count, sum] = value === null ? [rest, restSum] : [all, restSum + n * value];
  return {
    n,
    min: span?.min[0] ?? null,
    max: span?.max[0] ?? null,
    before: all === 0 ? null : allMean,
    after: count <= 0 ? null : sum / count,
  };
}
