// Gaps and doubtful stretches of a small series.
import { expect, it } from "vitest";
import { spansOf } from "./spans";

const series = (entries: [number, string, string?][]) => entries.map(([t, q, reason = ""]) => ({ t, q, reason }));

it("finds what lies before, between and after, the longest first", () => {
  const found = spansOf(series([[100, "good"], [110, "suspect"], [120, "suspect"], [130, "good"], [200, "good"]]), 20, 0, 210);
  expect(found).toEqual([
    { kind: "gap", from: 0, to: 100, n: 0, reason: "" },
    { kind: "gap", from: 130, to: 200, n: 0, reason: "" },
    { kind: "suspect", from: 110, to: 130, n: 2, reason: "" },
  ]);
});

it("of nothing at all is one gap, of good readings none", () => {
  expect(spansOf(series([]), 20, 0, 100)).toEqual([{ kind: "gap", from: 0, to: 100, n: 0, reason: "" }]);
  expect(spansOf(series([[0, "good"], [10, "not_evaluated"], [20, "good"]]), 20, 0, 30)).toEqual([]);
});

it("keeps kinds apart that follow upon each other", () => {
  const found = spansOf(series([[0, "suspect"], [10, "fail"], [20, "good"]]), 20, 0, 25);
  expect(found.map(({ kind, from, to }) => [kind, from, to])).toEqual([["suspect", 0, 10], ["fail", 10, 20]]);
});

it("keeps what is stuck apart from what is doubtful for another reason", () => {
  const found = spansOf(series([[0, "suspect", "rate"], [10, "suspect", "stuck"], [20, "suspect", "stuck"], [30, "good"]]), 20, 0, 35);
  expect(found.map(({ reason, from, to, n }) => [reason, from, to, n])).toEqual([["stuck", 10, 30, 2], ["rate", 0, 10, 1]]);
});
