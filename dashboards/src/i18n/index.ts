// The language of the page, and texts in it. Vietnamese is the source; English must have every key, and comes when it is
// first wanted (english.ts). The texts of pages that are loaded when asked for come with them (later.ts).
import { signal } from "@preact/signals";
import type { LocalText } from "../api/types";
import { formatNumber } from "./units";
import { type FirstKey, vi } from "./vi";
import type { LaterKey } from "./vi.later";
import type { viAlarm } from "./vi.alarm";
import type { viArriving } from "./vi.arriving";
import type { viBuses } from "./vi.buses";
import type { viDevices } from "./vi.devices";
import type { viRules } from "./vi.rules";

export type Lang = "vi" | "en";
/** Texts that are there from the start, and those that come with their pages. */
export type Key = FirstKey | LaterKey | keyof typeof viRules | keyof typeof viArriving | keyof typeof viBuses | keyof typeof viDevices | keyof typeof viAlarm;

const texts: Record<Lang, Partial<Record<Key, string>>> = { vi: { ...vi }, en: {} };

/** Adds texts that come when they are first wanted, both languages in one order: the English ones are built without their keys. */
export function addTexts<K extends Key>({ vi: added, en }: Record<Lang, Record<K, string>>): void {
  Object.assign(texts.vi, added);
  const english = Object.values<string>(en);
  for (const [place, key] of Object.keys(added).entries()) texts.en[key as K] = english[place] ?? "";
}

export const lang = signal<Lang>("vi");

export function isLang(text: string | null | undefined): text is Lang {
  return text === "vi" || text === "en";
}

/** The text of a key in the present language, `{name}` filled in. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = texts[lang.value][key] ?? key;
  return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether there is a text of that key; of later ones, once they are there. */
export const hasText = (key: string): key is Key => key in texts.vi;

type Counted = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

/** A text with a whole number in it: `<stem>.one` for 1, else `<stem>.other`. Vietnamese has one form for both. */
export function count(stem: Counted, n: number): string {
  return t(`${stem}.${n === 1 ? "one" : "other"}` as Key, { n: formatNumber(n, 0) });
}

/** The name of a point, with a word where its values are for reference only: it goes with it wherever they stand. */
export function pointName(point: { name: LocalText; reference: boolean }): string {
  return point.reference ? t("point.reference", { name: local(point.name) }) : local(point.name);
}

/** The hub's own texts carry both languages. */
export function local(text: LocalText | null | undefined): string {
  if (text == null) return "";
  return text[lang.value] || text.vi || text.en;
}
