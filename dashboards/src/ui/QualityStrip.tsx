// The strip beneath a trend: hatched where data is missing, hollow where doubtful, alarms as marks. Told in words as well.
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { clockTime } from "../i18n/format";
import type { StripSpan } from "./trend";
import "./QualityStrip.css";

export interface QualityStripProps {
  spans: readonly StripSpan[];
  alarms: readonly Alarm[];
  from: number;
  to: number;
}

/** Words for at most so many stretches; a day with more has none that is worth a sentence of its own. */
const MOST_TOLD = 12;

export function QualityStrip({ spans, alarms, from, to }: QualityStripProps) {
  const place = (ms: number) => (100 * Math.min(1, Math.max(0, (ms - from) / (to - from)))).toFixed(2);
  const width = (start: number, end: number) => `${Math.max(0.3, Number(place(end)) - Number(place(start)))}%`;
  const raised = alarms.map((alarm) => ({
    alarm,
    start: Date.parse(alarm.raised_at),
    end: alarm.cleared_at == null ? to : Date.parse(alarm.cleared_at),
  }));
  const told = spans.slice(0, MOST_TOLD).map((each) => `${t(`trend.strip.${each.kind}`)} ${clockTime(each.from)}–${clockTime(each.to)}`);
  const toldAlarms = raised.map(({ start }) => `${t("trend.strip.alarm")} ${clockTime(start)}`);
  const label = [...told, ...toldAlarms].join(", ") || t("trend.strip.whole");
  return (
    <div class="strip" role="img" aria-label={`${t("trend.quality")}: ${label}`} title={label}>
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
