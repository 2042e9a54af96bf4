// A day in words: amounts by their ends, what only grows by its growth, a pump by how long it ran.
import { beforeEach, expect, it } from "vitest";
import { lang } from "../i18n";
import { daySentence, inShort, readout } from "./dayWords";

const found = { min: 0, mean: 0.354, max: 1 };
const pump = { quantity: "pump_state", unit: "1", decimals: 0 };
const chlorine = { quantity: "free_chlorine", unit: "mg/L", decimals: 2 };

beforeEach(() => {
  lang.value = "vi";
});

it("tells an amount by its least and greatest", () => {
  expect(inShort(found, chlorine)).toBe("thấp nhất 0,00\u00a0mg/L · cao nhất 1,00\u00a0mg/L");
  expect(daySentence("Clo dư", found, chlorine)).toContain("trung bình 0,35");
});

it("tells a pump by the share of the time that it ran", () => {
  expect(inShort(found, pump)).toBe("chạy 35\u00a0% thời gian");
  expect(daySentence("Bơm 1", found, pump)).toBe("Bơm 1: chạy 35\u00a0% thời gian");
});

it("tells an alarm of the device by the share of the time that it was reported", () => {
  const bit = { quantity: "state", unit: "1", decimals: 0, alarm: { title: { vi: "Ống không đầy nước", en: "Pipe not full" }, priority: "medium" as const } };
  expect(inShort(found, bit)).toBe("thiết bị báo 35\u00a0% thời gian");
  expect(daySentence("Bit 4", found, bit)).toBe("Bit 4: thiết bị báo 35\u00a0% thời gian");
});

it("tells a counter by what was added", () => {
  const volume = { quantity: "volume", unit: "m3", decimals: 0 };
  expect(inShort({ min: 521_242, mean: 521_600, max: 521_995 }, volume)).toBe("tăng thêm 753\u00a0m³");
});

it("says of a span in which a pump did both how much it ran", () => {
  const at = Date.parse("2026-11-23T08:15:00+07:00");
  const trend = { t: [at, at], min: [0, 1], mean: [0.4, 1], max: [1, 1] };
  expect(readout(trend, 0, pump)).toBe("08:15 · chạy 40\u00a0% thời gian");
  expect(readout(trend, 1, pump)).toBe("08:15 · đang chạy");
});
