// The rule of enough readings, means against single values, and exceedances put together.
import { describe, expect, it } from "vitest";
import type { Buckets } from "../../api/types";
import { sampleLimit, samplePoint } from "../../ui/samples";
import { limitsIn } from "../trends/statistics";
import { judge, spanOf } from "./compliance";

const HOUR = 3_600_000;
const hourly = sampleLimit({ min: null, max: 200, averaging_s: 3_600 });
const point = samplePoint({ limits: [hourly] });

function hours(means: number[], counts: number[]): Buckets {
  return { point: "p", unit: "ug/m3", t: means.map((_, index) => index * HOUR), mean: means, min: means.map((v) => v - 100), max: means.map((v) => v + 100), n: counts };
}

/** One reading each ten minutes. */
const expected = (from: number, to: number) => (to - from) / 600_000;
const judged = (buckets: Buckets, until: number, enough: number) => judge({ point, limit: hourly, buckets, expected, from: 0, until, enough });

describe("hourly means", () => {
  it("count only with enough readings", () => {
    // Six readings an hour are expected: five are enough, four are not.
    const found = judged(hours([150, 250, 250], [6, 5, 4]), 3 * HOUR, 0.75);
    expect(found).toMatchObject({ spans: 3, valid: 2, outside: 1 });
    expect(judged(hours([150, 250, 250], [6, 5, 4]), 3 * HOUR, 0.5).outside).toBe(2);
  });

  it("of an hour that is under way are none yet", () => {
    expect(judged(hours([150, 250], [6, 6]), 1.5 * HOUR, 0.75)).toMatchObject({ spans: 1, valid: 1, outside: 0 });
  });

  it("that follow upon each other are one exceedance with its worst value", () => {
    const found = judged(hours([250, 300, 100, 220], [6, 6, 6, 6]), 4 * HOUR, 0.75);
    expect(found.exceedances).toEqual([
      { from: 0, to: 2 * HOUR, worst: 300, side: "max" },
      { from: 3 * HOUR, to: 4 * HOUR, worst: 220, side: "max" },
    ]);
  });
});

it("single values are held by their least and greatest, however few", () => {
  const limit = sampleLimit({ min: 0.2, max: 1 });
  const buckets: Buckets = { point: "p", unit: "mg/L", t: [0], min: [0.1], mean: [0.5], max: [0.9], n: [1] };
  expect(judge({ point: samplePoint(), limit, buckets, expected, from: 0, until: 500_000, enough: 0.75 })).toMatchObject({
    spans: 1,
    valid: 1,
    worst: { at: 0, value: 0.1, side: "min" },
    exceedances: [{ from: 0, to: 500_000, worst: 0.1, side: "min" }],
  });
});

it("the worst value is told within the limit too: the one with the least room to its side", () => {
  const limit = sampleLimit({ min: 0.2, max: 1 });
  const buckets: Buckets = { point: "p", unit: "mg/L", t: [0, 600_000], min: [0.45, 0.31], mean: [0.5, 0.5], max: [0.85, 0.9], n: [1, 1] };
  const found = (asked: typeof limit) => judge({ point: samplePoint(), limit: asked, buckets, expected, from: 0, until: 1_200_000, enough: 0.75 });
  expect(found(limit)).toMatchObject({ outside: 0, worst: { at: 600_000, value: 0.9, side: "max" } });
  expect(found(sampleLimit({ min: 0.2, max: null })).worst).toEqual({ at: 600_000, value: 0.31, side: "min" });
  expect(found(sampleLimit({ min: null, max: null })).worst).toBeNull();
});

it("single values of a long period are held by longer spans, so that all of it is judged; means keep theirs", () => {
  const days = (n: number, averaging_s: number | null = null) => spanOf({ averaging_s }, n * 24 * HOUR) / 60_000;
  expect([days(31), days(365), days(1_098)]).toEqual([10, 60, 1_440]);
  expect(days(365, 3_600)).toBe(60);
});

it("a yearly mean is judged of a whole year, and of none that is shorter", () => {
  const yearly = sampleLimit({ min: null, max: 25, averaging_s: 31_536_000 });
  const year = 365 * 24 * HOUR;
  const buckets: Buckets = { point: "p", unit: "ug/m3", t: [0], min: [1], mean: [30], max: [90], n: [50_000] };
  const of = (until: number, n = 52_560) => judge({ point, limit: yearly, buckets, expected: () => n, from: 0, until, enough: 0.75 });
  expect(of(year)).toMatchObject({ spans: 1, valid: 1, outside: 1, worst: { value: 30 } });
  expect(of(year, 80_000)).toMatchObject({ spans: 1, valid: 0 });
  expect(of(year / 2)).toMatchObject({ spans: 0, valid: 0 });
});

it("a limit counts only in its time", () => {
  const past = sampleLimit({ valid_to: "2025-07-01T00:00:00+07:00" });
  const present = Date.parse("2026-11-01T00:00:00+07:00");
  expect(limitsIn(samplePoint({ limits: [past] }), present, present + 1)).toEqual([]);
});
