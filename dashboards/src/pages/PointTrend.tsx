// Fetches one point's day and draws it: buckets for the line, single readings for the strip where they are few.
import { useMemo, useRef } from "preact/hooks";
import { getBuckets, getSeries } from "../api/calls";
import type { Alarm, Buckets, Series } from "../api/types";
import { useNear } from "../lib/near";
import { useResource } from "../lib/resource";
import { hubNow } from "../state/clock";
import { expirySeconds } from "../state/freshness";
import type { PointEntry } from "../state/store";
import { DayTrend } from "../ui/DayTrend";
import { Failed, Loading } from "../ui/States";
import { SLOW_RHYTHM_S, type StripSpan, bucketCount, stripFromBuckets, stripFromSeries, toTrend } from "../ui/trend";
import type { Wait } from "../ui/waits";

export interface DaySpan {
  /** Changes when something else is to be fetched. */
  key: string;
  /** Its local midnight where it is a calendar day; `null` for the last 24 hours. */
  day: number | null;
  from: number;
  to: number;
}

export interface PointTrendProps {
  entry: PointEntry;
  span: DaySpan;
  alarms: readonly Alarm[];
  waits?: readonly Wait[];
}

/** Fetched and drawn at once, or with `whenNear` when it comes near the screen. */
export function PointTrend({ whenNear = false, ...props }: PointTrendProps & { whenNear?: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place, !whenNear);
  const wasNear = useRef(!whenNear);
  wasNear.current ||= near.value;
  return (
    <div ref={place} class={wasNear.current ? "" : "trend-place"}>
      {wasNear.current && <DrawnTrend {...props} />}
    </div>
  );
}

interface Fetched {
  buckets: Buckets;
  series: Series | null;
  widthMs: number;
  span: DaySpan;
}

function DrawnTrend({ entry, span, alarms, waits }: PointTrendProps) {
  const point = entry.point.peek();
  // The moving 24 hours keep what is drawn until the next has come; another day begins empty.
  const key = `${entry.id} ${span.day ?? "last"}`;
  const [fetched, reload] = useResource(key, () => fetchDay(entry, span), span.key);
  const { data, error } = fetched.value;
  const drawn = useMemo(
    () =>
      data === null
        ? null
        : { trend: toTrend(data.buckets, data.widthMs), spans: stripOf(data, entry), from: data.span.from, to: data.span.to },
    [data],
  );
  if (drawn !== null) return <DayTrend point={point} alarms={alarms} {...(waits === undefined ? {} : { waits })} {...drawn} />;
  return error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={1} height={238} />;
}

async function fetchDay(entry: PointEntry, span: DaySpan): Promise<Fetched> {
  const { interval_s: interval } = entry.point.peek();
  const wanted = bucketCount(span.to - span.from, interval);
  const slow = interval == null || interval >= SLOW_RHYTHM_S;
  const [[buckets], series] = await Promise.all([
    getBuckets([entry.id], span.from, span.to, wanted, { doubts: true }),
    // More readings than the hub hands out at once: the strip then comes from the buckets.
    slow ? getSeries(entry.id, span.from, span.to).catch(() => null) : null,
  ]);
  const empty: Buckets = { point: entry.id, unit: "", t: [], min: [], mean: [], max: [], n: [] };
  return { buckets: buckets ?? empty, series, widthMs: (span.to - span.from) / wanted, span };
}

function stripOf({ buckets, series, widthMs, span }: Fetched, entry: PointEntry): StripSpan[] {
  const until = Math.min(span.to, hubNow());
  if (series === null) return stripFromBuckets(buckets, widthMs, span.from, until);
  const expiry = expirySeconds(entry.point.peek()) * 1_000;
  return stripFromSeries(series, () => expiry, span.from, until);
}
