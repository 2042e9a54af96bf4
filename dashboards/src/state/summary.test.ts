// A site in one line: the worst that is so, and nothing said to be well that nobody knows.
import { describe, expect, it } from "vitest";
import type { Site } from "../api/types";
import { sampleAlarm, sampleStandings } from "../ui/samples";
import type { StandingKind } from "./freshness";
import { beyondLimit, deviceFact, summarise } from "./summary";

const NOW = Date.parse("2026-11-23T08:30:00+07:00");
const standings = sampleStandings(NOW);
const site: Site = {
  id: "tam-hop-water",
  kind: "water_station",
  name: { vi: "Trạm", en: "Station" },
  location: null,
  state: "normal",
  points: 2,
  alarms: 0,
};
const point = (kind: StandingKind, device = "tam-hop-water/plc") => ({ name: { vi: "pH", en: "pH" }, device, standing: standings[kind], beyond: null });

describe("a site", () => {
  it("is well when all of its points are", () => {
    expect(summarise(site, [point("good"), point("empty")], [], null)).toEqual({ kind: "normal" });
  });

  it("counts its active alarms, not those put aside, closed or elsewhere", () => {
    const alarms = [
      sampleAlarm({ id: 1, priority: "low", raised_at: "2026-11-23T08:00:00+07:00" }),
      sampleAlarm({ id: 2, priority: "critical" }),
      sampleAlarm({ id: 3, state: "shelved" }),
      sampleAlarm({ id: 4, state: "normal" }),
      sampleAlarm({ id: 5, site: "elsewhere" }),
    ];
    expect(summarise(site, [point("good")], alarms, null)).toEqual({
      kind: "alarm",
      priority: "critical",
      count: 2,
      since: Date.parse("2026-11-23T08:00:00+07:00"),
    });
  });

  it("names the device that is silent, and since when", () => {
    const facts = [point("silent"), point("silent"), point("good", "tam-hop-water/flow-meter")];
    expect(summarise(site, facts, [], null)).toEqual({ kind: "silent", devices: ["tam-hop-water/plc"], since: NOW - 720_000 });
  });

  it("names single points that are not well", () => {
    expect(summarise(site, [point("good"), point("suspect")], [], null)).toMatchObject({ kind: "partly", points: [{ standing: { kind: "suspect" } }] });
  });

  it("names a value beyond its limit before anything doubtful, though no rule has raised an alarm", () => {
    const low = { ...point("good"), beyond: { side: "min" as const, figure: 0.2 } };
    expect(summarise(site, [point("suspect"), low], [], null)).toMatchObject({ kind: "partly", points: [{ beyond: { side: "min" } }, { beyond: null }] });
    const limit = { min: 0.2, max: 1 };
    expect(beyondLimit(limit, { ...standings.good, value: 0.1 })).toEqual({ side: "min", figure: 0.2 });
    expect(beyondLimit(limit, { ...standings.good, value: 1.1 })).toEqual({ side: "max", figure: 1 });
    expect(beyondLimit(limit, { ...standings.silent, value: 0.1 })).toBeNull();
  });

  it("has no data before the first reading", () => {
    expect(summarise(site, [point("empty")], [], null).kind).toBe("no_data");
    expect(summarise(site, [], [], null).kind).toBe("no_data");
  });

  it("is never called well while the hub is not heard", () => {
    expect(summarise(site, [point("good")], [], NOW)).toEqual({ kind: "unknown", since: NOW });
  });
});

describe("a device", () => {
  it("that answers without values is not silent", () => {
    expect(deviceFact([standings.lacking, standings.lacking]).state).toBe("online");
    expect(deviceFact([standings.lacking, standings.silent]).state).toBe("silent");
    expect(deviceFact([]).state).toBe("no_data");
  });
});
