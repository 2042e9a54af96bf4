// How events and answers of the hub change what is known. Pure functions; the order of a snapshot and the events
// around it does not matter, because the later reading wins whichever way it came.
import type { Alarm, Latest, Point, ReadingEvent } from "../api/types";

/** The later of two readings, by when the hub received them. */
function laterOf(held: Latest | null, come: Latest | null): Latest | null {
  if (held == null || come == null) return come ?? held;
  return Date.parse(come.received_at) >= Date.parse(held.received_at) ? come : held;
}

/** The point after a `reading` event. A late reading belongs to the past and changes nothing here. */
export function withReading(point: Point, event: ReadingEvent): Point {
  if (event.reason === "late") return point;
  const { point: _id, last_good: lastGood, ...latest } = event;
  if (laterOf(point.latest, latest) !== latest) return point;
  return { ...point, latest, last_good: lastGood ?? point.last_good };
}

/** The point after a snapshot, which may be older than what the stream has told meanwhile. */
export function withSnapshot(held: Point | undefined, come: Point): Point {
  if (held === undefined) return come;
  const latest = laterOf(held.latest, come.latest);
  return latest === come.latest ? come : { ...come, latest, last_good: held.last_good };
}

/** All alarms after one has changed. */
export function withAlarm(alarms: ReadonlyMap<number, Alarm>, alarm: Alarm): ReadonlyMap<number, Alarm> {
  const next = new Map(alarms);
  // The list shows the alarm, not its history: an answer to an acknowledgement carries both.
  const { history: _history, announces: _announces, ...plain } = alarm as Alarm & { history?: unknown; announces?: unknown };
  next.set(alarm.id, plain);
  return next;
}

/** All alarms after a fresh list, with the events that came while it was on its way applied again. */
export function withAlarmList(list: readonly Alarm[], meanwhile: readonly Alarm[]): ReadonlyMap<number, Alarm> {
  let alarms: ReadonlyMap<number, Alarm> = new Map(list.map((alarm) => [alarm.id, alarm]));
  for (const alarm of meanwhile) alarms = withAlarm(alarms, alarm);
  return alarms;
}

export const isActive = (alarm: Alarm) => alarm.state !== "normal";
export const awaitsPerson = (alarm: Alarm) => alarm.state === "unacknowledged" || alarm.state === "rtn_unacknowledged";

const PRIORITY_RANK = { critical: 0, high: 1, medium: 2, low: 3 } as const;
const STATE_RANK = { unacknowledged: 0, rtn_unacknowledged: 1, acknowledged: 2, suppressed_by_design: 3, shelved: 4, out_of_service: 5, normal: 6 } as const;

/** What needs a person first: awaiting before known, then by priority, then the newest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(awaitsPerson(b)) - Number(awaitsPerson(a)) ||
    PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority] ||
    STATE_RANK[a.state] - STATE_RANK[b.state] ||
    Date.parse(b.raised_at) - Date.parse(a.raised_at) ||
    b.id - a.id
  );
}
