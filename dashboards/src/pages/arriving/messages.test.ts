// Messages are joined without gaps or doubles, and found by kind and text.
import { describe, expect, it } from "vitest";
import type { MqttArrival } from "../../api/mqtt";
import { isShown, joined } from "./messages";

const message = (number: number, more: Partial<MqttArrival> = {}): MqttArrival => ({
  number,
  at: "2026-11-23T08:15:00+07:00",
  topic: `ap/${number}`,
  sample: { text: "1", is_hex: false, bytes: 1 },
  from: "gateway",
  fate: "fed",
  points: [],
  unknown_metrics: 0,
  problem: null,
  ...more,
});

describe("messages", () => {
  it("come newest first, each once, and no more than are kept", () => {
    const held = joined([], [message(1), message(2)]);
    expect(joined(held, []).map((each) => each.number)).toEqual([2, 1]);
    expect(joined(held, [message(2), message(3)]).map((each) => each.number)).toEqual([3, 2, 1]);
    const many = joined(held, Array.from({ length: 600 }, (_, index) => message(index + 3)));
    expect([many.length, many[0]?.number]).toEqual([500, 602]);
  });

  it("stand alone after the hub has begun to count anew", () => {
    expect(joined([message(90), message(80)], [message(1), message(2)]).map((each) => each.number)).toEqual([2, 1]);
  });

  it("are found by kind and by text", () => {
    const fed = message(1, { points: ["site/tank/level"] });
    const unknown = message(2, { fate: "unknown" });
    expect([isShown(fed, "all", ""), isShown(fed, "fed", " TANK "), isShown(fed, "unfed", "")]).toEqual([true, true, false]);
    expect([isShown(unknown, "unfed", "gateway"), isShown(unknown, "unreadable", ""), isShown(unknown, "all", "level")]).toEqual([true, false, false]);
  });
});
