// The order of a list that is being touched.
import { describe, expect, it } from "vitest";
import { settled } from "./order";

describe("a list that is touched", () => {
  it("keeps its order and takes newcomers at its end", () => {
    expect(settled([1, 2, 3], [4, 3, 1], true)).toEqual([1, 2, 3, 4]);
    expect(settled([1, 2, 3], [4, 3, 1], false)).toEqual([4, 3, 1]);
  });
});
