// Which marks stand beneath a chart, and which of them share a place.
import { expect, it } from "vitest";
import type { Entry } from "../../api/types";
import { samplePoint } from "../../ui/samples";
import { grouped, marksOf } from "./marks";

const point = samplePoint({ id: "s/d/p", site: "s", device: "s/d" });
const entry = (about: string, from: number, to: number): Entry => ({
  id: from,
  version: 1,
  about,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  text: "x",
  entered_by: "lan",
  entered_at: new Date(from).toISOString(),
});
const nothing = { calibrations: [], maintenance: [], notes: [], alarms: [] };

it("takes what is about the point, its device and its site, within the period", () => {
  const notes = [entry("s/d/p", 100, 100), entry("s/d/q", 110, 110), entry("s", 50, 120), entry("s/d", 200, 200), entry("t", 120, 120), entry("s/d/p", 10, 10)];
  const found = marksOf({ ...nothing, notes }, [point], 60, 200);
  expect(found.map(({ about, from }) => [about, from])).toEqual([["s", 50], ["s/d/p", 100]]);
});

it("puts marks together that would cover each other", () => {
  const notes = [0, 10, 12, 90].map((at) => entry("s/d/p", at, at));
  const groups = grouped(marksOf({ ...nothing, notes }, [point], 0, 100), 0, 100, 0.05);
  expect(groups.map(({ at, marks }) => [at, marks.length])).toEqual([[0, 1], [0.1, 2], [0.9, 1]]);
});
