// The hub itself: its alarms, its newest figures, and the rules that are at fault. Figures are asked for once a minute.
import { getPoints } from "../api/calls";
import type { Point } from "../api/types";
import { local, t } from "../i18n";
import { showText } from "../i18n/units";
import { useResource } from "../lib/resource";
import { useTitle } from "../lib/title";
import { now } from "../state/clock";
import { HUB_SITE } from "../state/own";
import { byUrgency, isActive } from "../state/reduce";
import { store } from "../state/store";
import { AlarmList } from "../ui/AlarmList";
import { BackLink } from "../ui/BackLink";
import { Help } from "../ui/Help";
import { Failed, Loading } from "../ui/States";
import { StatusMark } from "../ui/StatusMark";
import "./OwnHub.css";

const MACHINE = `${HUB_SITE}/machine`;
const RULES = `${HUB_SITE}/rules`;
const RENEW_MS = 60_000;

export default function OwnHubPage() {
  useTitle(t("own.title"));
  const minute = String(Math.floor(now.value / RENEW_MS));
  const [points, reload] = useResource("own points", () => getPoints(HUB_SITE), minute);
  const all = store.alarms.value ?? new Map();
  const active = [...all.values()].filter((alarm) => alarm.site === HUB_SITE && isActive(alarm)).sort(byUrgency);
  const { data, error } = points.value;
  const faulty = (data ?? []).filter((point) => point.device === RULES && (point.latest?.value ?? 0) > 0);
  return (
    <>
      <header class="stack-tight">
        <BackLink href="/more">{t("nav.more")}</BackLink>
        <div>
          <h1>{t("own.title")}</h1>
          <Help text={t("own.help")} />
        </div>
      </header>
      {active.length > 0 && (
        <section class="stack-tight" aria-labelledby="own-alarms">
          <h2 id="own-alarms">{t("nav.alarms")}</h2>
          <AlarmList alarms={active} known={all} label={t("nav.alarms")} />
        </section>
      )}
      <section class="stack-tight" aria-labelledby="own-figures">
        <h2 id="own-figures">{t("own.figures")}</h2>
        {data !== null ? (
          <dl class="own-figures own-box panel">
            {data.filter((point) => point.device === MACHINE).map((point) => (
              <div key={point.id}>
                <dt>{local(point.name)}</dt>
                <dd class={point.latest?.value == null ? "own-absent" : "figures"}>{figure(point)}</dd>
              </div>
            ))}
          </dl>
        ) : error !== null ? (
          <Failed error={error} onRetry={reload} />
        ) : (
          <Loading rows={4} />
        )}
      </section>
      {data !== null && (
        <section class="stack-tight" aria-labelledby="own-rules">
          <h2 id="own-rules">{t("own.rules")}</h2>
          {faulty.length === 0 ? (
            <p class="own-box panel">{t("own.rulesWell")}</p>
          ) : (
            <ul class="own-box panel stack-tight own-rules">
              {faulty.map((point) => (
                <li key={point.id}>
                  <StatusMark status="fail" word={local(point.name)} />
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
    </>
  );
}

/** Points without a unit are yes or no. */
function figure(point: Point): string {
  const value = point.latest?.value ?? null;
  if (value === null) return t("own.notYet");
  if (point.unit === "1") return t(value > 0 ? "own.yes" : "own.no");
  return showText(value, point);
}
