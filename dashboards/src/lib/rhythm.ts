// How many readings a point should have had: by what its days expected then, not by how often it is read today. Pure.
import type { DayCompleteness } from "../api/types";

const DAY_MS = 86_400_000;

/** How far readings lay apart, ms, by what the day of a moment expected: a point may have been read less often then. 0 where that is not known. */
export function spacingIn(days: readonly DayCompleteness[], now: number): (at: number) => number {
  return (at) => {
    const day = days.find(({ t }) => t <= at && at < t + DAY_MS);
    return day?.expected == null || day.expected <= 0 ? 0 : (Math.min(day.t + DAY_MS, now) - day.t) / day.expected;
  };
}

/** Readings that `[from, to)` should have, of whose days only what had passed by `now` counts; `null` where no rhythm is known. */
export function expectedIn(days: readonly DayCompleteness[], from: number, to: number, now: number): number | null {
  let sum = 0;
  for (const { t, expected } of days) {
    const end = Math.min(t + DAY_MS, now);
    const shared = Math.min(end, to) - Math.max(t, from);
    if (shared <= 0) continue;
    if (expected === null) return null;
    sum += (expected * shared) / (end - t);
  }
  return sum > 0 ? sum : null;
}
