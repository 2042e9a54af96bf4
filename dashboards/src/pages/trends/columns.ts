// From buckets to what is drawn: one time axis for several lines, gaps open, each line's own spans kept. Pure.
import type { Buckets, Point } from "../../api/types";
import { expirySeconds } from "../../state/freshness";

/** One line of the page: a point, or the same point at another time, or its like at another site. */
export interface Line {
  point: Point;
  buckets: Buckets;
  /** Length of a bucket, ms. */
  widthMs: number;
  /** How far the times were moved to lie beside the present ones, ms; 0 for the line itself. */
  shiftMs: number;
  /** Which of the series' colours it has, from 1. */
  colour: number;
  compared: boolean;
  /** Readings that the period should have had, of what has passed of it; `null` where no rhythm is known. */
  expected: number | null;
  /** How far its readings lay apart at a moment, ms; 0 where that is not known. */
  spacing: (at: number) => number;
}

type Cell = number | null | undefined;

/** Columns on one time axis: per line min, mean, max. `null` opens the line, `undefined` leaves it as it goes on. */
export interface Columns {
  t: number[];
  lines: { min: Cell[]; mean: Cell[]; max: Cell[] }[];
}

const LEAST_BUCKETS = 24;

/** As many buckets as the width can show and the rhythms can fill: an empty bucket says nothing. */
export function bucketsFor(spanMs: number, intervals: readonly (number | null)[], most: number): number {
  const shortest = Math.min(...intervals.map((seconds) => (seconds === null || seconds <= 0 ? Infinity : seconds)));
  if (!Number.isFinite(shortest)) return Math.min(most, 288);
  return Math.max(LEAST_BUCKETS, Math.min(most, Math.floor(spanMs / (shortest * 1_000))));
}

/** How many spacings a gap is longer than. */
const SPACINGS = 2.5;

/** After how long without a bucket a line is open: what the point's own rhythm says, or what its past shows. */
export function gapMs(line: Pick<Line, "point" | "buckets" | "widthMs">): number {
  const steps = line.buckets.t.slice(1).map((t, index) => t - (line.buckets.t[index] ?? t)).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  const known = line.point.interval_s !== null || line.point.expire_after_s !== null;
  const expiry = known ? expirySeconds(line.point) * 1_000 : 0;
  return Math.max(1.5 * line.widthMs, SPACINGS * usual, expiry);
}

/** The same at a moment of its own: nothing is missing where it was read less often then. */
export function gapsOf(line: Line): (at: number) => number {
  const least = gapMs(line);
  return (at) => Math.max(least, SPACINGS * line.spacing(at));
}

export function toColumns(lines: readonly Line[]): Columns {
  const moments = new Set<number>();
  const open = lines.map((line) => openings(line));
  lines.forEach((line, index) => {
    for (const t of line.buckets.t) moments.add(t + line.shiftMs);
    for (const t of open[index] ?? []) moments.add(t);
  });
  const t = [...moments].sort((a, b) => a - b);
  const place = new Map(t.map((moment, index) => [moment, index]));
  return {
    t,
    lines: lines.map((line, index) => {
      const column = (values: readonly (number | null)[]) => {
        const cells = new Array<Cell>(t.length).fill(undefined);
        line.buckets.t.forEach((moment, at) => {
          cells[place.get(moment + line.shiftMs) ?? 0] = values[at] ?? null;
        });
        for (const moment of open[index] ?? []) {
          const at = place.get(moment) ?? 0;
          if (cells[at] === undefined) cells[at] = null;
        }
        return cells;
      };
      return { min: column(line.buckets.min), mean: column(line.buckets.mean), max: column(line.buckets.max) };
    }),
  };
}

/** Moments, on the axis, at which a line is open. */
function openings(line: Line): number[] {
  const found: number[] = [];
  const most = gapsOf(line);
  line.buckets.t.forEach((t, index) => {
    const before = line.buckets.t[index - 1];
    if (before !== undefined && t - before > most(before)) found.push(before + line.widthMs + line.shiftMs);
  });
  return found;
}

/** The bucket of a line that holds a moment of the axis; -1 where there is none. */
export function bucketAt(line: Line, moment: number): number {
  const wanted = moment - line.shiftMs;
  const { t } = line.buckets;
  let low = 0;
  let high = t.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle - 1;
  }
  const start = t[high];
  return start !== undefined && wanted - start < Math.max(line.widthMs, gapsOf(line)(start) / 2) ? high : -1;
}

export interface Panel {
  /** Lines of one unit share an axis; states have one of their own. */
  key: string;
  lines: Line[];
}

export function toPanels(lines: readonly Line[], keyOf: (point: Point) => string): Panel[] {
  const panels: Panel[] = [];
  for (const line of lines) {
    const key = keyOf(line.point);
    const panel = panels.find((each) => each.key === key);
    if (panel === undefined) panels.push({ key, lines: [line] });
    else panel.lines.push(line);
  }
  return panels;
}
