// How far the data can be trusted: completeness by day, of all devices or of a site's points, and what was not simply good in one.
import { useSignal } from "@preact/signals";
import { getDays, getJudged } from "../../api/calls";
import type { Point, Site } from "../../api/types";
import { local, pointName, t } from "../../i18n";
import { dayCode, dayStart, moment, momentCode, parseDayCode, span } from "../../i18n/format";
import { reasonText } from "../../i18n/reasons";
import { formatNumber } from "../../i18n/units";
import { calendar } from "../../lib/calendar";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { expirySeconds } from "../../state/freshness";
import { deviceName } from "../../state/site";
import { store } from "../../state/store";
import { DayField } from "../../ui/DayField";
import { SiteField } from "../../ui/SiteField";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import { SiteRecords } from "../records/SiteRecords";
import { trendHref } from "../trends/view";
import { DAY_MS, type Day, completenessOf } from "../year/days";
import { type Span, spansOf } from "./spans";
import "../../ui/Table.css";
import "../year/Year.css";
import "./Quality.css";

const DAYS = 14;
const MOST_SPANS = 30;
const MOST_LACKING = 8;
const ENOUGH = 0.75;
const WHOLE = 0.95;

export default function QualityPage() {
  useTitle(t("dataquality.title"));
  const sites = store.sites.value;
  const site = sites?.find((each) => each.id === query.value.get("site"));
  return (
    <>
      <div>
        <h1>{t("dataquality.title")}</h1>
        <Help text={t("dataquality.help")} words={[]} />
      </div>
      {sites === null || (store.points.value.size === 0 && sites.some(({ points }) => points > 0)) ? (
        <Loading rows={3} height={120} />
      ) : sites.length === 0 ? (
        <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
      ) : site === undefined ? (
        <AllSites sites={sites} />
      ) : (
        <SiteQuality site={site} sites={sites} />
      )}
    </>
  );
}

/** The last day and those before it, the newest first: that is what stands on a phone without scrolling. */
function daysUntil(last: number): Day[] {
  const days: Day[] = [];
  for (let start = last; days.length < DAYS; start = dayStart(start - DAY_MS / 2)) {
    days.push({ code: dayCode(start), start, end: dayStart(start + 1.5 * DAY_MS) });
  }
  return days;
}

/** The last day that is asked for; today when none is. */
function lastDay(): number {
  const today = dayStart(hubNow());
  return Math.min(parseDayCode(query.value.get("to")) ?? today, today);
}

function Choices({ site, sites, last }: { site: Site | undefined; sites: readonly Site[]; last: number }) {
  return (
    <div class="quality-choices no-print">
      <SiteField sites={sites} chosen={site?.id ?? null} withAny onSite={(id) => setQuery({ site: id, p: null, day: null })} />
      <DayField label={t("trends.to")} code={dayCode(last)} onDay={(code) => setQuery({ to: code, day: null })} />
    </div>
  );
}

/** One row a device, each day by the worst of its points: which were silent yesterday is seen at once. */
function AllSites({ sites }: { sites: readonly Site[] }) {
  const last = lastDay();
  const days = daysUntil(last);
  const points = sites.flatMap((site) => store.pointsOf(site.id).map((entry) => entry.point.peek()));
  const [found, reload] = useResource(`all ${last}`, () => fetchDays(points, days));
  const { data, error } = found.value;
  return (
    <>
      <Choices site={undefined} sites={sites} last={last} />
      {data !== null ? <CompletenessTable rows={deviceRows(sites, points, data)} days={days} /> : error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={8} height={44} />}
    </>
  );
}

function deviceRows(sites: readonly Site[], points: readonly Point[], shares: Shares): Row[] {
  return [...new Set(points.map((point) => point.device))].map((device) => {
    const own = points.filter((point) => point.device === device);
    const site = sites.find((each) => each.id === own[0]?.site);
    /** The point with the least of a day; one whose rhythm is not known only where there is no other. */
    const worst = (day: string) => own.reduce((a, b) => ((shares.get(b.id)?.get(day) ?? 2) < (shares.get(a.id)?.get(day) ?? 2) ? b : a));
    return {
      id: device,
      name: deviceName(device),
      where: site === undefined ? "" : local(site.name),
      shareOf: (day) => shares.get(worst(day).id)?.get(day),
      isChosen: () => false,
      choose: (day) => setQuery({ site: site?.id ?? null, p: worst(day).id, day }, { step: true }),
    };
  });
}

const pointRows = (points: readonly Point[], shares: Shares): Row[] =>
  points.map((point) => ({
    id: point.id,
    name: pointName(point),
    where: "",
    shareOf: (day) => shares.get(point.id)?.get(day),
    isChosen: (day) => query.value.get("p") === point.id && query.value.get("day") === day,
    choose: (day) => setQuery({ p: point.id, day }),
  }));

function SiteQuality({ site, sites }: { site: Site; sites: readonly Site[] }) {
  const last = lastDay();
  const points = store.pointsOf(site.id).map((entry) => entry.point.peek());
  const days = daysUntil(last);
  const turn = useSignal(0);
  const [found, reload] = useResource(`${site.id} ${last}`, () => fetchDays(points, days), String(turn.value));
  const chosen = points.find((point) => point.id === query.value.get("p"));
  const day = days.find((each) => each.code === query.value.get("day"));
  const { data, error } = found.value;
  return (
    <>
      <Choices site={site} sites={sites} last={last} />
      {data !== null ? (
        <CompletenessTable rows={pointRows(points, data)} days={days} />
      ) : error !== null ? (
        <Failed error={error} onRetry={reload} />
      ) : (
        <Loading rows={points.length} height={44} />
      )}
      {chosen !== undefined && day !== undefined && <DaySpans key={`${chosen.id} ${day.code}`} point={chosen} day={day} turn={String(turn.value)} />}
      <SiteRecords
        key={site.id}
        site={site.id}
        points={points}
        chosen={chosen}
        from={day?.start ?? days.at(-1)?.start ?? last}
        to={day?.end ?? days[0]?.end ?? last}
        onChanged={() => (turn.value += 1)}
      />
    </>
  );
}

/** By point, then by day. */
type Shares = ReadonlyMap<string, ReadonlyMap<string, number | null>>;

async function fetchDays(points: readonly Point[], days: readonly Day[]): Promise<Shares> {
  const [from, to] = [days.at(-1)?.start ?? 0, Math.min(days[0]?.end ?? 0, hubNow())];
  const found = await getDays(points.map((point) => point.id), from, to);
  return new Map(points.map((point, index) => [point.id, completenessOf([found[index] ?? []])]));
}

interface Row {
  id: string;
  name: string;
  /** The site, where the table is of several. */
  where: string;
  shareOf: (day: string) => number | null | undefined;
  isChosen: (day: string) => boolean;
  choose: (day: string) => void;
}

function CompletenessTable({ rows, days }: { rows: readonly Row[]; days: readonly Day[] }) {
  const { yesterday } = calendar(hubNow());
  const names = new Map([
    [dayCode(hubNow()), t("dataquality.today")],
    [yesterday.last, t("dataquality.yesterday")],
  ]);
  return (
    <section class="stack-tight" aria-labelledby="quality-days">
      <h2 id="quality-days">{t("dataquality.days")}</h2>
      {days.some(({ code }) => code === yesterday.last) && <Lacking rows={rows} day={yesterday.last} />}
      <p class="small muted">{t("year.legend.completeness")}</p>
      <div class="table-scroll panel" tabIndex={0} role="region" aria-labelledby="quality-days">
        <table class="table quality-table figures">
          <thead>
            <tr>
              <th scope="col">{t(rows.some(({ where }) => where !== "") ? "dataquality.device" : "trends.stat.point")}</th>
              {days.map((day) => (
                <th key={day.code} scope="col" class="table-number">
                  {day.code.slice(8)}/{day.code.slice(5, 7)}
                  <span class="small muted quality-where">{names.get(day.code)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">
                  {row.name}
                  {row.where !== "" && <span class="small muted quality-where">{row.where}</span>}
                </th>
                {days.map((day) => {
                  const view = cellOf(row.shareOf(day.code));
                  const words = `${row.name}${row.where === "" ? "" : `, ${row.where}`}, ${day.code.split("-").reverse().join("/")}: ${view.words}`;
                  return (
                    <td key={day.code} class="quality-cell">
                      <button type="button" class={`quality-day day-${view.look}`} aria-pressed={row.isChosen(day.code)} onClick={() => row.choose(day.code)}>
                        <span class="unseen">{words}</span>
                        <span aria-hidden="true">{view.text}</span>
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What the morning's first question is, answered in words: where the readings of that day are not all there. */
function Lacking({ rows, day }: { rows: readonly Row[]; day: string }) {
  if (rows.length === 0) return null;
  const lacking = rows
    .map((row) => {
      const share = row.shareOf(day);
      return { row, share: share ?? 0, view: cellOf(share) };
    })
    .filter(({ view }) => view.look !== "well")
    .sort((a, b) => a.share - b.share);
  if (lacking.length === 0) return <p>{t("dataquality.noneLacking")}</p>;
  return (
    <div>
      <p>{t("dataquality.lacking")}</p>
      <ul class="quality-lacking">
        {lacking.slice(0, MOST_LACKING).map(({ row, view }) => (
          <li key={row.id}>
            <button type="button" class="link" onClick={() => row.choose(day)}>
              {row.name}
              {row.where !== "" && `, ${row.where}`}
            </button>{" "}
            <span class="figures">· {view.words}</span>
          </li>
        ))}
        {lacking.length > MOST_LACKING && <li>{t("dataquality.lackingMore", { n: lacking.length - MOST_LACKING })}</li>}
      </ul>
    </div>
  );
}

function cellOf(share: number | null | undefined): { look: string; text: string; words: string } {
  if (share === undefined || share === 0) return { look: "none", text: "0", words: t("trends.stat.noData") };
  if (share === null) return { look: "well", text: "✓", words: t("trends.stat.noRhythm") };
  // A few readings are not none.
  const text = share < 0.01 ? "<1" : formatNumber(Math.floor(100 * share), 0);
  const look = share >= WHOLE ? "well" : share >= ENOUGH ? "partly" : "poor";
  return { look, text, words: t("year.complete", { share: t("trends.share", { n: text }) }) };
}

function DaySpans({ point, day, turn }: { point: Point; day: Day; turn: string }) {
  const until = Math.min(day.end, hubNow());
  const [found, reload] = useResource(`${point.id} ${day.code}`, async () => {
    const readings = await getJudged(point.id, day.start, until);
    const gap = Math.max(expirySeconds(point) * 1_000, 3 * usualStep(readings.map(({ t: at }) => at)));
    return spansOf(readings, gap, day.start, until);
  }, turn);
  const { data, error } = found.value;
  const date = day.code.split("-").reverse().join("/");
  return (
    <section class="stack-tight" aria-labelledby="quality-spans">
      <div class="row row-ends">
        <h2 id="quality-spans">{t("dataquality.spans", { name: pointName(point), day: date })}</h2>
        <a class="button button-quiet no-print" href={trendHref([point.id], { from: day.code, to: momentCode(until) })}>
          {t("alarm.openTrend")}
        </a>
      </div>
      {error !== null ? (
        <Failed error={error} onRetry={reload} />
      ) : data === null ? (
        <Loading rows={2} />
      ) : data.length === 0 ? (
        <p class="muted">{t("dataquality.allGood")}</p>
      ) : (
        <SpanList spans={data} />
      )}
    </section>
  );
}

function usualStep(t: readonly number[]): number {
  const steps = t.slice(1).map((at, index) => at - (t[index] ?? at)).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

function SpanList({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      <ul class="panel quality-spans">
        {spans.slice(0, MOST_SPANS).map((each) => (
          <li key={`${each.kind} ${each.reason} ${each.from}`} class="row row-ends">
            <span>
              <strong>{t(each.kind === "gap" ? "dataquality.gap" : `trend.strip.${each.kind}`)}</strong>
              {each.reason !== "" && `: ${reasonText(each.reason)}`}{" "}
              {each.n > 0 && <span class="small muted">{t("dataquality.readings", { n: formatNumber(each.n, 0) })}</span>}
            </span>
            <span class="figures">
              {moment(each.from, hubNow())} · {span(each.to - each.from)}
            </span>
          </li>
        ))}
      </ul>
      {spans.length > MOST_SPANS && <p class="small">{t("dataquality.more", { n: spans.length - MOST_SPANS })}</p>}
    </>
  );
}
