// Numbers and times as people type them.
import { expect, it } from "vitest";
import { parseTypedClock, parseTypedNumber, typedNumber } from "./typed";

it("takes either decimal mark, and no marks between thousands", () => {
  expect(["1,02", "1.02", " -0,05 ", "−3", "0"].map(parseTypedNumber)).toEqual([1.02, 1.02, -0.05, -3, 0]);
  expect(["", "1.234,5", "1e3", "một", "1,", "--1", "NaN"].map(parseTypedNumber)).toEqual([null, null, null, null, null, null, null]);
});

it("writes a figure as it may be typed again", () => {
  expect(typedNumber(-0.05, "vi")).toBe("-0,05");
  expect(parseTypedNumber(typedNumber(1.25, "vi"))).toBe(1.25);
});

it("takes times of the day as they are written", () => {
  expect(["8:15", "08.15", "8h15", "8 giờ 15", "0815", "8h", "23:59"].map(parseTypedClock)).toEqual([495, 495, 495, 495, 495, 480, 1439]);
  expect(["", "24:00", "8:60", "815", "sáng"].map(parseTypedClock)).toEqual([null, null, null, null, null]);
});
