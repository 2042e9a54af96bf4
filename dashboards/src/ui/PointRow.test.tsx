// A point's row: name, value, bar and age together, and no claim of a direction for what is not heard.
import { beforeEach, expect, it } from "vitest";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { PointRowView } from "./PointRow";
import { sampleDay, sampleLimit, samplePoint, sampleStandings } from "./samples";
import { show, textOf } from "./testing";

const NOW = Date.parse("2026-11-23T08:15:00+07:00");
const standings = sampleStandings(NOW);
const day = { spark: sampleDay(), today: { min: 0.31, max: 0.55 }, direction: "rising" as const };

beforeEach(() => {
  lang.value = "vi";
  now.value = NOW;
});

it("shows a good point whole", () => {
  const host = show(<PointRowView point={samplePoint()} standing={standings.good} day={day} />);
  expect(textOf(host)).toBe("Clo dư0,42 mg/L≥ 0,2vừa xong");
  expect(host.querySelector(".point-direction")?.getAttribute("aria-label")).toBe("đang tăng");
  expect(host.querySelector(".spark")).not.toBeNull();
});

it("names the whole limit and its regulation where that is wanted", () => {
  const limit = sampleLimit({ clause: "clo dư tự do" });
  const words = (withLimit: boolean) => textOf(show(<PointRowView point={samplePoint({ limit })} standing={standings.good} day={day} withLimit={withLimit} />));
  expect(words(true)).toContain("giới hạn 0,2 – 1 mg/L · QCVN 01-1:2024/BYT · chưa kiểm chứng");
  expect(words(false)).not.toContain("QCVN");
});

it("gives a silent point its age, but no direction", () => {
  const host = show(<PointRowView point={samplePoint()} standing={standings.silent} day={day} />);
  expect(textOf(host)).toContain("12 phút trước");
  expect(host.querySelector(".point-direction")).toBeNull();
});

it("tells in words what a device reports itself, with its priority while it does", () => {
  const bit = samplePoint({ quantity: "state", unit: "1", decimals: 0, limit: null, range: null, alarm: { title: { vi: "Ống không đầy nước", en: "Pipe not full" }, priority: "medium" } });
  const row = (value: number) => show(<PointRowView point={bit} standing={{ ...standings.good, value }} day={day} />);
  expect(textOf(row(0))).toContain("bình thường");
  expect(row(0).querySelector(".spark, .bar, .mark")).toBeNull();
  const raised = row(1);
  expect(textOf(raised)).toContain("đang báo");
  expect(raised.querySelector(".mark-medium")).not.toBeNull();
});

it("has no bar for a state or for what only grows", () => {
  const pump = samplePoint({ quantity: "pump_state", unit: "1", limit: null });
  const host = show(<PointRowView point={pump} standing={{ ...standings.good, value: 1 }} day={day} />);
  expect(textOf(host)).toContain("đang chạy");
  expect(host.querySelector(".bar")).toBeNull();
});
