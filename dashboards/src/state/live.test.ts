// The live stream against a hub of this test's own: snapshot, events, loss, return, and the hub's clock.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sampleAlarm, samplePoint } from "../ui/samples";
import { hubNow, measureSkew } from "./clock";
import { connection } from "./connection";
import { startLive } from "./live";
import { storeFailingSince } from "./own";
import { HubStore } from "./store";

class FakeSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = FakeSource.CONNECTING;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  opens() {
    this.readyState = FakeSource.OPEN;
    this.onopen?.();
  }
  breaks(readyState: number) {
    this.readyState = readyState;
    this.onerror?.();
  }
  sends(type: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }
}

const answers: Record<string, unknown> = {
  "/api/v1/session": { username: "lan", role: "staff" },
  "/api/v1/snapshot": { sites: [], devices: [], points: [samplePoint()], alarms: [sampleAlarm()] },
};
let reachable = true;
let stop: () => void;
let store: HubStore;
const asked: string[] = [];
const last = () => FakeSource.all.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  asked.length = 0;
  reachable = true;
  connection.value = { state: "connecting", since: null };
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (!reachable) throw new TypeError("no route");
    return new Response(JSON.stringify(answers[pathname]), { headers: { "content-type": "application/json" } });
  });
  store = new HubStore();
  stop = startLive(store);
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("the live stream", () => {
  it("brings a snapshot once it stands, then events", async () => {
    expect(last().url).toBe("/api/v1/stream");
    last().opens();
    await settle();
    expect(connection.value.state).toBe("live");
    expect(store.points.value.size).toBe(1);
    const at = new Date().toISOString();
    last().sends("reading", { point: samplePoint().id, value: 0.5, quality: "good", reason: null, measured_at: at, received_at: at, last_good: null });
    last().sends("alarm", sampleAlarm({ state: "acknowledged" }));
    expect(store.points.value.get(samplePoint().id)?.point.value.latest?.value).toBe(0.5);
    expect(store.alarms.value?.get(11)?.state).toBe("acknowledged");
  });

  it("draws a reading at once, and those that follow closely together", async () => {
    last().opens();
    await settle();
    const { id } = samplePoint();
    const value = () => store.points.value.get(id)?.point.value.latest?.value;
    const at = Date.now();
    const send = (ms: number, its: number) => {
      const time = new Date(at + ms).toISOString();
      last().sends("reading", { point: id, value: its, quality: "good", reason: null, measured_at: time, received_at: time, last_good: null });
    };
    send(0, 1);
    expect(value()).toBe(1);
    send(10, 2);
    send(20, 3);
    expect(value()).toBe(1);
    await vi.advanceTimersByTimeAsync(250);
    expect(value()).toBe(3);
    // After a calm while the next one is at once again.
    await vi.advanceTimersByTimeAsync(250);
    send(600, 4);
    expect(value()).toBe(4);
  });

  it("tells at once that the hub stores nothing, and begins anew with what it says", async () => {
    last().opens();
    const since = "2026-11-23T08:15:00+07:00";
    last().sends("health", { store: "failed", since });
    expect(storeFailingSince.value).toBe(Date.parse(since));
    last().sends("health", { store: "ok", since: null });
    expect(storeFailingSince.value).toBeNull();
    last().sends("health", { store: "failed", since });
    last().opens();
    expect(storeFailingSince.value).toBeNull();
  });

  it("fetches everything again on resync", async () => {
    last().opens();
    await settle();
    asked.length = 0;
    last().sends("resync", {});
    await settle();
    expect(asked).toEqual(["/api/v1/snapshot"]);
  });

  it("is lost at once when it breaks, and live again with a fresh snapshot", async () => {
    last().opens();
    await settle();
    last().breaks(FakeSource.CONNECTING);
    expect(connection.value.state).toBe("lost");
    expect(connection.value.since).toBeLessThanOrEqual(hubNow());
    asked.length = 0;
    last().opens();
    await settle();
    expect(connection.value.state).toBe("live");
    expect(asked).toContain("/api/v1/snapshot");
  });

  it("is opened anew by us when the hub refused it", async () => {
    last().breaks(FakeSource.CLOSED);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSource.all).toHaveLength(2);
  });

  it("that is merely quiet is found to be dead by asking", async () => {
    last().opens();
    await settle();
    reachable = false;
    await vi.advanceTimersByTimeAsync(16_000);
    expect(connection.value.state).toBe("lost");
    reachable = true;
    await vi.advanceTimersByTimeAsync(4_000);
    last().opens();
    expect(connection.value.state).toBe("live");
  });

  it("that is quiet with a hub that answers stays live", async () => {
    last().opens();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.value.state).toBe("live");
    expect(asked).toContain("/api/v1/session");
  });
});

describe("the hub's clock", () => {
  afterEach(() => measureSkew(new Date().toUTCString()));
  it("is followed when it is minutes off ours, not for a second", () => {
    measureSkew(new Date(Date.now() + 300_000).toUTCString());
    expect(Math.abs(hubNow() - Date.now() - 300_000)).toBeLessThan(2_000);
    measureSkew(new Date(Date.now() + 1_000).toUTCString());
    expect(hubNow()).toBe(Date.now());
  });
  it("is left alone by an answer without a date", () => {
    measureSkew(null);
    measureSkew("yesterday");
    expect(hubNow()).toBe(Date.now());
  });
});
