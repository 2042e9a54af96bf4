// The effect of a correction on the day's mean.
import { expect, it } from "vitest";
import type { Buckets } from "../../api/types";
import { effectOf } from "./correction";

const one = (n: number, mean: number): Buckets => ({ point: "p", unit: "", t: [0], min: [mean - 1], mean: [mean], max: [mean + 1], n: [n] });
const none: Buckets = { point: "p", unit: "", t: [], min: [], mean: [], max: [], n: [] };

it("takes excluded values out of the mean, and puts set ones in their place", () => {
  // Ten values of mean 2, of which two are 6: the others are 1.
  expect(effectOf(one(10, 2), one(2, 6), null)).toEqual({ n: 2, min: 5, max: 7, before: 2, after: 1 });
  expect(effectOf(one(10, 2), one(2, 6), 1).after).toBe(1);
});

it("of nothing, or of all there is, leaves no mean", () => {
  expect(effectOf(none, none, null)).toEqual({ n: 0, min: null, max: null, before: null, after: null });
  expect(effectOf(one(2, 6), one(2, 6), null).after).toBeNull();
});
