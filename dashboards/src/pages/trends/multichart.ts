// Several lines of one unit with uPlot: bands, limits at their dates, alarms as marks, a cursor that all panels share.
// Colours come from the style sheet; gestures are added by gestures.ts.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Alarm } from "../../api/types";
import { dayDate, clockTime } from "../../i18n/format";
import { isState } from "../../i18n/units";
import { timezone } from "../../state/commune";
import { AXIS_PX, END_PX, axisFigure, roomy, withAlpha } from "../../ui/chart";
import { type LimitLine, drawLimitLines } from "../../ui/limitLines";
import { type Line, toColumns } from "./columns";
import { DAY_MS } from "./period";

/** All panels of the page share this cursor. */
const SYNC = "trends";

export interface MultiChartInput {
  lines: readonly Line[];
  limits: readonly LimitLine[];
  alarms: readonly Alarm[];
  from: number;
  to: number;
  onPointed: (moment: number | null) => void;
  onZoom: (from: number, to: number) => void;
}

export function createMultiChart(host: HTMLElement, input: MultiChartInput): uPlot {
  const { lines, from, to } = input;
  const point = lines[0]?.point ?? { quantity: "", unit: "", decimals: 1 };
  const colour = (name: string) => getComputedStyle(host).getPropertyValue(name).trim();
  const [ink, line, surface] = [colour("--muted"), colour("--line"), colour("--surface")];
  const font = `13px ${colour("--sans")}`;
  const isWord = isState(point);
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const stepped = isWord ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  const columns = toColumns(lines);
  const limitEnds = input.limits.map((each) => each.value);
  const edges = limitEnds.length === 0 ? null : { min: Math.min(...limitEnds), max: Math.max(...limitEnds) };

  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const data: uPlot.AlignedData = [columns.t];
  const rows = data as unknown as (number | null | undefined)[][];
  lines.forEach((each, index) => {
    const stroke = colour(`--series-${each.colour}`);
    const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
    const at = series.length;
    series.push({ ...hidden }, { ...hidden }, {
      stroke: each.compared ? withAlpha(stroke, 0.65) : stroke,
      width: 1.5,
      ...(each.compared ? { dash: [4, 4] } : {}),
      ...(stepped === undefined ? {} : { paths: stepped }),
      // A lone reading between two gaps is a dot, not nothing.
      points: { show: (u, seriesAt) => isSparse(u.data[seriesAt] ?? []), size: 4 },
      spanGaps: false,
    });
    const cells = columns.lines[index];
    rows.push(cells?.min ?? [], cells?.max ?? [], cells?.mean ?? []);
    // Bands of compared lines would only cover the others.
    if (!isWord && !each.compared) bands.push({ series: [at + 1, at], fill: withAlpha(stroke, 0.12) });
  });

  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    ms: 1,
    tzDate: (ms) => uPlot.tzDate(new Date(ms), timezone.peek()),
    padding: [10, END_PX, 0, 0],
    legend: { show: false },
    cursor: { y: false, sync: { key: SYNC }, drag: { x: true, y: false, setScale: false, dist: 6 }, points: { size: 7 } },
    scales: {
      x: { time: true, min: from, max: to, range: (_u, low, high) => [low ?? from, high ?? to] },
      y: { range: (_u, low, high) => (isWord ? [-0.15, 1.15] : roomy(low, high, edges)) },
    },
    series,
    bands,
    axes: [
      { ...axis, size: 44, gap: 4, space: 64, values: (_u, splits, _axis, _space, step) => timeLabels(splits, step) },
      {
        ...axis,
        size: AXIS_PX,
        gap: 6,
        ...(isWord ? { splits: () => [0, 1] } : {}),
        values: (_u, splits, _axis, _space, step) => splits.map((value) => axisFigure(value, step, point)),
      },
    ],
    hooks: {
      draw: [
        (u) => drawLimitLines(u, input.limits, { ink, surface, font }),
        (u) => drawAlarms(u, input.alarms, (priority) => colour(`--${priority}`)),
      ],
      setCursor: [
        (u) => {
          const { left, idx } = u.cursor;
          input.onPointed(left == null || left < 0 || idx == null ? null : u.posToVal(left, "x"));
        },
      ],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < 6) return;
          const [start, end] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          input.onZoom(start, end);
        },
      ],
    },
  };
  return new uPlot(options, data, host);
}

/** So few values that single dots are seen. */
const isSparse = (cells: ArrayLike<number | null | undefined>) => {
  let present = 0;
  for (let index = 0; index < cells.length; index += 1) if (cells[index] != null) present += 1;
  return present <= 40;
};

/** Hours with the day beneath where it begins; days, months or years where the steps are as long. */
export function timeLabels(splits: readonly number[], step: number): string[] {
  let shown = "";
  return splits.map((at) => {
    const date = dayDate(at);
    const [day, month, year] = date.split("/");
    if (step >= 360 * DAY_MS) return year ?? "";
    if (step >= 27 * DAY_MS) return `${month}/${year}`;
    if (step >= 0.9 * DAY_MS) {
      const tail = year === shown ? "" : `\n${year}`;
      shown = year ?? "";
      return `${day}/${month}${tail}`;
    }
    const tail = date === shown ? "" : `\n${day}/${month}`;
    shown = date;
    return `${clockTime(at)}${tail}`;
  });
}

/** A small triangle at the upper edge where an alarm began. */
function drawAlarms(u: uPlot, alarms: readonly Alarm[], colourOf: (priority: string) => string): void {
  const { ctx, bbox } = u;
  const half = 5 * devicePixelRatio;
  ctx.save();
  for (const alarm of alarms) {
    const x = u.valToPos(Date.parse(alarm.raised_at), "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colourOf(alarm.priority);
    ctx.beginPath();
    ctx.moveTo(x - half, bbox.top);
    ctx.lineTo(x + half, bbox.top);
    ctx.lineTo(x, bbox.top + 1.6 * half);
    ctx.fill();
  }
  ctx.restore();
}
