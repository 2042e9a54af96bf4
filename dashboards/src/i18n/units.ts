// UCUM codes as people write them, and values that are words or need a prefix.
// The hub speaks UCUM; no code is ever shown to a person as it stands.
import type { Point } from "../api/types";
import { type Key, lang, t } from "./index";

const SIGNS: Record<string, string> = {
  "1": "",
  "[pH]": "",
  "[NTU]": "NTU",
  "[TCU]": "TCU",
  Cel: "°C",
  "m3/h": "m³/h",
  m3: "m³",
  m2: "m²",
  "ug/m3": "µg/m³",
  "mg/m3": "mg/m³",
  "ug/L": "µg/L",
  "uS/cm": "µS/cm",
  "kW.h": "kWh",
  "dB[A]": "dBA",
  "dB[mW]": "dBm",
  By: "B",
  "By/s": "B/s",
  "{count}": "",
};

/** `m3/h` becomes `m³/h`; a code without an entry is already what people write. */
export function unitSign(code: string): string {
  if (code === "d") return t("unit.days");
  return SIGNS[code] ?? code;
}

/** Quantities whose 0 and 1 are states, not amounts. */
const STATES: Record<string, readonly [off: Key, on: Key]> = {
  pump_state: ["state.stopped", "state.running"],
};
/** What a device reports itself holds while the value is not 0. */
const ALARM = ["state.calm", "state.reported"] as const;

/** What a value's words follow from: the quantity, or that it is an alarm of its device. */
type Worded = Pick<Point, "quantity"> & Partial<Pick<Point, "alarm">>;

const wordsOf = ({ quantity, alarm }: Worded) => (alarm == null ? STATES[quantity] : ALARM);

/** The word of a value that is a state; `null` for an amount. */
export function stateWord(point: Worded, value: number): string | null {
  const words = wordsOf(point);
  if (words === undefined) return null;
  // A mean of several lies between: a share of the time, no state.
  return value === 0 ? t(words[0]) : Number.isInteger(value) ? t(words[1]) : null;
}

export const isState = (point: Worded) => wordsOf(point) !== undefined;

/** Sums that only grow: their least and greatest of a day say nothing. */
const COUNTERS = new Set(["rx_bytes", "tx_bytes", "volume", "energy", "uptime"]);
export const isCounter = (quantity: string) => COUNTERS.has(quantity);

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** Bytes in steps of a thousand. */
function scaledBytes(value: number): { value: number; sign: string; decimals: number } {
  let step = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 1_000 && step < PREFIXES.length - 1) {
    scaled /= 1_000;
    step += 1;
  }
  return { value: scaled, sign: `${PREFIXES[step]}B`, decimals: step === 0 ? 0 : 2 };
}

/** Seconds of uptime in the largest unit that leaves a readable number. */
function scaledSeconds(value: number): { value: number; sign: string; decimals: number } {
  if (value >= 172_800) return { value: value / 86_400, sign: t("unit.days"), decimals: 1 };
  if (value >= 7_200) return { value: value / 3_600, sign: t("unit.hours"), decimals: 1 };
  return { value, sign: "s", decimals: 0 };
}

export interface Shown {
  text: string;
  unit: string;
}

/**
 * Number with the language's own marks: `1.234,5` in Vietnamese, `1,234.5` in English. Written here, for making the browser's own
 * formats is a tenth of a second on a slow phone, before the first value stands.
 */
export function formatNumber(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  const [whole = "", part] = text.split(".");
  const [thousands, mark] = lang.value === "vi" ? [".", ","] : [",", "."];
  // A rounded -0.04 would read "-0": the sign of nothing.
  const signed = Number(text) === 0 ? whole.replace("-", "") : whole;
  const grouped = signed.replace(/(\d)(?=(\d{3})+$)/g, `$1${thousands}`);
  return part === undefined ? grouped : grouped + mark + part;
}

/** What a value is shown by. */
export type Measured = Worded & Pick<Point, "unit" | "decimals">;

/** A measured value as a person reads it. */
export function showValue(value: number, point: Measured): Shown {
  const word = stateWord(point, value);
  if (word !== null) return { text: word, unit: "" };
  const scaled =
    point.unit === "By" ? scaledBytes(value) : point.quantity === "uptime" && point.unit === "s" ? scaledSeconds(value) : null;
  if (scaled !== null) return { text: formatNumber(scaled.value, scaled.decimals), unit: scaled.sign };
  return { text: formatNumber(value, point.decimals), unit: unitSign(point.unit) };
}

/** The same in one string, the unit after a space that does not break. */
export function showText(value: number, point: Measured): string {
  const shown = showValue(value, point);
  return shown.unit === "" ? shown.text : `${shown.text}\u00a0${shown.unit}`;
}

/** A limit's figure with as many decimals as it was written with: `2`, `0,2`. */
export function showLimitFigure(value: number): string {
  const written = String(value).split(".")[1]?.length ?? 0;
  return formatNumber(value, Math.min(written, 6));
}
