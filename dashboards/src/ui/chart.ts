// The drawing of a day's trend with uPlot: scales, axes in the commune's time, limits. Colours come from the style sheet.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Point } from "../api/types";
import { t } from "../i18n";
import { clockTime, dayStart } from "../i18n/format";
import { formatNumber, isState, showLimitFigure, showText, stateWord, unitSign } from "../i18n/units";
import type { Trend } from "./trend";

/** Room for the figures at the left and for the last hour's at the right; the quality strip keeps to the same. */
export const AXIS_PX = 70;
export const END_PX = 12;
const HOUR_MS = 3_600_000;

export interface ChartInput {
  point: Pick<Point, "quantity" | "unit" | "decimals" | "limit">;
  trend: Trend;
  from: number;
  to: number;
  onPoint: (index: number | null) => void;
}

export function createChart(host: HTMLElement, input: ChartInput): uPlot {
  const { point, trend, from, to } = input;
  const colour = (name: string) => getComputedStyle(host).getPropertyValue(name).trim();
  const [ink, line, series, surface] = [colour("--muted"), colour("--line"), colour("--series-1"), colour("--surface")];
  const font = `13px ${colour("--sans")}`;
  const isWord = isState(point.quantity);
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
      y: { range: (_u, low, high) => (isWord ? [-0.15, 1.15] : roomy(low, high, point)) },
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
      draw: [(u) => drawLimits(u, point, { ink, surface, font })],
      setCursor: [(u) => input.onPoint(u.cursor.idx ?? null)],
    },
  };
  return new uPlot(options, [trend.t, trend.min, trend.max, trend.mean], host);
}

/** The day's values and their limits with a twelfth of room above and below. */
function roomy(low: number | null, high: number | null, { limit }: ChartInput["point"]): [number, number] {
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

function axisFigure(value: number, step: number, point: ChartInput["point"]): string {
  const word = stateWord(point.quantity, value);
  if (word !== null) return word;
  if (point.unit === "By") return showText(value, point);
  const decimals = Math.max(0, Math.min(4, -Math.floor(Math.log10(step || 1) + 1e-9)));
  return formatNumber(value, decimals);
}

function withAlpha(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
}

/** Dashed lines with "≤ 2 NTU · QCVN 01-1:2024/BYT" at the right end. */
function drawLimits(u: uPlot, { limit, unit }: ChartInput["point"], look: { ink: string; surface: string; font: string }): void {
  if (limit === null) return;
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const sign = unitSign(unit);
  const lines = [
    { value: limit.max, key: "limit.atMost" as const },
    { value: limit.min, key: "limit.atLeast" as const },
  ];
  ctx.save();
  ctx.strokeStyle = look.ink;
  ctx.lineWidth = scale;
  ctx.font = look.font.replace("13px", `${13 * scale}px`);
  ctx.textAlign = "right";
  for (const { value, key } of lines) {
    if (value == null) continue;
    const y = u.valToPos(value, "y", true);
    ctx.setLineDash([5 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    const figure = `${t(key, { value: showLimitFigure(value) })}${sign === "" ? "" : ` ${sign}`}`;
    const doubt = limit.status === "unverified" ? ` · ${t("limit.unverified")}` : "";
    // The longest wording that fits: on a phone the regulation gives way before the doubt does.
    const wordings = [`${figure} · ${limit.regulation}${doubt}`, `${figure}${doubt}`, figure];
    const fits = (text: string) => ctx.measureText(text).width < 0.9 * bbox.width;
    const text = wordings.find(fits) ?? figure;
    // Inside the band that is allowed, where the line is seldom; never outside of the drawing.
    const below = key === "limit.atMost";
    const right = bbox.left + bbox.width - 4 * scale;
    const width = ctx.measureText(text).width;
    const top = below ? y + 3 * scale : y - 18 * scale;
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = look.surface;
    ctx.fillRect(right - width - 2 * scale, top, width + 4 * scale, 16 * scale);
    ctx.globalAlpha = 1;
    ctx.fillStyle = look.ink;
    ctx.textBaseline = "top";
    ctx.fillText(text, right, top + 2 * scale);
  }
  ctx.restore();
}
