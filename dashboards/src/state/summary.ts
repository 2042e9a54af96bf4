// A site and its devices in one line: whether all is well, or what is not and since when. Pure.
import type { Alarm, LocalText, Priority, Site } from "../api/types";
import type { Standing } from "./freshness";
import { byUrgency } from "./reduce";

export interface PointFact {
  name: LocalText;
  /** `site/device`. */
  device: string;
  standing: Standing;
  /** The limit that the present value is beyond. */
  beyond: Beyond | null;
}

export interface Beyond {
  side: "min" | "max";
  figure: number;
}

export type SiteSummary =
  | { kind: "unknown"; since: number }
  | { kind: "alarm"; priority: Priority; count: number; since: number }
  | { kind: "silent"; devices: string[]; since: number }
  | { kind: "partly"; points: PointFact[] }
  | { kind: "no_data" }
  | { kind: "normal" };

/** Active and not hidden (put aside, explained by another, out of service): what a person should know of. */
export const counts = (alarm: Alarm) => alarm.state !== "normal" && alarm.beneath == null && alarm.state !== "shelved";

/** The limit that a present value lies beyond. What is absent, or cannot be right, exceeds nothing. */
export function beyondLimit(limit: { min: number | null; max: number | null } | null, standing: Standing): Beyond | null {
  const { kind, value } = standing;
  if (limit === null || value === null || (kind !== "good" && kind !== "suspect")) return null;
  if (limit.min != null && value < limit.min) return { side: "min", figure: limit.min };
  if (limit.max != null && value > limit.max) return { side: "max", figure: limit.max };
  return null;
}

const isUnheard = (standing: Standing) => standing.kind === "silent" || standing.kind === "lacking";

export interface DeviceFact {
  state: "online" | "silent" | "no_data";
  /** For `silent`: since when its last point is unheard, epoch ms. */
  since: number | null;
}

/** A device is silent when all of its points that ever spoke are, and at least one is not heard at all. */
export function deviceFact(standings: Iterable<Standing>): DeviceFact {
  const known: Standing[] = [];
  for (const standing of standings) {
    if (standing.kind === "empty") continue;
    // One that is heard settles it: the others are not looked at, so that who watches the answer need not follow them.
    if (!isUnheard(standing)) return { state: "online", since: null };
    known.push(standing);
  }
  if (known.length === 0) return { state: "no_data", since: null };
  if (known.every(({ kind }) => kind !== "silent")) return { state: "online", since: null };
  return { state: "silent", since: Math.max(...known.map((standing) => standing.since ?? 0)) };
}

/** `lostSince` is when the connection to the hub was lost; `null` while it stands. */
export function summarise(
  site: Site,
  points: readonly PointFact[],
  alarms: readonly Alarm[],
  lostSince: number | null,
): SiteSummary {
  if (lostSince !== null) return { kind: "unknown", since: lostSince };
  const raised = alarms.filter((alarm) => alarm.site === site.id && counts(alarm)).sort(byUrgency);
  const worst = raised[0];
  if (worst !== undefined) {
    const since = Math.min(...raised.map((alarm) => Date.parse(alarm.raised_at)));
    return { kind: "alarm", priority: worst.priority, count: raised.length, since };
  }
  if (points.every((point) => point.standing.kind === "empty")) return { kind: "no_data" };
  const silent = silentDevices(points);
  if (silent.devices.length > 0) return { kind: "silent", ...silent };
  const beyond = points.filter((point) => point.beyond !== null);
  const others = points.filter(({ beyond: exceeded, standing }) => exceeded === null && standing.kind !== "good" && standing.kind !== "empty");
  const doubtful = [...beyond, ...others];
  return doubtful.length > 0 ? { kind: "partly", points: doubtful } : { kind: "normal" };
}

function silentDevices(points: readonly PointFact[]): { devices: string[]; since: number } {
  const byDevice = new Map<string, Standing[]>();
  for (const { device, standing } of points) {
    const its = byDevice.get(device);
    if (its === undefined) byDevice.set(device, [standing]);
    else its.push(standing);
  }
  const devices: string[] = [];
  let since = Infinity;
  for (const [device, standings] of byDevice) {
    const fact = deviceFact(standings);
    if (fact.state !== "silent") continue;
    devices.push(device);
    since = Math.min(since, fact.since ?? Infinity);
  }
  return { devices, since };
}
