// A text taken through stored readings: over which days, how far it is, the way to stop it, and what it would have done beside
// the text in force.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { backtest } from "../../api/rules";
import type { Backtest, BacktestFigures } from "../../api/types";
import { local, t } from "../../i18n";
import { dayCode, dayStart, moment, parseDayCode } from "../../i18n/format";
import { formatNumber } from "../../i18n/units";
import { query, setQuery } from "../../lib/router";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { DayField } from "../../ui/DayField";
import { Timeline } from "./Timeline";
import "../../ui/Table.css";
import { faultWords, whyText } from "./whyText";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const MOST_LISTED = 50;

type Run = { state: "idle" } | { state: "running"; share: number } | { state: "done"; found: Backtest } | { state: "stopped" } | { state: "failed"; why: string };

export function BacktestPanel({ rule, source }: { rule: string; source: () => string }) {
  const run = useSignal<Run>({ state: "idle" });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const now = hubNow();
  const today = dayStart(now);
  const from = parseDayCode(query.value.get("from")) ?? dayStart(today - (DEFAULT_DAYS - 1.5) * DAY_MS);
  const lastDay = Math.min(parseDayCode(query.value.get("to")) ?? today, today);
  const backwards = from > lastDay;

  async function begin() {
    const mine = new AbortController();
    stop.current = mine;
    run.value = { state: "running", share: 0 };
    const set = (next: Run) => {
      if (stop.current === mine) run.value = next;
    };
    try {
      const to = Math.min(dayStart(lastDay + 1.5 * DAY_MS), hubNow());
      const onProgress = (share: number) => set({ state: "running", share });
      set({ state: "done", found: await backtest({ rule, source: source(), from, to, onProgress, stop: mine.signal }) });
    } catch (error) {
      if (mine.signal.aborted) set({ state: "stopped" });
      else set({ state: "failed", why: whyText(error) });
    }
  }

  const { state } = run.value;
  return (
    <section class="panel stack-tight rules-panel" aria-labelledby="rules-backtest">
      <h2 id="rules-backtest">{t("rules.backtest")}</h2>
      <p class="small muted">{t("rules.backtestHint")}</p>
      <div class="rules-span">
        <DayField label={t("alarms.from")} code={dayCode(from)} onDay={(code) => setQuery({ from: code })} />
        <DayField label={t("alarms.to")} code={dayCode(lastDay)} onDay={(code) => setQuery({ to: code })} fault={backwards ? t("day.order") : null} />
        {state === "running" ? (
          <Button onClick={() => stop.current?.abort()}>{t("rules.backtestStop")}</Button>
        ) : (
          <Button onClick={() => void begin()} busy={backwards}>
            {t("rules.backtestStart")}
          </Button>
        )}
      </div>
      <div role="status" class="small">
        {run.value.state === "running" && (
          <>
            <progress class="rules-progress" max={1} value={run.value.share} aria-label={t("rules.backtest")} />{" "}
            {t("rules.backtestDone", { n: Math.floor(run.value.share * 100) })}
          </>
        )}
        {run.value.state === "stopped" && t("rules.backtestStopped")}
        {run.value.state === "failed" && t("rules.backtestFailed", { why: run.value.why })}
      </div>
      {run.value.state === "done" && <Found found={run.value.found} />}
    </section>
  );
}

function Found({ found }: { found: Backtest }) {
  const weeks = Math.max((Date.parse(found.to) - Date.parse(found.from)) / (7 * DAY_MS), 1 / 7);
  const rows: readonly (readonly [string, (figures: BacktestFigures) => string])[] = [
    [t("rules.raised"), (each) => formatNumber(each.raised, 0)],
    [t("rules.cleared"), (each) => formatNumber(each.cleared, 0)],
    [t("rules.minutes"), (each) => formatNumber(each.minutes_active, 0)],
    [t("rules.messages"), (each) => formatNumber(each.messages, 0)],
    [t("rules.perWeek"), (each) => formatNumber(each.raised / weeks, 1)],
    [t("rules.readings"), (each) => formatNumber(each.readings, 0)],
  ];
  const old = found.in_force as BacktestFigures | null;
  return (
    <div class="stack-tight rules-found" data-testid="backtest-found">
      <table class="table figures rules-figures">
        <thead>
          <tr>
            <th scope="col">{t("rules.figure")}</th>
            <th scope="col" class="table-number">
              {t("rules.tested")}
            </th>
            {old !== null && (
              <th scope="col" class="table-number">
                {t("rules.inForce")}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, of]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="table-number">{of(found)}</td>
              {old !== null && <td class="table-number">{of(old)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {found.new !== null && <p>{t("rules.difference", { added: found.new, gone: found.gone ?? 0 })}</p>}
      {found.faults.map((fault) => (
        <p key={fault.line} class="small rules-fault">
          {t("rules.faultAt", { line: fault.line, message: faultWords(fault) })}
        </p>
      ))}
      <h3>{t("rules.chart")}</h3>
      <Timeline tested={found} inForce={old} />
      {found.alarms.length > 0 && (
        <details>
          <summary>{t("rules.alarmsList")}</summary>
          <ul class="rules-past small">
            {found.alarms.slice(0, MOST_LISTED).map((alarm) => (
              <li key={`${alarm.subject} ${alarm.raised_at}`}>
                <span class="figures">
                  {moment(Date.parse(alarm.raised_at), hubNow())} – {alarm.cleared_at === null ? t("rules.stillStanding") : moment(Date.parse(alarm.cleared_at), hubNow())}
                </span>{" "}
                <code>{alarm.subject}</code> {local(alarm.message)}
                {alarm.only_here && old !== null && <strong> ({t("rules.onlyHere")})</strong>}
              </li>
            ))}
          </ul>
          {found.raised > MOST_LISTED && <p class="small">{t("rules.moreAlarms", { n: formatNumber(found.raised - MOST_LISTED, 0) })}</p>}
        </details>
      )}
    </div>
  );
}
