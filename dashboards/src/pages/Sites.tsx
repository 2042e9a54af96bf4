// All sites, one line each.
import { count, t } from "../i18n";
import { useTitle } from "../lib/title";
import { store } from "../state/store";
import { SiteHead } from "../ui/SiteCard";
import { Empty, Loading } from "../ui/States";
import "../ui/SiteCard.css";

export function Sites() {
  useTitle(t("sites.title"));
  const sites = store.sites.value;
  return (
    <>
      <h1>{t("sites.title")}</h1>
      {sites === null ? (
        <Loading rows={3} height={84} />
      ) : sites.length === 0 ? (
        <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
      ) : (
        <ul class="stack-tight">
          {sites.map((site) => (
            <li key={site.id} class="site-card panel" data-site={site.id}>
              <SiteHead site={site} href={`/sites/${encodeURIComponent(site.id)}`} />
              <p class="small muted">{count("site.points", site.points)}</p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
