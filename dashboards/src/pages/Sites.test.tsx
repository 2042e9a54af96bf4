// The list of sites: a row says how a site is and what it measures, and never more than is known.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Site } from "../api/types";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { store } from "../state/store";
import { summaryLine } from "../state/site";
import { samplePoint } from "../ui/samples";
import { show, textOf } from "../ui/testing";
import Sites from "./Sites";

const NOW = Date.parse("2026-11-23T08:30:00+07:00");
const site: Site = { id: "tam-hop-water", kind: "water_station", name: { vi: "Trạm cấp nước", en: "Water" }, location: null, state: "normal", points: 1, alarms: 0 };

beforeEach(() => {
  lang.value = "vi";
  now.value = NOW;
  store.sites.value = [site];
});
afterEach(() => store.clear());

it("shows the main readings, and says which lies beyond its limit", () => {
  const at = new Date(NOW - 2_000).toISOString();
  store.replacePoints([samplePoint({ latest: { value: 0.12, quality: "good", reason: null, measured_at: at, received_at: at } })]);
  expect(textOf(show(<Sites />).querySelector("dl"))).toBe("Clo dư0,12 mg/L▼ dưới 0,2");
});

it("says of a point that has never spoken that there is nothing yet", () => {
  store.replacePoints([samplePoint()]);
  const row = show(<Sites />).querySelector("[data-site]");
  expect(textOf(row?.querySelector("dd") ?? null)).toBe("chưa có số liệu");
  expect(row?.querySelector("a")?.getAttribute("href")).toBe("/sites/tam-hop-water");
});

it("names who is to be looked at, the first three of many", () => {
  const at = new Date(NOW - 2_000).toISOString();
  const latest = { value: 1, quality: "suspect", reason: "stuck", measured_at: at, received_at: at } as const;
  const points = ["Clo dư tự do", "Độ đục", "pH", "Áp suất", "Nhiệt độ"].map((name, n) => samplePoint({ id: `tam-hop-water/plc/p${n}`, name: { vi: name, en: name }, latest }));
  store.replacePoints(points.slice(0, 2));
  expect(summaryLine(site).text).toBe("2 điểm đo cần xem: Clo dư tự do, Độ đục");
  store.replacePoints(points);
  expect(summaryLine(site).text).toBe("5 điểm đo cần xem: Clo dư tự do, Độ đục, pH và 2 điểm khác");
});
