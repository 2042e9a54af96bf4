// The hub's JSON as the dashboard sees it. The only file, with client.ts, that names generated types:
// when the hub's document changes shape, this is where it is met.
import type { components } from "./schema.gen";

type Wire<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Optional members read as "present or null", so that the rest of the app asks one question only. */
type Present<T> = { [Key in keyof T]-?: Exclude<T[Key], undefined> };

export type LocalText = Present<Wire<"LocalText">>;
export type Role = Wire<"Role">;
export type Quality = Wire<"Quality">;
export type Priority = Wire<"Priority">;
export type AlarmState = Wire<"AlarmState">;
export type SiteState = Wire<"SiteState">;
export type DeviceState = Wire<"DeviceState">;
export type Commune = Present<Wire<"Commune">>;
/** What a province sees of a commune. */
export type CommuneFigures = Present<Wire<"CommuneFigures">>;
export type Communes = Omit<Present<Wire<"Communes">>, "communes"> & { communes: CommuneFigures[] };
export type Session = Present<Wire<"Session">>;
export type Site = Present<Wire<"Site">>;
export type Device = Present<Wire<"Device">>;
export type SiteDetail = Omit<Present<Wire<"SiteDetail">>, "devices" | "about"> & { devices: Device[]; about: AboutSite };
export type Snapshot = { sites: Site[]; devices: Device[]; points: Point[]; alarms: Alarm[] };
/** What the page itself brings to somebody who is logged in. `at` in epoch ms. */
export type Start = { at: number; commune: Commune; session: Session; snapshot: Snapshot };
export type Range = Present<Wire<"Bounds">>;
export type Limit = Present<Wire<"Limit">>;
export type Latest = Present<Wire<"Latest">>;
export type LastGood = Present<Wire<"LastGood">>;
export type Point = Omit<Present<Wire<"Point">>, "alarm" | "range" | "limit" | "latest" | "last_good"> & {
  alarm: Wire<"NamedAlarm"> | null;
  range: Range | null;
  limit: Limit | null;
  latest: Latest | null;
  last_good: LastGood | null;
};
export type Alarm = Present<Wire<"Alarm">>;
export type Announcement = Omit<Present<Wire<"Announcement">>, "text"> & { text: LocalText | null };
export type AlarmTransition = Present<Wire<"AlarmTransition">>;
export type AlarmDetail = Omit<Present<Wire<"AlarmDetail">>, "history"> & { history: AlarmTransition[] };
/** Only buckets that hold values; of none of them is a value that failed, is missing or was taken while calibrating. */
export type Buckets = Omit<Present<Wire<"Buckets">>, "doubts" | "older"> & { doubts?: Doubts; older?: OlderPart };
/** Buckets in which some reading was not simply good, with how many of each such quality. */
export type Doubts = Wire<"Doubts">;
export type Series = Present<Omit<Wire<"Readings">, "older">> & { older?: OlderPart };
/** The part of an answer that has left the hub for its age. */
export type OlderPart = Wire<"OlderPart">;
export type DayCompleteness = Present<Wire<"DayCompleteness">>;
export type Forward = Present<Wire<"Forward">>;
export type HealthEvent = Present<Wire<"HealthEvent">>;
export type User = Present<Wire<"User">>;
export type Token = Present<Wire<"Token">>;
export type MadeToken = Wire<"MadeToken">;
export type OpenSession = Wire<"OpenSession">;
export type Deed = Wire<"Deed">;
export type Rule = Present<Wire<"Rule">>;
export type RuleText = Present<Wire<"RuleText">>;
export type DeletedRule = Present<Wire<"DeletedRule">>;
export type RuleVersion = Present<Wire<"RuleVersion">>;
export type OldRuleText = Present<Wire<"OldRuleText">>;
export type RuleChecked = Present<Wire<"RuleChecked">>;
export type TextFault = Present<Wire<"TextFault">>;
export type CasesRun = Present<Wire<"CasesRun">>;
export type SavedRule = Present<Wire<"SavedRule">>;
export type Backtest = Present<Wire<"Backtest">>;
export type BacktestFigures = Present<Wire<"BacktestFigures">>;
export type BacktestAlarm = Present<Wire<"BacktestAlarm">>;
export type Calibration = Present<Wire<"Calibration">>;
export type CalibrationPreview = Present<Wire<"CalibrationPreview">>;
export type Job = Present<Wire<"Job">>;
export type CalibrationChange = { calibration: Calibration | null; job: Job };
export type Entry = Present<Wire<"Entry">>;
export type EntryChange = { entry: Entry | null; job: Job | null };
export type AuditedReading = Wire<"AuditedReading">;
export type AboutSite = Present<Wire<"About">>;
export type MapGround = Present<Wire<"Map">>;
export type Problem = Wire<"Problem">;

/** A `reading` event of the stream. */
export type ReadingEvent = Latest & { point: string; last_good: LastGood | null };
