// When a value may be read as the present one, and what it is called when not.
import { describe, expect, it } from "vitest";
import type { Latest, Quality } from "../api/types";
import { samplePoint } from "../ui/samples";
import { DEFAULT_EXPIRY_S, expirySeconds, isExpired, isStale, standingOf } from "./freshness";

const NOW = Date.parse("2026-11-23T08:15:00+07:00");
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();
const latest = (changes: Partial<Latest> = {}): Latest => ({
  value: 0.42,
  quality: "good",
  reason: null,
  measured_at: ago(2),
  received_at: ago(2),
  ...changes,
});

describe("expiry", () => {
  it("is what is configured, else three times the rhythm, else a day", () => {
    expect(expirySeconds({ expire_after_s: 900, interval_s: 60 })).toBe(900);
    expect(expirySeconds({ expire_after_s: null, interval_s: 60 })).toBe(180);
    expect(expirySeconds({ expire_after_s: null, interval_s: null })).toBe(DEFAULT_EXPIRY_S);
  });

  it("of a fast rhythm leaves room for one answer's delay", () => {
    expect(expirySeconds({ expire_after_s: null, interval_s: 1 })).toBe(10);
  });

  it("comes by the clock alone, counted from when it was measured", () => {
    const point = samplePoint({ expire_after_s: 900, latest: latest({ measured_at: ago(900), received_at: ago(1) }) });
    expect(isExpired(point, NOW)).toBe(false);
    expect(isExpired(point, NOW + 1_000)).toBe(true);
    expect(isExpired(samplePoint(), NOW)).toBe(false);
  });
});

describe("a standing", () => {
  it("is empty where nothing was ever read", () => {
    expect(standingOf(samplePoint(), false, true).kind).toBe("empty");
  });

  it("is good for good and for not evaluated", () => {
    for (const quality of ["good", "not_evaluated"] satisfies Quality[]) {
      expect(standingOf(samplePoint({ latest: latest({ quality }) }), false, true)).toMatchObject({ kind: "good", value: 0.42 });
    }
  });

  it("keeps the name of a doubtful quality", () => {
    for (const quality of ["suspect", "fail", "calibrating"] satisfies Quality[]) {
      expect(standingOf(samplePoint({ latest: latest({ quality }) }), false, true).kind).toBe(quality);
    }
  });

  it("is silent since the last good value when the device is not heard", () => {
    const point = samplePoint({
      latest: latest({ value: null, quality: "missing", reason: "timeout" }),
      last_good: { value: 0.4, measured_at: ago(720) },
    });
    expect(standingOf(point, false, true)).toEqual({ kind: "silent", value: 0.4, at: NOW - 720_000, since: NOW - 720_000, reason: "timeout" });
  });

  it("is lacking when the device answers without a value", () => {
    for (const reason of ["sentinel", "exception:2", "undecodable"]) {
      const point = samplePoint({ latest: latest({ value: null, quality: "missing", reason }) });
      expect(standingOf(point, false, true)).toMatchObject({ kind: "lacking", value: null });
    }
  });

  it("is silent once expired, whatever the hub last said of it", () => {
    for (const quality of ["good", "suspect", "fail"] satisfies Quality[]) {
      expect(standingOf(samplePoint({ latest: latest({ quality }) }), true, true)).toMatchObject({ kind: "silent", reason: "expired" });
    }
  });

  it("is only held while the hub is not heard, and silent when its time is over", () => {
    const point = samplePoint({ latest: latest() });
    expect(standingOf(point, false, false).kind).toBe("held");
    expect(standingOf(point, true, false).kind).toBe("silent");
    expect(isStale("held")).toBe(true);
    expect(isStale("suspect")).toBe(false);
  });
});
