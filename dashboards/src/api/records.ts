// Calls about what people write down: calibrations, maintenance, notes, corrections, the work that follows, and who did what.
import { hub, unwrap } from "./client";
import type { AuditedReading, Calibration, CalibrationChange, CalibrationPreview, Deed, Entry, EntryChange, Job } from "./types";

/** The hub asks each change for this, as a guard, also where the call has no body. */
const JSON_TYPE = { "Content-Type": "application/json" };

export type EntryKind = "maintenance" | "note";

/** A calibration as a form sends it; days are the commune's. */
export interface CalibrationWish {
  from: string;
  gain: number;
  offset: number;
  by: string;
  certificate: string;
  note: string;
  next_due?: string;
  version?: number;
}

export interface EntryWish {
  about: string;
  /** Epoch ms. */
  from: number;
  to: number;
  text: string;
  version?: number;
}

export interface CorrectionWish {
  /** Epoch ms; `to` is not included. */
  from: number;
  to: number;
  action: "exclude" | "set" | "restore";
  value?: number;
  reason: string;
}

const pathOf = (id: string) => {
  const [site = "", device = "", point = ""] = id.split("/");
  return { site, device, point };
};
const iso = (ms: number) => new Date(ms).toISOString();

/** Those of a point, the configuration's too. */
export const getCalibrations = (point: string) =>
  unwrap(hub.GET("/api/v1/points/{site}/{device}/{point}/calibrations", { params: { path: pathOf(point) } })) as Promise<Calibration[]>;
/** Those that officers have entered for a site's points. */
export const getSiteCalibrations = (site: string) =>
  unwrap(hub.GET("/api/v1/calibrations", { params: { query: { site } } })) as Promise<Calibration[]>;
export const addCalibration = (point: string, body: CalibrationWish) =>
  unwrap(hub.POST("/api/v1/points/{site}/{device}/{point}/calibrations", { params: { path: pathOf(point) }, body })) as Promise<CalibrationChange>;
export const changeCalibration = (id: number, body: CalibrationWish) =>
  unwrap(hub.PUT("/api/v1/calibrations/{id}", { params: { path: { id } }, body })) as Promise<CalibrationChange>;
export const removeCalibration = (id: number, version: number) =>
  unwrap(hub.DELETE("/api/v1/calibrations/{id}", { params: { path: { id }, query: { version } }, headers: JSON_TYPE })) as Promise<CalibrationChange>;
export const previewCalibration = (point: string, body: CalibrationWish) =>
  unwrap(hub.POST("/api/v1/points/{site}/{device}/{point}/calibrations/preview", { params: { path: pathOf(point) }, body })) as Promise<CalibrationPreview>;

export async function getEntries(kind: EntryKind, filter: { site?: string; point?: string; from?: number; to?: number }): Promise<Entry[]> {
  const { from, to, ...place } = filter;
  const query = { ...place, ...(from === undefined ? {} : { from: iso(from) }), ...(to === undefined ? {} : { to: iso(to) }) };
  const call = kind === "note" ? hub.GET("/api/v1/notes", { params: { query } }) : hub.GET("/api/v1/maintenance", { params: { query } });
  return (await unwrap(call)) as Entry[];
}
export async function addEntry(kind: EntryKind, body: EntryWish): Promise<EntryChange> {
  return (await unwrap(kind === "note" ? hub.POST("/api/v1/notes", { body }) : hub.POST("/api/v1/maintenance", { body }))) as EntryChange;
}
export async function changeEntry(kind: EntryKind, id: number, body: EntryWish): Promise<EntryChange> {
  const wish = { params: { path: { id } }, body };
  return (await unwrap(kind === "note" ? hub.PUT("/api/v1/notes/{id}", wish) : hub.PUT("/api/v1/maintenance/{id}", wish))) as EntryChange;
}
export async function removeEntry(kind: EntryKind, id: number, version: number): Promise<EntryChange> {
  const wish = { params: { path: { id }, query: { version } }, headers: JSON_TYPE };
  return (await unwrap(kind === "note" ? hub.DELETE("/api/v1/notes/{id}", wish) : hub.DELETE("/api/v1/maintenance/{id}", wish))) as EntryChange;
}

export const addCorrection = (point: string, body: CorrectionWish) =>
  unwrap(hub.POST("/api/v1/points/{site}/{device}/{point}/corrections", { params: { path: pathOf(point) }, body })) as Promise<Job>;
/** What officers have changed on a point's readings of a period. */
export const getCorrected = (point: string, from: number, to: number) =>
  unwrap(
    hub.GET("/api/v1/points/{site}/{device}/{point}/audit", { params: { path: pathOf(point), query: { from: iso(from), to: iso(to) } } }),
  ) as Promise<AuditedReading[]>;

/** Work on stored readings, the newest first. */
export const getJobs = () => unwrap(hub.GET("/api/v1/jobs")) as Promise<Job[]>;

export interface DeedFilter {
  by?: string;
  action?: string;
  object?: string;
  /** Epoch ms. */
  from?: number;
  to?: number;
  /** Only older ones than this number: the next page. */
  before?: number;
  limit: number;
}
export async function getDeeds({ from, to, ...rest }: DeedFilter): Promise<Deed[]> {
  const query = { ...rest, ...(from === undefined ? {} : { from: iso(from) }), ...(to === undefined ? {} : { to: iso(to) }) };
  return (await unwrap(hub.GET("/api/v1/audit", { params: { query } }))) as Deed[];
}
