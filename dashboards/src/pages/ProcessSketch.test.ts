// Where a value belongs in a water station.
import { expect, it } from "vitest";
import { stageOf } from "./ProcessSketch";

it.each([
  ["s/plc/raw-turbidity", "turbidity", "intake"],
  ["s/intake/level", "level", "intake"],
  ["s/plc/turbidity", "turbidity", "treatment"],
  ["s/plc/free-chlorine", "free_chlorine", "treatment"],
  ["s/plc/tank-level", "level", "tank"],
  ["s/plc/pump-1", "pump_state", "network"],
  ["s/meter/flow", "flow", "network"],
  ["s/power/energy", "energy", null],
  ["s/power/voltage", "voltage", null],
  ["s/meter/velocity", "state", null],
])("%s (%s) stands at %s", (id, quantity, stage) => {
  expect(stageOf({ id, quantity })).toBe(stage);
});
