// New alarms are told once, from the chosen priority on, and only where somebody asked for it.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Alarm } from "../api/types";
import { sampleAlarm } from "../ui/samples";
import { Raisings, alertWishes, isTold, setAlertWishes, startAlerts } from "./alerts";
import { HubStore } from "./store";

const alarm = (change: Partial<Alarm>) => sampleAlarm({ state: "unacknowledged", raises: 1, priority: "high", ...change });

describe("raisings", () => {
  it("are news once, and again when raised again", () => {
    const raisings = new Raisings();
    raisings.know([alarm({ id: 1 })]);
    expect(raisings.isNew(alarm({ id: 1 }))).toBe(false);
    expect(raisings.isNew(alarm({ id: 2 }))).toBe(true);
    expect(raisings.isNew(alarm({ id: 2 }))).toBe(false);
    expect(raisings.isNew(alarm({ id: 2, state: "acknowledged" }))).toBe(false);
    expect(raisings.isNew(alarm({ id: 2, raises: 2 }))).toBe(true);
    expect(raisings.isNew(alarm({ id: 3, state: "shelved" }))).toBe(false);
  });

  it("are told from the chosen priority on", () => {
    expect(isTold("critical", "high")).toBe(true);
    expect(isTold("high", "high")).toBe(true);
    expect(isTold("medium", "high")).toBe(false);
  });
});

describe("telling", () => {
  const started: number[] = [];
  beforeEach(() => {
    started.length = 0;
    const param = { setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined };
    class Context {
      currentTime = 0;
      destination = {};
      resume = () => Promise.resolve();
    }
    class Tone {
      connect = (next: unknown) => next;
      start = (at: number) => started.push(at);
      stop = () => undefined;
    }
    class Volume {
      gain = param;
      connect = (next: unknown) => next;
    }
    vi.stubGlobal("AudioContext", Context);
    vi.stubGlobal("OscillatorNode", Tone);
    vi.stubGlobal("GainNode", Volume);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    localStorage.clear();
  });

  it("is silent until asked for, then sounds for what is new and urgent enough", () => {
    const store = new HubStore();
    const stop = startAlerts(store);
    store.replaceAlarms([alarm({ id: 1 })]);
    store.applyAlarm(alarm({ id: 2 }));
    expect(started).toHaveLength(0);
    setAlertWishes({ sound: true, from: "high" });
    expect(JSON.parse(localStorage.getItem("commune.alerts") ?? "")).toMatchObject({ sound: true, from: "high" });
    store.applyAlarm(alarm({ id: 1 }));
    store.applyAlarm(alarm({ id: 2 }));
    store.applyAlarm(alarm({ id: 3, priority: "low" }));
    expect(started).toHaveLength(0);
    store.applyAlarm(alarm({ id: 4 }));
    expect(started).toHaveLength(2);
    store.applyAlarm(alarm({ id: 5, priority: "critical" }));
    expect(started).toHaveLength(6);
    stop();
    store.applyAlarm(alarm({ id: 6 }));
    expect(started).toHaveLength(6);
    setAlertWishes({ sound: false });
    expect(alertWishes.value.sound).toBe(false);
  });
});
