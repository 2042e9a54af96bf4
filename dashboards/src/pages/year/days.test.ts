// A year's days: months with the weeks right, completeness by each day's own length, the worst value, alarms by local day.
import { beforeEach, describe, expect, it } from "vitest";
import { commune } from "../../state/commune";
import { sampleAlarm, sampleDayCount, sampleLimit, samplePoint } from "../../ui/samples";
import { DAY_MS, alarmsOf, completenessOf, monthsOf, spansOf, worstOf } from "./days";

const NOW = Date.parse("2026-03-10T12:00:00+07:00");
const midnight = (day: string) => Date.parse(`${day}T00:00:00+07:00`);

beforeEach(() => {
  commune.value = null;
});

describe("the months", () => {
  it("stop today, the newest first, and begin on their weekday", () => {
    const months = monthsOf(2026, NOW);
    expect(months.map(({ month, days }) => [month, days.length])).toEqual([[3, 10], [2, 28], [1, 31]]);
    // 1 March 2026 is a Sunday, 1 January a Thursday.
    expect(months.map(({ before }) => before)).toEqual([6, 6, 3]);
    expect(months[0]?.days[0]).toMatchObject({ code: "2026-03-01", start: midnight("2026-03-01"), end: midnight("2026-03-02") });
    expect(monthsOf(2027, NOW)).toEqual([]);
    expect(monthsOf(2024, NOW).find(({ month }) => month === 2)?.days).toHaveLength(29);
  });
});

describe("a day", () => {
  const days = monthsOf(2026, NOW).flatMap((month) => month.days);
  const series = (counts: Record<string, number>, values: Record<string, [number, number]> = {}) => ({
    point: "p",
    unit: "mg/L",
    t: Object.keys(counts).map(midnight),
    n: Object.values(counts),
    min: Object.keys(counts).map((day) => values[day]?.[0] ?? 0.5),
    mean: Object.keys(counts).map(() => 0.5),
    max: Object.keys(counts).map((day) => values[day]?.[1] ?? 0.5),
  });

  it("is as complete as its points are in the mean; one without readings and rhythm is empty, one with readings alone is unknown", () => {
    const day = (share: number | null, n: number) => ({ ...sampleDayCount("2026-03-09"), share, n });
    expect([...completenessOf([[day(1, 144)], [day(0.5, 72)]])]).toEqual([["2026-03-09", 0.75]]);
    expect(completenessOf([[day(null, 0)]]).get("2026-03-09")).toBe(0);
    expect(completenessOf([[day(null, 5)]]).get("2026-03-09")).toBeNull();
  });

  it("shows the value furthest beyond its limit, whichever side", () => {
    const point = samplePoint({ limits: [sampleLimit({ min: 0.2, max: 1 })] });
    const single = series({ "2026-03-08": 1, "2026-03-09": 1 }, { "2026-03-08": [0.1, 0.9], "2026-03-09": [0.55, 0.65] });
    const found = worstOf(point, new Map([[DAY_MS, single]]), days);
    expect(found.get("2026-03-08")).toMatchObject({ value: 0.1, side: "min" });
    expect(found.get("2026-03-08")?.ratio).toBeGreaterThan(1);
    expect(found.get("2026-03-09")?.ratio).toBeLessThan(0.8);
  });

  it("is held against a limit of means by its means, each of its own span, not by single values", () => {
    const [hour, day] = [3_600, 86_400].map((averaging_s, index) => sampleLimit({ min: null, max: index === 0 ? 200 : 50, averaging_s }));
    const point = samplePoint({ limits: [hour, day].flatMap((limit) => limit ?? []) });
    expect(spansOf(point.limits)).toEqual([3_600_000, DAY_MS]);
    expect(spansOf([sampleLimit({ averaging_s: 31_536_000 })])).toEqual([]);
    const at = midnight("2026-03-09");
    const means = (t: number[], mean: number[]) => ({ point: "p", unit: "ug/m3", t, min: mean.map(() => 0), mean, max: mean.map(() => 900), n: mean.map(() => 6) });
    const found = (hours: number[]) =>
      worstOf(point, new Map([[3_600_000, means(hours.map((_, index) => at + (22 + index) * 3_600_000), hours)], [DAY_MS, means([at], [40])]]), days).get("2026-03-09");
    expect(found([150, 120])).toMatchObject({ value: 40, ratio: 0.8 });
    // The last hour of a day is of that day.
    expect(found([150, 250])).toMatchObject({ value: 250, ratio: 1.25 });
  });

  it("has the alarms that began on it in the commune's time", () => {
    const raised = (at: string, priority: "low" | "high") => sampleAlarm({ raised_at: at, priority });
    const found = alarmsOf([raised("2026-03-08T23:30:00Z", "low"), raised("2026-03-09T01:00:00+07:00", "high")]);
    expect([...found]).toEqual([["2026-03-09", { count: 2, worst: "high" }]]);
  });
});
