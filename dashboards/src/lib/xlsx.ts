// Excel workbooks: sheets of typed columns (texts, numbers with their decimals, times as Excel's own). Knows no domain.
import { zip } from "./zip";

export type CellKind = { kind: "text" } | { kind: "number"; decimals: number } | { kind: "time" };

export interface Column {
  head: string;
  type: CellKind;
  /** In characters. */
  width: number;
}

export interface Sheet {
  name: string;
  /** Lines of text above the table, such as whose it is; the first is the title. */
  above: readonly string[];
  columns: readonly Column[];
  /** A time is local, as ms since 1970 as if the place's time were UTC: Excel knows no zones. `null` is an empty cell. */
  rows: Iterable<readonly (string | number | null)[]>;
}

/** As many rows as a sheet can have. */
export const MOST_ROWS = 1_048_576;
const MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const EPOCH_DAYS = 25_569;
const DAY_MS = 86_400_000;
/** Styles of every workbook: 0 plain, 1 title, 2 head, 3 time, then one for each number of decimals. */
const TITLE = 1;
const HEAD = 2;
const TIME = 3;
const NUMBER = 4;
const MOST_DECIMALS = 6;

export async function workbook(sheets: readonly Sheet[]): Promise<Blob> {
  const named = sheets.map((sheet, index) => ({ sheet, path: `xl/worksheets/sheet${index + 1}.xml`, id: `rId${index + 1}` }));
  const xml = (body: string) => `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${body}`;
  const blob = await zip([
    { name: "[Content_Types].xml", text: xml(contentTypes(named.map(({ path }) => path))) },
    {
      name: "_rels/.rels",
      text: xml(relations([{ id: "rId1", type: "officeDocument", target: "xl/workbook.xml" }])),
    },
    {
      name: "xl/workbook.xml",
      text: xml(
        `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${named
          .map(({ sheet, id }, index) => `<sheet name="${escaped(sheetName(sheet.name))}" sheetId="${index + 1}" r:id="${id}"/>`)
          .join("")}</sheets></workbook>`,
      ),
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      text: xml(
        relations([
          ...named.map(({ path, id }) => ({ id, type: "worksheet", target: path.slice(3) })),
          { id: "rIdStyles", type: "styles", target: "styles.xml" },
        ]),
      ),
    },
    { name: "xl/styles.xml", text: xml(styles()) },
    ...named.map(({ sheet, path }) => ({ name: path, text: xml(worksheet(sheet)) })),
  ]);
  return new Blob([blob], { type: MEDIA_TYPE });
}

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

function contentTypes(sheets: readonly string[]): string {
  const part = (path: string, type: string) =>
    `<Override PartName="/${path}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${type}+xml"/>`;
  return (
    `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Default Extension="xml" ContentType="application/xml"/>${part("xl/workbook.xml", "sheet.main")}${part("xl/styles.xml", "styles")}` +
    `${sheets.map((path) => part(path, "worksheet")).join("")}</Types>`
  );
}

function relations(list: readonly { id: string; type: string; target: string }[]): string {
  const each = list.map(({ id, type, target }) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`);
  return `<Relationships xmlns="${PACKAGE}/relationships">${each.join("")}</Relationships>`;
}

function styles(): string {
  const formats = Array.from({ length: MOST_DECIMALS + 1 }, (_, decimals) => `<numFmt numFmtId="${170 + decimals}" formatCode="#,##0${decimals > 0 ? `.${"0".repeat(decimals)}` : ""}"/>`);
  const numbers = formats.map((_, decimals) => `<xf numFmtId="${170 + decimals}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`);
  const plain = (font: number, format = 0) => `<xf numFmtId="${format}" fontId="${font}" fillId="0" borderId="0" xfId="0"${format > 0 ? ' applyNumberFormat="1"' : ""}${font > 0 ? ' applyFont="1"' : ""}/>`;
  return (
    `<styleSheet xmlns="${MAIN}"><numFmts count="${formats.length + 1}"><numFmt numFmtId="169" formatCode="dd/mm/yyyy\\ hh:mm:ss"/>${formats.join("")}</numFmts>` +
    `<fonts count="3"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="14"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
    `<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
    `<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
    `<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
    `<cellXfs count="${NUMBER + numbers.length}">${plain(0)}${plain(1)}${plain(2)}${plain(0, 169)}${numbers.join("")}</cellXfs>` +
    `<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
  );
}

function worksheet({ above, columns, rows }: Sheet): string {
  const lines: string[] = [];
  const text = (value: string, style: number) => `<c t="inlineStr"${style > 0 ? ` s="${style}"` : ""}><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
  const row = (cells: readonly string[]) => lines.push(`<row>${cells.join("")}</row>`);
  above.forEach((line, index) => row([text(line, index === 0 ? TITLE : 0)]));
  const headRow = above.length + 1;
  if (columns.some(({ head }) => head !== "")) row(columns.map(({ head }) => text(head, HEAD)));
  for (const cells of rows) {
    row(columns.map(({ type }, index) => cell(cells[index] ?? null, type, text)));
  }
  const widths = columns.map(({ width }, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`);
  // Head and times stay in sight when one scrolls.
  const frozen = `<sheetViews><sheetView workbookViewId="0"><pane ySplit="${headRow}" topLeftCell="A${headRow + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`;
  return `<worksheet xmlns="${MAIN}">${frozen}<cols>${widths.join("")}</cols><sheetData>${lines.join("")}</sheetData><pageSetup paperSize="9" orientation="portrait"/></worksheet>`;
}

function cell(value: string | number | null, type: CellKind, text: (value: string, style: number) => string): string {
  if (value === null) return "<c/>";
  if (typeof value === "string") return text(value, 0);
  if (type.kind === "time") return `<c s="${TIME}"><v>${value / DAY_MS + EPOCH_DAYS}</v></c>`;
  const style = type.kind === "number" ? NUMBER + Math.min(MOST_DECIMALS, type.decimals) : 0;
  return `<c s="${style}"><v>${value}</v></c>`;
}

/** Excel allows 31 characters, and not these. */
const sheetName = (name: string) => name.replace(/[\\/?*[\]:]/g, " ").slice(0, 31);

/** Characters that XML cannot carry at all are left out. */
function escaped(value: string): string {
  return value
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
