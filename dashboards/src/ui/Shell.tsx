// The frame of every page: commune and connection, the five entries (tabs at the bottom of a phone, a rail on a desktop), content.
import type { ComponentChildren } from "preact";
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Key, count, local, t } from "../i18n";
import { moment } from "../i18n/format";
import { path, visit } from "../lib/router";
import { now } from "../state/clock";
import { HUB_SITE } from "../state/own";
import { commune } from "../state/commune";
import { connection } from "../state/connection";
import { storeFailingSince } from "../state/own";
import { awaitsPerson } from "../state/reduce";
import { store } from "../state/store";
import { StatusMark } from "./StatusMark";
import "./Shell.css";

const ENTRIES: readonly { href: string; key: Key; icon: string }[] = [
  { href: "/", key: "nav.now", icon: "M3 15V9M8 15V5M13 15v-4M18 15V3" },
  { href: "/sites", key: "nav.sites", icon: "M10 18s6-5.2 6-10a6 6 0 1 0-12 0c0 4.8 6 10 6 10zM10 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z" },
  { href: "/trends", key: "nav.trends", icon: "M3 4v13h14M6 13l4-5 3 3 4-6" },
  { href: "/alarms", key: "nav.alarms", icon: "M10 3 18 17H2zM10 8v4M10 14.5v.2" },
  { href: "/more", key: "nav.more", icon: "M4 6h12M4 10h12M4 14h12" },
];

const below = (href: string) => path.value === href || path.value.startsWith(`${href}/`);
/** What people find under "more". The hub itself is a site by its address. */
const UNDER_MORE = [`/sites/${HUB_SITE}`, ..."more year compliance quality map rules notices arriving devices probe buses accounts".split(" ").map((name) => `/${name}`)];
const isUnderMore = () => UNDER_MORE.some(below);
const isHere = (href: string) => (href === "/more" ? isUnderMore() : href === "/" ? path.value === "/" : below(href) && !isUnderMore());

export function Shell({ children }: { children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  const visited = visit.value;
  // A new page is read from its top, by eye and by screen reader; the first one has the browser's own start.
  useEffect(() => {
    if (visited === 0) return;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [visited]);

  return (
    <div class="shell">
      <a class="shell-skip" href="#main">
        {t("app.skip")}
      </a>
      <div class="shell-rail">
        <header class="shell-top">
          <span class="shell-name">{local(commune.value?.name) || t("app.name")}</span>
          <ConnectionWord />
        </header>
        <nav class="shell-nav no-print" aria-label={t("nav.label")}>
          {ENTRIES.map(({ href, key, icon }) => (
            <a key={href} href={href} class="shell-entry" aria-current={isHere(href) ? "page" : undefined}>
              <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                <path d={icon} />
              </svg>
              <span>{t(key)}</span>
              {href === "/alarms" && <WaitingCount />}
            </a>
          ))}
        </nav>
      </div>
      <main id="main" ref={main} class="shell-main" tabIndex={-1}>
        <LostBanner />
        <StoreBanner />
        <NewAlarms />
        {children}
      </main>
    </div>
  );
}

function ConnectionWord() {
  const { state } = connection.value;
  return (
    <span class={`shell-link shell-link-${state}`} data-testid="connection">
      {t(`link.${state}`)}
    </span>
  );
}

export function LostBanner() {
  const { state, since } = connection.value;
  const lost = state === "lost" && since !== null;
  // The region stands always, so that its filling is announced.
  return (
    <div role="alert" class={lost ? "lost-banner hatched" : ""}>
      {lost && t("link.lostSince", { time: moment(since, now.value) })}
    </div>
  );
}

/** What cannot be an alarm yet: the hub stores nothing. While it is not heard, nothing is known of that. */
export function StoreBanner() {
  const since = connection.value.state === "lost" ? null : storeFailingSince.value;
  return (
    <div role="alert" class={since !== null ? "lost-banner" : ""}>
      {since !== null && (
        <>
          <StatusMark status="critical" /> {t("own.storeFails", { time: moment(since, now.value) })}
        </>
      )}
    </div>
  );
}

const countWaiting = () => [...(store.alarms.value?.values() ?? [])].filter(awaitsPerson).length;

/** Read out when an alarm is added, not when one goes nor at the start. */
export function NewAlarms() {
  const said = useSignal("");
  const before = useRef<number | null>(null);
  useSignalEffect(() => {
    if (store.alarms.value === null) return;
    const waiting = countWaiting();
    if (before.current !== null && waiting !== before.current) said.value = waiting > before.current ? count("nav.waiting", waiting) : "";
    before.current = waiting;
  });
  return (
    <div class="unseen" role="status">
      {said.value}
    </div>
  );
}

function WaitingCount() {
  const waiting = countWaiting();
  if (waiting === 0) return null;
  return (
    <span class="shell-count figures">
      <span aria-hidden="true">{waiting}</span>
      <span class="unseen">{count("nav.waiting", waiting)}</span>
    </span>
  );
}
