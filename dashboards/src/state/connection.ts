// Whether the hub is heard at this moment. One fact, told by the live stream and by calls that fail.
import { signal } from "@preact/signals";
import { hubNow } from "./clock";

export interface Connection {
  state: "connecting" | "live" | "lost";
  /** For `lost`: the last moment at which the hub was heard, epoch ms. */
  since: number | null;
}

export const connection = signal<Connection>({ state: "connecting", since: null });

let heardAt = hubNow();

/** Something of the hub has arrived. */
export function heard(): void {
  heardAt = hubNow();
}

/** When the hub was heard last, epoch ms. */
export const lastHeard = () => heardAt;

export function markLive(): void {
  heard();
  if (connection.peek().state !== "live") connection.value = { state: "live", since: null };
}

export function markLost(): void {
  if (connection.peek().state !== "lost") connection.value = { state: "lost", since: heardAt };
}
