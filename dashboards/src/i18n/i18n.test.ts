// Texts, numbers and times: both languages complete, figures and dates as people of each write them.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Commune } from "../api/types";
import { commune } from "../state/commune";
import { chooseLang } from "../state/preferences";
import { en as first } from "./en";
import { enAlarm } from "./en.alarm";
import { enArriving } from "./en.arriving";
import { enBuses } from "./en.buses";
import { enDevices } from "./en.devices";
import { enLater } from "./en.later";
import { enRules } from "./en.rules";
import { ago, clockTime, dayCode, dayDate, dayStart, exactSpan, moment, parseDayCode, parseTypedDay, span } from "./format";
import { type Key, count, lang, local, t } from "./index";
import { reasonText } from "./reasons";
import { formatNumber, showLimitFigure, showText, unitSign } from "./units";
import { vi as firstVi } from "./vi";
import { viAlarm } from "./vi.alarm";
import { viArriving } from "./vi.arriving";
import { viBuses } from "./vi.buses";
import { viDevices } from "./vi.devices";
import { viLater } from "./vi.later";
import { viRules } from "./vi.rules";

const vi: Record<Key, string> = { ...firstVi, ...viLater, ...viRules, ...viArriving, ...viBuses, ...viDevices, ...viAlarm };
const en: Record<Key, string> = { ...first, ...enLater, ...enRules, ...enArriving, ...enBuses, ...enDevices, ...enAlarm };
const at = (text: string) => Date.parse(text);
const NOW = at("2026-11-23T08:15:00+07:00");
const MINUTE = 60_000;

beforeEach(() => {
  lang.value = "vi";
});
afterEach(() => {
  commune.value = null;
});

/** A file and all that it imports without being asked to later. */
function loadedWith(file: string, seen: string[] = []): string[] {
  if (seen.includes(file)) return seen;
  seen.push(file);
  for (const [, from, alone] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"/gm)) {
    const path = join(dirname(file), from ?? alone ?? "");
    const found = ["", ".ts", ".tsx", "/index.ts"].map((ending) => path + ending).find((each) => /\.tsx?$/.test(each) && existsSync(each));
    if (found !== undefined) loadedWith(found, seen);
  }
  return seen;
}

describe("keys", () => {
  it("have a text in both languages with the same places to fill in", () => {
    const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const key of Object.keys(vi) as Key[]) {
      expect(en[key], key).not.toBe("");
      expect(places(en[key]), key).toEqual(places(vi[key]));
    }
    expect(Object.keys(en)).toEqual(Object.keys(vi));
  });

  it("stand once, so that the order of the Vietnamese texts is that of the English ones", () => {
    const files = readdirSync("src/i18n").filter((name) => /^vi\b/.test(name));
    const keys = files.flatMap((name) => [...readFileSync(`src/i18n/${name}`, "utf8").matchAll(/^ {2}"([^"]+)":/gm)].map(([, key]) => key));
    expect([...keys].sort()).toEqual(Object.keys(vi).sort());
  });

  it("call the hub by the glossary's Vietnamese word", () => {
    expect(Object.entries(vi).filter(([, text]) => /\bhub\b(?!\.toml)/i.test(text))).toEqual([]);
  });

  it("are all used, by their whole name or by their stem", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !/i18n.(vi|en)(\.\w+)?\.ts$|test/.test(name));
    const code = files.map((name) => readFileSync(`src/${name}`, "utf8")).join("\n");
    const isUsed = (key: string) => code.includes(`"${key}"`) || code.includes(`"${key.replace(/\.(one|other)$/, "")}"`) || code.includes(`\`${key.slice(0, key.lastIndexOf(".") + 1)}$`);
    expect((Object.keys(vi) as Key[]).filter((key) => !isUsed(key))).toEqual([]);
  });

  it("of pages that come later are not needed by what is loaded first", () => {
    const files = loadedWith("src/main.tsx").filter((name) => !/i18n\/(vi|en)\b/.test(name));
    expect(files.length).toBeGreaterThan(40);
    const code = files.map((name) => readFileSync(name, "utf8")).join("\n");
    const isUsed = (key: string) => code.includes(`"${key}"`) || code.includes(`\`${key.slice(0, key.lastIndexOf(".") + 1)}$`);
    expect(Object.keys(viLater).filter(isUsed)).toEqual([]);
    expect(Object.keys(viLater).filter((key) => key in firstVi)).toEqual([]);
  });

  it("have no exclamation marks", () => {
    for (const text of [...Object.values(vi), ...Object.values(en)]) expect(text).not.toContain("!");
  });

  it("count one and many in English", () => {
    lang.value = "en";
    expect(count("alarms.count", 1)).toBe("1 alarm");
    expect(count("alarms.count", 3)).toBe("3 alarms");
  });

  it("leave an unknown place as it stands", () => {
    expect(t("time.ago", {})).toBe("{span} trước");
  });
});

describe("the language", () => {
  const nothing = { search: "", remembered: null, commune: [], browser: [] };
  it("comes from the address, then memory, then the commune, then the browser", () => {
    const all = { search: "?lang=en", remembered: "vi", commune: ["vi"], browser: ["vi-VN"] };
    expect(chooseLang(all)).toBe("en");
    expect(chooseLang({ ...all, search: "?lang=fr" })).toBe("vi");
    expect(chooseLang({ ...nothing, commune: ["en", "vi"], browser: ["vi"] })).toBe("en");
    expect(chooseLang({ ...nothing, browser: ["fr-FR", "en-GB"] })).toBe("en");
    expect(chooseLang(nothing)).toBe("vi");
  });

  it("of the hub's own texts falls back to Vietnamese", () => {
    lang.value = "en";
    expect(local({ vi: "Bơm 1", en: "" })).toBe("Bơm 1");
    expect(local(null)).toBe("");
  });
});

describe("numbers", () => {
  it("are marked as the browser marks them", () => {
    for (const [language, tag] of [["vi", "vi-VN"], ["en", "en-GB"]] as const) {
      lang.value = language;
      for (const value of [0, 0.5, -2.25, 7, 999.999, 1_000, -1_234.5, 12_345.678, 523_703, -1_000_000, 9_876_543_210.125]) {
        for (const decimals of [0, 1, 2, 6]) {
          const format = new Intl.NumberFormat(tag, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
          expect(formatNumber(value, decimals)).toBe(format.format(Number(value.toFixed(decimals))));
        }
      }
    }
    lang.value = "vi";
  });
  it("have a comma in Vietnamese and a point in English", () => {
    expect(formatNumber(1234.5, 1)).toBe("1.234,5");
    lang.value = "en";
    expect(formatNumber(1234.5, 1)).toBe("1,234.5");
  });

  it("never read minus nothing", () => {
    expect(formatNumber(-0.001, 2)).toBe("0,00");
  });

  it("of a limit keep the decimals they were written with", () => {
    expect(showLimitFigure(2)).toBe("2");
    expect(showLimitFigure(0.2)).toBe("0,2");
  });
});

describe("units", () => {
  const point = (unit: string, quantity = "flow", decimals = 1) => ({ unit, quantity, decimals });
  it("are shown as people write them", () => {
    expect(["[pH]", "[NTU]", "Cel", "m3/h", "ug/m3", "1", "mg/L"].map(unitSign)).toEqual(["", "NTU", "°C", "m³/h", "µg/m³", "", "mg/L"]);
  });

  it("of bytes take a prefix", () => {
    expect(showText(999, point("By", "rx_bytes", 0))).toBe("999\u00a0B");
    expect(showText(1_421_451, point("By", "rx_bytes", 0))).toBe("1,42\u00a0MB");
    expect(showText(24_840_000_000, point("By", "rx_bytes", 0))).toBe("24,84\u00a0GB");
  });

  it("of a pump are words", () => {
    expect(showText(1, point("1", "pump_state", 0))).toBe("đang chạy");
    expect(showText(0, point("1", "pump_state", 0))).toBe("dừng");
  });

  it("of a plain count are nothing", () => {
    expect(showText(12, point("1", "clients", 0))).toBe("12");
  });
});

/** Its winter time, from one change of the clocks to the next. */
const PARIS: Commune = {
  id: "x",
  name: { vi: "X", en: "X" },
  role: "commune",
  timezone: "Europe/Paris",
  utc_offset: { seconds: 3_600, from: at("2026-10-25T01:00:00Z"), until: at("2027-03-28T01:00:00Z") },
  location: null,
  languages: ["vi"],
  version: "1",
  needs_setup: false,
};

describe("times", () => {
  it("are told in the commune's timezone", () => {
    expect(clockTime(NOW)).toBe("08:15");
    commune.value = PARIS;
    expect(clockTime(NOW)).toBe("02:15");
    // The told offset, up to its ends and not beyond them.
    for (const [moment, told] of [["2026-10-25T00:59:00Z", "02:59"], ["2026-10-25T01:00:00Z", "02:00"], ["2027-03-28T00:59:00Z", "01:59"], ["2027-03-28T01:00:00Z", "03:00"]] as const) {
      expect(clockTime(at(moment)), moment).toBe(told);
    }
    expect(dayDate(at("2026-12-31T23:30:00Z"))).toBe("01/01/2027");
  });

  it("name today and yesterday, else the date with the day first", () => {
    expect(moment(NOW - 60 * MINUTE, NOW)).toBe("hôm nay 07:15");
    expect(moment(at("2026-11-22T23:50:00+07:00"), NOW)).toBe("hôm qua 23:50");
    expect(moment(at("2026-11-03T08:05:00+07:00"), NOW)).toBe("03/11/2026 08:05");
    lang.value = "en";
    expect(moment(NOW, NOW)).toBe("today 08:15");
  });

  it("a length that was set is told whole", () => {
    lang.value = "vi";
    expect([15, 90, 7_200, 90_000, 0].map(exactSpan)).toEqual(["15 giây", "1 phút 30 giây", "2 giờ", "1 ngày 1 giờ", "0 giây"]);
  });

  it("count an age in its largest unit", () => {
    expect(ago(NOW - 3_000, NOW)).toBe("vừa xong");
    expect(ago(NOW - 47_000, NOW)).toBe("40 giây trước");
    expect(ago(NOW - 12 * MINUTE, NOW)).toBe("12 phút trước");
    expect(ago(NOW - 190 * MINUTE, NOW)).toBe("3 giờ trước");
    expect(ago(NOW - 26 * 60 * MINUTE, NOW)).toBe("hôm qua 06:15");
    lang.value = "en";
    expect(span(MINUTE)).toBe("1 minute");
  });

  it("begin the day at local midnight", () => {
    expect(dayStart(NOW)).toBe(at("2026-11-23T00:00:00+07:00"));
    expect(dayCode(at("2026-11-22T17:30:00Z"))).toBe("2026-11-23");
  });

  it("begin the day right where clocks change", () => {
    commune.value = PARIS;
    expect(dayStart(at("2026-03-29T12:00:00Z"))).toBe(at("2026-03-28T23:00:00Z"));
    expect(dayStart(at("2026-10-25T12:00:00Z"))).toBe(at("2026-10-24T22:00:00Z"));
  });

  it("in addresses are read only when they are days", () => {
    expect(parseDayCode("2026-11-23")).toBe(at("2026-11-23T00:00:00+07:00"));
    expect(parseDayCode("2026-13-40")).toBeNull();
    expect(parseDayCode("today")).toBeNull();
    expect(parseDayCode(null)).toBeNull();
  });
});

describe("days as people type them", () => {
  it("have the day first, whatever stands between", () => {
    for (const typed of ["3/11/2026", "03/11/2026", " 03-11-2026 ", "3.11.2026", "03 11 2026", "03112026"]) {
      expect(parseTypedDay(typed), typed).toBe("2026-11-03");
    }
  });

  it("are refused where there is no such day", () => {
    for (const typed of ["", "11/17/2026", "31/02/2026", "29/02/2027", "3/11", "3/11/26", "0/1/2026", "2026-11-03", "hôm nay"]) {
      expect(parseTypedDay(typed), typed).toBeNull();
    }
  });
});

describe("reasons", () => {
  it("are words in both languages, an exception with its number", () => {
    expect(reasonText("timeout")).toBe("thiết bị không trả lời kịp");
    expect(reasonText("exception:2")).toBe("thiết bị báo lỗi 2");
    lang.value = "en";
    expect(reasonText("stuck")).toBe("unchanged for too long");
  });

  it("that are not known are shown, not hidden", () => {
    expect(reasonText("moonlight")).toBe("lý do: moonlight");
    expect(reasonText(null)).toBe("");
  });

  it("of the hub all have words", () => {
    const codes =
      "timeout exception refused disconnected bad_answer sentinel not_a_number undecodable offline expired out_of_range suspect_range rate stuck future late maintenance excluded corrected untimed retimed";
    for (const code of codes.split(" ")) expect(`reason.${code}` in vi, code).toBe(true);
  });
});
