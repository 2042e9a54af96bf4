// Shape and word of a status, never colour alone: octagon, triangle, diamond, circle by priority; a tick for well.
import type { Priority } from "../api/types";
import { t } from "../i18n";
import "./StatusMark.css";

export type Status = Priority | "well" | "silent" | "doubtful" | "fail" | "calm";

export const SHAPES: Record<Status, string> = {
  critical: "M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z",
  high: "M8 1.2 15.2 14.5H.8z",
  medium: "M8 .8 15.2 8 8 15.2.8 8z",
  low: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
  well: "M2.5 8.5 6.3 12.2 13.5 4",
  silent: "M2.5 2.5 13.5 13.5M13.5 2.5 2.5 13.5",
  doubtful: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2z",
  fail: "M3 3h10v10H3zM3 3l10 10",
  calm: "M3 8h10",
};

const FILLED: ReadonlySet<Status> = new Set(["critical", "high", "medium", "low"]);

export interface StatusMarkProps {
  status: Status;
  /** The word beside the shape; by default the priority's own. `null` where the word stands near by already. */
  word?: string | null;
  /** For what is known or over: the shape stays, hollow, without its colour. */
  quiet?: boolean;
}

export function StatusMark({ status, word, quiet = false }: StatusMarkProps) {
  const filled = FILLED.has(status) && !quiet;
  const shown = word === undefined ? defaultWord(status) : word;
  return (
    <span class={`mark mark-${status}${quiet ? " mark-quiet" : ""}`}>
      <svg class={filled ? "mark-shape mark-filled" : "mark-shape"} viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPES[status]} />
      </svg>
      {shown !== null && shown !== "" && <span class="mark-word">{shown}</span>}
    </span>
  );
}

function defaultWord(status: Status): string | null {
  switch (status) {
    case "critical":
    case "high":
    case "medium":
    case "low":
      return t(`priority.${status}`);
    default:
      return null;
  }
}
