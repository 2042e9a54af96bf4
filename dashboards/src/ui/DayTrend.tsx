// A point's day as a line: mean, the band between least and greatest, limits with their source at the right end,
// gaps left open, the quality strip beneath. Brings uPlot with it: only pages that are loaded lazily may import this file.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Alarm, Point } from "../api/types";
import { lang, pointName, t } from "../i18n";
import { theme } from "../state/preferences";
import { AXIS_PX, END_PX, createChart, followColours } from "./chart";
import { QualityStrip } from "./QualityStrip";
import { daySentence, inShort, readout } from "./dayWords";
import { type StripSpan, type Trend, extremes } from "./trend";
import type { Wait } from "./waits";
import "./DayTrend.css";

export interface DayTrendProps {
  point: Pick<Point, "id" | "name" | "reference" | "quantity" | "unit" | "decimals" | "limit">;
  trend: Trend;
  spans: readonly StripSpan[];
  alarms: readonly Alarm[];
  waits?: readonly Wait[];
  from: number;
  to: number;
}

const NONE: readonly Wait[] = [];

export function DayTrend({ point, trend, spans, alarms, waits = NONE, from, to }: DayTrendProps) {
  const plot = useRef<HTMLDivElement>(null);
  const pointed = useSignal<number | null>(null);
  const language = lang.value;
  const wantedTheme = theme.value;
  const found = extremes(trend);

  useEffect(() => {
    const host = plot.current;
    if (host === null || found === null) return;
    let chart: uPlot | null = null;
    const draw = () => {
      chart?.destroy();
      chart = createChart(host, { point, trend, from, to, waits, onPoint: (index) => (pointed.value = index) });
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize({ width: host.clientWidth, height: host.clientHeight }));
    resized.observe(host);
    const unfollow = followColours(draw);
    return () => {
      unfollow();
      resized.disconnect();
      chart?.destroy();
    };
  }, [trend, from, to, waits, language, wantedTheme]);

  const name = pointName(point);
  const words =
    found === null
      ? `${name}: ${t("trend.none")}`
      : daySentence(name, found, point);
  return (
    <figure class="trend panel">
      <figcaption class="trend-head">
        <h3>{name}</h3>
        <span class="small muted figures" aria-hidden="true">
          {readout(trend, pointed.value, point) ?? (found !== null && inShort(found, point))}
        </span>
      </figcaption>
      {found === null ? (
        <p class="trend-none hatched">{t("trend.none")}</p>
      ) : (
        <div class="trend-plot" ref={plot} role="img" aria-label={words} />
      )}
      <div style={{ marginLeft: `${AXIS_PX}px`, marginRight: `${END_PX}px` }}>
        <QualityStrip spans={found === null ? [] : spans} alarms={alarms} from={from} to={to} />
      </div>
    </figure>
  );
}
