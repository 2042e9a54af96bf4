// The figures of each line in a table; on a phone a card for each.
import type { ComponentChildren } from "preact";
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
        <table class="table table-stacked figures">
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
  const shown: Record<(typeof HEADS)[number], ComponentChildren> = {
    n: formatNumber(figures.n, 0),
    completeness: figures.completeness === null ? <span class="muted">{t("trends.stat.noRhythm")}</span> : t("trends.share", { n: formatNumber(100 * figures.completeness, 1) }),
    min: text(figures.min),
    mean: sums && text(figures.mean),
    median: sums && text(figures.median),
    p95: sums && text(figures.p95),
    max: text(figures.max),
    outside:
      figures.hoursOutside === null ? (
        <span class="muted">{t("trends.stat.noLimit")}</span>
      ) : (
        <span class={figures.hoursOutside > 0 ? "table-bad" : ""}>{t("trends.stat.hours", { n: formatNumber(figures.hoursOutside, 1) })}</span>
      ),
  };
  return (
    <>
      {HEADS.map((head) => (
        <td key={head} class="table-number" data-label={t(`trends.stat.${head}`)}>
          {shown[head]}
        </td>
      ))}
    </>
  );
}
