// What the trends page shows, as its address says it: points, period, what to compare with. Pure; see period.ts for times.
import { type Period, parsePeriod } from "./period";

/** As many lines as there are colours that can be told apart. */
export const MOST_POINTS = 6;

export type Compare =
  | { kind: "none" }
  /** The same points earlier: the period just before, or a day, a week, a year ago. */
  | { kind: "previous" | "day" | "week" | "year" }
  /** The like points of another site. */
  | { kind: "site"; site: string };

export interface TrendView {
  /** Full ids as the address names them, each once. */
  points: readonly string[];
  period: Period;
  compare: Compare;
}

const EARLIER = ["previous", "day", "week", "year"] as const;

export function parseView(query: URLSearchParams, nowMs: number): TrendView {
  return {
    points: [...new Set(query.getAll("p"))].filter((id) => id !== "").slice(0, MOST_POINTS),
    period: parsePeriod(query, nowMs),
    compare: parseCompare(query.get("cmp")),
  };
}

export function parseCompare(text: string | null): Compare {
  if (text === null) return { kind: "none" };
  if (text.startsWith("site:")) return { kind: "site", site: text.slice(5) };
  const kind = EARLIER.find((each) => each === text);
  return kind === undefined ? { kind: "none" } : { kind };
}

export function compareCode(compare: Compare): string | null {
  if (compare.kind === "none") return null;
  return compare.kind === "site" ? `site:${compare.site}` : compare.kind;
}

/** How far back the compared values lie, in ms; `null` where they are of the same time. */
export function shiftOf(compare: Compare, period: Pick<Period, "from" | "to">): number | null {
  const days = { day: 1, week: 7, year: 365 } as const;
  if (compare.kind === "previous") return period.to - period.from;
  return compare.kind === "none" || compare.kind === "site" ? null : days[compare.kind] * 86_400_000;
}

/** The address of a trend of these points, for links from elsewhere. */
export function trendHref(points: readonly string[], period?: Record<string, string>): string {
  const query = new URLSearchParams(points.slice(0, MOST_POINTS).map((id) => ["p", id]));
  for (const [name, value] of Object.entries(period ?? {})) query.set(name, value);
  return `/trends?${query.toString()}`;
}
