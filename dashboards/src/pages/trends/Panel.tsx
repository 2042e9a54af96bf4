// The lines of one unit: chart, and for each point the strip that says how far its values can be trusted.
import type { Signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Alarm, Series } from "../../api/types";
import { lang, pointName } from "../../i18n";
import { unitSign } from "../../i18n/units";
import { hubNow } from "../../state/clock";
import { expirySeconds } from "../../state/freshness";
import { theme } from "../../state/preferences";
import { AXIS_PX, END_PX, followColours } from "../../ui/chart";
import { limitLines } from "../../ui/limitLines";
import { QualityStrip } from "../../ui/QualityStrip";
import { stripFromBuckets, stripFromSeries } from "../../ui/trend";
import { type Line, type Panel as PanelData, gapMs, gapsOf } from "./columns";
import { addGestures } from "./gestures";
import { createMultiChart } from "./multichart";
import { limitsIn } from "./statistics";

export interface PanelProps {
  panel: PanelData;
  readings: ReadonlyMap<string, Series>;
  alarms: readonly Alarm[];
  from: number;
  to: number;
  pointed: Signal<number | null>;
  /** What fingers have moved the time to, before it is fetched. */
  preview: Signal<{ from: number; to: number } | null>;
  onZoom: (from: number, to: number) => void;
  words: string;
  height: number;
}

export function Panel({ panel, readings, alarms, from, to, pointed, preview, onZoom, words, height }: PanelProps) {
  const plot = useRef<HTMLDivElement>(null);
  const language = lang.value;
  const wantedTheme = theme.value;
  const points = panel.lines.filter((line) => !line.compared);
  const shown = useMemo(() => alarms.filter((alarm) => points.some((line) => line.point.id === alarm.point)), [alarms, panel]);

  // Before the page is painted: the lines are what one came for.
  useLayoutEffect(() => {
    const host = plot.current;
    if (host === null) return;
    let chart: uPlot | null = null;
    let stop: (() => void) | undefined;
    const draw = () => {
      stop?.();
      chart?.destroy();
      const limits = limitLines(panel.lines.flatMap((line) => limitsToDraw(line, from, to)), panel.lines[0]?.point.unit ?? "", from, to);
      chart = createMultiChart(host, { lines: panel.lines, limits, alarms: shown, from, to, onPointed: (at) => (pointed.value = at), onZoom });
      stop = addGestures(chart, { onPreview: (start, end) => (preview.value = { from: start, to: end }), onSettled: onZoom });
    };
    draw();
    const unfollow = preview.subscribe((wish) => {
      if (wish !== null) chart?.setScale("x", { min: wish.from, max: wish.to });
    });
    const resized = new ResizeObserver(() => chart?.setSize({ width: host.clientWidth, height: host.clientHeight }));
    resized.observe(host);
    const uncolour = followColours(draw);
    return () => {
      unfollow();
      uncolour();
      resized.disconnect();
      stop?.();
      chart?.destroy();
    };
  }, [panel, shown, from, to, language, wantedTheme]);

  const sign = unitSign(panel.lines[0]?.point.unit ?? "");
  return (
    <div class="trends-panel">
      {sign !== "" && <p class="trends-unit small muted">{sign}</p>}
      <div class="trends-plot" ref={plot} role="img" aria-label={words} style={{ height: `${height}px` }} />
      <div class="trends-strips" style={{ marginLeft: `${AXIS_PX}px`, marginRight: `${END_PX}px` }}>
        {points.map((line) => (
          <div key={line.point.id} class={`trends-strip series-${line.colour}`}>
            <QualityStrip
              name={pointName(line.point)}
              spans={stripOf(line, readings.get(line.point.id), from, to)}
              alarms={alarms.filter((alarm) => alarm.point === line.point.id)}
              from={from}
              to={to}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Limits of single values, or where a quantity has none, those of the shortest mean. */
function limitsToDraw({ point, compared }: Line, from: number, to: number) {
  if (compared) return [];
  const within = limitsIn(point, from, to);
  const shortest = Math.min(...within.map((limit) => limit.averaging_s ?? 0));
  return within.filter((limit) => (limit.averaging_s ?? 0) === shortest);
}

function stripOf(line: Line, series: Series | undefined, from: number, to: number) {
  const until = Math.min(to, hubNow());
  if (series !== undefined) {
    const known = line.point.interval_s !== null || line.point.expire_after_s !== null;
    const least = known ? expirySeconds(line.point) * 1_000 : 0;
    const gaps = gapsOf(line);
    return stripFromSeries(series, (at) => Math.max(gaps(at), least), from, until);
  }
  // Buckets finer than the readings come are empty without anything being missing.
  return stripFromBuckets(line.buckets, Math.max(line.widthMs, gapMs(line) / 1.5), from, until);
}

/** A colour's mark beside a name: drawn through for the line itself, dashed for what it is compared with. */
export function LineMark({ colour, compared }: Pick<Line, "colour" | "compared">) {
  return (
    <svg class={`line-mark series-${colour}`} viewBox="0 0 20 8" width="20" height="8" aria-hidden="true">
      <path d="M0 4h20" {...(compared ? { "stroke-dasharray": "4 4" } : {})} />
    </svg>
  );
}
