// Every call that the dashboard makes, by what it asks for.
import { hub, unwrap } from "./client";
import type { Alarm, AlarmDetail, Buckets, Commune, Communes, DayCompleteness, Forward, MapGround, Point, Series, Session, SiteDetail, Snapshot } from "./types";

/** The hub answers for fewer than 400 days and up to 50 points at once. */
const MOST_DAYS_MS = 399 * 86_400_000;
const DAYS_AT_ONCE = 50;

/** The address of the live stream. */
export const STREAM_URL = "/api/v1/stream";

export const getCommune = () => unwrap(hub.GET("/api/v1/commune")) as Promise<Commune>;
/** A province's communes, in the order of things at a moment (RFC 3339). */
export const getCommunes = (at: string) => unwrap(hub.GET("/api/v1/communes", { params: { query: { at } } })) as unknown as Promise<Communes>;
export const getSession = () => unwrap(hub.GET("/api/v1/session")) as Promise<Session>;
export const login = (username: string, password: string) =>
  unwrap(hub.POST("/api/v1/session", { body: { username, password } })) as Promise<Session>;

/** Ends the session. The content type is set by hand: the call has no body, and the hub asks for it as a guard. */
export const logout = () =>
  unwrap(hub.DELETE("/api/v1/session", { headers: { "Content-Type": "application/json" } }));

/** All sites, devices, points and active alarms, of one moment. */
export const getSnapshot = () => unwrap(hub.GET("/api/v1/snapshot")) as unknown as Promise<Snapshot>;
export const getSite = (site: string) =>
  unwrap(hub.GET("/api/v1/sites/{site}", { params: { path: { site } } })) as Promise<SiteDetail>;
export const getMap = () => unwrap(hub.GET("/api/v1/map")) as Promise<MapGround>;
/** The address of a site's photograph, counted from 1. */
export const photoUrl = (site: string, number: number) => `/api/v1/sites/${encodeURIComponent(site)}/photos/${number}`;
/** Those of the commune's sites; of a site, and of the hub itself, where it is named. */
export const getPoints = (site?: string) =>
  unwrap(hub.GET("/api/v1/points", { params: { query: site === undefined ? {} : { site } } })) as Promise<Point[]>;

export interface AlarmFilter {
  state: "active" | "all";
  site?: string;
  /** Times as RFC 3339. */
  from?: string;
  to?: string;
}
export const getAlarms = (filter: AlarmFilter) =>
  unwrap(hub.GET("/api/v1/alarms", { params: { query: filter } })) as Promise<Alarm[]>;
export const getAlarm = (id: number) =>
  unwrap(hub.GET("/api/v1/alarms/{id}", { params: { path: { id } } })) as Promise<AlarmDetail>;

export const acknowledge = (id: number, comment: string) =>
  unwrap(
    hub.POST("/api/v1/alarms/{id}/acknowledge", { params: { path: { id } }, body: comment === "" ? {} : { comment } }),
  ) as Promise<AlarmDetail>;
export const shelve = (id: number, until: string, reason: string) =>
  unwrap(hub.POST("/api/v1/alarms/{id}/shelve", { params: { path: { id } }, body: { until, reason } })) as Promise<AlarmDetail>;
export const unshelve = (id: number) =>
  unwrap(hub.POST("/api/v1/alarms/{id}/unshelve", { params: { path: { id } }, body: {} })) as Promise<AlarmDetail>;
export const resetAlarm = (id: number, comment: string) =>
  unwrap(hub.POST("/api/v1/alarms/{id}/reset", { params: { path: { id } }, body: comment === "" ? {} : { comment } })) as Promise<AlarmDetail>;
export const addComment = (id: number, comment: string) =>
  unwrap(hub.POST("/api/v1/alarms/{id}/comment", { params: { path: { id } }, body: { comment } })) as Promise<AlarmDetail>;

/** How the ways out to other engines fare. */
export const getForwards = () => unwrap(hub.GET("/api/v1/forwards")) as Promise<Forward[]>;

/** Most spans that the hub hands out at once. */
export const MOST_SPANS = 5_000;

/** Least, mean and greatest of each of `buckets` equal spans, one series per point, in the order asked for; with `doubts` what
 *  was not good in them, too. More than the hub hands out at once are asked for part by part. */
export async function getBuckets(points: readonly string[], from: number, to: number, buckets: number, { doubts = false } = {}): Promise<Buckets[]> {
  if (points.length === 0) return [];
  if (buckets > MOST_SPANS) {
    const cut = from + (MOST_SPANS * (to - from)) / buckets;
    const [first, rest] = [await getBuckets(points, from, cut, MOST_SPANS), await getBuckets(points, cut, to, buckets - MOST_SPANS)];
    return first.map((part, index) => joined(part, rest[index]));
  }
  const query = { point: [...points], from: iso(from), to: iso(to), buckets, ...(doubts ? { doubts } : {}) };
  const answer = (await unwrap(hub.GET("/api/v1/readings", { params: { query } }))) as unknown as Buckets | Buckets[];
  return Array.isArray(answer) ? answer : [answer];
}

function joined(first: Buckets, next: Buckets | undefined): Buckets {
  if (next === undefined) return first;
  const columns = (["t", "min", "mean", "max", "n"] as const).map((name) => [name, [...first[name], ...next[name]]]);
  return { ...next, ...first, ...(Object.fromEntries(columns) as Pick<Buckets, "t" | "min" | "mean" | "max" | "n">) };
}

/** The commune's days that a period touches, of one point after the other: how many readings came, how many should have. */
export async function getDays(points: readonly string[], from: number, to: number): Promise<DayCompleteness[][]> {
  const days: DayCompleteness[][] = points.map(() => []);
  for (let start = from; start < to; start += MOST_DAYS_MS) {
    for (let first = 0; first < points.length; first += DAYS_AT_ONCE) {
      const query = { point: points.slice(first, first + DAYS_AT_ONCE), from: iso(start), to: iso(Math.min(to, start + MOST_DAYS_MS)) };
      const answers = await unwrap(hub.GET("/api/v1/completeness", { params: { query } }));
      // Where a period is cut the same day ends one part and begins the next.
      answers.forEach((answer, index) => days[first + index]?.push(...answer.days.filter(({ t }) => t > (days[first + index]?.at(-1)?.t ?? -Infinity)) as DayCompleteness[]));
    }
  }
  return days;
}

/** Every stored reading of one point, with its quality. */
export async function getSeries(point: string, from: number, to: number): Promise<Series> {
  const [series] = await getManySeries([point], from, to);
  return series ?? { point, unit: "", t: [], v: [], q: [] };
}

/** Every stored reading of these points, in the order asked for. The hub refuses more than 100,000 at once. */
export async function getManySeries(points: readonly string[], from: number, to: number): Promise<Series[]> {
  if (points.length === 0) return [];
  const query = { point: [...points], from: iso(from), to: iso(to) };
  const answer = (await unwrap(hub.GET("/api/v1/readings", { params: { query } }))) as unknown as Series | Series[];
  return Array.isArray(answer) ? answer : [answer];
}

/** Readings of these points as CSV, of any length; means of `buckets` equal spans where that is a number. */
export async function getCsv(points: readonly string[], from: number, to: number, buckets: number | null): Promise<Blob> {
  const query = { point: [...points], from: iso(from), to: iso(to), ...(buckets === null ? {} : { buckets }) };
  const call = hub.GET("/api/v1/readings", { params: { query }, headers: { Accept: "text/csv" }, parseAs: "blob" });
  return (await unwrap(call as Promise<{ data?: Blob; error?: unknown; response: Response }>)) as Blob;
}

/** What is thought of a reading: its moment (epoch ms), its quality, and why it is not simply good (empty where it is). */
export interface Judged {
  t: number;
  q: string;
  reason: string;
}

/** Every reading of one point with the reason of its quality, which the hub tells in CSV: point, time, value, unit, quality, reason. */
export async function getJudged(point: string, from: number, to: number): Promise<Judged[]> {
  const [, ...lines] = (await (await getCsv([point], from, to, null)).text()).trimEnd().split(/\r?\n/);
  return lines.map((line) => {
    const [, time = "", q = "missing", reason = ""] = /^[^,]*,([^,]*),.*,([^,]*),([^,]*)$/.exec(line) ?? [];
    return { t: Date.parse(time), q, reason };
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
