// Columns and figures of a trend: gaps stay open, statistics are those of a hand-made example.
import { describe, expect, it } from "vitest";
import type { Buckets, Series } from "../../api/types";
import { sampleLimit, samplePoint } from "../../ui/samples";
import { type Line, bucketAt, bucketsFor, toColumns, toPanels } from "./columns";
import { shownSheets } from "./sheets";
import { durationCurve, histogram, isOutside, percentile, statisticsOf, weightedReadings } from "./statistics";

const MINUTE = 60_000;

function line(t: number[], mean: number[], changes: Partial<Line> = {}): Line {
  const buckets: Buckets = { point: "s/d/p", unit: "mg/L", t, min: mean.map((v) => v - 0.1), mean, max: mean.map((v) => v + 0.1), n: mean.map(() => 2) };
  return { point: samplePoint({ interval_s: 30 }), buckets, widthMs: MINUTE, shiftMs: 0, colour: 1, compared: false, expected: 4, spacing: () => 0, ...changes };
}

describe("columns", () => {
  it("open a line where nothing came for longer than its rhythm, and only there", () => {
    const columns = toColumns([line([0, MINUTE, 2 * MINUTE, 20 * MINUTE], [1, 2, 3, 4])]);
    expect(columns.t).toEqual([0, MINUTE, 2 * MINUTE, 3 * MINUTE, 20 * MINUTE]);
    expect(columns.lines[0]?.mean).toEqual([1, 2, 3, null, 4]);
  });

  it("are drawn through where the point was read less often then, and open where it was not", () => {
    const minutes = [0, 10, 20, 21, 22, 23, 24, 25, 26, 46];
    const times = minutes.map((minute) => minute * MINUTE);
    const open = (spacing: (at: number) => number) => {
      const columns = toColumns([line(times, times.map(() => 1), { spacing })]);
      return columns.t.filter((_, index) => columns.lines[0]?.mean[index] === null).map((t) => t / MINUTE);
    };
    expect(open(() => 0)).toEqual([1, 11, 27]);
    expect(open((at) => (at < 20 * MINUTE ? 10 * MINUTE : MINUTE))).toEqual([27]);
  });

  it("leave a line alone at the moments of another", () => {
    const columns = toColumns([line([0, MINUTE], [1, 2]), line([30_000], [9])]);
    expect(columns.lines[0]?.mean).toEqual([1, undefined, 2]);
    expect(columns.lines[1]?.mean).toEqual([undefined, 9, undefined]);
  });

  it("lay an earlier time beside the present one, and find its values there", () => {
    const earlier = line([0, MINUTE], [5, 6], { shiftMs: 10 * MINUTE, compared: true });
    expect(toColumns([earlier]).t).toEqual([10 * MINUTE, 11 * MINUTE]);
    expect(bucketAt(earlier, 10.5 * MINUTE)).toBe(0);
    expect(bucketAt(earlier, 5 * MINUTE)).toBe(-1);
  });

  it("ask for no more buckets than the rhythm fills or the screen shows", () => {
    expect(bucketsFor(3_600_000, [60], 1_200)).toBe(60);
    expect(bucketsFor(86_400_000, [2, 60], 1_200)).toBe(1_200);
    expect(bucketsFor(86_400_000, [null], 1_200)).toBe(288);
  });

  it("put lines of one unit together", () => {
    const panels = toPanels([line([], []), line([], [], { point: samplePoint({ unit: "[pH]" }) }), line([], [])], (point) => point.unit);
    expect(panels.map((panel) => [panel.key, panel.lines.length])).toEqual([["mg/L", 2], ["[pH]", 1]]);
  });
});

describe("a workbook", () => {
  it("names each limit of the period, with its mean, clause, the status of its figure and its days", () => {
    const limits = [
      sampleLimit({ max: 2, min: null, valid_to: "2025-07-01T00:00:00+07:00" }),
      sampleLimit({ max: 1, min: null, averaging_s: 3_600, status: "verified", valid_from: "2025-07-01T00:00:00+07:00" }),
      sampleLimit({ max: 9, min: null, valid_to: "2020-01-01T00:00:00+07:00" }),
    ];
    const [from, to] = [Date.parse("2025-06-01T00:00:00+07:00"), Date.parse("2025-08-01T00:00:00+07:00")];
    const [values, about] = shownSheets({ lines: [line([from], [0.5], { point: samplePoint({ limits }) })], nameOf: () => "Clo dư", from, to, madeAt: to });
    expect(values?.rows).toEqual([[from + 7 * 3_600_000, 0.5, 0.4, 0.6]]);
    expect([...(about?.rows ?? [])].map((row) => row.slice(3))).toEqual([
      ["mg/L", "≤ 2", "QCVN 01-1:2024/BYT · Bảng 1 (chưa kiểm chứng)", "", "01/07/2025"],
      ["mg/L", "≤ 1 · trung bình 1 giờ", "QCVN 01-1:2024/BYT · Bảng 1", "01/07/2025", ""],
    ]);
  });
});

describe("figures", () => {
  const values = [3, 1, 2, 5, 4].map((value, index) => ({ value, n: 1, at: index * MINUTE, forMs: MINUTE }));

  it("are those of a small example", () => {
    expect([0.5, 0.95, 0].map((share) => percentile(values, share))).toEqual([3, 5, 1]);
    const found = statisticsOf(line([0, MINUTE], [0.1, 0.5]), null);
    // Two buckets of two readings each in two minutes at one per 30 s; 0.1 mg/L is below the limit for a minute.
    expect(found).toMatchObject({ n: 4, completeness: 1, mean: 0.3, approximate: true });
    expect(found?.hoursOutside).toBeCloseTo(1 / 60);
    expect([found?.min, found?.max]).toEqual([0, 0.6]);
  });

  it("leave out what cannot be used, and let a reading stand no longer than a gap", () => {
    const series: Series = { point: "p", unit: "", t: [0, MINUTE, 60 * MINUTE], v: [1, 9, 2], q: ["good", "fail", "suspect"] };
    expect(weightedReadings(series, 5 * MINUTE, 61 * MINUTE)).toEqual([
      { value: 1, n: 1, at: 0, forMs: MINUTE },
      { value: 2, n: 1, at: 60 * MINUTE, forMs: MINUTE },
    ]);
    expect(statisticsOf(line([], []), null)).toBeNull();
  });

  it("hold a value against the limit of its own day", () => {
    const old = sampleLimit({ max: 2, min: null, valid_to: "2025-07-01T00:00:00+07:00" });
    const present = sampleLimit({ max: 1, min: null, valid_from: "2025-07-01T00:00:00+07:00" });
    const at = (day: string) => ({ value: 1.5, at: Date.parse(`${day}T12:00:00+07:00`) });
    expect(isOutside(at("2025-06-30"), [old, present])).toBe(false);
    expect(isOutside(at("2025-07-01"), [old, present])).toBe(true);
  });

  it("count shares that sum to the whole", () => {
    const bins = histogram(values);
    expect(bins.reduce((sum, bin) => sum + bin.share, 0)).toBeCloseTo(1);
    expect(histogram([values[0] ?? { value: 3, n: 1, at: 0, forMs: 1 }])).toHaveLength(1);
    const curve = durationCurve(values);
    expect(curve[0]).toEqual({ value: 5, share: 0.2 });
    expect(curve.at(-1)).toEqual({ value: 1, share: 1 });
  });
});
