// Figures of alarms, and which earlier ones are like one.
import { expect, it } from "vitest";
import { sampleAlarm } from "../ui/samples";
import { figuresOf, similarTo } from "./alarmFigures";

const day = 86_400_000;
const from = Date.parse("2026-11-01T00:00:00+07:00");

it("count, weigh by week, and tell the mean time until somebody had seen them", () => {
  const alarms = [
    sampleAlarm({ id: 1, state: "normal", raised_at: "2026-11-02T08:00:00+07:00", acknowledged_at: "2026-11-02T08:10:00+07:00" }),
    sampleAlarm({ id: 2, raised_at: "2026-11-03T08:00:00+07:00", acknowledged_at: "2026-11-03T08:30:00+07:00", state: "acknowledged" }),
    sampleAlarm({ id: 3, rule: "turbidity-high" }),
  ];
  const found = figuresOf(alarms, from, from + 14 * day);
  expect(found).toMatchObject({ count: 3, perWeek: 1.5, untilAcknowledgedMs: 20 * 60_000, unacknowledged: 1, standing: 2 });
  expect(found.top.map(({ alarm, count }) => [alarm.rule, count])).toEqual([["chlorine-low", 2], ["turbidity-high", 1]]);
  expect(figuresOf([], from, from + day)).toMatchObject({ count: 0, untilAcknowledgedMs: null });
});

it("are alike by rule and place, the newest first, without the one itself", () => {
  const alarm = sampleAlarm({ id: 9 });
  const others = [alarm, sampleAlarm({ id: 1, raised_at: "2026-11-01T08:00:00+07:00" }), sampleAlarm({ id: 2 }), sampleAlarm({ id: 3, rule: "other" }), sampleAlarm({ id: 4, device: "x/y" })];
  expect(similarTo(alarm, others).map(({ id }) => id)).toEqual([2, 1]);
});
