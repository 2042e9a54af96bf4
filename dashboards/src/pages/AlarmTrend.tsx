// The point's values around an alarm: from some hours before it until after it, with limit and alarm drawn.
import type { Alarm } from "../api/types";
import { t } from "../i18n";
import { momentCode } from "../i18n/format";
import { hubNow } from "../state/clock";
import type { PointEntry } from "../state/store";
import { PointTrend } from "./PointTrend";
import { trendHref } from "./trends/view";

const BEFORE_MS = 6 * 3_600_000;
const AFTER_MS = 2 * 3_600_000;
const MOST_MS = 7 * 86_400_000;

export default function AlarmTrend({ alarm, entry }: { alarm: Alarm; entry: PointEntry }) {
  const from = Date.parse(alarm.raised_at) - BEFORE_MS;
  const over = alarm.cleared_at === null ? hubNow() : Date.parse(alarm.cleared_at);
  const minute = 60_000;
  const to = Math.ceil(Math.min(over + AFTER_MS, hubNow(), from + MOST_MS) / minute) * minute;
  const href = trendHref([entry.id], { from: momentCode(from), to: momentCode(to) });
  return (
    <section class="stack-tight" aria-label={t("alarm.trend")}>
      <PointTrend entry={entry} span={{ key: `${from} ${to}`, day: from, from, to }} alarms={[alarm]} />
      <p>
        <a class="alarm-where" href={href}>
          {t("alarm.openTrend")}
        </a>
      </p>
    </section>
  );
}
