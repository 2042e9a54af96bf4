// The address of a trend: points, period, comparison; whatever stands in it, something sensible is shown and said.
import { beforeEach, describe, expect, it } from "vitest";
import { commune } from "../../state/commune";
import { moved } from "./gestures";
import { DAY_MS, HOUR_MS, MOST_MS, clockSpans, parsePeriod, periodQuery, stepped, zoomed } from "./period";
import { MOST_POINTS, compareCode, parseCompare, parseView, shiftOf, trendHref } from "./view";

const NOW = Date.parse("2026-11-23T08:15:30+07:00");
const period = (text: string) => parsePeriod(new URLSearchParams(text), NOW);

beforeEach(() => {
  commune.value = null;
});

describe("the period", () => {
  it("ends at the next whole minute and lasts as long as its name says", () => {
    const day = period("");
    expect([day.span, day.to - day.from, day.to % 60_000, day.fault]).toEqual(["24h", DAY_MS, 0, null]);
    expect(period("r=7d").to - period("r=7d").from).toBe(7 * DAY_MS);
    expect(period("r=fortnight").span).toBe("24h");
  });

  it("of two moments is in the commune's time", () => {
    const found = period("from=2026-11-01&to=2026-11-02T06:30");
    expect(found.from).toBe(Date.parse("2026-11-01T00:00:00+07:00"));
    expect(found.to).toBe(Date.parse("2026-11-02T06:30:00+07:00"));
  });

  it("that is unreadable, backwards or fifty years long is said, and something is shown", () => {
    expect(period("from=yesterday").fault).toBe("unreadable");
    expect(period("from=2026-11-31").fault).toBe("unreadable");
    expect(period("from=2026-11-02&to=2026-11-01").fault).toBe("order");
    const long = period("from=1976-11-23&to=2026-11-23");
    expect([long.fault, long.to - long.from]).toEqual(["long", MOST_MS]);
  });

  it("is taken away by whole hours or days of the commune's clock, where there are some", () => {
    const asked = period("from=2026-11-21T06:30&to=2026-11-23T08:15");
    expect(clockSpans(asked, HOUR_MS)).toEqual({ from: Date.parse("2026-11-21T06:00:00+07:00"), to: Date.parse("2026-11-23T09:00:00+07:00"), count: 51 });
    expect(clockSpans(asked, DAY_MS)).toEqual({ from: Date.parse("2026-11-21T00:00:00+07:00"), to: Date.parse("2026-11-24T00:00:00+07:00"), count: 3 });
    expect(clockSpans(period("from=2026-11-23T00:00&to=2026-11-23T08:15"), DAY_MS)).toBeNull();
    expect(clockSpans(period("r=1y"), HOUR_MS)).toBeNull();
  });

  it("is written back into the address, and never lies in the future", () => {
    const query = periodQuery(NOW - 2 * HOUR_MS, NOW + 2 * HOUR_MS, NOW);
    expect(query).toEqual({ r: null, from: "2026-11-23T04:16", to: "2026-11-23T08:16" });
    const again = period(new URLSearchParams({ from: query["from"] ?? "", to: query["to"] ?? "" }).toString());
    expect(again.to - again.from).toBe(4 * HOUR_MS);
  });

  it("is zoomed about a place and stepped by halves", () => {
    expect(zoomed({ from: 0, to: 100 }, 0.5)).toEqual({ from: 25, to: 75 });
    expect(zoomed({ from: 0, to: 100 }, 2, 0)).toEqual({ from: 0, to: 200 });
    expect(stepped({ from: 0, to: 100 }, -1)).toEqual({ from: -50, to: 50 });
  });
});

describe("fingers", () => {
  const start = { places: [100], from: 0, to: 1_000 };
  it("move the time with them, but not by a tap", () => {
    expect(moved(start, [103], 500)).toBeNull();
    expect(moved(start, [200], 500)).toEqual({ from: -200, to: 800 });
  });
  it("keep what lay beneath each of two", () => {
    const found = moved({ ...start, places: [100, 200] }, [50, 250], 500);
    // At 100 px stood 200, which is at 50 px now; at 200 px stood 400, now at 250.
    expect(found).toEqual({ from: 150, to: 650 });
  });
});

describe("the view", () => {
  it("has each point once, and no more than there are colours", () => {
    const ids = Array.from({ length: 9 }, (_, index) => `p=s/d/p${index % 8}`).join("&");
    expect(parseView(new URLSearchParams(ids), NOW).points).toHaveLength(MOST_POINTS);
  });

  it("compares with what its code says, and with nothing where that is unknown", () => {
    for (const code of ["previous", "day", "week", "year", "site:nam-ban-water"]) expect(compareCode(parseCompare(code))).toBe(code);
    expect(parseCompare("moon")).toEqual({ kind: "none" });
    expect(shiftOf({ kind: "previous" }, { from: 5, to: 15 })).toBe(10);
    expect(shiftOf({ kind: "week" }, { from: 5, to: 15 })).toBe(7 * DAY_MS);
    expect(shiftOf({ kind: "site", site: "x" }, { from: 5, to: 15 })).toBeNull();
  });

  it("is reached by an address that reads back", () => {
    const url = new URL(trendHref(["a/b/c", "d/e/f"], { r: "7d" }), "http://hub");
    expect(parseView(url.searchParams, NOW)).toMatchObject({ points: ["a/b/c", "d/e/f"], period: { span: "7d" } });
  });
});
