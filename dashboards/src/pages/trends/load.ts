// Fetches what a view shows: buckets for the lines, each reading where they are few, and the alarms of the period.
import { getAlarms, getBuckets, getDays, getManySeries } from "../../api/calls";
import { getCalibrations, getEntries } from "../../api/records";
import type { Alarm, Buckets, DayCompleteness, OlderPart, Point, Series } from "../../api/types";
import { expectedIn, spacingIn } from "../../lib/rhythm";
import { hubNow } from "../../state/clock";
import { type Line, bucketsFor } from "./columns";
import { type Mark, type Written, marksOf } from "./marks";
import type { Period } from "./period";
import { type Compare, shiftOf } from "./view";

/** Fewer readings than this are fetched one by one: strip and figures are then exact. */
const FEW_READINGS = 20_000;
/** Buckets for a wide screen and for a phone. */
const MOST_BUCKETS = { wide: 1_200, narrow: 600 };

export interface Loaded {
  lines: Line[];
  /** By point, where they are few. */
  readings: ReadonlyMap<string, Series>;
  alarms: readonly Alarm[];
  /** What people have written down, and alarms, in the order of time. */
  marks: readonly Mark[];
  from: number;
  to: number;
  /** What of the period is not kept by the hub any more; one that cannot be read comes first. */
  older: OlderPart | null;
  /** Whether there are only the lines yet. */
  isEarly: boolean;
}

/** What stands beside the lines. */
interface Beside {
  days: DayCompleteness[][];
  comparedDays: DayCompleteness[][];
  series: Series[];
  alarms: Alarm[];
  written: Omit<Written, "alarms">;
}
const NOTHING: Beside = { days: [], comparedDays: [], series: [], alarms: [], written: { calibrations: [], maintenance: [], notes: [] } };

/** The lines are handed to `early` as soon as they are there: a year's completeness takes longer to count than to draw. */
export async function loadView(points: readonly Point[], period: Period, compare: Compare, all: readonly Point[], early: (view: Loaded) => void): Promise<Loaded> {
  const { from, to } = period;
  const most = matchMedia("(max-width: 700px)").matches ? MOST_BUCKETS.narrow : MOST_BUCKETS.wide;
  const count = bucketsFor(to - from, points.map((point) => point.interval_s), most);
  const widthMs = Math.ceil((to - from) / count);
  const others = comparedPoints(points, compare, all);
  const shiftMs = shiftOf(compare, period) ?? 0;
  const ids = points.map((point) => point.id);
  // Asked for first: browsers ask six things at once, and the stream is one of them.
  const lines = Promise.all([
    getBuckets(ids, from, to, count, { doubts: true }),
    getBuckets(others.map(({ point }) => point.id), from - shiftMs, to - shiftMs, count),
  ]);
  const besides = Promise.all([
    getDays(ids, from, to),
    getDays(others.map(({ point }) => point.id), from - shiftMs, to - shiftMs),
    areFew().then((few) => (few ? getManySeries(ids, from, to) : [])).catch(() => []),
    // Of each site by itself: the hub names the newest thousand, and others' would leave no room for those of the points.
    Promise.all([...new Set(points.map((point) => point.site))].map((site) => getAlarms({ state: "all", site, from: new Date(from).toISOString(), to: new Date(to).toISOString() }))),
    loadWritten(ids, from, to),
  ]).then(([days, comparedDays, series, alarms, written]): Beside => ({
    days,
    comparedDays,
    series,
    alarms: alarms.flat().filter((alarm) => alarm.point !== null && ids.includes(alarm.point)),
    written,
  }));
  // What fails of either is told once, when all is awaited.
  lines.then(([buckets, compared]) => early(view(buckets, compared, null)), () => undefined);
  const [[buckets, compared], beside] = await Promise.all([lines, besides]);
  return view(buckets, compared, beside);

  /** By the rhythm; where a point has none, by what came. */
  async function areFew(): Promise<boolean> {
    const expected = expectedReadings(points, to - from);
    if (expected > FEW_READINGS || points.every(hasRhythm)) return expected <= FEW_READINGS;
    const came = (await lines)[0].flatMap(({ n }) => n);
    return came.reduce((sum, n) => sum + n, 0) <= FEW_READINGS;
  }

  function view(buckets: readonly Buckets[], compared: readonly Buckets[], beside: Beside | null): Loaded {
    const { days, comparedDays, series, alarms, written } = beside ?? NOTHING;
    const now = hubNow();
    const line = (point: Point, found: Buckets | undefined, its: readonly DayCompleteness[] | undefined, colour: number, isCompared: boolean): Line => ({
      point,
      buckets: found ?? { point: point.id, unit: point.unit, t: [], min: [], mean: [], max: [], n: [] },
      widthMs,
      shiftMs: isCompared ? shiftMs : 0,
      colour,
      compared: isCompared,
      spacing: spacingIn(its ?? [], now),
      expected: expectedIn(its ?? [], from - (isCompared ? shiftMs : 0), to - (isCompared ? shiftMs : 0), now),
    });
    return {
      lines: [
        ...points.map((point, index) => line(point, buckets[index], days[index], index + 1, false)),
        ...others.map(({ point, colour }, index) => line(point, compared[index], comparedDays[index], colour, true)),
      ],
      readings: new Map(series.map((each) => [each.point, each])),
      alarms,
      marks: marksOf({ ...written, alarms }, points, from, to),
      from,
      to,
      older: olderOf([...buckets, ...compared]),
      isEarly: beside === null,
    };
  }
}

function olderOf(all: readonly Buckets[]): OlderPart | null {
  const parts = all.flatMap(({ older }) => older ?? []);
  return parts.find((part) => part.state === "unreachable") ?? parts[0] ?? null;
}

/** Without these the lines still stand: a failure leaves them out. */
async function loadWritten(ids: readonly string[], from: number, to: number) {
  const [calibrations, maintenance, notes] = await Promise.all([
    Promise.all(ids.map((id) => getCalibrations(id).catch(() => []))),
    getEntries("maintenance", { from, to }).catch(() => []),
    getEntries("note", { from, to }).catch(() => []),
  ]);
  return { calibrations: calibrations.flat(), maintenance, notes };
}

const hasRhythm = ({ interval_s: interval }: Point) => interval !== null && interval > 0;

export function expectedReadings(points: readonly Point[], spanMs: number): number {
  return points.reduce((sum, point) => sum + (hasRhythm(point) ? spanMs / ((point.interval_s ?? 1) * 1_000) : 0), 0);
}

/** The points drawn beside: the same earlier, or those of another site that measure the same. */
export function comparedPoints(points: readonly Point[], compare: Compare, all: readonly Point[]): { point: Point; colour: number }[] {
  if (compare.kind === "none") return [];
  const each = points.map((point, index) => ({ point, colour: index + 1 }));
  if (compare.kind !== "site") return each;
  return each.flatMap(({ point, colour }) => {
    const like = all.filter((other) => other.site === compare.site && other.quantity === point.quantity);
    const name = point.id.split("/").at(-1);
    const found = like.find((other) => other.id.split("/").at(-1) === name) ?? like[0];
    return found === undefined || points.includes(found) ? [] : [{ point: found, colour }];
  });
}
