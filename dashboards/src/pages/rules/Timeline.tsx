// When a rule would have raised: a lane for each place, bars where an alarm would have stood, the text in force beneath.
// What only this text raises is hatched and said in words.
import type { BacktestAlarm, BacktestFigures } from "../../api/types";
import { t } from "../../i18n";
import { dayDate, moment } from "../../i18n/format";
import { hubNow } from "../../state/clock";

const WIDTH = 1_000;
const LANE = 30;
const BAR = 9;
const MOST_LANES = 24;
const TICKS = 4;

export interface TimelineProps {
  tested: BacktestFigures;
  inForce: BacktestFigures | null;
}

export function Timeline({ tested, inForce }: TimelineProps) {
  const subjects = [...new Set([...tested.alarms, ...(inForce?.alarms ?? [])].map((alarm) => alarm.subject))].sort().slice(0, MOST_LANES);
  if (subjects.length === 0) return <p class="small muted">{t("rules.chartNone")}</p>;
  const [from, to] = [Date.parse(tested.from), Date.parse(tested.to)];
  const x = (time: string | null) => (((time === null ? to : Date.parse(time)) - from) / (to - from)) * WIDTH;
  const bar = (alarm: BacktestAlarm, lane: number, row: number, kind: string) => {
    const [left, right] = [x(alarm.raised_at), x(alarm.cleared_at)];
    const width = Math.max(3, right - left);
    const said = `${alarm.subject}: ${moment(Date.parse(alarm.raised_at), hubNow())} – ${alarm.cleared_at === null ? t("rules.stillStanding") : moment(Date.parse(alarm.cleared_at), hubNow())}`;
    return (
      <rect key={`${kind} ${alarm.subject} ${alarm.raised_at}`} class={`rules-bar-${kind}`} x={Math.min(left, WIDTH - width)} y={lane * LANE + row} width={width} height={BAR}>
        <title>{alarm.only_here && inForce !== null && kind !== "old" ? `${said} (${t("rules.onlyHere")})` : said}</title>
      </rect>
    );
  };
  const lanes = subjects.map((subject, lane) => (
    <g key={subject}>
      <line class="rules-lane" x1={0} x2={WIDTH} y1={(lane + 1) * LANE - 3} y2={(lane + 1) * LANE - 3} />
      {tested.alarms.filter((alarm) => alarm.subject === subject).map((alarm) => bar(alarm, lane, 3, alarm.only_here && inForce !== null ? "new" : "tested"))}
      {inForce?.alarms.filter((alarm) => alarm.subject === subject).map((alarm) => bar(alarm, lane, 4 + BAR, "old"))}
    </g>
  ));
  const height = subjects.length * LANE;
  return (
    <figure class="rules-chart">
      <div class="rules-chart-body">
        <ul class="small rules-chart-names" aria-hidden="true">
          {subjects.map((subject) => (
            <li key={subject}>{subject}</li>
          ))}
        </ul>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} height={height} preserveAspectRatio="none" role="img" aria-label={`${t("rules.chart")}: ${tested.raised}`}>
          {lanes}
        </svg>
        <div class="small muted figures rules-chart-days" aria-hidden="true">
          {Array.from({ length: TICKS }, (_, n) => (
            <span key={n}>{dayDate(from + ((to - from) * n) / (TICKS - 1)).slice(0, 5)}</span>
          ))}
        </div>
      </div>
      <figcaption class="small rules-legend">
        <span>
          <i class="rules-key rules-key-tested" /> {t("rules.tested")}
        </span>
        {inForce !== null && (
          <>
            <span>
              <i class="rules-key rules-key-new" /> {t("rules.newOnes")}
            </span>
            <span>
              <i class="rules-key rules-key-old" /> {t("rules.inForce")}
            </span>
          </>
        )}
      </figcaption>
    </figure>
  );
}
