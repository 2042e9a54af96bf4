// The last day in a few pixels: a line without axes, gaps left open, its least and greatest told to screen readers.
import type { Point } from "../api/types";
import { t } from "../i18n";
import { showText } from "../i18n/units";
import "./Spark.css";

export interface SparkProps {
  /** Means of equal spans, oldest first; `null` where there was nothing. */
  values: readonly (number | null)[];
  point: Pick<Point, "unit" | "decimals" | "quantity">;
}

const WIDTH = 100;
const HEIGHT = 24;
const MARGIN = 2;

export function Spark({ values, point }: SparkProps) {
  const present = values.filter((value): value is number => value != null);
  if (present.length < 2) return null;
  const label = t("spark.label", { min: showText(Math.min(...present), point), max: showText(Math.max(...present), point) });
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={sparkPath(values)} />
    </svg>
  );
}

/** Path over a box of 100 by 24; a gap begins a new stroke. */
export function sparkPath(values: readonly (number | null)[]): string {
  const present = values.filter((value): value is number => value != null);
  const low = Math.min(...present);
  const spread = Math.max(...present) - low;
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  let path = "";
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (value == null) {
      drawing = false;
      continue;
    }
    // A value that never changes is a line through the middle, not along an edge.
    const height = spread === 0 ? 0.5 : (value - low) / spread;
    const x = (index * step).toFixed(1);
    const y = (HEIGHT - MARGIN - height * (HEIGHT - 2 * MARGIN)).toFixed(1);
    path += `${drawing ? "L" : "M"}${x} ${y}`;
    drawing = true;
  }
  return path;
}
