// The strip beneath a trend: hatched where data is missing, hollow where doubtful, alarms as marks. Told in words as well.
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { clockTime, dayDate } from "../i18n/format";
import type { StripSpan } from "./trend";
import "./QualityStrip.css";

export interface QualityStripProps {
  /** Whose values, where several strips stand together. */
  name?: string;
  spans: readonly StripSpan[];
  alarms: readonly Alarm[];
  from: number;
  to: number;
}

/** Words for at most so many stretches; a day with more has none that is worth a sentence of its own. */
const MOST_TOLD = 12;
const LONG_MS = 2 * 86_400_000;

export function QualityStrip({ name, spans, alarms, from, to }: QualityStripProps) {
  const place = (ms: number) => (100 * Math.min(1, Math.max(0, (ms - from) / (to - from)))).toFixed(2);
  const width = (start: number, end: number) => `${Math.max(0.3, Number(place(end)) - Number(place(start)))}%`;
  // Beyond two days a time of the clock alone would not say which.
  const at = (ms: number) => (to - from > LONG_MS ? `${dayDate(ms)} ${clockTime(ms)}` : clockTime(ms));
  const raised = alarms.map((alarm) => ({
    alarm,
    start: Date.parse(alarm.raised_at),
    end: alarm.cleared_at == null ? to : Date.parse(alarm.cleared_at),
  }));
  const told = spans.slice(0, MOST_TOLD).map((each) => `${t(`trend.strip.${each.kind}`)} ${at(each.from)}–${at(each.to)}`);
  const toldAlarms = raised.map(({ start }) => `${t("trend.strip.alarm")} ${at(start)}`);
  const label = [...told, ...toldAlarms].join(", ") || t("trend.strip.whole");
  return (
    <div class="strip" role="img" aria-label={`${name === undefined ? "" : `${name}, `}${t("trend.quality")}: ${label}`} title={label}>
      {spans.map((each) => (
        <span
          key={`${each.kind}${each.from}`}
          class={`strip-span strip-${each.kind}`}
          style={{ left: `${place(each.from)}%`, width: width(each.from, each.to) }}
        />
      ))}
      {raised.map(({ alarm, start, end }) => (
        <span
          key={alarm.id}
          class={`strip-alarm strip-alarm-${alarm.priority}`}
          style={{ left: `${place(start)}%`, width: width(start, end) }}
        />
      ))}
    </div>
  );
}
