// A point's day in words: for the head of its chart, for screen readers, and under the pointer.
import { t } from "../i18n";
import { clockTime } from "../i18n/format";
import { type Measured, formatNumber, isCounter, isState, showText } from "../i18n/units";
import type { Trend } from "./trend";

interface Extremes {
  min: number;
  mean: number;
  max: number;
}

/** The whole sentence for a screen reader. What is a state has no mean, but a share of the time. */
export function daySentence(name: string, found: Extremes, point: Measured): string {
  if (isState(point)) return t(point.alarm == null ? "trend.running" : "trend.reporting", { name, share: share(found.mean) });
  const text = (value: number) => showText(value, point);
  return t("trend.summary", { name, min: text(found.min), mean: text(found.mean), max: text(found.max) });
}

const share = (fraction: number) => `${formatNumber(100 * fraction, 0)}\u00a0%`;

const shareText = (mean: number, { alarm }: Measured) => t(alarm == null ? "trend.ran" : "trend.reported", { share: share(mean) });

/** The day in a few words: what ran for how much of it, what grew by how much, else its least and greatest. */
export function inShort(found: Extremes, point: Measured): string {
  if (isState(point)) return shareText(found.mean, point);
  if (isCounter(point.quantity)) return t("trend.grew", { amount: showText(found.max - found.min, point) });
  return `${t("trend.least")} ${showText(found.min, point)} · ${t("trend.greatest")} ${showText(found.max, point)}`;
}

/** What stands under the pointer: "08:15 · 7,12 (7,05 – 7,20)". */
export function readout(trend: Trend, index: number | null, point: Measured): string | null {
  if (index === null) return null;
  const at = trend.t[index];
  const mean = trend.mean[index];
  if (at === undefined || mean == null) return null;
  // Between the two states it was both in that span.
  if (isState(point) && mean > 0 && mean < 1) return `${clockTime(at)} · ${shareText(mean, point)}`;
  const min = trend.min[index] ?? mean;
  const max = trend.max[index] ?? mean;
  const band = min === max ? "" : ` (${showText(min, point)} – ${showText(max, point)})`;
  return `${clockTime(at)} · ${showText(mean, point)}${band}`;
}
