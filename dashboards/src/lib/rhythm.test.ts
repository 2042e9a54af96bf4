// What a point should have had follows each day's own rhythm.
import { expect, it } from "vitest";
import { sampleDayCount } from "../ui/samples";
import { expectedIn } from "./rhythm";

const DAY = 86_400_000;
const day = (index: number, expected: number | null) => sampleDayCount("2026-03-08", { t: index * DAY, expected });

it("adds up the parts of days, each by its own rhythm", () => {
  const days = [day(0, 144), day(1, 288)];
  expect(expectedIn(days, 0, 2 * DAY, 2 * DAY)).toBe(432);
  expect(expectedIn(days, DAY / 2, 1.5 * DAY, 2 * DAY)).toBe(72 + 144);
});

it("takes of the day under way what had passed", () => {
  // By six in the morning 36 of 144 could have come.
  expect(expectedIn([day(0, 36)], 0, DAY, DAY / 4)).toBe(36);
  expect(expectedIn([day(0, 36)], DAY / 8, DAY, DAY / 4)).toBe(18);
});

it("is unknown where a day's is, or nothing had passed", () => {
  expect(expectedIn([day(0, 144), day(1, null)], 0, 2 * DAY, 2 * DAY)).toBeNull();
  expect(expectedIn([day(0, null)], DAY, 2 * DAY, 2 * DAY)).toBeNull();
});
