// Which calibrations are due: of each point the last one that was entered says when the next is wanted. Pure.
import type { Calibration } from "../../api/types";

/** So long before its day a calibration is said to come up. */
export const SOON_MS = 30 * 86_400_000;

export type DueState = "overdue" | "soon" | "later" | "unknown";

export interface Due {
  point: string;
  last: Calibration;
  /** Epoch ms; `null` where nobody has said. */
  next: number | null;
  state: DueState;
}

/** One for each point, the most urgent first. */
export function dueOf(calibrations: readonly Calibration[], nowMs: number): Due[] {
  const last = new Map<string, Calibration>();
  for (const each of calibrations) {
    const held = last.get(each.point);
    if (held === undefined || Date.parse(held.from) < Date.parse(each.from)) last.set(each.point, each);
  }
  const all = [...last].map(([point, calibration]): Due => {
    const next = calibration.next_due === null ? null : Date.parse(calibration.next_due);
    return { point, last: calibration, next, state: stateOf(next, nowMs) };
  });
  return all.sort((a, b) => (a.next ?? Infinity) - (b.next ?? Infinity) || a.point.localeCompare(b.point));
}

function stateOf(next: number | null, nowMs: number): DueState {
  if (next === null) return "unknown";
  if (next <= nowMs) return "overdue";
  return next - nowMs <= SOON_MS ? "soon" : "later";
}
