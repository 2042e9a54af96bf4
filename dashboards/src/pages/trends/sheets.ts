// A view as sheets of a workbook: the commune's header, readings in typed columns, and what each column is. Pure but for texts.
import type { Limit, Point, Series } from "../../api/types";
import { type Key, local, t } from "../../i18n";
import { clockTime, dayDate, exactSpan, offsetAt } from "../../i18n/format";
import { unitSign } from "../../i18n/units";
import type { Column, Sheet } from "../../lib/xlsx";
import { commune } from "../../state/commune";
import { store } from "../../state/store";
import { limitText } from "../../ui/MovingBar";
import { type Line, toColumns } from "./columns";
import { limitsIn } from "./statistics";

export interface SheetInput {
  lines: readonly Line[];
  nameOf: (line: Line) => string;
  from: number;
  to: number;
  madeAt: number;
}

/** Means, least and greatest of each span, as they are drawn. */
export function shownSheets(input: SheetInput): Sheet[] {
  const { lines, nameOf } = input;
  const { t: moments, lines: cells } = toColumns(lines);
  const columns = lines.flatMap((line) => {
    const name = withUnit(nameOf(line), line.point);
    const type = { kind: "number", decimals: line.point.decimals } as const;
    return [
      { head: name, type, width: 22 },
      { head: t("trends.sheet.least", { name }), type, width: 22 },
      { head: t("trends.sheet.greatest", { name }), type, width: 22 },
    ];
  });
  const rows = moments
    .map((at, index) => [localTime(at), ...cells.flatMap(({ mean, min, max }) => [mean[index] ?? null, min[index] ?? null, max[index] ?? null])])
    // Where a line was only opened there is no bucket.
    .filter((row) => row.slice(1).some((value) => value !== null));
  return [{ name: t("trends.sheet.values"), above: header(input), columns: [timeColumn(), ...columns], rows }, about(input)];
}

/** Every reading with its quality. Points are measured at moments of their own: each has its own columns on a common time. */
export function rawSheets(input: SheetInput, series: readonly Series[]): Sheet[] {
  const lines = input.lines.filter((line) => !line.compared);
  const moments = [...new Set(series.flatMap((each) => each.t))].sort((a, b) => a - b);
  const place = series.map((each) => new Map(each.t.map((at, index) => [at, index])));
  const columns = lines.flatMap((line): Column[] => {
    const name = withUnit(input.nameOf(line), line.point);
    return [
      { head: name, type: { kind: "number", decimals: line.point.decimals }, width: 22 },
      { head: t("trends.sheet.quality", { name: input.nameOf(line) }), type: { kind: "text" }, width: 16 },
    ];
  });
  const rows = moments.map((at) => [
    localTime(at),
    ...series.flatMap((each, index): (string | number | null)[] => {
      const found = place[index]?.get(at);
      if (found === undefined) return [null, null];
      return [each.v[found] ?? null, t(`quality.${each.q[found] ?? "missing"}` as Key)];
    }),
  ]);
  return [{ name: t("trends.sheet.values"), above: header(input), columns: [timeColumn(), ...columns], rows }, about(input)];
}

const timeColumn = (): Column => ({ head: t("trends.sheet.time"), type: { kind: "time" }, width: 20 });

function withUnit(name: string, { unit }: Pick<Point, "unit">): string {
  const sign = unitSign(unit);
  return sign === "" ? name : `${name} (${sign})`;
}

/** The wall clock's time, as Excel wants it. */
const localTime = (ms: number) => ms + offsetAt(ms);
const written = (ms: number) => `${dayDate(ms)} ${clockTime(ms)}`;

function header({ from, to, madeAt }: SheetInput): string[] {
  return [
    local(commune.value?.name) || t("app.name"),
    `${t("nav.trends")}: ${written(from)} – ${written(to)}`,
    `${t("trends.sheet.made")}: ${written(madeAt)}`,
    "",
  ];
}

function about(input: SheetInput): Sheet {
  const column = (head: string, width: number): Column => ({ head, type: { kind: "text" }, width });
  return {
    name: t("trends.sheet.about"),
    above: header(input),
    columns: [
      column(t("trends.stat.point"), 36),
      column(t("alarms.site"), 30),
      column(t("trends.sheet.id"), 40),
      column(t("trends.sheet.unit"), 10),
      column(t("alarm.limit"), 14),
      column(t("trends.sheet.clause"), 46),
      column(t("trends.sheet.since"), 14),
      column(t("trends.sheet.until"), 14),
    ],
    rows: input.lines.flatMap((line) => {
      const { point } = line;
      const site = store.sites.value?.find((each) => each.id === point.site);
      const what = [input.nameOf(line), local(site?.name) || point.site, point.id, unitSign(point.unit)];
      const limits = limitsIn(point, input.from - line.shiftMs, input.to - line.shiftMs);
      return limits.length === 0 ? [[...what, "", "", "", ""]] : limits.map((limit) => [...what, ...limitCells(limit)]);
    }),
  };
}

/** Figure with its mean, regulation with the status of the figure, and the days of a limit that is not for ever. */
function limitCells(limit: Limit): string[] {
  const mean = limit.averaging_s === null ? "" : ` · ${t("limit.mean", { span: exactSpan(limit.averaging_s) })}`;
  const doubt = limit.status === "unverified" ? ` (${t("limit.unverified")})` : "";
  const day = (at: string | null) => (at === null ? "" : dayDate(Date.parse(at)));
  return [`${limitText(limit)}${mean}`, `${limit.regulation} · ${limit.clause}${doubt}`, day(limit.valid_from), day(limit.valid_to)];
}
