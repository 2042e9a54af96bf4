// Taking away what is seen: as Excel, CSV or a picture; means as drawn, of hours or of days, or every reading where they are not too many.
import { useSignal } from "@preact/signals";
import { getBuckets, getCsv, getManySeries } from "../../api/calls";
import { t } from "../../i18n";
import { dayCode, exactSpan } from "../../i18n/format";
import { formatNumber } from "../../i18n/units";
import { download } from "../../lib/download";
import { workbook } from "../../lib/xlsx";
import { commune } from "../../state/commune";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Choice";
import { Dialogue } from "../../ui/Dialogue";
import { toast } from "../../ui/Toast";
import type { Line } from "./columns";
import type { Loaded } from "./load";
import { DAY_MS, HOUR_MS, clockSpans } from "./period";
import { picture } from "./picture";
import { type SheetInput, rawSheets, shownSheets } from "./sheets";
import { lineName } from "./Trends";

type What = "shown" | "hour" | "day" | "raw";
type Form = "excel" | "csv" | "png";

const CLOCK_MS = { hour: HOUR_MS, day: DAY_MS };

/** What the hub hands out at once as JSON; CSV may be of any length. */
const MOST_READINGS = 100_000;
/** What Excel shows of a file, heading and all, and about what a row of ours takes in one. */
const EXCEL_ROWS = 1_048_576;
const ROW_BYTES = 80;

export interface ExportDialogueProps {
  loaded: Loaded;
  panels: { current: HTMLDivElement | null };
  onClose: () => void;
}

export function ExportDialogue({ loaded, panels, onClose }: ExportDialogueProps) {
  const what = useSignal<What>("shown");
  const form = useSignal<Form>("excel");
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  const { lines, from, to } = loaded;
  const own = lines.filter((line) => !line.compared);
  const count = own.flatMap((line) => line.buckets.n).reduce((sum, n) => sum + n, 0);
  const rows = formatNumber(count, 0);
  const offered = (["shown", "hour", "day", "raw"] as const).filter((each) => each === "shown" || each === "raw" || clockSpans(loaded, CLOCK_MS[each]) !== null);

  async function make(): Promise<Blob | null> {
    const input: SheetInput = { lines, nameOf: lineName, from, to, madeAt: hubNow() };
    const clock = what.value === "hour" || what.value === "day" ? clockSpans(loaded, CLOCK_MS[what.value]) : null;
    const ids = own.map(({ point }) => point.id);
    if (form.value === "png") return panels.current === null ? null : picture(panels.current, lines, lineName, from, to);
    if (form.value === "csv" && clock !== null) return getCsv(ids, clock.from, clock.to, clock.count);
    if (form.value === "csv") return getCsv(ids, from, to, what.value === "raw" ? null : Math.ceil((to - from) / (own[0]?.widthMs ?? to - from)));
    if (clock !== null) return workbook(shownSheets({ ...input, lines: await linesBy(lines, clock), from: clock.from }));
    return workbook(what.value === "shown" ? shownSheets(input) : rawSheets(input, await getManySeries(ids, from, to)));
  }

  async function submit(event: Event) {
    event.preventDefault();
    if (busy.value) return;
    if (form.value === "excel" && what.value === "raw" && count > MOST_READINGS) {
      fault.value = t("trends.export.tooMany", { n: rows });
      return;
    }
    if (lines.every((line) => line.buckets.t.length === 0)) {
      fault.value = t("trends.export.nothing");
      return;
    }
    busy.value = true;
    fault.value = null;
    try {
      const content = await make();
      if (content === null) throw new Error("nothing was made");
      const ending = { excel: "xlsx", csv: "csv", png: "png" }[form.value];
      const name = `${commune.value?.id ?? "xa"}-${dayCode(from)}-${dayCode(to - 1)}.${ending}`;
      download(name, content);
      toast(t("trends.export.done", { file: name }));
      onClose();
    } catch {
      fault.value = t("trends.export.failed");
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialogue title={t("trends.export.title")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Choice
          label={t("trends.export.as")}
          chosen={form.value}
          onChoose={(value) => (form.value = value)}
          options={(["excel", "csv", "png"] as const).map((value) => ({ value, text: t(`trends.export.${value}`) }))}
        />
        {form.value !== "png" && (
          <fieldset class="picker-site">
            <legend class="field-label">{t("trends.export.what")}</legend>
            {offered.map((value) => (
              <label key={value} class="picker-point">
                <input type="radio" name="what" checked={what.value === value} onChange={() => (what.value = value)} />
                <span>{t(`trends.export.${value}`, { span: exactSpan((own[0]?.widthMs ?? 0) / 1_000), n: rows })}</span>
              </label>
            ))}
          </fieldset>
        )}
        {form.value === "csv" && what.value === "raw" && count >= EXCEL_ROWS && (
          <p class="small">{t("trends.export.long", { mb: formatNumber((count * ROW_BYTES) / 1e6, 0), n: formatNumber(EXCEL_ROWS, 0) })}</p>
        )}
        {fault.value !== null && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {t("trends.export.do")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

/** The same lines by spans of the clock; what is compared as far back as before. One question for all of the same time. */
async function linesBy(lines: readonly Line[], { from, to, count }: { from: number; to: number; count: number }): Promise<Line[]> {
  const shifts = [...new Set(lines.map((line) => line.shiftMs))];
  const parts = await Promise.all(
    shifts.map(async (shiftMs) => {
      const own = lines.filter((line) => line.shiftMs === shiftMs);
      const found = await getBuckets(own.map((line) => line.point.id), from - shiftMs, to - shiftMs, count);
      return own.map((line, index): [Line, Line] => [line, { ...line, buckets: found[index] ?? line.buckets, widthMs: (to - from) / count }]);
    }),
  );
  const known = new Map(parts.flat());
  return lines.map((line) => known.get(line) ?? line);
}
