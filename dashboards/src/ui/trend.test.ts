// A day's trend and its quality strip, from buckets and from single readings.
import { describe, expect, it } from "vitest";
import { limitLines } from "./limitLines";
import { sampleLimit } from "./samples";
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

describe("limits", () => {
  it("are drawn over the time in which they applied, with their regulation; the doubt stays where there is little room", () => {
    const cut = "2026-11-20T00:00:00+07:00";
    const [from, to] = [Date.parse("2026-11-01T00:00:00+07:00"), Date.parse("2026-11-30T00:00:00+07:00")];
    const limits = [sampleLimit({ max: 2, min: 0.2, status: "verified", valid_to: cut }), sampleLimit({ max: 1, min: null, valid_from: cut }), sampleLimit({ max: 9, valid_to: "2020-01-01T00:00:00+07:00" })];
    const lines = limitLines(limits, "mg/L", from, to);
    expect(lines.map(({ value, side, from: start, to: end }) => [value, side, start, end])).toEqual([
      [2, "max", from, Date.parse(cut)],
      [0.2, "min", from, Date.parse(cut)],
      [1, "max", Date.parse(cut), to],
    ]);
    expect(lines[0]?.wordings[0]).toBe("≤ 2 mg/L · QCVN 01-1:2024/BYT");
    expect(lines[2]?.wordings).toEqual([
      "≤ 1 mg/L · QCVN 01-1:2024/BYT · chưa kiểm chứng",
      "≤ 1 mg/L · chưa kiểm chứng",
      "≤ 1 mg/L",
    ]);
  });

  it("that several points share stand once", () => {
    expect(limitLines([sampleLimit({ max: 2, min: null }), sampleLimit({ max: 2, min: null })], "NTU", 0, 1)).toHaveLength(1);
  });
});
