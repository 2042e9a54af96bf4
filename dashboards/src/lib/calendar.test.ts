// What "last week" and its like mean, at the edges of weeks, months and years.
import { expect, it } from "vitest";
import { calendar } from "./calendar";

const on = (day: string) => calendar(Date.parse(`${day}T08:15:00Z`));

it("weeks begin on Monday", () => {
  expect(on("2026-11-26").lastWeek).toEqual({ from: "2026-11-16", last: "2026-11-22" });
  expect(on("2026-11-29").week).toEqual({ from: "2026-11-23", last: "2026-11-29" });
  expect(on("2026-11-30").week).toEqual({ from: "2026-11-30", last: "2026-11-30" });
});

it("months and years end with their last day, over a new year and a leap day", () => {
  expect(on("2027-01-01")).toMatchObject({
    yesterday: { from: "2026-12-31", last: "2026-12-31" },
    lastWeek: { from: "2026-12-21", last: "2026-12-27" },
    month: { from: "2027-01-01", last: "2027-01-01" },
    lastMonth: { from: "2026-12-01", last: "2026-12-31" },
    lastYear: { from: "2026-01-01", last: "2026-12-31" },
  });
  expect(on("2028-03-05").lastMonth).toEqual({ from: "2028-02-01", last: "2028-02-29" });
});
