// The geometry of the moving bar: ends, band, tick, and the limit that is nearer.
import { describe, expect, it } from "vitest";
import { barGeometry } from "./bar";

describe("the moving bar", () => {
  const range = { min: 0, max: 14 };
  const limit = { min: 6, max: 8 };

  it("is the physical range where there is no limit", () => {
    const bar = barGeometry({ value: 7, range, limit: null, today: null });
    expect(bar).toMatchObject({ low: 0, high: 14, tick: 0.5, allowed: null, nearer: null, exceeded: false });
  });

  it("shows the limits with half of their span around, and the nearer one", () => {
    const bar = barGeometry({ value: 7.5, range, limit, today: { min: 6.5, max: 7.6 } });
    expect(bar).toMatchObject({ low: 5, high: 9, allowed: { from: 0.25, to: 0.75 }, exceeded: false });
    expect(bar?.nearer).toEqual({ side: "max", figure: 8, at: 0.75 });
    expect(bar?.tick).toBeCloseTo(0.625);
  });

  it("is not crushed by a range far beyond the limit", () => {
    const bar = barGeometry({ value: 0.8, range: { min: 0, max: 1000 }, limit: { min: null, max: 2 }, today: null });
    expect(bar).toMatchObject({ low: 0, high: 3 });
    expect(bar?.allowed).toEqual({ from: 0, to: 2 / 3 });
  });

  it("widens for the day up to a bound; beyond it the tick stands at the end", () => {
    expect(barGeometry({ value: 11, range, limit, today: null })).toMatchObject({ high: 11, beyond: 0, exceeded: true });
    expect(barGeometry({ value: 13, range, limit, today: null })).toMatchObject({ high: 12, tick: 1, beyond: 1 });
  });

  it("stays within what is physically possible", () => {
    const bar = barGeometry({ value: 0.12, range: { min: 0, max: 5 }, limit: { min: 0.2, max: 1 }, today: null });
    expect(bar?.low).toBe(0);
    expect(bar?.exceeded).toBe(true);
    expect(bar?.nearer?.side).toBe("min");
  });

  it("without range and limit is the day's own, and without a day nothing", () => {
    expect(barGeometry({ value: 5, range: null, limit: null, today: { min: 4, max: 8 } })).toMatchObject({ low: 3, high: 9 });
    expect(barGeometry({ value: 5, range: null, limit: null, today: null })).toBeNull();
    expect(barGeometry({ value: 5, range: null, limit: null, today: { min: 5, max: 5 } })).toBeNull();
  });

  it("of an absent value has no tick", () => {
    expect(barGeometry({ value: null, range, limit, today: null })).toMatchObject({ tick: null, exceeded: false });
  });
});
