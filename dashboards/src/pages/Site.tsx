// One site: its alarms, every point with limits and quality, the day's trends, its devices. Loaded lazily, with the charts.
import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { getAlarms, getSite } from "../api/calls";
import type { Alarm, Site } from "../api/types";
import { t } from "../i18n";
import { dayCode, dayStart, parseDayCode } from "../i18n/format";
import { useResource } from "../lib/resource";
import { query } from "../lib/router";
import { useTitle } from "../lib/title";
import { local } from "../i18n";
import { hubNow, now } from "../state/clock";
import { useDays } from "../state/day";
import { byUrgency, isActive } from "../state/reduce";
import { type PointEntry, store } from "../state/store";
import { AlarmList } from "../ui/AlarmList";
import { BackLink } from "../ui/BackLink";
import { Help } from "../ui/Help";
import { PointRow } from "../ui/PointRow";
import { keyPoints, kindText } from "../ui/SiteCard";
import { Empty, Failed, Loading } from "../ui/States";
import { StatusMark } from "../ui/StatusMark";
import { summaryLine } from "../state/site";
import { DeviceList } from "./DeviceList";
import { type DaySpan, PointTrend } from "./PointTrend";
import { ProcessSketch } from "./ProcessSketch";
import { SiteAbout } from "./SiteAbout";
import { SiteWritten } from "./SiteWritten";
import { trendHref } from "./trends/view";
import "./Site.css";

const DAY_MS = 86_400_000;
/** With more points than this a chart is fetched when somebody comes near it. */
const MANY = 24;
const NO_ALARMS: readonly Alarm[] = [];

export default function SitePage({ id }: { id: string }) {
  const entries = store.pointsOf(id);
  useDays(entries.map((entry) => entry.id));
  const [detail, reload] = useResource(`site ${id}`, () => getSite(id));
  const site = store.sites.value?.find((each) => each.id === id) ?? detail.value.data;
  useTitle(local(site?.name));
  const day = query.value.get("day");
  // Moves once a minute, so that what is drawn is not drawn anew each second.
  const minute = useComputed(() => Math.ceil(now.value / 60_000) * 60_000).value;
  const span = useMemo(() => chosenSpan(day, minute), [day, minute]);
  const [dayAlarms] = useResource(
    `alarms ${id} ${span.day ?? "last"}`,
    () => getAlarms({ state: "all", site: id, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() }),
    span.key,
  );
  const alarmsByPoint = useMemo(() => byPoint(dayAlarms.value.data ?? []), [dayAlarms.value.data]);

  if (site == null) {
    if (detail.value.error?.status === 404) return <NoSuchSite />;
    if (detail.value.error !== null)
      return (
        <>
          <BackLink href="/sites">{t("alarms.anySite")}</BackLink>
          <Failed error={detail.value.error} onRetry={reload} />
        </>
      );
    return <Loading rows={4} height={120} />;
  }
  const all = store.alarms.value ?? new Map();
  const active = [...all.values()].filter((alarm) => alarm.site === id && isActive(alarm)).sort(byUrgency);
  return (
    <>
      <header class="stack-tight">
        <BackLink href="/sites">{t("alarms.anySite")}</BackLink>
        <div>
          <h1>{local(site.name)}</h1>
          <StateLine site={site} />
          <Help text={t("site.help")} words={[]} points={entries.map((entry) => entry.point.peek())} />
        </div>
      </header>
      {active.length > 0 && (
        <section class="stack-tight" aria-labelledby="site-alarms">
          <h2 id="site-alarms">{t("nav.alarms")}</h2>
          <AlarmList alarms={active} known={all} label={t("nav.alarms")} />
        </section>
      )}
      {site.kind === "water_station" && (
        <section class="stack-tight" aria-labelledby="site-process">
          <h2 id="site-process">{t("process.title")}</h2>
          <ProcessSketch entries={entries} />
        </section>
      )}
      <section class="stack-tight" aria-labelledby="site-points">
        <h2 id="site-points">{t("site.points")}</h2>
        <ul class="point-list panel site-points">
          {entries.map((entry) => (
            <PointRow key={entry.id} entry={entry} withLimit />
          ))}
        </ul>
      </section>
      <section class="stack-tight" aria-labelledby="site-trends">
        <div class="row row-ends">
          <h2 id="site-trends">{t("site.trends")}</h2>
          <DayChoice span={span} />
          <span class="row site-looks no-print">
            {looks(id, entries).map(([text, href]) => (
              <a key={href} class="button button-quiet" href={href}>
                {t(text)}
              </a>
            ))}
          </span>
        </div>
        <div class="site-trends">
          {entries.map((entry) => (
            <PointTrend
              key={entry.id}
              entry={entry}
              span={span}
              alarms={alarmsByPoint.get(entry.id) ?? NO_ALARMS}
              whenNear={entries.length > MANY}
            />
          ))}
        </div>
      </section>
      <SiteWritten site={id} />
      {detail.value.data !== null && <SiteAbout site={detail.value.data} />}
      <section class="stack-tight" aria-labelledby="site-devices">
        <h2 id="site-devices">{t("site.devices")}</h2>
        {detail.value.data === null ? <Loading rows={1} /> : <DeviceList devices={detail.value.data.devices} entries={entries} />}
      </section>
    </>
  );
}

/** What else there is to be seen of a site, each on its own page. */
const looks = (id: string, entries: readonly PointEntry[]) =>
  [
    ["site.compareTrends", trendHref(keyPoints(entries, 3).map((entry) => entry.id))],
    ...(entries.some((entry) => entry.point.peek().limits.length > 0) ? [["compliance.title", `/compliance?site=${encodeURIComponent(id)}`] as const] : []),
    ["dataquality.title", `/quality?site=${encodeURIComponent(id)}`],
  ] as const;

function NoSuchSite() {
  return (
    <Empty title={t("site.notFound")}>
      <BackLink href="/sites">{t("alarms.anySite")}</BackLink>
    </Empty>
  );
}

function byPoint(alarms: readonly Alarm[]): Map<string | null, Alarm[]> {
  const found = new Map<string | null, Alarm[]>();
  for (const alarm of alarms) found.set(alarm.point, [...(found.get(alarm.point) ?? []), alarm]);
  return found;
}

/** Changes with each reading, and draws nothing else anew. */
function StateLine({ site }: { site: Site }) {
  const line = summaryLine(site);
  return (
    <p class="site-line">
      <StatusMark status={line.status} word={line.text} />
      <span class="small muted">{[line.since, kindText(site.kind)].filter((part) => part !== null).join(" · ")}</span>
    </p>
  );
}

/** The last 24 hours until `to`, or the local day that the address names. */
function chosenSpan(code: string | null, to: number): DaySpan {
  const start = parseDayCode(code);
  if (start !== null) {
    // Noon of the next day is within it, however long this one is.
    return { key: code ?? "", day: start, from: start, to: dayStart(start + 1.5 * DAY_MS) };
  }
  return { key: `last ${to}`, day: null, from: to - DAY_MS, to };
}

function DayChoice({ span }: { span: DaySpan }) {
  const day = span.day ?? dayStart(hubNow());
  const before = dayCode(dayStart(day - DAY_MS / 2));
  const after = dayStart(day + 1.5 * DAY_MS);
  const path = (code: string) => `?day=${code}`;
  return (
    <nav class="row no-print" aria-label={t("site.trends")}>
      <a class="button button-quiet" href={path(before)}>
        {t("site.dayBefore")}
      </a>
      {span.day !== null && (
        <>
          <span class="figures">{dayCode(span.day).split("-").reverse().join("/")}</span>
          {after <= hubNow() && (
            <a class="button button-quiet" href={path(dayCode(after))}>
              {t("site.dayAfter")}
            </a>
          )}
          <a class="button button-plain" href="?">
            {t("site.last24")}
          </a>
        </>
      )}
      {span.day === null && <span class="muted">{t("site.last24")}</span>}
    </nav>
  );
}

