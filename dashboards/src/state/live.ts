// Keeps the store in step with the hub: a snapshot at once, unless the page has brought one, so that there is something to see, the stream beside it, and a snapshot again
// once the stream is open and after each gap, so that nothing is missed in between.
// A connection that is silent without being broken is found by asking, so that old values never pass for fresh.
import { getSession, getSnapshot, STREAM_URL } from "../api/calls";
import { HubError, onUnreachable } from "../api/client";
import type { Alarm, HealthEvent, ReadingEvent } from "../api/types";
import { hubNow } from "./clock";
import { connection, heard, lastHeard, markLive, markLost } from "./connection";
import { gathered } from "../lib/gathered";
import { applyHealth, storeFailingSince } from "./own";
import type { HubStore } from "./store";

/** With nothing heard for this long the hub is asked whether it is there. */
const QUIET_MS = 12_000;
/** How often that is looked at, and how long an answer may take. */
const WATCH_MS = 3_000;
const ANSWER_MS = 6_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;
/** Readings that come within this time are drawn together: faster than four times a second nobody reads. */
const GATHER_MS = 250;

/** Fetches everything anew. */
export async function refresh(store: HubStore): Promise<void> {
  store.expectAlarmList();
  store.replaceAll(await getSnapshot());
}

/** Starts the snapshot and the stream; returns how to stop. */
export function startLive(store: HubStore): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let asking = false;
  let stopped = false;

  let renewing = false;
  let onceMore = false;
  const readings = gathered<ReadingEvent>((several) => store.applyReadings(several), GATHER_MS);

  /** One after the other: what comes while a list is on its way must be put upon that list. */
  async function renew(): Promise<void> {
    onceMore = renewing;
    if (renewing) return;
    renewing = true;
    try {
      do {
        onceMore = false;
        await refresh(store);
      } while (onceMore && !stopped);
    } catch (error) {
      if (error instanceof HubError && error.status !== 401) again();
    } finally {
      renewing = false;
    }
  }

  function open(): void {
    if (stopped) return;
    source?.close();
    const stream = new EventSource(STREAM_URL);
    source = stream;
    stream.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      // A stream begins with what is amiss, if anything is.
      storeFailingSince.value = null;
      markLive();
      void renew();
    };
    stream.onerror = () => {
      markLost();
      // The browser tries again by itself unless the hub refused; then we do, and learn whether the session is over.
      if (stream.readyState === EventSource.CLOSED) again();
    };
    stream.addEventListener("reading", (event) => {
      markLive();
      readings.take(JSON.parse(event.data) as ReadingEvent);
    });
    stream.addEventListener("alarm", (event) => {
      markLive();
      store.applyAlarm(JSON.parse(event.data) as Alarm);
    });
    stream.addEventListener("health", (event) => {
      markLive();
      applyHealth(JSON.parse(event.data) as HealthEvent);
    });
    stream.addEventListener("resync", () => {
      heard();
      void renew();
    });
  }

  function again(): void {
    if (stopped) return;
    clearTimeout(retry);
    retry = setTimeout(() => {
      void ask();
      open();
    }, retryMs);
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }

  /** Asks the hub for a sign of life. A lost session is told by the client itself. */
  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    const late = setTimeout(markLost, ANSWER_MS);
    try {
      await getSession();
      heard();
      // While the browser itself is trying again, it is left to it.
      if (connection.peek().state === "lost" && source?.readyState !== EventSource.CONNECTING) open();
    } catch (error) {
      if (error instanceof HubError && error.status === 0) markLost();
    } finally {
      clearTimeout(late);
      asking = false;
    }
  }

  const watcher = setInterval(() => {
    if (connection.peek().state === "lost" || hubNow() - lastHeard() > QUIET_MS) void ask();
  }, WATCH_MS);
  const ignore = onUnreachable(markLost);
  const askNow = () => void ask();
  window.addEventListener("online", askNow);
  window.addEventListener("offline", askNow);
  if (store.sites.peek() === null) void renew();
  open();

  return () => {
    stopped = true;
    source?.close();
    clearTimeout(retry);
    clearInterval(watcher);
    readings.stop();
    ignore();
    window.removeEventListener("online", askNow);
    window.removeEventListener("offline", askNow);
  };
}
