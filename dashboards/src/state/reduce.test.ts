// Events of the stream and snapshots of the hub: whatever their order, the later one stands.
import { describe, expect, it } from "vitest";
import type { ReadingEvent } from "../api/types";
import { sampleAlarm, samplePoint } from "../ui/samples";
import { byUrgency, withAlarm, withAlarmList, withReading, withSnapshot } from "./reduce";
import { HubStore } from "./store";

const time = (minute: number) => `2026-11-23T08:${String(minute).padStart(2, "0")}:00+07:00`;
const event = (minute: number, value: number | null, changes: Partial<ReadingEvent> = {}): ReadingEvent => ({
  point: "tam-hop-water/plc/free-chlorine",
  value,
  quality: value === null ? "missing" : "good",
  reason: value === null ? "timeout" : null,
  measured_at: time(minute),
  received_at: time(minute),
  last_good: value === null ? { value: 0.4, measured_at: time(1) } : { value, measured_at: time(minute) },
  ...changes,
});

describe("a reading", () => {
  it("becomes the latest, with its quality and the last good value", () => {
    const good = withReading(samplePoint(), event(10, 0.42));
    expect(good.latest).toMatchObject({ value: 0.42, quality: "good" });
    const missing = withReading(good, event(11, null));
    expect(missing.latest).toMatchObject({ value: null, reason: "timeout" });
    expect(missing.last_good).toEqual({ value: 0.4, measured_at: time(1) });
  });

  it("that comes late or out of order changes nothing", () => {
    const point = withReading(samplePoint(), event(10, 0.42));
    expect(withReading(point, event(9, 0.1))).toBe(point);
    expect(withReading(point, event(11, 0.1, { reason: "late", measured_at: time(2) }))).toBe(point);
  });

  it("is not undone by a snapshot that was made before it", () => {
    const held = withReading(samplePoint(), event(10, 0.42));
    const older = withReading(samplePoint({ decimals: 3 }), event(8, 0.3));
    expect(withSnapshot(held, older)).toMatchObject({ decimals: 3, latest: { value: 0.42 }, last_good: { value: 0.42 } });
    const newer = withReading(samplePoint(), event(12, 0.5));
    expect(withSnapshot(held, newer)).toBe(newer);
    expect(withSnapshot(undefined, newer)).toBe(newer);
  });
});

describe("alarms", () => {
  it("that changed while the list was on its way are not set back by it", () => {
    const list = [sampleAlarm({ id: 1 }), sampleAlarm({ id: 2 })];
    const alarms = withAlarmList(list, [sampleAlarm({ id: 1, state: "acknowledged" })]);
    expect(alarms.get(1)?.state).toBe("acknowledged");
    expect(alarms.get(2)?.state).toBe("unacknowledged");
  });

  it("are kept without their history", () => {
    const detail = { ...sampleAlarm({ id: 1 }), history: [] };
    expect(withAlarm(new Map(), detail).get(1)).not.toHaveProperty("history");
  });

  it("are sorted by what needs a person most", () => {
    const sorted = [
      sampleAlarm({ id: 1, priority: "critical", state: "acknowledged" }),
      sampleAlarm({ id: 2, priority: "low" }),
      sampleAlarm({ id: 3, priority: "high", raised_at: time(1) }),
      sampleAlarm({ id: 4, priority: "high", raised_at: time(20) }),
      sampleAlarm({ id: 5, priority: "high", state: "rtn_unacknowledged", raised_at: time(30) }),
    ].sort(byUrgency);
    expect(sorted.map((alarm) => alarm.id)).toEqual([4, 3, 5, 2, 1]);
  });
});

describe("the store", () => {
  it("keeps one signal per point through snapshots, and drops what is gone", () => {
    const store = new HubStore();
    store.replacePoints([samplePoint(), samplePoint({ id: "a/b/gone" })]);
    const entry = store.points.value.get("tam-hop-water/plc/free-chlorine");
    store.applyReadings([event(10, 0.42)]);
    store.replacePoints([samplePoint()]);
    expect(store.points.value.get("tam-hop-water/plc/free-chlorine")).toBe(entry);
    expect(entry?.point.value.latest?.value).toBe(0.42);
    expect(store.points.value.has("a/b/gone")).toBe(false);
  });

  it("ignores a reading of a point that it does not know", () => {
    const store = new HubStore();
    store.applyReadings([event(10, 0.42)]);
    expect(store.points.value.size).toBe(0);
  });

  it("tells listeners of alarms, and applies again what came during a fetch", () => {
    const store = new HubStore();
    const told: number[] = [];
    store.alarmListeners.add((alarm) => told.push(alarm.id));
    store.expectAlarmList();
    store.applyAlarm(sampleAlarm({ id: 1, state: "acknowledged" }));
    store.replaceAlarms([sampleAlarm({ id: 1 })]);
    expect(told).toEqual([1]);
    expect(store.alarms.value?.get(1)?.state).toBe("acknowledged");
  });

  it("keeps closed alarms, but not without end", () => {
    const store = new HubStore();
    for (let id = 0; id < 80; id += 1) store.applyAlarm(sampleAlarm({ id, state: "normal" }));
    expect(store.alarms.value?.size).toBe(50);
    expect(store.alarms.value?.has(79)).toBe(true);
  });
});
