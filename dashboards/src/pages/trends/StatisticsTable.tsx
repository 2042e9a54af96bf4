// The figures of each line in a table; on a phone it scrolls sideways within itself.
import { pointName, t } from "../../i18n";
import { exactSpan } from "../../i18n/format";
import { formatNumber, isCounter, isState, showText } from "../../i18n/units";
import type { Line } from "./columns";
import { LineMark } from "./Panel";
import type { Statistics } from "./statistics";
import { whereAndWhen } from "./Trends";
import "../../ui/Table.css";

export interface StatisticsTableProps {
  rows: readonly { line: Line; figures: Statistics | null }[];
  lines: readonly Line[];
  widthMs: number;
}

const HEADS = ["n", "completeness", "min", "mean", "median", "p95", "max", "outside"] as const;

export function StatisticsTable({ rows, widthMs }: StatisticsTableProps) {
  const approximate = rows.some(({ figures }) => figures?.approximate === true);
  return (
    <section class="stack-tight" aria-labelledby="trends-statistics">
      <h2 id="trends-statistics">{t("trends.statistics")}</h2>
      <div class="table-scroll panel" tabIndex={0} role="region" aria-labelledby="trends-statistics">
        <table class="table figures">
          <thead>
            <tr>
              <th scope="col">{t("trends.stat.point")}</th>
              {HEADS.map((head) => (
                <th key={head} scope="col" class="table-number">
                  {t(`trends.stat.${head}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ line, figures }) => (
              <tr key={`${line.point.id} ${line.compared}`}>
                <th scope="row">
                  <LineMark colour={line.colour} compared={line.compared} /> {pointName(line.point)}
                  <br />
                  <span class="small muted table-sub">{whereAndWhen(line)}</span>
                </th>
                {figures === null ? (
                  <td colSpan={HEADS.length} class="muted">
                    {t("trends.stat.noData")}
                  </td>
                ) : (
                  <Figures line={line} figures={figures} />
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small muted">{approximate ? t("trends.stat.approximate", { span: exactSpan(widthMs / 1_000) }) : t("trends.stat.exact")}</p>
    </section>
  );
}

function Figures({ line, figures }: { line: Line; figures: Statistics }) {
  const { point } = line;
  const text = (value: number) => (isState(point) ? formatNumber(value, 2) : showText(value, point));
  const sums = !isCounter(point.quantity);
  return (
    <>
      <td class="table-number">{formatNumber(figures.n, 0)}</td>
      <td class="table-number">
        {figures.completeness === null ? (
          <span class="muted">{t("trends.stat.noRhythm")}</span>
        ) : (
          t("trends.share", { n: formatNumber(100 * figures.completeness, 1) })
        )}
      </td>
      <td class="table-number">{text(figures.min)}</td>
      <td class="table-number">{sums ? text(figures.mean) : ""}</td>
      <td class="table-number">{sums ? text(figures.median) : ""}</td>
      <td class="table-number">{sums ? text(figures.p95) : ""}</td>
      <td class="table-number">{text(figures.max)}</td>
      <td class="table-number">
        {figures.hoursOutside === null ? (
          <span class="muted">{t("trends.stat.noLimit")}</span>
        ) : (
          <span class={figures.hoursOutside > 0 ? "table-bad" : ""}>{t("trends.stat.hours", { n: formatNumber(figures.hoursOutside, 1) })}</span>
        )}
      </td>
    </>
  );
}
