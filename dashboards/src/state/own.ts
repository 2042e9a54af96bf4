// The hub itself: its reserved site, and whether it stores anything just now, which the stream tells beside the alarms,
// for no alarm can be committed then.
import { signal } from "@preact/signals";
import type { HealthEvent } from "../api/types";

/** The site that stands for the hub itself. It is not among the sites that people have configured. */
export const HUB_SITE = "_hub";

/** Since when the store has taken nothing, epoch ms; `null` while all is well. */
export const storeFailingSince = signal<number | null>(null);

export function applyHealth(event: HealthEvent): void {
  storeFailingSince.value = event.store === "failed" && event.since !== null ? Date.parse(event.since) : null;
}
