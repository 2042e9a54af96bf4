// The question whether one has seen an alarm, while the alarm goes on living.
import { afterEach, beforeEach, expect, it } from "vitest";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { store } from "../state/store";
import { AcknowledgeDialogue } from "./AcknowledgeDialogue";
import { sampleAlarm } from "./samples";
import { doing, show, textOf } from "./testing";

beforeEach(() => {
  lang.value = "vi";
  now.value = Date.parse("2026-11-23T08:30:00+07:00");
  // The page's environment has no dialogues of its own.
  HTMLDialogElement.prototype.showModal = () => undefined;
  HTMLDialogElement.prototype.close = () => undefined;
});
afterEach(() => store.clear());

const opened = sampleAlarm();
const question = () => show(<AcknowledgeDialogue alarm={opened} onClose={() => undefined} />);

it("says so when the alarm clears while the question stands open", () => {
  store.replaceAlarms([opened]);
  const host = question();
  expect(textOf(host.querySelector('[role="status"]'))).toBe("");
  doing(() => store.applyAlarm({ ...opened, state: "rtn_unacknowledged", cleared_at: "2026-11-23T08:29:00+07:00" }));
  expect(textOf(host.querySelector('[role="status"]'))).toContain("Cảnh báo vừa hết trong khi bạn đang xem");
});

it("names who was faster", () => {
  store.replaceAlarms([opened]);
  const host = question();
  doing(() => store.applyAlarm({ ...opened, state: "acknowledged", acknowledged_by: "lan", acknowledged_at: "2026-11-23T08:29:00+07:00" }));
  expect(textOf(host.querySelector('[role="status"]'))).toBe("lan đã nhận biết 23/11/2026 08:29");
});
