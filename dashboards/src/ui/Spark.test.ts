// The spark's line: gaps stay open.
import { describe, expect, it } from "vitest";
import { sparkPath } from "./Spark";

describe("the spark", () => {
  it("begins a new stroke after a gap", () => {
    expect(sparkPath([0, 1, null, 1, 0])).toBe("M0.0 22.0L25.0 2.0M75.0 2.0L100.0 22.0");
  });
  it("of a value that does not change lies in the middle", () => {
    expect(sparkPath([3, 3])).toBe("M0.0 12.0L100.0 12.0");
  });
});
