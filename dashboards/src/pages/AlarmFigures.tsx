// Figures of the alarms that are listed: how many, how soon they were seen, which come most.
import type { Alarm } from "../api/types";
import { local, t } from "../i18n";
import { span } from "../i18n/format";
import { formatNumber } from "../i18n/units";
import { setQuery } from "../lib/router";
import { figuresOf } from "../state/alarmFigures";
import { placeOf } from "../ui/AlarmRow";

export function AlarmFigures({ alarms, from, to }: { alarms: readonly Alarm[]; from: number; to: number }) {
  const figures = figuresOf(alarms, from, to);
  const facts = [
    { name: t("alarms.fig.perWeek"), value: formatNumber(figures.perWeek, 1) },
    { name: t("alarms.fig.standing"), value: formatNumber(figures.standing, 0) },
    { name: t("alarms.fig.unseen"), value: formatNumber(figures.unacknowledged, 0) },
    { name: t("alarms.fig.untilSeen"), value: figures.untilAcknowledgedMs === null ? t("alarms.fig.none") : span(figures.untilAcknowledgedMs) },
  ];
  return (
    <details class="panel alarms-figures">
      <summary>{t("alarms.figures")}</summary>
      <dl class="alarms-facts">
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt class="small muted">{name}</dt>
            <dd class="figures">{value}</dd>
          </div>
        ))}
      </dl>
      <h2 class="alarms-top">{t("alarms.fig.top")}</h2>
      <ol>
        {figures.top.map(({ key, alarm, count }) => (
          <li key={key} class="row row-ends">
            <button type="button" class="link" onClick={() => setQuery({ rule: alarm.rule, site: alarm.site })}>
              {local(alarm.title)} · {placeOf(alarm)}
            </button>
            <strong class="figures">{count}</strong>
          </li>
        ))}
      </ol>
    </details>
  );
}
