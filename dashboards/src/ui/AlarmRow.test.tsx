// An alarm's row: what it says, and who may acknowledge it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { session } from "../state/commune";
import { store } from "../state/store";
import { AlarmRow, firstStep } from "./AlarmRow";
import { sampleAlarm, samplePoint } from "./samples";
import { doing, show, textOf } from "./testing";

const NOW = Date.parse("2026-11-23T08:30:00+07:00");
const button = (host: HTMLElement) => host.querySelector<HTMLButtonElement>("button");

beforeEach(() => {
  lang.value = "vi";
  now.value = NOW;
  session.value = { username: "lan", role: "staff" };
});
afterEach(() => store.clear());

it("the first step is the first line, or its first sentence", () => {
  expect(firstStep("Kiểm tra bơm.\nĐo lại.")).toBe("Kiểm tra bơm.");
  expect(firstStep("Giữ ở 0.5 mg/L. Đo lại.")).toBe("Giữ ở 0.5 mg/L.");
  expect(firstStep("Kiểm tra bơm")).toBe("Kiểm tra bơm");
});

describe("AlarmRow", () => {
  it("says priority, since when, title, message and the first thing to do", () => {
    const runbook = { vi: "Kiểm tra máy châm clo.\nĐo lại.", en: "Check the pump.\nMeasure again." };
    const text = textOf(show(<AlarmRow alarm={sampleAlarm({ runbook })} onAcknowledge={() => undefined} />));
    for (const part of ["Cao", "từ hôm nay 08:15", "Clo dư thấp", "Clo dư 0,16 mg/L, tối thiểu 0,2", "Kiểm tra máy châm clo."]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("Đo lại.");
  });

  it("shows the point's present value against its limit, an unverified one as such", () => {
    const at = new Date(NOW - 2_000).toISOString();
    store.replacePoints([samplePoint({ latest: { value: 0.12, quality: "good", reason: null, measured_at: at, received_at: at } })]);
    const alarm = sampleAlarm({ point: "tam-hop-water/plc/free-chlorine" });
    const text = textOf(show(<AlarmRow alarm={alarm} onAcknowledge={() => undefined} />));
    expect(text).toContain("0,12 mg/L");
    expect(text).toContain("giới hạn 0,2 – 1 mg/L (chưa kiểm chứng)");
  });

  it("hands the alarm over when its button is pressed", () => {
    const asked: number[] = [];
    const host = show(<AlarmRow alarm={sampleAlarm()} onAcknowledge={(alarm) => asked.push(alarm.id)} />);
    expect(button(host)?.getAttribute("aria-label")).toBe("Nhận biết: Clo dư thấp");
    doing(() => button(host)?.click());
    expect(asked).toEqual([11]);
  });

  it("has no button for who may only look, nor for what is acknowledged or over", () => {
    expect(button(show(<AlarmRow alarm={sampleAlarm({ state: "acknowledged" })} onAcknowledge={() => undefined} />))).toBeNull();
    expect(button(show(<AlarmRow alarm={sampleAlarm({ state: "normal" })} onAcknowledge={() => undefined} />))).toBeNull();
    session.value = { username: "khach", role: "viewer" };
    expect(button(show(<AlarmRow alarm={sampleAlarm()} onAcknowledge={() => undefined} />))).toBeNull();
  });

  it("still asks for a person when it is over but unseen", () => {
    const alarm = sampleAlarm({ state: "rtn_unacknowledged", cleared_at: "2026-11-23T08:20:00+07:00" });
    const host = show(<AlarmRow alarm={alarm} onAcknowledge={() => undefined} />);
    expect(textOf(host)).toContain("đã hết, chưa nhận biết");
    expect(button(host)).not.toBeNull();
  });
});
