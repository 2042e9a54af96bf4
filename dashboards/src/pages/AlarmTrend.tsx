// The point's values around an alarm: from some hours before it until after it, with limit, alarm and its delays drawn.
import { useMemo } from "preact/hooks";
import type { AlarmDetail } from "../api/types";
import { addTexts, lang, t } from "../i18n";
import { enAlarm } from "../i18n/en.alarm";
import { exactSpan, momentCode } from "../i18n/format";
import { viAlarm } from "../i18n/vi.alarm";
import { hubNow } from "../state/clock";
import type { PointEntry } from "../state/store";
import type { Wait } from "../ui/waits";
import { PointTrend } from "./PointTrend";
import { trendHref } from "./trends/view";

addTexts({ vi: viAlarm, en: enAlarm });

const BEFORE_MS = 6 * 3_600_000;
const AFTER_MS = 2 * 3_600_000;
const MOST_MS = 7 * 86_400_000;

export default function AlarmTrend({ alarm, entry }: { alarm: AlarmDetail; entry: PointEntry }) {
  const from = Date.parse(alarm.raised_at) - BEFORE_MS;
  const over = alarm.cleared_at === null ? hubNow() : Date.parse(alarm.cleared_at);
  const minute = 60_000;
  const to = Math.ceil(Math.min(over + AFTER_MS, hubNow(), from + MOST_MS) / minute) * minute;
  const href = trendHref([entry.id], { from: momentCode(from), to: momentCode(to) });
  const waits = useMemo(() => waitsOf(alarm), [alarm, lang.value]);
  return (
    <section class="stack-tight" aria-label={t("alarm.trend")}>
      <PointTrend entry={entry} span={{ key: `${from} ${to}`, day: from, from, to }} alarms={[alarm]} waits={waits} />
      {alarm.delays != null && <p class="small muted">{delayWords(alarm.delays)}</p>}
      <p>
        <a class="tall" href={href}>
          {t("alarm.openTrend")}
        </a>
      </p>
    </section>
  );
}

/** What lay between the condition and the alarm, and between its end and the alarm's. */
function waitsOf({ delays, raised_at: raised, cleared_at: cleared }: AlarmDetail): Wait[] {
  if (delays == null) return [];
  const before = (end: string, seconds: number): Wait[] => {
    const to = Date.parse(end);
    return seconds === 0 ? [] : [{ from: to - 1_000 * seconds, to, words: t("alarm.waited", { span: exactSpan(seconds) }) }];
  };
  return [...before(raised, delays.on_s), ...(cleared == null ? [] : before(cleared, delays.off_s))];
}

function delayWords({ on_s: on, off_s: off }: NonNullable<AlarmDetail["delays"]>): string {
  const raising = on === 0 ? t("alarm.raisedAtOnce") : t("alarm.raisedAfter", { span: exactSpan(on) });
  const ending = off === 0 ? t("alarm.endsAtOnce") : t("alarm.endsAfter", { span: exactSpan(off) });
  return `${raising} ${ending}`;
}
