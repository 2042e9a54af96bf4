// Earlier alarms of the same rule at the same place: when, how long, and what people wrote on them then.
import { getAlarms } from "../api/calls";
import type { Alarm } from "../api/types";
import { count, t } from "../i18n";
import { moment, span } from "../i18n/format";
import { useResource } from "../lib/resource";
import { similarTo } from "../state/alarmFigures";
import { hubNow } from "../state/clock";

const DAYS = 90;
const SHOWN = 5;

export function Similar({ alarm }: { alarm: Alarm }) {
  const [found] = useResource(`similar ${alarm.id}`, () =>
    getAlarms({ state: "all", site: alarm.site, from: new Date(hubNow() - DAYS * 86_400_000).toISOString(), to: new Date(hubNow()).toISOString() }),
  );
  const { data } = found.value;
  if (data === null) return null;
  const similar = similarTo(alarm, data);
  return (
    <section class="stack-tight" aria-labelledby="alarm-similar">
      <h2 id="alarm-similar">{t("alarm.similar")}</h2>
      {similar.length === 0 ? (
        <p class="muted">{t("alarm.similarNone", { n: DAYS })}</p>
      ) : (
        <div class="panel alarm-history">
          <p class="small muted">{count("alarm.similarCount", similar.length).replace("{days}", String(DAYS))}</p>
          <ul>
            {similar.slice(0, SHOWN).map((each) => (
              <li key={each.id} class="row row-ends">
                <a class="tall figures" href={`/alarms/${each.id}`}>
                  {moment(Date.parse(each.raised_at), hubNow())}
                </a>
                <span class="small muted figures">{lasted(each)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function lasted({ raised_at: raised, cleared_at: cleared }: Alarm): string {
  if (cleared === null) return t("alarm.stillOn");
  return t("alarm.lasted", { span: span(Date.parse(cleared) - Date.parse(raised)) });
}
