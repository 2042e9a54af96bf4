// Example data of a commune for the components page and for tests: one of each kind that a component must show.
import type { Alarm, DayCompleteness, Limit, Point } from "../api/types";
import type { Standing, StandingKind } from "../state/freshness";

const both = (vi: string, en: string) => ({ vi, en });

export function samplePoint(changes: Partial<Point> = {}): Point {
  return {
    id: "tam-hop-water/plc/free-chlorine",
    site: "tam-hop-water",
    device: "tam-hop-water/plc",
    name: both("Clo dư", "Free chlorine"),
    quantity: "free_chlorine",
    unit: "mg/L",
    decimals: 2,
    interval_s: 2,
    reference: false,
    expire_after_s: null,
    alarm: null,
    range: { min: 0, max: 5 },
    limit: sampleLimit(),
    limits: [sampleLimit()],
    latest: null,
    last_good: null,
    ...changes,
  };
}

export function sampleLimit(changes: Partial<Limit> = {}): Limit {
  return {
    min: 0.2,
    max: 1,
    clause: "Bảng 1",
    regulation: "QCVN 01-1:2024/BYT",
    status: "unverified",
    averaging_s: null,
    valid_from: null,
    valid_to: null,
    ...changes,
  };
}

/** A day without a reading and without a rhythm. */
export function sampleDayCount(day: string, changes: Partial<DayCompleteness> = {}): DayCompleteness {
  const counts = { good: 0, suspect: 0, fail: 0, missing: 0, not_evaluated: 0, calibrating: 0 };
  return { day, t: Date.parse(`${day}T00:00:00+07:00`), counts, n: 0, expected: null, share: null, min: null, mean: null, max: null, last: null, ...changes };
}

export function sampleAlarm(changes: Partial<Alarm> = {}): Alarm {
  return {
    id: 11,
    rule: "chlorine-low",
    rule_version: "5f2c",
    subject: "tam-hop-water/plc",
    title: both("Clo dư thấp", "Free chlorine low"),
    point: null,
    device: "tam-hop-water/plc",
    site: "tam-hop-water",
    priority: "high",
    state: "unacknowledged",
    beneath: null,
    parent: null,
    latching: false,
    raises: 1,
    chattering: false,
    flood: false,
    raised_at: "2026-11-23T08:15:00+07:00",
    cleared_at: null,
    acknowledged_at: null,
    acknowledged_by: null,
    shelved_until: null,
    value: 0.16,
    unit: "mg/L",
    message: both("Clo dư 0,16 mg/L, tối thiểu 0,2", "Free chlorine 0.16 mg/L, at least 0.2"),
    clause: null,
    clause_en: null,
    runbook: both("Kiểm tra máy châm clo và bình chứa.", "Check the dosing pump and its tank."),
    tags: [],
    ...changes,
  };
}

/** Each kind of standing, twelve minutes old where it is absent. */
export function sampleStandings(nowMs: number): Record<StandingKind, Standing> {
  const minute = 60_000;
  const present = { value: 0.42, at: nowMs - 2_000, since: null };
  const absent = { value: 0.42, at: nowMs - 12 * minute, since: nowMs - 12 * minute };
  return {
    good: { kind: "good", ...present, reason: null },
    suspect: { kind: "suspect", ...present, reason: "stuck" },
    fail: { kind: "fail", ...present, value: 9.99, reason: "out_of_range" },
    calibrating: { kind: "calibrating", ...present, reason: null },
    held: { kind: "held", ...present, reason: null },
    lacking: { kind: "lacking", ...absent, reason: "exception:2" },
    silent: { kind: "silent", ...absent, reason: "timeout" },
    empty: { kind: "empty", value: null, at: null, since: null, reason: null },
  };
}

/** A day of quarter hours around a value, with a gap. */
export function sampleDay(): (number | null)[] {
  return Array.from({ length: 96 }, (_, index) => (index > 60 && index < 68 ? null : 0.42 + 0.1 * Math.sin(index / 12)));
}
