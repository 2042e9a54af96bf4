// Which calibrations are due.
import { expect, it } from "vitest";
import type { Calibration } from "../../api/types";
import { dueOf } from "./due";

const NOW = Date.parse("2026-11-25T08:00:00+07:00");

function calibration(point: string, from: string, due: string | null): Calibration {
  return { id: 1, version: 1, point, from, gain: 1, offset: 0, by: "lan", certificate: null, note: null, next_due: due, entered_by: "lan", entered_at: from };
}

it("goes by each point's last calibration, the most urgent first", () => {
  const found = dueOf(
    [
      calibration("a/b/ph", "2026-01-01T00:00:00+07:00", "2026-02-01T00:00:00+07:00"),
      calibration("a/b/ph", "2026-10-01T00:00:00+07:00", "2027-10-01T00:00:00+07:00"),
      calibration("a/b/clo", "2026-05-01T00:00:00+07:00", "2026-11-25T00:00:00+07:00"),
      calibration("a/b/turbidity", "2026-05-01T00:00:00+07:00", "2026-12-10T00:00:00+07:00"),
      calibration("a/b/level", "2026-05-01T00:00:00+07:00", null),
    ],
    NOW,
  );
  expect(found.map(({ point, state }) => [point.split("/")[2], state])).toEqual([
    ["clo", "overdue"],
    ["turbidity", "soon"],
    ["ph", "later"],
    ["level", "unknown"],
  ]);
});
