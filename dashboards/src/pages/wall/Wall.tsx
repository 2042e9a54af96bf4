// A screen on the wall: clock, what needs a person, and each site in turn, in figures that are read from afar. It has no login
// but a display token, given once as /wall#token; it comes back by itself after any loss, and is dim at night.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { showDisplay } from "../../api/accounts";
import { getSession } from "../../api/calls";
import { HubError } from "../../api/client";
import type { Alarm, Site } from "../../api/types";
import { local, pointName, t } from "../../i18n";
import { clockTime, dayDate, moment } from "../../i18n/format";
import { useTitle } from "../../lib/title";
import { now } from "../../state/clock";
import { commune, session } from "../../state/commune";
import { useDays, dayOf } from "../../state/day";
import { startLive } from "../../state/live";
import { theme } from "../../state/preferences";
import { awaitsPerson, byUrgency, isActive } from "../../state/reduce";
import { summaryLine } from "../../state/site";
import { store, type PointEntry } from "../../state/store";
import { placeOf } from "../../ui/AlarmRow";
import { MovingBar } from "../../ui/MovingBar";
import { LostBanner, StoreBanner } from "../../ui/Shell";
import { keyPoints } from "../../ui/SiteCard";
import { Empty, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import { Value } from "../../ui/Value";
import { isCounter, isState } from "../../i18n/units";
import "./Wall.css";

/** Each site stands so long. */
const TURN_MS = 12_000;
const POINTS = 6;
const ALARMS = 4;
/** From and until which hour the screen is dim. */
const NIGHT = { from: 22, until: 6 };
const RETRY_MS = 5_000;

export default function WallPage() {
  useTitle(t("wall.title"));
  const refused = useSignal(false);
  useEffect(() => {
    let stop = () => {};
    const take = () => {
      const token = location.hash.slice(1);
      if (token === "") return;
      // Out of sight at once: the cookie carries it from now on.
      history.replaceState(null, "", "/wall");
      refused.value = false;
      stop();
      stop = present(token, () => (refused.value = true));
    };
    take();
    // A token that is typed behind the address of a screen that is open already loads no page anew.
    addEventListener("hashchange", take);
    return () => {
      removeEventListener("hashchange", take);
      stop();
    };
  }, []);
  const who = session.value;
  if (refused.value) return <Unready title={t("wall.badToken")} />;
  if (who === undefined) return <Loading rows={3} height={160} />;
  return who === null ? <Unready title={t("wall.noToken")} /> : <Screen />;
}

/** Shows the token until the hub has taken or refused it; a hub that is not reached is asked again. */
function present(token: string, onRefused: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const attempt = async () => {
    try {
      await showDisplay(token);
      session.value = await getSession();
    } catch (error) {
      if (isOver) return;
      if (error instanceof HubError && error.status >= 400 && error.status < 500 && error.status !== 429) onRefused();
      else timer = setTimeout(() => void attempt(), RETRY_MS);
    }
  };
  void attempt();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function Unready({ title }: { title: string }) {
  return (
    <main class="wall-unready">
      <h1>{t("wall.title")}</h1>
      <Empty title={title} hint={t("wall.noTokenHint")} />
    </main>
  );
}

function Screen() {
  useEffect(() => startLive(store), []);
  const hour = Number(clockTime(now.value).slice(0, 2));
  const isNight = hour >= NIGHT.from || hour < NIGHT.until;
  useEffect(() => {
    if (!isNight) return;
    const byDay = theme.peek();
    theme.value = "dark";
    return () => {
      theme.value = byDay;
    };
  }, [isNight]);
  useDays([...store.points.value.keys()]);
  const sites = store.sites.value;
  const shown = sites === null || sites.length === 0 ? null : (sites[Math.floor(now.value / TURN_MS) % sites.length] ?? null);
  return (
    <main class={isNight ? "wall wall-night" : "wall"}>
      <header class="wall-head">
        <h1>{local(commune.value?.name)}</h1>
        <p class="wall-clock figures">
          <span class="wall-date">{dayDate(now.value)}</span> {clockTime(now.value)}
        </p>
      </header>
      <LostBanner />
      <StoreBanner />
      <div class="wall-body">
        <Waiting />
        {shown !== null && <WallSite key={shown.id} site={shown} />}
      </div>
      {sites !== null && sites.length > 1 && <Strip sites={sites} shown={shown?.id ?? ""} />}
    </main>
  );
}

function Waiting() {
  const alarms = [...(store.alarms.value?.values() ?? [])].filter((alarm) => isActive(alarm) && alarm.state !== "shelved").sort(byUrgency);
  return (
    <section class="wall-alarms" aria-label={t("now.attention")}>
      <h2>{t("now.attention")}</h2>
      {store.alarms.value !== null && alarms.length === 0 && <StatusMark status="well" word={t("now.allWell")} />}
      <ul>
        {alarms.slice(0, ALARMS).map((alarm) => (
          <WallAlarm key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      {alarms.length > ALARMS && <p class="muted">{t("wall.more", { n: alarms.length - ALARMS })}</p>}
    </section>
  );
}

function WallAlarm({ alarm }: { alarm: Alarm }) {
  return (
    <li class={`wall-alarm panel alarm-${alarm.priority}`} data-alarm={alarm.id}>
      <StatusMark status={alarm.priority} quiet={!awaitsPerson(alarm)} />
      <strong>{local(alarm.title)}</strong>
      <span>{placeOf(alarm)}</span>
      <span class="muted figures">{t("time.since", { time: moment(Date.parse(alarm.raised_at), now.value) })}</span>
    </li>
  );
}

function WallSite({ site }: { site: Site }) {
  const line = summaryLine(site);
  return (
    <section class="wall-site panel" data-site={site.id} aria-label={local(site.name)}>
      <h2>{local(site.name)}</h2>
      <p>
        <StatusMark status={line.status} word={line.text} /> {line.since !== null && <span class="muted figures">{line.since}</span>}
      </p>
      <ul class="wall-points">
        {keyPoints(store.pointsOf(site.id), POINTS).map((entry) => (
          <WallPoint key={entry.id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

function WallPoint({ entry }: { entry: PointEntry }) {
  const point = entry.point.value;
  const standing = entry.standing.value;
  return (
    <li class="wall-point">
      <span class="muted">{pointName(point)}</span>
      <span class="wall-value">
        <Value standing={standing} point={point} withReason={false} />
      </span>
      {!isState(point) && !isCounter(point.quantity) && <MovingBar point={point} standing={standing} today={dayOf(entry.id)?.today ?? null} />}
    </li>
  );
}

/** All sites in a line, so that the one that is not shown is not forgotten. */
function Strip({ sites, shown }: { sites: readonly Site[]; shown: string }) {
  return (
    <ul class="wall-strip">
      {sites.map((site) => (
        <li key={site.id} class={site.id === shown ? "wall-shown" : ""}>
          <StatusMark status={summaryLine(site).status} word={local(site.name)} />
        </li>
      ))}
    </ul>
  );
}
