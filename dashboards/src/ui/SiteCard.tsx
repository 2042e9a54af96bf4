// A site in one glance: whether all is well or what is not and since when, and its main points.
import type { Site } from "../api/types";
import { hasText, local, t } from "../i18n";
import { silentSince, summaryLine, summaryOf } from "../state/site";
import type { PointEntry } from "../state/store";
import { store } from "../state/store";
import { PointRow } from "./PointRow";
import { type SiteSummary, deviceFact } from "../state/summary";
import { StatusMark } from "./StatusMark";
import "./SiteCard.css";

/** So many points stand on a card; what is not well is added whatever its place. */
const SHOWN = 5;

export function SiteCard({ site }: { site: Site }) {
  const entries = store.pointsOf(site.id);
  const shown = cardPoints(entries);
  const summary = summaryOf(site);
  const isTold = (device: string) => silentSince.value !== null || (summary.kind === "silent" && summary.devices.includes(device));
  const href = `/sites/${encodeURIComponent(site.id)}`;
  return (
    <article class="site-card panel" data-site={site.id}>
      <SiteHead site={site} summary={summary} href={href} />
      {shown.length > 0 && (
        <ul class="point-list">
          {shown.map((entry) => (
            <PointRow key={entry.id} entry={entry} brief told={isTold(entry.point.peek().device)} />
          ))}
        </ul>
      )}
      {entries.length > shown.length && (
        <a class="site-all" href={href}>
          {t("now.morePoints", { n: entries.length })}
        </a>
      )}
    </article>
  );
}

/** Name and the one line. */
export function SiteHead({ site, summary, href }: { site: Site; summary?: SiteSummary; href: string }) {
  const line = summaryLine(site, summary);
  return (
    <header class="site-head">
      <h3 class="site-name">
        <a href={href}>{local(site.name)}</a>
      </h3>
      <p class="site-line">
        <StatusMark status={line.status} word={line.text} />
        <span class="small muted figures">{[line.since, kindText(site.kind)].filter((part) => part !== null).join(" · ")}</span>
      </p>
    </header>
  );
}

export function kindText(kind: string): string {
  const key = `site.kind.${kind}`;
  return hasText(key) ? t(key) : t("site.kind.other");
}

/** The first points of a site, those with limits before the others, since those are what it is judged by; else the hub's order. */
export function keyPoints(entries: readonly PointEntry[], most: number): PointEntry[] {
  const limited = entries.filter((entry) => entry.point.peek().limit !== null);
  const others = entries.filter((entry) => entry.point.peek().limit === null);
  return [...limited, ...others].slice(0, most);
}

/**
 * The main points, and whatever is not well.
 * Of a device that is silent as a whole the line above says it once.
 */
function cardPoints(entries: readonly PointEntry[]): PointEntry[] {
  const chosen = new Set(keyPoints(entries, SHOWN));
  for (const entry of entries) {
    const { kind } = entry.standing.value;
    const device = entry.point.peek().device;
    const whole = () => deviceFact(entries.filter((each) => each.point.peek().device === device).map((each) => each.standing.value));
    if (kind !== "good" && kind !== "held" && kind !== "empty" && whole().state !== "silent") chosen.add(entry);
  }
  return [...chosen];
}
