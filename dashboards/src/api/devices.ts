// Calls of the integrators' pages that add, change and probe devices. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { components } from "./schema.gen";
import type { Site } from "./types";

type Wire<Name extends keyof components["schemas"]> = Required<components["schemas"][Name]>;

export type Profile = Wire<"Profile">;
export type SiteFile = Wire<"SiteFile">;
export type SavedSiteFile = Wire<"SavedSiteFile">;
export type SiteVersion = Wire<"SiteVersion">;
export type TriedPoint = Wire<"TriedPoint">;
export type TriedDevice = Omit<Wire<"TriedDevice">, "points"> & { points: TriedPoint[] };
export type Interpretation = Wire<"Interpretation">;
export type Probe = Omit<Wire<"Probe">, "interpretations"> & { interpretations: Interpretation[] };
export type ProbeRequest = components["schemas"]["ProbeRequest"];
export type Quantity = Wire<"Quantity">;

/** The sites of the configuration; the hub itself is not among them. */
export const getSites = () => unwrap(hub.GET("/api/v1/sites")) as Promise<Site[]>;
const of = (site: string, device: string) => ({ params: { path: { site, device } } });

export const getProfiles = () => unwrap(hub.GET("/api/v1/profiles")) as Promise<Profile[]>;
export const getProfileText = (profile: string) =>
  unwrap(hub.GET("/api/v1/profiles/{profile}", { params: { path: { profile } } })).then((found) => (found as { toml: string }).toml);
export const getQuantities = () => unwrap(hub.GET("/api/v1/quantities")) as Promise<Quantity[]>;
export const getSiteFile = (site: string) => unwrap(hub.GET("/api/v1/sites/{site}/file", { params: { path: { site } } })) as Promise<SiteFile>;
export const getSiteVersion = (site: string, id: number) =>
  unwrap(hub.GET("/api/v1/sites/{site}/file/versions/{id}", { params: { path: { site, id } } })).then((found) => (found as { text: string }).text);
export const checkDevice = (site: string, device: string, toml: string) =>
  unwrap(hub.POST("/api/v1/sites/{site}/devices/{device}/check", { ...of(site, device), body: { toml } })).then((found) => (found as { text: string }).text);
export const saveDevice = (site: string, device: string, body: { toml: string; revision: string; why: string }) =>
  unwrap(hub.PUT("/api/v1/sites/{site}/devices/{device}", { ...of(site, device), body })) as Promise<SavedSiteFile>;
export const removeDevice = (site: string, device: string, revision: string) =>
  unwrap(hub.DELETE("/api/v1/sites/{site}/devices/{device}", { params: { path: { site, device }, query: { revision } } })) as Promise<SavedSiteFile>;
export const restoreSite = (site: string, version: number, revision: string) =>
  unwrap(hub.POST("/api/v1/sites/{site}/file/restore", { params: { path: { site } }, body: { version, revision } })) as Promise<SavedSiteFile>;
export const tryDevice = (toml: string) => unwrap(hub.POST("/api/v1/devices/try", { body: { toml } })) as Promise<TriedDevice>;
export const probe = (body: ProbeRequest) => unwrap(hub.POST("/api/v1/probe/modbus", { body })) as Promise<Probe>;
