// A day that is typed, a moment and a period by its name: what is taken, what is refused and how that is said.
import { beforeEach, expect, it, vi } from "vitest";
import { lang } from "../i18n";
import { takeSkew } from "../state/clock";
import { CalendarField } from "./CalendarField";
import { DayField } from "./DayField";
import { MomentField } from "./MomentField";
import { doing, show, textOf } from "./testing";

beforeEach(() => {
  lang.value = "vi";
});

function field(fault: string | null = null) {
  const onDay = vi.fn();
  const host = show(<DayField label="Từ ngày" code="2026-11-17" onDay={onDay} fault={fault} />);
  const input = host.querySelector<HTMLInputElement>("input[type=text]");
  if (input === null) throw new Error("no field");
  const type = (text: string) =>
    doing(() => {
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  return { onDay, host, input, type };
}

it("writes the day first, whatever the browser's language", () => {
  const { input, host } = field();
  expect(input.value).toBe("17/11/2026");
  expect(host.querySelector("label")?.getAttribute("for")).toBe(input.id);
});

it("hands over a day that is one, and writes it out", () => {
  const { onDay, input, type } = field();
  type("3-11-2026");
  expect(onDay).toHaveBeenCalledExactlyOnceWith("2026-11-03");
  expect(input.value).toBe("03/11/2026");
});

it("keeps what is no day, and says what is wanted with an example", () => {
  const { onDay, host, input, type } = field();
  type("11/17/2026");
  expect(onDay).not.toHaveBeenCalled();
  expect(input.value).toBe("11/17/2026");
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(textOf(document.getElementById(input.getAttribute("aria-describedby") ?? ""))).toContain("ví dụ 23/11/2026");
  type("17/11/2026");
  expect(host.querySelector(".field-fault")).toBeNull();
});

it("says the fault it is given", () => {
  expect(textOf(field("Ngày này sớm hơn.").host.querySelector("[role=alert]"))).toBe("Ngày này sớm hơn.");
});

it("a moment keeps its day while its time is typed, and says what is no time", () => {
  const onMoment = vi.fn();
  const host = show(<MomentField label="Bắt đầu" at={Date.parse("2026-11-17T08:15:00+07:00")} onMoment={onMoment} />);
  const [day, clock] = host.querySelectorAll<HTMLInputElement>("input[type=text]");
  if (day === undefined || clock === undefined) throw new Error("no day, or no clock");
  const type = (text: string, into = clock) =>
    doing(() => {
      into.value = text;
      into.dispatchEvent(new Event("input", { bubbles: true }));
      into.dispatchEvent(new Event("change", { bubbles: true }));
    });
  expect(clock.value).toBe("08:15");
  type("25:99");
  expect(onMoment).not.toHaveBeenCalled();
  expect(textOf(document.getElementById(clock.getAttribute("aria-describedby") ?? ""))).toContain("ví dụ 08:15");
  // Another day has the time that stood there before, not midnight.
  type("18/11/2026", day);
  expect(onMoment).toHaveBeenLastCalledWith(Date.parse("2026-11-18T08:15:00+07:00"));
  type("9:05");
  expect(onMoment).toHaveBeenLastCalledWith(Date.parse("2026-11-17T09:05:00+07:00"));
});

it("a period is named where its days have a name, and chosen by it", () => {
  // The hub's clock: a Monday.
  takeSkew(Date.parse("2026-03-23T08:30:00+07:00"), Date.now());
  const onDays = vi.fn();
  const field = (from: string, last: string) => show(<CalendarField days={{ from, last }} onDays={onDays} />).querySelector("select");
  expect(field("2026-03-16", "2026-03-22")?.value).toBe("lastWeek");
  const own = field("2026-03-03", "2026-03-05");
  expect([own?.value, own?.options[0]?.text]).toEqual(["", "Tự chọn"]);
  doing(() => {
    if (own === null || own === undefined) return;
    own.value = "lastMonth";
    own.dispatchEvent(new Event("change", { bubbles: true }));
  });
  expect(onDays).toHaveBeenCalledExactlyOnceWith({ from: "2026-02-01", last: "2026-02-28" });
  takeSkew(Date.now(), Date.now());
});
