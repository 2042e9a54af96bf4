// What a point's last reading is worth now. Pure: absent is not old is not bad, and each of them has its own name here.
import type { Point } from "../api/types";

/** A point with neither `expire_after_s` nor a rhythm of its own (pushed by hand, say) is silent after a day. */
export const DEFAULT_EXPIRY_S = 86_400;
/** Below this an expiry would flicker with the ordinary delay of one answer. */
export const LEAST_EXPIRY_S = 10;

export type StandingKind =
  | "good" // may be read as it is
  | "suspect" // kept and judged, but doubtful
  | "fail" // outside of what is possible
  | "calibrating"
  | "held" // was good when the connection was lost; nobody knows since
  | "lacking" // the device answers, but gives no value
  | "silent" // the device is not heard
  | "empty"; // nothing was ever read

export interface Standing {
  kind: StandingKind;
  /** The value to show: the present one, or the last good one where there is none. */
  value: number | null;
  /** When `value` was measured, epoch ms. */
  at: number | null;
  /** For silent and lacking: since when. */
  since: number | null;
  reason: string | null;
}

/** Reasons of missing values that mean "not heard", as against "heard, but no value in it". */
const NOT_HEARD = new Set(["timeout", "refused", "disconnected", "offline", "expired"]);

/** After how many seconds without a reading a point counts as silent. */
export function expirySeconds(point: Pick<Point, "expire_after_s" | "interval_s">): number {
  if (point.expire_after_s != null) return point.expire_after_s;
  if (point.interval_s != null) return Math.max(LEAST_EXPIRY_S, 3 * point.interval_s);
  return DEFAULT_EXPIRY_S;
}

/** Whether the point's last reading is too old to be believed, whatever the hub has or has not said. */
export function isExpired(point: Point, nowMs: number): boolean {
  if (point.latest == null) return false;
  return nowMs - Date.parse(point.latest.measured_at) > expirySeconds(point) * 1_000;
}

/** What the point's last reading is worth. `expired` by the clock, `connected` to the hub. */
export function standingOf(point: Point, expired: boolean, connected: boolean): Standing {
  const { latest, last_good: lastGood } = point;
  if (latest == null) return { kind: "empty", value: null, at: null, since: null, reason: null };
  const at = Date.parse(latest.measured_at);
  const hasValue = latest.value != null && latest.quality !== "missing";
  if (!hasValue) {
    const goodAt = lastGood == null ? null : Date.parse(lastGood.measured_at);
    const silent = expired || latest.reason == null || NOT_HEARD.has(latest.reason);
    return {
      kind: silent ? "silent" : "lacking",
      value: lastGood?.value ?? null,
      at: goodAt,
      since: goodAt ?? at,
      reason: latest.reason ?? null,
    };
  }
  if (expired) return { kind: "silent", value: latest.value, at, since: at, reason: "expired" };
  const base = { value: latest.value, at, since: null, reason: latest.reason ?? null };
  if (!connected) return { ...base, kind: "held" };
  switch (latest.quality) {
    case "suspect":
    case "fail":
    case "calibrating":
      return { ...base, kind: latest.quality };
    default:
      return { ...base, kind: "good" };
  }
}

/** Whether the value must not be read as the present one. */
export function isStale(kind: StandingKind): boolean {
  return kind === "held" || kind === "lacking" || kind === "silent" || kind === "empty";
}
