// Gaps and doubtful stretches of a small series.
import { expect, it } from "vitest";
import type { Series } from "../../api/types";
import { spansOf } from "./spans";

const series = (entries: [number, string][]): Series => ({ point: "p", unit: "", t: entries.map(([t]) => t), v: entries.map(() => 1), q: entries.map(([, q]) => q) as Series["q"] });

it("finds what lies before, between and after, the longest first", () => {
  const found = spansOf(series([[100, "good"], [110, "suspect"], [120, "suspect"], [130, "good"], [200, "good"]]), 20, 0, 210);
  expect(found).toEqual([
    { kind: "gap", from: 0, to: 100, n: 0 },
    { kind: "gap", from: 130, to: 200, n: 0 },
    { kind: "suspect", from: 110, to: 130, n: 2 },
  ]);
});

it("of nothing at all is one gap, of good readings none", () => {
  expect(spansOf(series([]), 20, 0, 100)).toEqual([{ kind: "gap", from: 0, to: 100, n: 0 }]);
  expect(spansOf(series([[0, "good"], [10, "not_evaluated"], [20, "good"]]), 20, 0, 30)).toEqual([]);
});

it("keeps kinds apart that follow upon each other", () => {
  const found = spansOf(series([[0, "suspect"], [10, "fail"], [20, "good"]]), 20, 0, 25);
  expect(found.map(({ kind, from, to }) => [kind, from, to])).toEqual([["suspect", 0, 10], ["fail", 10, 20]]);
});
