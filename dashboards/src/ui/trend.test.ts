// A day's trend and its quality strip, from buckets and from single readings.
import { describe, expect, it } from "vitest";
import { bucketCount, extremes, stripFromBuckets, stripFromSeries, toTrend } from "./trend";

describe("a trend", () => {
  const buckets = { point: "p", unit: "1", t: [0, 10, 40], min: [1, 2, 3], mean: [2, 3, 4], max: [3, 4, 5], n: [1, 1, 1] };
  it("is open where buckets are left out", () => {
    expect(toTrend(buckets, 10)).toEqual({ t: [0, 10, 20, 40], min: [1, 2, null, 3], mean: [2, 3, null, 4], max: [3, 4, null, 5] });
  });
  it("knows its ends", () => {
    expect(extremes(toTrend(buckets, 10))).toEqual({ min: 1, mean: 3, max: 5 });
    expect(extremes({ t: [], min: [], mean: [], max: [] })).toBeNull();
  });
  it("asks for no more buckets than the rhythm fills", () => {
    expect(bucketCount(86_400_000, 2)).toBe(288);
    expect(bucketCount(86_400_000, 900)).toBe(64);
    expect(bucketCount(86_400_000, null)).toBe(48);
  });
});

describe("the quality strip", () => {
  it("marks what is missing between, before and after buckets", () => {
    const buckets = { point: "p", unit: "1", t: [20, 30, 60], min: [1, 1, 1], mean: [1, 1, 1], max: [1, 1, 1], n: [1, 1, 1] };
    expect(stripFromBuckets(buckets, 10, 0, 100)).toEqual([
      { kind: "missing", from: 0, to: 20 },
      { kind: "missing", from: 40, to: 60 },
      { kind: "missing", from: 70, to: 100 },
    ]);
  });
  it("tells from buckets what was not good in them, also in those without a value", () => {
    const buckets = { point: "p", unit: "1", t: [0, 10, 40], min: [1, 1, 1], mean: [1, 1, 1], max: [1, 1, 1], n: [30, 30, 30] };
    const doubts = { t: [10, 20, 30, 40], suspect: [2, 0, 0, 0], fail: [0, 30, 0, 0], missing: [0, 0, 0, 1], calibrating: [0, 0, 30, 0] };
    expect(stripFromBuckets({ ...buckets, doubts }, 10, 0, 50)).toEqual([
      { kind: "suspect", from: 10, to: 20 },
      { kind: "fail", from: 20, to: 30 },
      { kind: "calibrating", from: 30, to: 40 },
    ]);
  });
  it("takes the quality of single readings, and gaps between them", () => {
    const series = { point: "p", unit: "1", t: [0, 10, 20, 30], v: [1, 1, 1, 1], q: ["good", "suspect", "suspect", "good"] as const };
    expect(stripFromSeries({ ...series, q: [...series.q] }, () => 15, 0, 100)).toEqual([
      { kind: "suspect", from: 10, to: 30 },
      { kind: "missing", from: 30, to: 100 },
    ]);
  });
});
