// Any points together over any time: lines by unit, figures, distribution, export. Everything chosen stands in the address.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { OlderPart, Point } from "../../api/types";
import { local, pointName, t } from "../../i18n";
import { exactSpan, moment } from "../../i18n/format";
import { isState, showText } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow, now } from "../../state/clock";
import { store } from "../../state/store";
import { Help } from "../../ui/Help";
import { keyPoints } from "../../ui/SiteCard";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { type Line, bucketAt, toPanels } from "./columns";
import { Controls } from "./Controls";
import { Distribution } from "./Distribution";
import { Legend } from "./Legend";
import { Marks } from "./Marks";
import { RecordButtons } from "./RecordButtons";
import { type Loaded, loadView } from "./load";
import { Panel } from "./Panel";
import { type Period, periodQuery } from "./period";
import { statisticsOf, weightedReadings } from "./statistics";
import { StatisticsTable } from "./StatisticsTable";
import { type TrendView, compareCode, parseView } from "./view";
import "./Trends.css";

/** So many points are shown before anybody has chosen. */
const AT_FIRST = 2;

export default function TrendsPage() {
  useTitle(t("nav.trends"));
  const all = [...store.points.value.values()].map((entry) => entry.point.peek());
  const minute = Math.ceil(now.value / 60_000);
  const asked = useMemo(() => parseView(query.value, hubNow()), [query.value, minute]);
  if (store.sites.value === null || (store.points.value.size === 0 && store.sites.value.some((site) => site.points > 0))) {
    return (
      <>
        <h1>{t("nav.trends")}</h1>
        <Loading rows={3} height={200} />
      </>
    );
  }
  const chosen = asked.points.length > 0 ? asked.points : atFirst();
  const known = chosen.flatMap((id) => all.find((point) => point.id === id) ?? []);
  const gone = chosen.filter((id) => !known.some((point) => point.id === id));
  return (
    <>
      <div>
        <h1>{t("nav.trends")}</h1>
        <Help text={t("trends.help")} words={["completeness", "median", "p95"]} points={known} />
      </div>
      {gone.map((id) => (
        <p key={id} class="trends-notice" role="status">
          {t("trends.gone", { id })}
        </p>
      ))}
      {asked.period.fault !== null && (
        <p class="trends-notice" role="alert">
          {t(`trends.fault.${asked.period.fault}`)}
        </p>
      )}
      <Chosen view={{ ...asked, points: known.map((point) => point.id) }} points={known} all={all} />
    </>
  );
}

/** The main points of the site with the most limits, so that the page is never empty without need. */
function atFirst(): string[] {
  const measured = [...store.points.peek().values()].filter((entry) => !isState(entry.point.peek()));
  const limits = new Map<string, number>();
  for (const entry of measured) {
    const { site, limit } = entry.point.peek();
    limits.set(site, (limits.get(site) ?? 0) + Number(limit !== null));
  }
  const [first] = [...limits].sort((a, b) => b[1] - a[1]);
  return keyPoints(measured.filter((entry) => entry.point.peek().site === first?.[0]), AT_FIRST).map((entry) => entry.id);
}

interface ChosenProps {
  view: TrendView;
  points: readonly Point[];
  all: readonly Point[];
}

function Chosen({ view, points, all }: ChosenProps) {
  const { period, compare } = view;
  const preview = useSignal<{ from: number; to: number } | null>(null);
  const panels = useRef<HTMLDivElement>(null);
  const key = `${view.points.join(" ")} ${compareCode(compare) ?? ""}`;
  const [found, reload] = useResource<Loaded>(key, (early) => loadView(points, period, compare, all, early), `${period.from} ${period.to}`);
  const { data, error, at } = found.value;
  const zoom = (from: number, to: number) => setQuery(periodQuery(from, to, hubNow()), { step: true });
  // What fingers have moved stands until its own values are there.
  useEffect(() => {
    preview.value = null;
  }, [data]);
  return (
    <>
      <Controls view={view} points={points} all={all} loaded={data} panels={panels} onZoom={zoom} />
      {points.length === 0 ? (
        <div class="panel">
          <Empty title={all.length === 0 ? t("trends.noPoints") : t("trends.none")} hint={all.length === 0 ? t("sites.noneHint") : t("trends.noneHint")} />
        </div>
      ) : data !== null ? (
        <>
          {error !== null && at !== null && <Stale time={moment(at, now.peek())} onRetry={reload} />}
          {data.older !== null && <Seam older={data.older} />}
          <Drawn view={view} data={data} preview={preview} panels={panels} onZoom={zoom} onRecorded={reload} />
        </>
      ) : error !== null ? (
        <Failed error={error} onRetry={reload} />
      ) : (
        <Loading rows={2} height={320} />
      )}
    </>
  );
}

/** Where the chart goes on from another engine; that it is not reached must not look like a gap. */
function Seam({ older }: { older: OlderPart }) {
  const isThere = older.state === "read";
  return (
    <p class="trends-notice" role={isThere ? "status" : "alert"}>
      {t(isThere ? "older.read" : "older.unreachable", { since: moment(older.until, now.peek()) })}
    </p>
  );
}

interface DrawnProps {
  view: TrendView;
  data: Loaded;
  preview: { value: { from: number; to: number } | null } & Parameters<typeof Panel>[0]["preview"];
  panels: { current: HTMLDivElement | null };
  onZoom: (from: number, to: number) => void;
  /** Something was written down, or stored readings have changed. */
  onRecorded: () => void;
}

function Drawn({ view, data, preview, panels, onZoom, onRecorded }: DrawnProps) {
  const pointed = useSignal<number | null>(null);
  const drawn = useMemo(() => toPanels(data.lines, (point) => (isState(point) ? (point.alarm === null ? "state" : "alarm") : point.unit)), [data]);
  const figures = useMemo(() => figuresOf(data), [data]);
  const period: Pick<Period, "from" | "to"> = { from: data.from, to: data.to };
  const own = data.lines.filter((line) => !line.compared);
  return (
    <>
      <section class="trends-drawn panel" aria-label={t("nav.trends")}>
        <Legend lines={data.lines} pointed={pointed} view={view} />
        <div ref={panels}>
          {drawn.map((panel) => (
            <Panel
              key={panel.key}
              panel={panel}
              readings={data.readings}
              alarms={data.alarms}
              {...period}
              pointed={pointed}
              preview={preview}
              onZoom={onZoom}
              words={wordsOf(panel.lines)}
              height={panel.key === "state" ? 120 : drawn.length > 2 ? 200 : 260}
            />
          ))}
        </div>
        <Marks marks={data.marks} {...period} />
        <RecordButtons points={own.map((line) => line.point)} {...period} onDone={onRecorded} />
      </section>
      {data.isEarly ? (
        <Loading rows={1} height={200} />
      ) : (
        <>
          <StatisticsTable rows={figures} widthMs={own[0]?.widthMs ?? 0} lines={data.lines} />
          <Distribution lines={own} valuesOf={(line) => readingsOf(data, line)} />
        </>
      )}
    </>
  );
}

function readingsOf(data: Loaded, line: Line) {
  const series = line.compared ? undefined : data.readings.get(line.point.id);
  const most = 2.5 * 1_000 * (line.point.interval_s ?? line.widthMs / 1_000);
  return series === undefined ? null : weightedReadings(series, most, Math.min(data.to, hubNow()));
}

function figuresOf(data: Loaded) {
  return data.lines.map((line) => ({
    line,
    figures: statisticsOf(line, readingsOf(data, line)),
  }));
}

/** The chart in a sentence for a screen reader. */
function wordsOf(lines: readonly Line[]): string {
  return lines
    .map((line) => {
      const name = lineName(line);
      const { min, max, mean } = line.buckets;
      if (mean.length === 0) return `${name}: ${t("trend.none")}`;
      const text = (value: number) => showText(value, line.point);
      const middle = mean.reduce((sum, value) => sum + value, 0) / mean.length;
      return t("trend.summary", { name, min: text(Math.min(...min)), mean: text(middle), max: text(Math.max(...max)) });
    })
    .join("; ");
}

/** "Clo dư tự do, Trạm cấp nước Tam Hợp"; of what is compared, how much earlier. */
export const lineName = (line: NamedLine) => t("trends.atSite", { name: pointName(line.point), site: whereAndWhen(line) });

type NamedLine = Pick<Line, "point" | "compared" | "shiftMs">;

export function whereAndWhen({ point, compared, shiftMs }: NamedLine): string {
  const site = local(store.sites.value?.find((each) => each.id === point.site)?.name) || point.site;
  return compared && shiftMs > 0 ? t("trends.earlierBy", { name: site, span: exactSpan(shiftMs / 1_000) }) : site;
}

/** The value of a line at a moment of the axis. */
export function valueAt(line: Line, at: number): string | null {
  const index = bucketAt(line, at);
  const mean = line.buckets.mean[index];
  if (mean == null) return null;
  const [min, max] = [line.buckets.min[index] ?? mean, line.buckets.max[index] ?? mean];
  const text = (value: number) => showText(value, line.point);
  return min === max || isState(line.point) ? text(mean) : `${text(mean)} (${text(min)} – ${text(max)})`;
}
