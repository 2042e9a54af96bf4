// The drawing of a day's trend with uPlot: scales, axes in the commune's time, limits. Colours come from the style sheet.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Point } from "../api/types";
import { clockTime, dayStart } from "../i18n/format";
import { type Measured, formatNumber, isState, showText, stateWord } from "../i18n/units";
import { drawLimitLines, limitLines } from "./limitLines";
import { type Wait, drawWaits } from "./waits";
import type { Trend } from "./trend";

/** Room for the figures at the left and for the last hour's at the right; the quality strip keeps to the same. */
export const AXIS_PX = 76;
export const END_PX = 20;
const HOUR_MS = 3_600_000;

/** A canvas does not follow the style sheet by itself: it is drawn anew when it gets dark or light, and for paper. Ends by what it returns. */
export function followColours(draw: () => void): () => void {
  const asked = ["(prefers-color-scheme: dark)", "print"].map((media) => matchMedia(media));
  for (const each of asked) each.addEventListener("change", draw);
  return () => asked.forEach((each) => each.removeEventListener("change", draw));
}

export interface ChartInput {
  point: Measured & Pick<Point, "limit">;
  trend: Trend;
  from: number;
  to: number;
  onPoint: (index: number | null) => void;
  /** Spans of waiting before an alarm and before its end. */
  waits?: readonly Wait[];
}

export function createChart(host: HTMLElement, input: ChartInput): uPlot {
  const { point, trend, from, to, waits = [] } = input;
  const colour = (name: string) => getComputedStyle(host).getPropertyValue(name).trim();
  const [ink, line, series, surface] = [colour("--muted"), colour("--line"), colour("--series-1"), colour("--surface")];
  const font = `13px ${colour("--sans")}`;
  const isWord = isState(point);
  const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
  const stepped = isWord ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };

  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    ms: 1,
    padding: [10, END_PX, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: () => [from, to] },
      y: { range: (_u, low, high) => (isWord ? [-0.15, 1.15] : roomy(low, high, point.limit)) },
    },
    series: [
      {},
      { ...hidden },
      { ...hidden },
      { stroke: series, width: 1.5, points: { show: false }, spanGaps: false, ...(stepped === undefined ? {} : { paths: stepped }) },
    ],
    bands: isWord ? [] : [{ series: [2, 1], fill: withAlpha(series, 0.12) }],
    axes: [
      { ...axis, size: 28, gap: 4, splits: (u) => hourSplits(from, to, u.width), values: (_u, splits) => splits.map(clockTime) },
      {
        ...axis,
        size: AXIS_PX,
        gap: 6,
        ...(isWord ? { splits: () => [0, 1] } : {}),
        values: (_u, splits, _axis, _space, step) => splits.map((value) => axisFigure(value, step, point)),
      },
    ],
    hooks: {
      drawAxes: [(u) => drawWaits(u, waits, { ink, surface, font })],
      draw: [(u) => drawLimitLines(u, point.limit === null ? [] : limitLines([point.limit], point.unit, from, to), { ink, surface, font })],
      setCursor: [(u) => input.onPoint(u.cursor.idx ?? null)],
    },
  };
  return new uPlot(options, [trend.t, trend.min, trend.max, trend.mean], host);
}

/** The day's values and their limits with a twelfth of room above and below. */
export function roomy(low: number | null, high: number | null, limit: { min: number | null; max: number | null } | null): [number, number] {
  const figures = [low, high, limit?.min, limit?.max].filter((each): each is number => each != null);
  const least = Math.min(...figures);
  const greatest = Math.max(...figures);
  const room = (greatest - least || Math.abs(least) || 1) / 12;
  return [least - room, greatest + room];
}

function hourSplits(from: number, to: number, widthPx: number): number[] {
  const step = (widthPx < 420 ? 6 : 3) * HOUR_MS;
  const splits: number[] = [];
  for (let at = dayStart(from); at <= to - HOUR_MS / 2; at += step) if (at >= from) splits.push(at);
  return splits;
}

export function axisFigure(value: number, step: number, point: Measured): string {
  const word = stateWord(point, value);
  if (word !== null) return word;
  if (point.unit === "By") return showText(value, point);
  const decimals = Math.max(0, Math.min(4, -Math.floor(Math.log10(step || 1) + 1e-9)));
  return formatNumber(value, decimals);
}

export function withAlpha(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
}
