// What the dashboard knows of the commune: sites, points and alarms as signals, one signal per point,
// so that a reading redraws its own figure and nothing else.
import { type ReadonlySignal, type Signal, batch, computed, signal } from "@preact/signals";
import type { Alarm, Device, Point, ReadingEvent, Site, Snapshot } from "../api/types";
import { now } from "./clock";
import { connection } from "./connection";
import { type Standing, isExpired, standingOf } from "./freshness";
import { withAlarm, withAlarmList, withReading, withSnapshot } from "./reduce";

export interface PointEntry {
  readonly id: string;
  readonly site: string;
  readonly point: Signal<Point>;
  readonly standing: ReadonlySignal<Standing>;
}

/** Closed alarms are kept in the live list up to this many, so that a row does not vanish under a finger. */
const CLOSED_KEPT = 50;

export class HubStore {
  readonly sites = signal<readonly Site[] | null>(null);
  /** Devices by their full id. */
  readonly devices = signal<ReadonlyMap<string, Device>>(new Map());
  readonly points = signal<ReadonlyMap<string, PointEntry>>(new Map());
  /** Alarms that are active, and those that closed while we looked. `null` until the first answer. */
  readonly alarms = signal<ReadonlyMap<number, Alarm> | null>(null);
  /** Called for each alarm that the stream brings, after it has been taken in. */
  readonly alarmListeners = new Set<(alarm: Alarm) => void>();
  /** Called after the whole list has been taken in. */
  readonly alarmListListeners = new Set<() => void>();
  #meanwhile: Alarm[] | null = null;

  /** All that the hub says of one moment. */
  replaceAll({ sites, devices, points, alarms }: Snapshot): void {
    batch(() => {
      this.sites.value = sites;
      this.devices.value = new Map(devices.map((device) => [device.id, device]));
      this.replacePoints(points);
      this.replaceAlarms(alarms);
    });
  }

  replacePoints(list: readonly Point[]): void {
    batch(() => {
      const held = this.points.peek();
      const next = new Map<string, PointEntry>();
      for (const point of list) {
        const entry = held.get(point.id);
        if (entry === undefined) {
          next.set(point.id, createEntry(point));
          continue;
        }
        entry.point.value = withSnapshot(entry.point.peek(), point);
        next.set(point.id, entry);
      }
      this.points.value = next;
    });
  }

  applyReadings(events: readonly ReadingEvent[]): void {
    batch(() => {
      for (const event of events) {
        const entry = this.points.peek().get(event.point);
        if (entry !== undefined) entry.point.value = withReading(entry.point.peek(), event);
      }
    });
  }

  /** From now on, remember alarm events: a list has been asked for. */
  expectAlarmList(): void {
    this.#meanwhile = [];
  }

  replaceAlarms(list: readonly Alarm[]): void {
    this.alarms.value = withAlarmList(list, this.#meanwhile ?? []);
    this.#meanwhile = null;
    this.alarmListListeners.forEach((listener) => listener());
  }

  applyAlarm(alarm: Alarm): void {
    this.#meanwhile?.push(alarm);
    this.alarms.value = pruned(withAlarm(this.alarms.peek() ?? new Map(), alarm));
    this.alarmListeners.forEach((listener) => listener(alarm));
  }

  /** The points of one site, in the hub's order. Reads the signal, so a caller in a render follows it. */
  pointsOf(site: string): PointEntry[] {
    return [...this.points.value.values()].filter((entry) => entry.site === site);
  }

  clear(): void {
    batch(() => {
      this.sites.value = null;
      this.devices.value = new Map();
      this.points.value = new Map();
      this.alarms.value = null;
    });
  }
}

export function createEntry(first: Point): PointEntry {
  const point = signal(first);
  let known: { of: Point; expired: boolean; connected: boolean; standing: Standing } | null = null;
  // The same standing as long as nothing has changed but the clock: each second draws nothing anew.
  const standing = computed(() => {
    const of = point.value;
    const expired = isExpired(of, now.value);
    const connected = connection.value.state !== "lost";
    if (known?.of !== of || known.expired !== expired || known.connected !== connected) known = { of, expired, connected, standing: standingOf(of, expired, connected) };
    return known.standing;
  });
  return { id: first.id, site: first.site, point, standing };
}

function pruned(alarms: ReadonlyMap<number, Alarm>): ReadonlyMap<number, Alarm> {
  const closed = [...alarms.values()].filter((alarm) => alarm.state === "normal");
  if (closed.length <= CLOSED_KEPT) return alarms;
  const next = new Map(alarms);
  for (const alarm of closed.slice(0, closed.length - CLOSED_KEPT)) next.delete(alarm.id);
  return next;
}

export const store = new HubStore();
