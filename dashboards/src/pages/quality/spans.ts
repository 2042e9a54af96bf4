// Stretches of a point's readings that were not simply good: gaps, doubtful, impossible, missing. Pure.
import type { Series } from "../../api/types";

export type SpanKind = "gap" | "missing" | "suspect" | "fail" | "calibrating";
export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
  /** Readings in it; a gap has none. */
  n: number;
}

const KINDS: Record<string, SpanKind> = { missing: "missing", suspect: "suspect", fail: "fail", calibrating: "calibrating" };

/** `gapMs` without a reading is a gap. The longest stretches first. */
export function spansOf(series: Series, gapMs: number, from: number, until: number): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  let before = from;
  const close = (at: number) => {
    if (open !== null) spans.push({ ...open, to: Math.max(open.to, at) });
    open = null;
  };
  series.t.forEach((t, index) => {
    if (t - before > gapMs) {
      close(before);
      spans.push({ kind: "gap", from: before, to: t, n: 0 });
    }
    const kind = KINDS[series.q[index] ?? "missing"] ?? null;
    const present: Span | null = open;
    if (present !== null && (present as Span).kind !== kind) close(t);
    if (kind !== null) open = open === null ? { kind, from: t, to: t, n: 1 } : { ...(open as Span), to: t, n: (open as Span).n + 1 };
    before = t;
  });
  close(Math.min(until, before + gapMs));
  if (until - before > gapMs) spans.push({ kind: "gap", from: before, to: until, n: 0 });
  return spans.sort((a, b) => b.to - b.from - (a.to - a.from));
}
