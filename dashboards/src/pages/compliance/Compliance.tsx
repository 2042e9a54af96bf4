// What is limited, held against its limits over a period: valid means, exceedances with their worst value, clause and status.
import type { Point, Site } from "../../api/types";
import { getBuckets, getDays } from "../../api/calls";
import { count, local, pointName, t } from "../../i18n";
import { dayCode, dayStart, exactSpan, momentCode, moment, parseDayCode, span } from "../../i18n/format";
import { formatNumber, showText } from "../../i18n/units";
import { expectedIn } from "../../lib/rhythm";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { commune } from "../../state/commune";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { CalendarField } from "../../ui/CalendarField";
import { DayField } from "../../ui/DayField";
import { SelectField } from "../../ui/Field";
import { SiteField } from "../../ui/SiteField";
import { Help } from "../../ui/Help";
import { limitWithUnit } from "../../ui/MovingBar";
import { Empty, Failed, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import { HOUR_MS } from "../trends/period";
import { limitsIn } from "../trends/statistics";
import { trendHref } from "../trends/view";
import { DAY_MS, type Verdict, judge, spanOf } from "./compliance";
import "../../ui/Table.css";
import "./Compliance.css";

/** Shares of the expected readings that a mean may need. */
const RULES = [0.5, 0.75, 0.9] as const;
const DEFAULT_RULE = 0.75;
const DEFAULT_DAYS = 7;
const MOST_LISTED = 50;
/** What is longer is judged in its last part, and that is said. */
const MOST_DAYS = 3 * 366;

export default function CompliancePage() {
  useTitle(t("compliance.title"));
  const sites = store.sites.value;
  const site = sites?.find((each) => each.id === query.value.get("site")) ?? sites?.find((each) => store.pointsOf(each.id).some((entry) => entry.point.peek().limits.length > 0));
  return (
    <>
      <div>
        <h1>{t("compliance.title")}</h1>
        <Help text={t("compliance.help")} words={[]} points={site && store.pointsOf(site.id).map((entry) => entry.point.peek())} />
      </div>
      {sites === null || (store.points.value.size === 0 && sites.some((each) => each.points > 0)) ? (
        <Loading rows={3} height={120} />
      ) : site === undefined ? (
        <Empty title={t("compliance.noLimits")} />
      ) : (
        <SiteCompliance site={site} sites={sites} />
      )}
    </>
  );
}

function SiteCompliance({ site, sites }: { site: Site; sites: readonly Site[] }) {
  const now = hubNow();
  const today = dayStart(now);
  const wish = parseDayCode(query.value.get("from")) ?? dayStart(today - (DEFAULT_DAYS - 1.5) * DAY_MS);
  const lastDay = Math.min(parseDayCode(query.value.get("to")) ?? today, today);
  const from = Math.max(wish, dayStart(lastDay - (MOST_DAYS - 1.5) * DAY_MS));
  const until = Math.min(dayStart(lastDay + 1.5 * DAY_MS), now);
  const asked = Number(query.value.get("rule")) / 100;
  const enough = RULES.find((each) => each === asked) ?? DEFAULT_RULE;
  const points = store.pointsOf(site.id).map((entry) => entry.point.peek());
  const backwards = from > lastDay;
  return (
    <>
      <div class="compliance-choices no-print">
        <SiteField sites={sites} chosen={site.id} onSite={(id) => setQuery({ site: id })} />
        <CalendarField days={{ from: dayCode(from), last: dayCode(lastDay) }} onDays={(days) => setQuery({ from: days.from, to: days.last })} />
        <DayField label={t("alarms.from")} code={dayCode(from)} onDay={(code) => setQuery({ from: code })} />
        <DayField label={t("alarms.to")} code={dayCode(lastDay)} onDay={(code) => setQuery({ to: code })} fault={backwards ? t("day.order") : null} />
        <SelectField label={t("compliance.rule")} value={String(100 * enough)} onChange={(event) => setQuery({ rule: event.currentTarget.value })}>
          {RULES.map((each) => (
            <option key={each} value={100 * each} selected={each === enough}>
              {t("trends.share", { n: 100 * each })}
            </option>
          ))}
        </SelectField>
        <Button onClick={() => print()}>{t("trends.print")}</Button>
      </div>
      <p class="print-only">
        {local(commune.value?.name)} · {local(site.name)} · {dayCode(from).split("-").reverse().join("/")} – {dayCode(lastDay).split("-").reverse().join("/")}
      </p>
      {from > wish && (
        <p role="status">
          {t("compliance.long")}
        </p>
      )}
      {!backwards && <Verdicts points={points} from={from} until={until} enough={enough} site={site} />}
    </>
  );
}

interface VerdictsProps {
  site: Site;
  points: readonly Point[];
  from: number;
  until: number;
  enough: number;
}

function Verdicts({ site, points, from, until, enough }: VerdictsProps) {
  const ids = points.map((point) => point.id).join(" ");
  const [found, reload] = useResource(`${ids} ${from} ${Math.floor(until / 60_000)} ${enough}`, () => fetchVerdicts(points, from, until, enough));
  const { data, error } = found.value;
  if (data === null) return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} height={120} />;
  if (data.length === 0) return <Empty title={t("year.noLimits", { site: local(site.name) })} />;
  return (
    <div class="stack">
      {data.map((verdict) => (
        <VerdictView key={`${verdict.point.id} ${verdict.limit.clause} ${verdict.limit.valid_from}`} verdict={verdict} />
      ))}
    </div>
  );
}

async function fetchVerdicts(points: readonly Point[], from: number, until: number, enough: number): Promise<Verdict[]> {
  const limited = points.filter((point) => limitsIn(point, from, until).length > 0);
  const asked = limited.flatMap((point, index) => limitsIn(point, from, until).map((limit) => ({ point, limit, index })));
  // Once for all limits: how many readings of a point were due does not depend on what it is held against.
  const counted = getDays(limited.map(({ id }) => id), from, until);
  return Promise.all(
    asked.map(async ({ point, limit, index }) => {
      // Whole spans from local midnight on.
      const spanMs = spanOf(limit, until - from);
      const count = Math.ceil((until - from) / spanMs);
      const [[found], days] = await Promise.all([getBuckets([point.id], from, from + count * spanMs, count), counted]);
      const buckets = found ?? { point: point.id, unit: point.unit, t: [], min: [], mean: [], max: [], n: [] };
      const expected = (begin: number, end: number) => expectedIn(days[index] ?? [], begin, end, hubNow());
      return judge({ point, limit, buckets, expected, from, until, enough });
    }),
  );
}

function VerdictView({ verdict }: { verdict: Verdict }) {
  const { point, limit, valid, spans, outside, worst, exceedances } = verdict;
  const text = (value: number) => showText(value, point);
  const at = (ms: number) => moment(ms, hubNow());
  const around = (from: number, to: number) => trendHref([point.id], { from: momentCode(from - 2 * HOUR_MS), to: momentCode(Math.min(hubNow(), to + 2 * HOUR_MS)) });
  const how = limit.averaging_s === null ? t("compliance.single") : t("limit.mean", { span: exactSpan(limit.averaging_s) });
  return (
    <section class="panel compliance" aria-label={`${pointName(point)}, ${how}`}>
      <div class="row row-ends">
        <h2>{pointName(point)}</h2>
        {valid === 0 ? (
          <StatusMark status="silent" word={t("compliance.nothing")} />
        ) : outside === 0 ? (
          <StatusMark status="well" word={t("compliance.within")} />
        ) : (
          <StatusMark status="fail" word={count("compliance.outside", exceedances.length)} />
        )}
      </div>
      <p class="small figures">
        {limitWithUnit(limit, point.unit)} · {how} · <span lang="vi">{limit.regulation} · {limit.clause}</span>
        {limit.status === "unverified" && <strong> · {t("limit.unverified")}</strong>}
      </p>
      {worst !== null && (
        <p class="figures">
          {t("compliance.worst")}: <strong>{text(worst.value)}</strong> · <a class="tall" href={around(worst.at, worst.at)}>{at(worst.at)}</a>
        </p>
      )}
      <p class="small muted figures">
        {spans === 0 ? t("compliance.short.period", { span: exactSpan(limit.averaging_s ?? 0) }) : t("compliance.valid", { valid: formatNumber(valid, 0), spans: formatNumber(spans, 0) })}
      </p>
      {exceedances.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label={t("compliance.exceedances")}>
          <table class="table table-stacked figures">
            <thead>
              <tr>
                <th scope="col">{t("compliance.from")}</th>
                <th scope="col" class="table-number">
                  {t("compliance.worst")}
                </th>
                <th scope="col">
                  {t("compliance.to")} · {t("compliance.lasted")}
                </th>
              </tr>
            </thead>
            <tbody>
              {exceedances.slice(0, MOST_LISTED).map((each) => (
                <tr key={each.from}>
                  <td data-label={t("compliance.from")}>
                    <a class="tall" href={around(each.from, each.to)}>{at(each.from)}</a>
                  </td>
                  <td class="table-number table-bad" data-label={t("compliance.worst")}>
                    {each.side === "max" ? "▲" : "▼"} {text(each.worst)}
                  </td>
                  <td class="table-whole" data-label={`${t("compliance.to")} · ${t("compliance.lasted")}`}>
                    {at(each.to)} <span class="muted compliance-lasted">· {span(each.to - each.from)}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {exceedances.length > MOST_LISTED && <p class="small">{t("compliance.more", { n: exceedances.length - MOST_LISTED })}</p>}
    </section>
  );
}
