// The marks beneath the charts as buttons: what each means stands in words below as soon as it is pointed at, tapped or focused.
import { useSignal } from "@preact/signals";
import { local, t } from "../../i18n";
import { moment } from "../../i18n/format";
import { hubNow } from "../../state/clock";
import { AXIS_PX, END_PX } from "../../ui/chart";
import { aboutName, calibrationWords } from "../records/words";
import { spanWords } from "../records/SiteRecords";
import { type Mark, type MarkGroup, type MarkKind, MOST_GROUPS, grouped } from "./marks";
import "./Marks.css";

/** A mark takes so much of a phone's width. */
const NEAREST = 0.07;

/** Shapes of their own, so that no colour is needed: a drop for calibration, a spanner, a sheet, a triangle. */
const SHAPES: Record<MarkKind, string> = {
  calibration: "M8 1.5c3 4 4.5 6 4.5 8a4.5 4.5 0 0 1-9 0c0-2 1.5-4 4.5-8zM8 12V7",
  maintenance: "M13.5 4.2a3.6 3.6 0 0 1-4.8 4.4L4 13.5 2.2 11.8 7 7a3.6 3.6 0 0 1 4.5-4.7L9.4 4.5l.5 1.7 1.6.4z",
  note: "M3 2h10v9l-3 3H3zM5.5 5.5h5M5.5 8.5h5",
  alarm: "M8 1.2 15.2 14.5H.8zM8 6v4M8 12v.2",
};

export function Marks({ marks, from, to }: { marks: readonly Mark[]; from: number; to: number }) {
  const pointed = useSignal<number | null>(null);
  if (marks.length === 0) return null;
  const groups = grouped(marks, from, to, NEAREST);
  const shown = groups.slice(-MOST_GROUPS);
  const chosen = pointed.value === null ? undefined : shown[pointed.value];
  return (
    <div class="marks-area no-print">
      <div class="marks" role="group" aria-label={t("marks.label")} style={{ marginLeft: `${AXIS_PX}px`, marginRight: `${END_PX}px` }}>
        {shown.map((group, index) => (
          <span key={`${group.marks[0]?.kind} ${group.at}`}>
            {group.until - group.at > 0.01 && <span class="marks-span" style={{ left: percent(group.at), width: percent(group.until - group.at) }} />}
            <button
              type="button"
              class="marks-mark"
              style={{ left: percent(group.at) }}
              aria-pressed={pointed.value === index}
              onClick={() => (pointed.value = index)}
              onFocus={() => (pointed.value = index)}
              onPointerEnter={(event) => event.pointerType === "mouse" && (pointed.value = index)}
            >
              <Shape group={group} />
              <span class="unseen">{group.marks.map(markWords).join("; ")}</span>
            </button>
          </span>
        ))}
      </div>
      <div class="marks-words small">
        {chosen === undefined ? (
          <p class="muted">{t(groups.length > shown.length ? "marks.hintCut" : "marks.hint")}</p>
        ) : (
          chosen.marks.map((mark) => (
            <p key={`${mark.kind} ${mark.from} ${mark.about}`}>
              <MarkText mark={mark} />
            </p>
          ))
        )}
      </div>
    </div>
  );
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;

/** The shape of the most urgent kind; a figure where several stand together. */
function Shape({ group }: { group: MarkGroup }) {
  const [first] = [...group.marks].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const kind = first?.kind ?? "note";
  return (
    <>
      <svg class={`marks-shape marks-${kind}`} viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
        <path d={SHAPES[kind]} />
      </svg>
      {group.marks.length > 1 && (
        <span class="marks-count figures" aria-hidden="true">
          {group.marks.length}
        </span>
      )}
    </>
  );
}

const ORDER: readonly MarkKind[] = ["alarm", "maintenance", "calibration", "note"];

function MarkText({ mark }: { mark: Mark }) {
  if ("alarm" in mark.of) return <a href={`/alarms/${mark.of.alarm.id}`}>{markWords(mark)}</a>;
  return <>{markWords(mark)}</>;
}

/** "Ghi chú, Độ đục, hôm nay 08:15: đã rửa đầu đo (lan)". */
function markWords(mark: Mark): string {
  const head = `${t(`marks.${mark.kind}`)}, ${aboutName(mark.about)}`;
  if ("alarm" in mark.of) return `${head}, ${moment(mark.from, hubNow())}: ${local(mark.of.alarm.title)}`;
  if ("calibration" in mark.of) return `${head}: ${calibrationWords(mark.of.calibration)} (${mark.of.calibration.by})`;
  const { entry } = mark.of;
  return `${head}, ${spanWords(entry, hubNow())}: ${entry.text} (${entry.entered_by})`;
}
