// The frame: what is read out when alarms come and go.
import { afterEach, beforeEach, expect, it } from "vitest";
import { lang } from "../i18n";
import { store } from "../state/store";
import { NewAlarms } from "./Shell";
import { sampleAlarm } from "./samples";
import { doing, show, textOf } from "./testing";

beforeEach(() => {
  lang.value = "vi";
});
afterEach(() => store.clear());

it("a new alarm is read out; those of the start and one that goes are not", () => {
  store.expectAlarmList();
  store.replaceAlarms([sampleAlarm({ id: 1 })]);
  const host = show(<NewAlarms />);
  expect(textOf(host.querySelector("[role=status]"))).toBe("");
  doing(() => store.applyAlarm(sampleAlarm({ id: 2 })));
  expect(textOf(host)).toBe("2 cảnh báo chưa nhận biết");
  doing(() => store.applyAlarm(sampleAlarm({ id: 2, state: "acknowledged" })));
  expect(textOf(host)).toBe("");
});
