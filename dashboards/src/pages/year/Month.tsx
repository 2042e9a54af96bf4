// One month of a year's calendar. A day that is well is plain; the further from it, the more shade, figure and word.
import type { Point } from "../../api/types";
import { count, lang, t } from "../../i18n";
import { languageTag } from "../../i18n/format";
import { formatNumber, showText } from "../../i18n/units";
import { StatusMark } from "../../ui/StatusMark";
import type { Day, DayAlarms, Month, Worst } from "./days";

export type Cell =
  | { kind: "completeness"; found: number | null; begun: boolean }
  | { kind: "worst"; found: Worst | null; begun: boolean; point: Point }
  | { kind: "alarms"; found: DayAlarms | null };

export interface MonthViewProps {
  month: Month;
  year: number;
  cellOf: (day: Day) => Cell;
  hrefOf: (day: Day) => string;
}

/** The first of January 2024 was a Monday. */
const WEEK = [1, 2, 3, 4, 5, 6, 7];

export function MonthView({ month, year, cellOf, hrefOf }: MonthViewProps) {
  const name = new Intl.DateTimeFormat(languageTag(), { month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(year, month.month - 1, 15));
  const weekday = new Intl.DateTimeFormat(languageTag(), { weekday: "narrow", timeZone: "UTC" });
  return (
    <section class="month panel" aria-label={name}>
      <h2 class="month-name">{name}</h2>
      <div class="month-week small muted" aria-hidden="true">
        {WEEK.map((day) => (
          <span key={day}>{weekday.format(Date.UTC(2024, 0, day))}</span>
        ))}
      </div>
      <ol class="month-days" lang={lang.value}>
        {month.days.map((day, index) => {
          const shown = cellView(cellOf(day));
          const date = day.code.split("-").reverse().join("/");
          return (
            <li key={day.code} style={index === 0 ? { gridColumnStart: month.before + 1 } : undefined}>
              <a class={`day day-${shown.look}`} href={hrefOf(day)} title={`${date}: ${shown.words}`} data-day={day.code}>
                <span class="unseen">{`${date}: ${shown.words}`}</span>
                <span class="day-number" aria-hidden="true">
                  {Number(day.code.slice(8))}
                </span>
                <span class="day-figure figures" aria-hidden="true">
                  {shown.figure}
                </span>
              </a>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Enough of a day's readings to judge it by, as regulations ask for. */
const ENOUGH = 0.75;
const WHOLE = 0.95;
const NEAR = 0.8;

/** Before the first day with readings nothing is missing: nobody measured. */
const notYet = () => ({ look: "before", figure: "", words: t("year.notYet") });

function cellView(cell: Cell): { look: string; figure: preact.ComponentChild; words: string } {
  if (cell.kind === "alarms") {
    if (cell.found === null) return { look: "well", figure: "", words: t("year.noAlarms") };
    const words = `${count("alarms.count", cell.found.count)}, ${t(`priority.${cell.found.worst}`).toLowerCase()}`;
    return { look: "alarms", figure: <StatusMark status={cell.found.worst} word={String(cell.found.count)} />, words };
  }
  if (!cell.begun) return notYet();
  if (cell.kind === "worst") {
    if (cell.found === null) return { look: "none", figure: "", words: t("trends.stat.noData") };
    const { value, ratio, side } = cell.found;
    const text = showText(value, cell.point);
    const figure = formatNumber(value, Math.min(2, cell.point.decimals));
    if (ratio > 1) return { look: "outside", figure: `${side === "max" ? "▲" : "▼"}${figure}`, words: t("year.outside", { value: text }) };
    return { look: ratio >= NEAR ? "near" : "well", figure, words: t(ratio >= NEAR ? "year.near" : "year.inside", { value: text }) };
  }
  if (cell.found === null) return { look: "well", figure: "", words: t("trends.stat.noRhythm") };
  const share = t("trends.share", { n: formatNumber(Math.floor(100 * cell.found), 0) });
  if (cell.found === 0) return { look: "none", figure: "", words: t("trends.stat.noData") };
  const look = cell.found >= WHOLE ? "well" : cell.found >= ENOUGH ? "partly" : "poor";
  return { look, figure: look === "well" ? "" : share, words: t("year.complete", { share }) };
}
