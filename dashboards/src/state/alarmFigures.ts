// Figures of a list of alarms: how many a week, how long until somebody had seen them, which come most. Pure.
import type { Alarm } from "../api/types";

export interface AlarmFigures {
  count: number;
  perWeek: number;
  /** Mean time until acknowledged, of those that were; `null` where none was. */
  untilAcknowledgedMs: number | null;
  unacknowledged: number;
  /** Those that stood at the end of the period. */
  standing: number;
  /** What came most: rule and place, the most frequent first. */
  top: { key: string; alarm: Alarm; count: number }[];
}

const WEEK_MS = 7 * 86_400_000;
const TOP = 10;

export function figuresOf(alarms: readonly Alarm[], from: number, to: number): AlarmFigures {
  const waits = alarms.flatMap((alarm) => (alarm.acknowledged_at === null ? [] : [Date.parse(alarm.acknowledged_at) - Date.parse(alarm.raised_at)]));
  const groups = new Map<string, { key: string; alarm: Alarm; count: number }>();
  for (const alarm of alarms) {
    const key = `${alarm.rule} ${alarm.point ?? alarm.device}`;
    const held = groups.get(key);
    if (held === undefined) groups.set(key, { key, alarm, count: 1 });
    else held.count += 1;
  }
  return {
    count: alarms.length,
    perWeek: alarms.length / Math.max(1 / 7, (to - from) / WEEK_MS),
    untilAcknowledgedMs: waits.length === 0 ? null : waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    unacknowledged: alarms.filter((alarm) => alarm.acknowledged_at === null).length,
    standing: alarms.filter((alarm) => alarm.state !== "normal").length,
    top: [...groups.values()].sort((a, b) => b.count - a.count || a.key.localeCompare(b.key)).slice(0, TOP),
  };
}

/** Alarms of the same rule at the same place, the newest first, without the one that is looked at. */
export function similarTo(alarm: Alarm, others: readonly Alarm[]): Alarm[] {
  return others
    .filter((other) => other.id !== alarm.id && other.rule === alarm.rule && other.point === alarm.point && other.device === alarm.device)
    .sort((a, b) => Date.parse(b.raised_at) - Date.parse(a.raised_at));
}
