// Times as people say them, in the commune's timezone: "12 phút trước", "hôm nay 08:15", "23/11/2026 08:15".
import { commune, timezone } from "../state/commune";
import { count, lang, t } from "./index";

interface Parts {
  day: string;
  clock: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(ms: number): Parts {
  // The present offset is told by the hub: making the browser's own format is a tenth of a second on a slow phone, before the first value stands.
  const offset = commune.value?.utc_offset;
  if (offset !== undefined && ms >= (offset.from ?? -Infinity) && ms < (offset.until ?? Infinity)) {
    const [date = "", clock = ""] = new Date(ms + offset.seconds * 1_000).toISOString().split("T");
    return { day: date.split("-").reverse().join("/"), clock: clock.slice(0, 5) };
  }
  const zone = timezone.value;
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  const found: Record<string, string> = {};
  for (const part of format.formatToParts(ms)) found[part.type] = part.value;
  return { day: `${found["day"]}/${found["month"]}/${found["year"]}`, clock: `${found["hour"]}:${found["minute"]}` };
}

const DAY_MS = 86_400_000;

/** `08:15`. */
export const clockTime = (ms: number) => partsOf(ms).clock;
/** `23/11/2026`. */
export const dayDate = (ms: number) => partsOf(ms).day;

/** `hôm nay 08:15`, `hôm qua 22:40`, else `21/11/2026 08:15`. */
export function moment(ms: number, nowMs: number): string {
  const { day, clock } = partsOf(ms);
  if (day === partsOf(nowMs).day) return t("time.today", { clock });
  if (day === partsOf(nowMs - DAY_MS).day) return t("time.yesterday", { clock });
  return `${day} ${clock}`;
}

/** "12 phút": a span in its largest unit, cut down, never "0". Seconds go in tens, so that figures do not flicker. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 60) return count("time.seconds", Math.max(10, Math.floor(seconds / 10) * 10));
  if (seconds < 3_600) return count("time.minutes", Math.floor(seconds / 60));
  if (seconds < 86_400) return count("time.hours", Math.floor(seconds / 3_600));
  return count("time.days", Math.floor(seconds / 86_400));
}

const UNITS = [["time.days", 86_400], ["time.hours", 3_600], ["time.minutes", 60], ["time.seconds", 1]] as const;

/** "1 phút 30 giây": a length that somebody has set, told whole. */
export function exactSpan(seconds: number): string {
  let left = Math.round(seconds);
  const parts = UNITS.flatMap(([key, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return n === 0 ? [] : [count(key, n)];
  });
  return parts.length === 0 ? count("time.seconds", 0) : parts.join(" ");
}

/** "vừa xong", "12 phút trước"; from a day on the date and time itself. */
export function ago(ms: number, nowMs: number): string {
  const age = nowMs - ms;
  if (age < 10_000) return t("time.justNow");
  return age < DAY_MS ? t("time.ago", { span: span(age) }) : moment(ms, nowMs);
}

/** Offset of the commune's timezone at a moment, ms east of UTC. */
export function offsetAt(ms: number): number {
  const { day, clock } = partsOf(ms);
  const [date, month, year] = day.split("/").map(Number);
  const [hour, minute] = clock.split(":").map(Number);
  const asUtc = Date.UTC(year ?? 0, (month ?? 1) - 1, date ?? 1, hour ?? 0, minute ?? 0);
  return asUtc - Math.floor(ms / 60_000) * 60_000;
}

/** The local midnight at or before a moment, epoch ms. */
export function dayStart(ms: number): number {
  const offset = offsetAt(ms);
  const midnight = Math.floor((ms + offset) / DAY_MS) * DAY_MS - offset;
  // Where the clocks change that day, midnight has another offset than the moment.
  return midnight + offset - offsetAt(midnight);
}

/** `2026-11-23` for the local day of a moment, as in addresses. */
export function dayCode(ms: number): string {
  return dayDate(ms).split("/").reverse().join("-");
}

/** The local midnight of `2026-11-23`; `null` for what is not a day. */
export function parseDayCode(code: string | null): number | null {
  if (code === null || !/^\d{4}-\d{2}-\d{2}$/.test(code)) return null;
  const noonUtc = Date.parse(`${code}T12:00:00Z`);
  // The 31st of a short month would roll over into the next one.
  if (Number.isNaN(noonUtc) || !new Date(noonUtc).toISOString().startsWith(code)) return null;
  const start = dayStart(noonUtc);
  return dayCode(start) === code ? start : dayStart(noonUtc - offsetAt(noonUtc));
}

/** `2026-11-23T08:15` for a moment in the commune's time, as in addresses. */
export const momentCode = (ms: number) => `${dayCode(ms)}T${clockTime(ms)}`;

/** The moment of `2026-11-23T08:15` or, at its beginning, of `2026-11-23`; `null` for what is neither. */
export function parseMomentCode(code: string | null): number | null {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T([01]\d|2[0-3]):([0-5]\d))?$/.exec(code ?? "");
  const midnight = parts === null ? null : parseDayCode(parts[1] ?? null);
  if (parts === null || midnight === null) return null;
  return midnight + (Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0)) * 60_000;
}

/**
 * A day as people type it: `3/11/2026`, `03-11-2026`, `03.11.2026`, `03112026`, with the day first in either language.
 * The code of that day, or `null` for what is no day.
 */
export function parseTypedDay(text: string): string | null {
  const typed = text.trim();
  const parts = /^(\d{1,2})[\s/.-]+(\d{1,2})[\s/.-]+(\d{4})$/.exec(typed) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(typed);
  if (parts === null) return null;
  const [, day = "", month = "", year = ""] = parts;
  const code = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  // The 31st of a short month would roll over into the next one.
  const date = new Date(`${code}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(code) ? code : null;
}

/** The language as a tag for Intl and for `lang` attributes of single elements. */
export const languageTag = () => (lang.value === "vi" ? "vi-VN" : "en-GB");
