// The language of the page, and texts in it. Vietnamese is the source; English must have every key.
import { signal } from "@preact/signals";
import type { LocalText } from "../api/types";
import { en } from "./en";
import { type Key, vi } from "./vi";

export type Lang = "vi" | "en";
export type { Key };

export const lang = signal<Lang>("vi");

export function isLang(text: string | null | undefined): text is Lang {
  return text === "vi" || text === "en";
}

/** The text of a key in the present language, `{name}` filled in. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = (lang.value === "en" ? en : vi)[key];
  return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

type Counted = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

/** A text with a number in it: `<stem>.one` for 1, else `<stem>.other`. Vietnamese has one form for both. */
export function count(stem: Counted, n: number): string {
  return t(`${stem}.${n === 1 ? "one" : "other"}` as Key, { n });
}

/** The hub's own texts carry both languages. */
export function local(text: LocalText | null | undefined): string {
  if (text == null) return "";
  return text[lang.value] || text.vi || text.en;
}
