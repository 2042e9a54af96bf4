// A province's communes: those that need somebody first within what they belong to, each with its sites one tap away.
import { useSignal } from "@preact/signals";
import { getCommunes } from "../api/calls";
import type { CommuneFigures, LocalText } from "../api/types";
import { count, local, t } from "../i18n";
import { dayCode, moment, parseDayCode } from "../i18n/format";
import { formatNumber } from "../i18n/units";
import { useResource } from "../lib/resource";
import { useTitle } from "../lib/title";
import { hubNow, now } from "../state/clock";
import { store } from "../state/store";
import { DayField } from "../ui/DayField";
import { TextField } from "../ui/Field";
import { Help } from "../ui/Help";
import { Empty, Failed, Loading } from "../ui/States";
import { StatusMark } from "../ui/StatusMark";
import "../ui/Table.css";
import "./Communes.css";

const RENEW_MS = 30_000;
/** Newest data older than this are none of now. */
const SILENT_MS = 3_600_000;

export default function Communes() {
  useTitle(t("communes.title"));
  const day = useSignal(dayCode(hubNow()));
  const sought = useSignal("");
  const turn = String(Math.floor(now.value / RENEW_MS));
  const [found, reload] = useResource(`communes ${day.value}`, () => getCommunes(new Date(parseDayCode(day.value) ?? hubNow()).toISOString()), turn);
  const { data, error } = found.value;
  if (data === null) return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={6} />;
  const wanted = sought.value.trim().toLocaleLowerCase();
  const shown = data.communes.filter((one) => `${one.name.vi} ${one.name.en}`.toLocaleLowerCase().includes(wanted));
  const groups = new Map<string, CommuneFigures[]>();
  for (const one of shown) groups.set(one.within[0] ?? "", [...(groups.get(one.within[0] ?? "") ?? []), one]);
  const names = new Map<string, LocalText>(data.organisations.map(({ id, name }) => [id, name]));
  return (
    <>
      <div>
        <h1>{t("communes.title")}</h1>
        <Help text={t("communes.help")} />
      </div>
      {data.failing !== null && (
        <p role="status">
          <StatusMark status="doubtful" word={data.read_at === null ? t("communes.unread") : t("communes.stale", { time: moment(Date.parse(data.read_at), hubNow()) })} />
        </p>
      )}
      <div class="communes-tools">
        <TextField label={t("communes.search")} type="search" value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />
        <DayField label={t("communes.at")} code={day.value} onDay={(code) => (day.value = code)} />
      </div>
      {data.communes.length === 0 && <Empty title={t("communes.none")} hint={t("communes.noneHint")} />}
      {[...groups].map(([id, its]) => (
        <section key={id} class="stack-tight">
          <h2>
            {id === "" ? t("communes.elsewhere") : local(names.get(id))} <span class="small muted">{count("communes.count", its.length)}</span>
          </h2>
          <div class="panel table-scroll">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{t("communes.commune")}</th>
                  <th scope="col">{t("communes.state")}</th>
                  <th scope="col">{t("trends.stat.outside")}</th>
                  <th scope="col">{t("communes.arrived")}</th>
                  <th scope="col">{t("communes.heard")}</th>
                </tr>
              </thead>
              <tbody>
                {its.sort(byUrgency).map((one) => (
                  <Row key={one.id} one={one} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ))}
    </>
  );
}

const heardMs = (one: CommuneFigures) => (one.heard_at === null ? null : Date.parse(one.heard_at));
const isSilent = (one: CommuneFigures) => now.value - (heardMs(one) ?? 0) > SILENT_MS;
const urgency = (one: CommuneFigures) => one.awaiting * 1_000 + one.open * 10 + (isSilent(one) ? 1 : 0);
const byUrgency = (one: CommuneFigures, other: CommuneFigures) => urgency(other) - urgency(one) || local(one.name).localeCompare(local(other.name), "vi", { numeric: true });

function Row({ one }: { one: CommuneFigures }) {
  const heard = heardMs(one);
  const sites = (store.sites.value ?? []).filter((site) => one.sites.includes(site.id));
  return (
    <tr data-commune={one.id}>
      <th scope="row">
        {local(one.name)}
        <ul class="communes-sites small">
          {sites.map((site) => (
            <li key={site.id}>
              <a href={`/sites/${encodeURIComponent(site.id)}`}>{local(site.name).split(" – ")[0]}</a>
            </li>
          ))}
        </ul>
      </th>
      <td>
        {one.open > 0 ? (
          <StatusMark status={one.worst ?? "medium"} word={`${t("nav.alarms")}: ${one.open}`} quiet={one.awaiting === 0} />
        ) : (
          <StatusMark status={isSilent(one) ? "silent" : "well"} word={t(heard === null ? "value.empty" : isSilent(one) ? "communes.silent" : "communes.well")} />
        )}
      </td>
      <td class={one.outside > 0 ? "table-bad" : ""}>{one.limited === 0 ? "–" : t("communes.ofLimited", { outside: one.outside, limited: one.limited })}</td>
      <td class="figures">{one.arrived === null ? "–" : `${formatNumber(100 * one.arrived, 0)} %`}</td>
      <td class="figures">{heard === null ? "–" : moment(heard, hubNow())}</td>
    </tr>
  );
}
