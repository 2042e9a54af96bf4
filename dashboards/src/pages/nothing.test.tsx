// What the first pages say when there is nothing: no sites, no readings yet, every site silent, a limit without a figure.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Site } from "../api/types";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { store } from "../state/store";
import { limitText, limitWithUnit } from "../ui/MovingBar";
import { samplePoint } from "../ui/samples";
import { show, textOf } from "../ui/testing";
import { Now } from "./Now";
import Sites from "./Sites";

const NOW = Date.parse("2026-11-23T08:30:00+07:00");
const site = (id: string): Site => ({ id, kind: "water_station", name: { vi: `Trạm ${id}`, en: id }, location: null, state: "normal", points: 1, alarms: 0 });
const pointOf = (id: string, latest: ReturnType<typeof samplePoint>["latest"]) => samplePoint({ id: `${id}/plc/clo`, site: id, device: `${id}/plc`, latest });

beforeEach(() => {
  now.value = NOW;
  store.replaceAlarms([]);
});
afterEach(() => store.clear());

const inBoth = it.for([
  { code: "vi", none: "Chưa có địa điểm nào", hint: "Địa điểm được khai báo trong cấu hình của máy chủ.", empty: "Chưa có số liệu", silent: /mất tín hiệu 1 giờ/gi, noFigure: "chưa có con số" },
  { code: "en", none: "No sites yet", hint: "Sites are set up in the hub’s configuration.", empty: "No data yet", silent: /silent for 1 hour/gi, noFigure: "no figure given" },
] as const);

inBoth("without sites says where they come from ($code)", ({ code, none, hint }) => {
  lang.value = code;
  store.sites.value = [];
  for (const page of [<Now />, <Sites />]) {
    const text = textOf(show(page));
    expect(text).toContain(none);
    expect(text).toContain(hint);
  }
});

inBoth("before the first reading says that there is none, and no figure ($code)", ({ code, empty }) => {
  lang.value = code;
  store.sites.value = [site("a")];
  store.replacePoints([pointOf("a", null)]);
  const host = show(<Sites />);
  expect(textOf(host)).toContain(empty);
  expect(host.querySelector("data")).toBeNull();
});

inBoth("with every site silent says since when, and shows no value as if it were present ($code)", ({ code, silent: said }) => {
  lang.value = code;
  const hour = new Date(NOW - 3_600_000).toISOString();
  const silent = { value: null, quality: "missing", reason: "timeout", measured_at: hour, received_at: hour } as const;
  store.sites.value = [site("a"), site("b")];
  store.replacePoints([pointOf("a", silent), pointOf("b", silent)].map((point) => ({ ...point, last_good: { value: 0.5, measured_at: hour } })));
  const host = show(<Now />);
  expect(textOf(host).match(said)?.length).toBeGreaterThanOrEqual(2);
  expect(host.querySelector("data")).toBeNull();
});

inBoth("a limit without a figure is said to have none ($code)", ({ code, noFigure }) => {
  lang.value = code;
  expect(limitText({ min: null, max: null })).toBe(noFigure);
  expect(limitWithUnit({ min: null, max: null }, "mg/L")).toBe(noFigure);
});
