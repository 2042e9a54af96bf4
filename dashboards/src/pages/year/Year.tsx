// A year at a glance: every day by completeness, by its worst value against the limit, or by alarms; a tap leads to its trend.
import { getAlarms, getBuckets, getDays } from "../../api/calls";
import type { Point, Site } from "../../api/types";
import { local, pointName, t } from "../../i18n";
import { dayCode, parseDayCode } from "../../i18n/format";
import { isCounter, isState } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Choice";
import { SelectField } from "../../ui/Field";
import { SiteField } from "../../ui/SiteField";
import { Help } from "../../ui/Help";
import { Icon } from "../../ui/Icon";
import { Empty, Failed, Loading } from "../../ui/States";
import { trendHref } from "../trends/view";
import { MonthView } from "./Month";
import { type Day, type Month, SHOWS, type Show, alarmsOf, completenessOf, monthsOf, spansOf, worstOf } from "./days";
import "./Year.css";

/** The hub names no more alarms at once. */
const MOST_ALARMS = 1_000;

export default function YearPage() {
  useTitle(t("year.title"));
  const sites = store.sites.value;
  const site = sites?.find((each) => each.id === query.value.get("site")) ?? sites?.find((each) => each.kind === "water_station") ?? sites?.[0];
  return (
    <>
      <div>
        <h1>{t("year.title")}</h1>
        <Help text={t("year.help")} words={["completeness"]} />
      </div>
      {sites === null || (site !== undefined && store.points.value.size === 0 && site.points > 0) ? (
        <Loading rows={3} height={200} />
      ) : site === undefined ? (
        <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
      ) : (
        <SiteYear site={site} sites={sites} />
      )}
    </>
  );
}

function SiteYear({ site, sites }: { site: Site; sites: readonly Site[] }) {
  const now = hubNow();
  const thisYear = Number(dayCode(now).slice(0, 4));
  const asked = Number(query.value.get("y") ?? thisYear);
  const year = Number.isInteger(asked) && asked >= 2000 && asked <= thisYear ? asked : thisYear;
  const show: Show = SHOWS.find((each) => each === query.value.get("show")) ?? "completeness";
  const points = store.pointsOf(site.id).map((entry) => entry.point.peek());
  const limited = points.filter((point) => point.limits.length > 0);
  const offered = show === "worst" ? limited : points;
  const chosen = offered.find((point) => point.id === query.value.get("p")) ?? (show === "worst" ? limited[0] : undefined);
  return (
    <>
      <div class="year-choices no-print">
        <Choice label={t("year.show")} chosen={show} onChoose={(value) => setQuery({ show: value })} options={SHOWS.map((value) => ({ value, text: t(`year.show.${value}`) }))} />
        <SiteField sites={sites} chosen={site.id} onSite={(id) => setQuery({ site: id, p: null })} />
        {show !== "alarms" && (
          <SelectField label={t("trends.stat.point")} value={chosen?.id ?? ""} onChange={(event) => setQuery({ p: event.currentTarget.value })}>
            {show !== "worst" && <option value="">{t("year.allPoints")}</option>}
            {offered.map((point) => (
              <option key={point.id} value={point.id} selected={point.id === chosen?.id}>
                {pointName(point)}
              </option>
            ))}
          </SelectField>
        )}
        <div class="year-step">
          <Button aria-label={t("year.before", { year: year - 1 })} onClick={() => setQuery({ y: String(year - 1) })}>
            <Icon name="left" />
          </Button>
          <strong class="figures">{year}</strong>
          {year < thisYear && (
            <Button aria-label={t("year.after", { year: year + 1 })} onClick={() => setQuery({ y: year + 1 === thisYear ? null : String(year + 1) })}>
              <Icon name="right" />
            </Button>
          )}
        </div>
      </div>
      {show === "worst" && chosen === undefined ? (
        <Empty title={t("year.noLimits", { site: local(site.name) })} />
      ) : (
        <Months site={site} year={year} show={show} points={chosen === undefined ? points : [chosen]} />
      )}
    </>
  );
}

interface MonthsProps {
  site: Site;
  year: number;
  show: Show;
  points: readonly Point[];
}

function Months({ site, year, show, points }: MonthsProps) {
  const ids = points.map((point) => point.id).join(" ");
  const [found, reload] = useResource(`${site.id} ${year} ${show} ${ids}`, () => fetchYear({ site, year, show, points }));
  const { data, error } = found.value;
  if (data === null) return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} height={240} />;
  return (
    <>
      <p class="small muted">{t(`year.legend.${show}`)}</p>
      {data.cut && <p class="small">{t("year.manyAlarms", { n: MOST_ALARMS })}</p>}
      <div class="year">
        {data.months.map((month) => (
          <MonthView key={month.month} month={month} year={year} cellOf={data.cellOf} hrefOf={(day) => trendHref(trendPoints(points, site), { from: day.code, to: dayCode(day.end) })} />
        ))}
      </div>
    </>
  );
}

/** One point's own trend; of a whole site the points that are judged, or the first that measure an amount. */
function trendPoints(points: readonly Point[], site: Site): string[] {
  if (points.length === 1) return points.map((point) => point.id);
  const amounts = store.pointsOf(site.id).map((entry) => entry.point.peek()).filter((point) => !isState(point) && !isCounter(point.quantity));
  const limited = amounts.filter((point) => point.limit !== null);
  return (limited.length > 0 ? limited : amounts).slice(0, 3).map((point) => point.id);
}

/** Months in which anything was measured, and always the newest: those before would be rows of nothing. */
const begunIn = (months: readonly Month[], first: number) => months.filter((month, index) => index === 0 || (month.days.at(-1)?.end ?? 0) > first);

async function fetchYear({ site, year, show, points }: MonthsProps) {
  const now = hubNow();
  const months = monthsOf(year, now);
  const days: Day[] = months.flatMap((month) => month.days).sort((a, b) => a.start - b.start);
  const [from, to] = [parseDayCode(`${year}-01-01`) ?? now, days.at(-1)?.end ?? now];
  if (show === "alarms") {
    const alarms = await getAlarms({ state: "all", site: site.id, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    const byDay = alarmsOf(alarms);
    return {
      months,
      cut: alarms.length >= MOST_ALARMS,
      cellOf: (day: Day) => ({ kind: "alarms" as const, found: byDay.get(day.code) ?? null }),
    };
  }
  const [only] = points;
  if (show === "worst" && only !== undefined) {
    const spans = spansOf(only.limits);
    const found = await Promise.all(spans.map((spanMs) => getBuckets([only.id], from, to, Math.round((to - from) / spanMs))));
    const byDay = worstOf(only, new Map(spans.flatMap((spanMs, index) => (found[index] ?? []).map((series) => [spanMs, series]))), days);
    const start = days.find((day) => byDay.has(day.code))?.start ?? Infinity;
    return { months: begunIn(months, start), cut: false, cellOf: (day: Day) => ({ kind: "worst" as const, found: byDay.get(day.code) ?? null, begun: day.start >= start, point: only }) };
  }
  const byDay = completenessOf(await getDays(points.map((point) => point.id), from, Math.min(to, now)));
  const first = days.find((day) => (byDay.get(day.code) ?? 0) > 0)?.start ?? Infinity;
  return { months: begunIn(months, first), cut: false, cellOf: (day: Day) => ({ kind: "completeness" as const, found: byDay.get(day.code) ?? null, begun: day.start >= first }) };
}
