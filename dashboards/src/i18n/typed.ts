// What people type: numbers with either mark, times of the day in the ways they are written here. Pure.

/** `1,02`, `1.02`, `-0,05`; the value, or `null` for what is no number. Marks between thousands are not taken: one cannot know. */
export function parseTypedNumber(text: string): number | null {
  const typed = text.trim().replace("−", "-");
  return /^[+-]?\d{1,12}([.,]\d{1,9})?$/.test(typed) ? Number(typed.replace(",", ".")) : null;
}

/** `8:15`, `08.15`, `8h15`, `8 giờ 15`, `0815`, `8h`: minutes since midnight, or `null`. */
export function parseTypedClock(text: string): number | null {
  const typed = text.trim().toLowerCase();
  const parts = /^(\d{1,2})\s*(?::|\.|h|giờ)\s*(\d{2})?$/.exec(typed) ?? /^(\d{2})(\d{2})$/.exec(typed);
  if (parts === null) return null;
  const [hour, minute] = [Number(parts[1]), Number(parts[2] ?? 0)];
  return hour < 24 && minute < 60 ? hour * 60 + minute : null;
}

/** A figure as it is typed in this language, with as many decimals as it has. */
export function typedNumber(value: number, language: string): string {
  return language === "vi" ? String(value).replace(".", ",") : String(value);
}
