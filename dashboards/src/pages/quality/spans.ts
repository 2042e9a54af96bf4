// Stretches of a point's readings that were not simply good: gaps, doubtful, impossible, missing, each with its reason. Pure.
import type { Judged } from "../../api/calls";

export type SpanKind = "gap" | "missing" | "suspect" | "fail" | "calibrating";
export interface Span {
  kind: SpanKind;
  /** The hub's code, such as `stuck`; empty where there is none. */
  reason: string;
  from: number;
  to: number;
  /** Readings in it; a gap has none. */
  n: number;
}

const KINDS: Record<string, SpanKind> = { missing: "missing", suspect: "suspect", fail: "fail", calibrating: "calibrating" };

/** `gapMs` without a reading is a gap. The longest stretches first. */
export function spansOf(readings: readonly Judged[], gapMs: number, from: number, until: number): Span[] {
  const spans: Span[] = [];
  const gap = (start: number, end: number) => spans.push({ kind: "gap", reason: "", from: start, to: end, n: 0 });
  let open: Span | null = null;
  let before = from;
  const close = (at: number) => {
    if (open !== null) spans.push({ ...open, to: Math.max(open.to, at) });
    open = null;
  };
  for (const { t, q, reason } of readings) {
    if (t - before > gapMs) {
      close(before);
      gap(before, t);
    }
    const kind = KINDS[q] ?? null;
    const present: Span | null = open;
    if (present !== null && ((present as Span).kind !== kind || (present as Span).reason !== reason)) close(t);
    if (kind !== null) open = open === null ? { kind, reason, from: t, to: t, n: 1 } : { ...(open as Span), to: t, n: (open as Span).n + 1 };
    before = t;
  }
  close(Math.min(until, before + gapMs));
  if (until - before > gapMs) gap(before, until);
  return spans.sort((a, b) => b.to - b.from - (a.to - a.from));
}
