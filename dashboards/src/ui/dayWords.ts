// A point's day in words: for the head of its chart, for screen readers, and under the pointer.
import type { Point } from "../api/types";
import { t } from "../i18n";
import { clockTime } from "../i18n/format";
import { formatNumber, isCounter, isState, showText } from "../i18n/units";
import type { Trend } from "./trend";

type Shown = Pick<Point, "quantity" | "unit" | "decimals">;
interface Extremes {
  min: number;
  mean: number;
  max: number;
}

/** The whole sentence for a screen reader. What is a state has no mean, but a share of the time. */
export function daySentence(name: string, found: Extremes, point: Shown): string {
  if (isState(point.quantity)) return t("trend.running", { name, share: share(found.mean) });
  const text = (value: number) => showText(value, point);
  return t("trend.summary", { name, min: text(found.min), mean: text(found.mean), max: text(found.max) });
}

const share = (fraction: number) => `${formatNumber(100 * fraction, 0)}\u00a0%`;

/** The day in a few words: what ran for how much of it, what grew by how much, else its least and greatest. */
export function inShort(found: Extremes, point: Shown): string {
  if (isState(point.quantity)) return t("trend.ran", { share: share(found.mean) });
  if (isCounter(point.quantity)) return t("trend.grew", { amount: showText(found.max - found.min, point) });
  return `${t("trend.least")} ${showText(found.min, point)} · ${t("trend.greatest")} ${showText(found.max, point)}`;
}

/** What stands under the pointer: "08:15 · 7,12 (7,05 – 7,20)". */
export function readout(trend: Trend, index: number | null, point: Shown): string | null {
  if (index === null) return null;
  const at = trend.t[index];
  const mean = trend.mean[index];
  if (at === undefined || mean == null) return null;
  // Between the two states it was both in that span.
  if (isState(point.quantity) && mean > 0 && mean < 1) return `${clockTime(at)} · ${t("trend.ran", { share: share(mean) })}`;
  const min = trend.min[index] ?? mean;
  const max = trend.max[index] ?? mean;
  const band = min === max ? "" : ` (${showText(min, point)} – ${showText(max, point)})`;
  return `${clockTime(at)} · ${showText(mean, point)}${band}`;
}
