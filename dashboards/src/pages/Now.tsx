// The present: what needs a person first, then every site with its state and its latest values.
import { signal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Site } from "../api/types";
import { count, t } from "../i18n";
import { moment } from "../i18n/format";
import { whenIdle } from "../lib/idle";
import { useTitle } from "../lib/title";
import { now } from "../state/clock";
import { connection } from "../state/connection";
import { useDays } from "../state/day";
import { awaitsPerson, byUrgency, isActive } from "../state/reduce";
import { silentSince } from "../state/site";
import { store } from "../state/store";
import { AlarmList } from "../ui/AlarmList";
import { Help } from "../ui/Help";
import { SiteCard } from "../ui/SiteCard";
import { Empty, Loading } from "../ui/States";
import { StatusMark } from "../ui/StatusMark";
import "./Now.css";

/** So many alarms that wait stand above the sites; the others are one tap away, and do not push the sites out of sight. */
const SHOWN = { wide: 12, narrow: 3 };
/** So many sites are drawn before the page can be operated for the first time; the others lie below what a phone shows. */
const FIRST_SITES = 2;
const allDrawn = signal(false);

export function Now() {
  useTitle("");
  useDays([...store.points.value.keys()]);
  const active = useComputed(() => [...(store.alarms.value?.values() ?? [])].filter(isActive).sort(byUrgency));
  const waiting = active.value.filter(awaitsPerson);
  const known = active.value.filter((alarm) => !awaitsPerson(alarm));
  const most = matchMedia("(min-width: 1100px)").matches ? SHOWN.wide : SHOWN.narrow;
  const unfolded = useSignal(false);
  const sites = store.sites.value;
  return (
    <>
      <h1 class="unseen">{t("now.title")}</h1>
      <div class="now">
        <section class="now-alarms stack-tight" aria-labelledby="now-attention">
          <div class="row row-ends">
            <h2 id="now-attention">{t("now.attention")}</h2>
            <Help text={t("now.help")} words={[]} />
          </div>
          {store.alarms.value === null ? (
            <Loading rows={2} height={132} />
          ) : (
            <>
              <AllSilent />
              {active.value.length === 0 && <NothingToDo />}
              <AlarmList alarms={waiting.slice(0, most)} known={store.alarms.value} label={t("now.attention")} />
              {waiting.length > most && (
                <a class="now-all" href="/alarms">
                  {t("now.allAlarms", { n: waiting.length })}
                </a>
              )}
              {known.length > 0 && (
                <details class="now-known" onToggle={(event) => (unfolded.value = event.currentTarget.open)}>
                  <summary>{count("now.known", known.length)}</summary>
                  {/* Drawn only when it is open: an alarm just acknowledged still stands, held, in the list above. */}
                  {unfolded.value && <AlarmList alarms={known} known={store.alarms.value} label={t("now.knownLabel")} />}
                </details>
              )}
            </>
          )}
        </section>
        <section class="now-sites stack-tight" aria-labelledby="now-sites">
          <h2 id="now-sites">{t("nav.sites")}</h2>
          {sites === null ? (
            <Loading rows={3} height={240} />
          ) : sites.length === 0 ? (
            <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
          ) : (
            <Cards sites={sites} />
          )}
        </section>
      </div>
    </>
  );
}

function Cards({ sites }: { sites: readonly Site[] }) {
  useEffect(() => whenIdle(() => (allDrawn.value = true)), []);
  return (
    <div class="now-cards">
      {sites.slice(0, allDrawn.value ? undefined : FIRST_SITES).map((site) => (
        <SiteCard key={site.id} site={site} />
      ))}
    </div>
  );
}

/** Said once for all sites: it is hardly each of them that has failed. */
function AllSilent() {
  const since = silentSince.value;
  return (
    <div role="status" class={since === null ? "unseen" : "panel hatched now-calm"}>
      {since !== null && (
        <>
          <StatusMark status="silent" word={t("now.allSilent", { time: moment(since, now.value) })} />
          <p class="small">{t("now.allSilentHint")}</p>
        </>
      )}
    </div>
  );
}

/** Calm is said only while the hub is heard: without it nobody knows. */
function NothingToDo() {
  if (connection.value.state === "lost" || silentSince.value !== null) return null;
  return (
    <div class="panel now-calm">
      <StatusMark status="well" word={t("now.allWell")} />
      <p class="small muted">{t("now.allWellHint")}</p>
    </div>
  );
}
