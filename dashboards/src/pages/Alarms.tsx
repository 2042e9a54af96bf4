// Alarms, active and past. What is looked for stands in the address: ?view=history&site=…&prio=…&rule=…&from=…&to=….
import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { getAlarms } from "../api/calls";
import type { Alarm } from "../api/types";
import { count, t } from "../i18n";
import { dayCode, dayStart, moment, parseDayCode } from "../i18n/format";
import { useResource } from "../lib/resource";
import { query, setQuery } from "../lib/router";
import { useTitle } from "../lib/title";
import { hubNow } from "../state/clock";
import { byUrgency, isActive } from "../state/reduce";
import { store } from "../state/store";
import { AlarmList } from "../ui/AlarmList";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { DayField } from "../ui/DayField";
import { SelectField } from "../ui/Field";
import { SiteField } from "../ui/SiteField";
import { Help } from "../ui/Help";
import { Empty, Failed, Loading, Stale } from "../ui/States";
import { AlarmFigures } from "./AlarmFigures";
import "./Alarms.css";

const DAY_MS = 86_400_000;
/** The history begins so many days ago unless the address says otherwise. */
const DEFAULT_DAYS = 7;
/** The hub names no more at once. */
const MOST_LISTED = 1_000;
const PRIORITIES = ["critical", "high", "medium", "low"] as const;

interface ListProps {
  site: string | null;
  /** Whether an alarm is looked for. */
  wanted: (alarm: Alarm) => boolean;
}

export default function Alarms() {
  useTitle(t("nav.alarms"));
  const view = query.value.get("view") === "history" ? "history" : "active";
  const site = query.value.get("site");
  const priority = PRIORITIES.find((each) => each === query.value.get("prio")) ?? null;
  const rule = query.value.get("rule");
  const wanted = (alarm: Alarm) => (priority === null || alarm.priority === priority) && (rule === null || alarm.rule === rule);
  return (
    <>
      <div>
        <h1>{t("nav.alarms")}</h1>
        <Help text={t("alarms.help")} words={[]} />
      </div>
      <div class="alarms-filters no-print" role="search" aria-label={t("alarms.filters")}>
        <Choice
          label={t("alarm.state")}
          chosen={view}
          onChoose={(value) => setQuery({ view: value === "history" ? value : null, from: null, to: null })}
          options={[
            { value: "active", text: t("alarms.active") },
            { value: "history", text: t("alarms.history") },
          ]}
        />
        <SiteField sites={store.sites.value} chosen={site} withAny onSite={(id) => setQuery({ site: id })} />
        <SelectField label={t("alarms.priority")} value={priority ?? ""} onChange={(event) => setQuery({ prio: event.currentTarget.value })}>
          <option value="">{t("alarms.anyPriority")}</option>
          {PRIORITIES.map((each) => (
            <option key={each} value={each} selected={each === priority}>
              {t(`priority.${each}`)}
            </option>
          ))}
        </SelectField>
        {view === "history" && <DayFields />}
      </div>
      {rule !== null && (
        <p class="row no-print">
          {t("alarms.ruleOnly", { rule })}
          <Button onClick={() => setQuery({ rule: null })}>{t("alarms.anyRule")}</Button>
        </p>
      )}
      {view === "active" ? <Active site={site} wanted={wanted} /> : areInOrder(chosenDays()) && <History site={site} wanted={wanted} />}
    </>
  );
}

function Active({ site, wanted }: ListProps) {
  const all = store.alarms.value;
  const active = useComputed(() =>
    [...(store.alarms.value?.values() ?? [])].filter((alarm) => isActive(alarm)).sort(byUrgency),
  );
  if (all === null) return <Loading rows={3} height={132} />;
  const shown = active.value.filter((alarm) => (site === null || alarm.site === site) && wanted(alarm));
  return (
    <section class="stack-tight" aria-label={t("alarms.active")}>
      {shown.length === 0 && (
        <div class="panel">
          <Empty title={t("alarms.noneActive")} />
        </div>
      )}
      <AlarmList key={site} alarms={shown} known={all} label={t("alarms.active")} />
    </section>
  );
}

/** The first and the last day looked at, as local midnights. */
function chosenDays(): { from: number; to: number } {
  const today = dayStart(hubNow());
  const from = parseDayCode(query.value.get("from")) ?? dayStart(today - (DEFAULT_DAYS - 0.5) * DAY_MS);
  const to = parseDayCode(query.value.get("to")) ?? today;
  return { from, to };
}

/** A last day before the first is said at its field; the hub is not asked. */
const areInOrder = ({ from, to }: { from: number; to: number }) => from <= to;

function DayFields() {
  const { from, to } = chosenDays();
  return (
    <>
      <DayField label={t("alarms.from")} code={dayCode(from)} onDay={(code) => setQuery({ from: code })} />
      <DayField label={t("alarms.to")} code={dayCode(to)} onDay={(code) => setQuery({ to: code })} fault={areInOrder({ from, to }) ? null : t("day.order")} />
    </>
  );
}

function History({ site, wanted }: ListProps) {
  const { from, to } = chosenDays();
  const end = dayStart(to + 1.5 * DAY_MS);
  const [found, reload] = useResource(`${from} ${to} ${site}`, () =>
    getAlarms({
      state: "all",
      from: new Date(from).toISOString(),
      to: new Date(end).toISOString(),
      ...(site === null ? {} : { site }),
    }),
  );
  // What happens while one looks belongs to the list as well.
  useEffect(() => {
    const listener = () => reload();
    store.alarmListeners.add(listener);
    return () => {
      store.alarmListeners.delete(listener);
    };
  }, []);
  const { data, error, at } = found.value;
  if (data === null) return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} height={108} />;
  const newest = data.filter(wanted).sort((a: Alarm, b: Alarm) => Date.parse(b.raised_at) - Date.parse(a.raised_at) || b.id - a.id);
  return (
    <section class="stack-tight" aria-label={t("alarms.history")}>
      {error !== null && at !== null && <Stale time={moment(at, hubNow())} onRetry={reload} />}
      {newest.length === 0 ? (
        <div class="panel">
          <Empty title={t("alarms.noneFound")} hint={t("alarms.noneFoundHint")} />
        </div>
      ) : (
        <>
          <p class="small muted">{count("alarms.count", newest.length)}</p>
          {data.length >= MOST_LISTED && <p class="small">{t("alarms.cut", { n: MOST_LISTED })}</p>}
          <AlarmFigures alarms={newest} from={from} to={Math.min(end, hubNow())} />
        </>
      )}
      <AlarmList
        key={`${from} ${to} ${site}`}
        alarms={newest}
        known={new Map(newest.map((alarm) => [alarm.id, alarm]))}
        label={t("alarms.history")}
        onChanged={reload}
      />
    </section>
  );
}
