// The hub's time. Ages are counted on the hub's clock, not on that of a phone that may be minutes off:
// the Date header of each answer says how far the two are apart.
import { signal } from "@preact/signals";

/** Differences below this are within the header's own second and the way's delay. */
const NEGLIGIBLE_MS = 2_000;

let skewMs = 0;

/** The hub's present moment, epoch milliseconds, renewed every second while the page is shown. */
export const now = signal(Date.now());

/** The hub's present moment, exactly. */
export function hubNow(): number {
  return Date.now() + skewMs;
}

/** Takes the difference between the hub's clock and ours from a Date header. */
export function measureSkew(dateHeader: string | null, localMs: number = Date.now()): void {
  const hubMs = dateHeader === null ? NaN : Date.parse(dateHeader);
  // The header is cut to whole seconds: half a second in is the best guess.
  if (!Number.isNaN(hubMs)) takeSkew(hubMs + 500, localMs);
}

/** The same from a moment of the hub and the one at which it came here, epoch ms. */
export function takeSkew(hubMs: number, localMs: number): void {
  const difference = hubMs - localMs;
  skewMs = Math.abs(difference) < NEGLIGIBLE_MS ? 0 : difference;
  now.value = hubNow();
}

/** Lets the clock tick; returns how to stop it. */
export function startClock(): () => void {
  const tick = () => {
    now.value = hubNow();
  };
  const timer = setInterval(tick, 1_000);
  // A sleeping tab's timers are throttled: on waking, every age is made right before it is read.
  document.addEventListener("visibilitychange", tick);
  tick();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}
