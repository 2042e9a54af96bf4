// A point's last day from its buckets.
import { describe, expect, it } from "vitest";
import { dayView } from "./day";

describe("a day", () => {
  const quarter = 900_000;
  const buckets = { point: "p", unit: "1", t: [0, 94 * quarter, 95 * quarter], min: [0, 8, 9], mean: [1, 9, 10], max: [2, 10, 11], n: [1, 1, 1] };
  it("has its buckets in their places, today's ends, and a direction", () => {
    const view = dayView(buckets, 0, 50 * quarter);
    expect(view.spark).toHaveLength(96);
    expect(view.spark[0]).toBe(1);
    expect(view.spark[50]).toBeNull();
    expect(view.today).toEqual({ min: 8, max: 11 });
    expect(view.direction).toBeNull();
  });
  it("rises when the last half hour is above the hour before", () => {
    const t = Array.from({ length: 96 }, (_, index) => index * quarter);
    const mean = t.map((_, index) => index ** 2);
    expect(dayView({ ...buckets, t, mean, min: mean, max: mean }, 0, 0).direction).toBe("rising");
    expect(dayView({ ...buckets, t, mean: mean.map(() => 4), min: mean, max: mean }, 0, 0).direction).toBe("steady");
  });
});
