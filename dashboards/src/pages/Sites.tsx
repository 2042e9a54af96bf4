// All sites, a row each: how it is, and its main readings beside it. The whole row leads to the site.
import type { Site } from "../api/types";
import { count, local, t } from "../i18n";
import { showLimitFigure } from "../i18n/units";
import { useTitle } from "../lib/title";
import type { PointEntry } from "../state/store";
import { beyondLimit } from "../state/summary";
import { store } from "../state/store";
import { SiteHead, keyPoints } from "../ui/SiteCard";
import { Help } from "../ui/Help";
import { Empty, Loading } from "../ui/States";
import { Value } from "../ui/Value";
import "../ui/SiteCard.css";
import "./Sites.css";

/** So many readings stand in a row. */
const SHOWN = 4;

export default function Sites() {
  useTitle(t("nav.sites"));
  const sites = store.sites.value;
  return (
    <>
      <div>
        <h1>{t("nav.sites")}</h1>
        <Help text={t("sites.help")} words={[]} />
      </div>
      {sites === null ? (
        <Loading rows={3} height={84} />
      ) : sites.length === 0 ? (
        <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
      ) : (
        <ul class="sites panel">
          {sites.map((site) => (
            <SiteRow key={site.id} site={site} />
          ))}
        </ul>
      )}
    </>
  );
}

/** "dưới 0,2": beside a value that lies beyond its limit. */
function Exceeded({ entry }: { entry: PointEntry }) {
  const beyond = beyondLimit(entry.point.value.limit, entry.standing.value);
  if (beyond === null) return null;
  const key = beyond.side === "min" ? "value.limit.under" : "value.limit.over";
  return (
    <p class="sites-exceeded small">
      <span aria-hidden="true">{beyond.side === "min" ? "▼" : "▲"} </span>
      {t(key, { limit: showLimitFigure(beyond.figure) })}
    </p>
  );
}

function SiteRow({ site }: { site: Site }) {
  return (
    <li class="sites-row" data-site={site.id}>
      <SiteHead site={site} href={`/sites/${encodeURIComponent(site.id)}`} />
      <dl class="sites-values">
        {keyPoints(store.pointsOf(site.id), SHOWN).map((entry) => (
          <div key={entry.id} class="sites-value">
            <dt class="small muted">{local(entry.point.value.name)}</dt>
            <dd>
              <Value standing={entry.standing.value} point={entry.point.value} brief />
              <Exceeded entry={entry} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="sites-count small muted">{count("site.points", site.points)}</p>
    </li>
  );
}
