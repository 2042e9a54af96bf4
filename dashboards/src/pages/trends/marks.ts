// Marks beneath the charts: calibrations, maintenance, notes and alarms of the points that are shown. Pure.
import type { Alarm, Calibration, Entry, Point } from "../../api/types";

export type MarkKind = "calibration" | "maintenance" | "note" | "alarm";

export interface Mark {
  kind: MarkKind;
  /** Epoch ms; equal for a moment. */
  from: number;
  to: number;
  /** What it is about: a point, a device or a site. */
  about: string;
  of: { alarm: Alarm } | { calibration: Calibration } | { entry: Entry };
}

/** Marks that stand so near to each other that they share a place. */
export interface MarkGroup {
  /** Where it stands, 0 to 1 of the period. */
  at: number;
  /** Where the longest of them ends. */
  until: number;
  marks: readonly Mark[];
}

/** More places than this nobody could point at. */
export const MOST_GROUPS = 24;

export interface Written {
  calibrations: readonly Calibration[];
  maintenance: readonly Entry[];
  notes: readonly Entry[];
  alarms: readonly Alarm[];
}

/** What concerns these points within `[from, to)`, in the order of time. */
export function marksOf(written: Written, points: readonly Point[], from: number, to: number): Mark[] {
  const concerns = (about: string) => points.some((point) => point.id === about || point.device === about || point.site === about);
  const entries = (kind: MarkKind, list: readonly Entry[]): Mark[] =>
    list.filter((entry) => concerns(entry.about)).map((entry) => ({ kind, from: Date.parse(entry.from), to: Date.parse(entry.to), about: entry.about, of: { entry } }));
  const all: Mark[] = [
    ...written.calibrations.map((calibration): Mark => {
      const at = Date.parse(calibration.from);
      return { kind: "calibration", from: at, to: at, about: calibration.point, of: { calibration } };
    }),
    ...entries("maintenance", written.maintenance),
    ...entries("note", written.notes),
    ...written.alarms.map((alarm): Mark => {
      const raised = Date.parse(alarm.raised_at);
      return { kind: "alarm", from: raised, to: alarm.cleared_at == null ? to : Date.parse(alarm.cleared_at), about: alarm.point ?? alarm.site, of: { alarm } };
    }),
  ];
  return all.filter((mark) => mark.from < to && (mark.to > from || (mark.to === mark.from && mark.from >= from))).sort((a, b) => a.from - b.from);
}

/** Puts marks together that would cover each other; `nearest` is the least distance, 0 to 1. */
export function grouped(marks: readonly Mark[], from: number, to: number, nearest: number): MarkGroup[] {
  const place = (ms: number) => Math.min(1, Math.max(0, (ms - from) / (to - from)));
  const groups: { at: number; until: number; marks: Mark[] }[] = [];
  for (const mark of marks) {
    const at = place(mark.from);
    const last = groups.at(-1);
    if (last !== undefined && at - last.at < nearest) {
      last.marks.push(mark);
      last.until = Math.max(last.until, place(mark.to));
    } else groups.push({ at, until: place(mark.to), marks: [mark] });
  }
  return groups;
}
