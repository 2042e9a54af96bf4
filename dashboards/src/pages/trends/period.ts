// The period of a trend: a span up to now by its name, or two moments; zooming and stepping in it. Pure.
import { MOST_SPANS } from "../../api/calls";
import { dayStart, momentCode, parseMomentCode } from "../../i18n/format";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Spans by the name that stands in the address. */
export const SPANS = { "6h": 6 * HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS, "90d": 90 * DAY_MS, "1y": 365 * DAY_MS, "5y": 1826 * DAY_MS } as const;
export type SpanName = keyof typeof SPANS;
export const SPAN_NAMES = Object.keys(SPANS) as SpanName[];
const DEFAULT_SPAN: SpanName = "24h";

/** A minute is the least that is worth looking at; more than this no hub has kept. */
export const LEAST_MS = 60_000;
export const MOST_MS = 15 * 366 * DAY_MS;

export interface Period {
  /** Epoch ms. */
  from: number;
  to: number;
  /** Its name where it ends now and moves on with the clock; `null` between two fixed moments. */
  span: SpanName | null;
  /** Why it is not what the address asks for. */
  fault: "order" | "long" | "unreadable" | null;
}

export function parsePeriod(query: URLSearchParams, nowMs: number): Period {
  const [from, to] = [query.get("from"), query.get("to")];
  if (from === null && to === null) return ending(nowMs, spanName(query.get("r")), null);
  const start = parseMomentCode(from);
  const end = to === null ? nowMs : parseMomentCode(to);
  if (start === null || end === null) return ending(nowMs, DEFAULT_SPAN, "unreadable");
  if (end - start < LEAST_MS) return ending(nowMs, DEFAULT_SPAN, "order");
  // What is too long is cut at its beginning, and said.
  if (end - start > MOST_MS) return { from: end - MOST_MS, to: end, span: null, fault: "long" };
  return { from: start, to: end, span: null, fault: null };
}

/** Moves once a minute, so that what is drawn is not drawn anew each second. */
function ending(nowMs: number, span: SpanName, fault: Period["fault"]): Period {
  const to = Math.ceil(nowMs / 60_000) * 60_000;
  return { from: to - SPANS[span], to, span, fault };
}

function spanName(text: string | null): SpanName {
  return SPAN_NAMES.find((name) => name === text) ?? DEFAULT_SPAN;
}

/** What the address says of two moments: whole minutes, within bounds. */
export function periodQuery(from: number, to: number, nowMs: number): Record<string, string | null> {
  const span = Math.min(MOST_MS, Math.max(LEAST_MS, to - from));
  const middle = (from + to) / 2;
  // Nothing is known of the future: the period ends at the present minute.
  const end = Math.min(middle + span / 2, Math.ceil(nowMs / 60_000) * 60_000);
  return { r: null, from: momentCode(Math.floor((end - span) / 60_000) * 60_000), to: momentCode(Math.ceil(end / 60_000) * 60_000) };
}

/** The whole hours or days of the commune's clock that a period touches; `null` where they are too few to be told apart, or too many. */
export function clockSpans({ from, to }: Pick<Period, "from" | "to">, widthMs: number): { from: number; to: number; count: number } | null {
  const start = from - ((from - dayStart(from)) % widthMs);
  const count = Math.ceil((to - start) / widthMs);
  return count < 2 || count > MOST_SPANS ? null : { from: start, to: start + count * widthMs, count };
}

/** Half as long or twice as long about its middle. */
export function zoomed({ from, to }: Pick<Period, "from" | "to">, factor: number, about = (from + to) / 2): { from: number; to: number } {
  return { from: about - (about - from) * factor, to: about + (to - about) * factor };
}

/** Earlier (-1) or later (1) by half of its length. */
export function stepped({ from, to }: Pick<Period, "from" | "to">, direction: -1 | 1): { from: number; to: number } {
  const step = (direction * (to - from)) / 2;
  return { from: from + step, to: to + step };
}
