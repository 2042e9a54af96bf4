// The last day of each point for its bar and spark: fetched on arrival and every few minutes, never with each reading.
import { type Signal, batch, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { getBuckets } from "../api/calls";
import type { Buckets } from "../api/types";
import { dayStart } from "../i18n/format";
import { whenIdle } from "../lib/idle";
import { hubNow } from "./clock";
import { connection } from "./connection";

export interface DayView {
  /** Means of a quarter of an hour each, oldest first. */
  spark: readonly (number | null)[];
  /** Since local midnight. */
  today: { min: number; max: number } | null;
  direction: "rising" | "falling" | "steady" | null;
}

const DAY_MS = 86_400_000;
const SPANS = 96;
const RENEW_MS = 300_000;
/** Points per request: keeps the address well below what servers take. */
const AT_ONCE = 20;

/** A signal for each point: the days of others draw nothing anew. */
const days = new Map<string, Signal<DayView | undefined>>();
/** When each was fetched, epoch ms. */
const fetchedAt = new Map<string, number>();

function held(point: string): Signal<DayView | undefined> {
  const known = days.get(point) ?? signal<DayView | undefined>(undefined);
  days.set(point, known);
  return known;
}

export const dayOf = (point: string): DayView | undefined => held(point).value;

/** Keeps the days of these points at hand while the caller is shown. Asks for those alone that are not there, or too old. */
export function useDays(points: readonly string[]): void {
  const key = points.join(" ");
  const lost = connection.value.state === "lost";
  useEffect(() => {
    if (key === "" || lost) return;
    let stopped = false;
    const load = async () => {
      const to = hubNow();
      const wanted = points.filter((point) => to - (fetchedAt.get(point) ?? 0) >= RENEW_MS);
      for (let start = 0; start < wanted.length && !stopped; start += AT_ONCE) {
        const series = await getBuckets(wanted.slice(start, start + AT_ONCE), to - DAY_MS, to, SPANS);
        if (stopped) return;
        batch(() => {
          for (const each of series) {
            fetchedAt.set(each.point, to);
            held(each.point).value = dayView(each, to - DAY_MS, dayStart(to));
          }
        });
      }
    };
    // Without its day a point still has value and limits: a failure is not worth a message.
    const attempt = () => void load().catch(() => undefined);
    const callOff = whenIdle(attempt);
    const timer = setInterval(attempt, RENEW_MS);
    return () => {
      stopped = true;
      callOff();
      clearInterval(timer);
    };
  }, [key, lost]);
}

/** Buckets (empty ones may be left out) as a spark, today's ends and a direction. */
export function dayView(buckets: Buckets, from: number, midnight: number): DayView {
  const width = DAY_MS / SPANS;
  const spark: (number | null)[] = new Array<number | null>(SPANS).fill(null);
  let today: DayView["today"] = null;
  for (const [index, t] of buckets.t.entries()) {
    const mean = buckets.mean[index];
    if (mean == null) continue;
    const slot = Math.floor((t - from) / width);
    if (slot >= 0 && slot < SPANS) spark[slot] = mean;
    if (t < midnight) continue;
    const min = buckets.min[index] ?? mean;
    const max = buckets.max[index] ?? mean;
    today = today === null ? { min, max } : { min: Math.min(today.min, min), max: Math.max(today.max, max) };
  }
  return { spark, today, direction: directionOf(spark) };
}

/** The last half hour against the hour before it, worth a word when it is a twentieth of the day's spread. */
function directionOf(spark: readonly (number | null)[]): DayView["direction"] {
  const mean = (values: readonly (number | null)[]) => {
    const present = values.filter((value): value is number => value !== null);
    return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
  };
  const late = mean(spark.slice(-2));
  const before = mean(spark.slice(-6, -2));
  if (late === null || before === null) return null;
  const present = spark.filter((value): value is number => value !== null);
  const spread = Math.max(...present) - Math.min(...present);
  if (Math.abs(late - before) <= spread / 20) return "steady";
  return late > before ? "rising" : "falling";
}
