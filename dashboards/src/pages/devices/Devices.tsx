// For integrators: the devices of a site as they stand in its file, the way to add one or change one, and what the file held
// before, with what differs and the way back.
import { useSignal } from "@preact/signals";
import { said } from "../../api/client";
import { type SavedSiteFile, type SiteFile, type SiteVersion, getSiteFile, getSites, getSiteVersion, restoreSite } from "../../api/devices";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { ConfirmDialogue } from "../../ui/FormEnd";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import { toast } from "../../ui/Toast";
import { DiffView } from "../rules/DiffView";
import { SiteField } from "../../ui/SiteField";
import { faultsOf, whyNotSaved } from "./draft";
import "./texts";
import "./Devices.css";

export const told = (saved: SavedSiteFile) => (saved.in_force ? t("devices.saved") : t("devices.savedWaits", { why: saved.waits_for === null ? "…" : said({ detail: saved.waits_for, detail_vi: saved.waits_for_vi }) }));

export default function DevicesPage() {
  useTitle(t("devices.title"));
  const [found, reload] = useResource("devices", getSites);
  const { data, error } = found.value;
  const site = data?.find((each) => each.id === query.value.get("site")) ?? data?.[0];
  return (
    <>
      <div class="row row-ends">
        <div>
          <h1>{t("devices.title")}</h1>
          <Help text={t("devices.help")} />
        </div>
        <p class="row">
          <a class="button button-quiet" href="/probe">
            {t("devices.probe")}
          </a>
          {site !== undefined && (
            <a class="button button-main" href={`/devices/new?site=${site.id}`}>
              {t("devices.add")}
            </a>
          )}
        </p>
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} />
      ) : site === undefined ? (
        <Empty title={t("devices.noSites")} hint={t("devices.noSitesHint")} />
      ) : (
        <>
          <div class="devices-site">
            <SiteField sites={data} chosen={site.id} onSite={(id) => setQuery({ site: id })} />
          </div>
          <OfSite key={site.id} site={site.id} />
        </>
      )}
    </>
  );
}

function OfSite({ site }: { site: string }) {
  const [found, reload] = useResource(site, () => getSiteFile(site));
  const { data, error } = found.value;
  if (data === null) return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} />;
  return (
    <>
      <section class="panel devices-panel stack-tight" aria-labelledby="devices-list">
        <h2 id="devices-list">{t("devices.inFile", { file: data.file })}</h2>
        {data.devices.length === 0 ? (
          <p class="muted">{t("devices.none")}</p>
        ) : (
          <ul>
            {data.devices.map(({ id, toml }) => (
              <li key={id} class="devices-row">
                <details>
                  <summary>{id}</summary>
                  <pre class="devices-toml" tabIndex={0}>
                    {toml}
                  </pre>
                </details>
                <a class="button button-quiet" href={`/devices/edit?site=${site}&device=${id}`} aria-label={t("devices.editOf", { id })}>
                  {t("devices.edit")}
                </a>
              </li>
            ))}
          </ul>
        )}
      </section>
      <Versions file={data} onChanged={reload} />
    </>
  );
}

function Versions({ file, onChanged }: { file: SiteFile; onChanged: () => void }) {
  const shown = useSignal<{ id: number; text: string } | null>(null);
  const restoring = useSignal<SiteVersion | null>(null);
  const show = async (id: number) => {
    try {
      shown.value = shown.value?.id === id ? null : { id, text: await getSiteVersion(file.site, id) };
    } catch (error) {
      toast(faultsOf(error).join(" "));
    }
  };
  const time = (version: SiteVersion) => moment(Date.parse(version.at), hubNow());
  const again = restoring.value;
  return (
    <section class="panel devices-panel stack-tight" aria-labelledby="devices-versions">
      <h2 id="devices-versions">{t("devices.versions")}</h2>
      {file.versions.length === 0 ? (
        <p class="muted">{t("devices.noVersions")}</p>
      ) : (
        <ul>
          {file.versions.map((version) => {
            const what = t(`devices.what.${version.what}` as "devices.what.added", { device: version.device ?? "" });
            const isOpen = shown.value?.id === version.id;
            return (
              <li key={version.id} class="devices-version stack-tight">
                <div class="row row-ends">
                  <p>
                    <span class="figures">{time(version)}</span> · {what}
                    {version.by !== null && ` · ${version.by}`}
                    {version.why !== "" && <span class="muted"> · {version.why}</span>}
                  </p>
                  <Button aria-expanded={isOpen} aria-label={t("devices.showOf", { time: time(version), what })} onClick={() => void show(version.id)}>
                    {t("devices.show")}
                  </Button>
                </div>
                {isOpen && shown.value !== null && (
                  <>
                    <h3>{t("devices.againstNow")}</h3>
                    <DiffView title={t("devices.againstNow")} before={file.text} after={shown.value.text} />
                    {shown.value.text !== file.text && (
                      <div>
                        <Button onClick={() => (restoring.value = version)}>{t("devices.restore")}</Button>
                      </div>
                    )}
                  </>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {again !== null && (
        <ConfirmDialogue
          title={t("devices.restore")}
          text={t("devices.restoreSure", { time: time(again) })}
          action={t("devices.restore")}
          send={async () => toast(told(await restoreSite(file.site, again.id, file.revision)))}
          words={(error) => whyNotSaved(error, onChanged)}
          onClose={() => (restoring.value = null)}
          onDone={() => {
            restoring.value = shown.value = null;
            onChanged();
          }}
        />
      )}
    </section>
  );
}
