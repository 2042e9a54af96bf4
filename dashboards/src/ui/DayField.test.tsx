// A day that is typed: what is taken, what is refused and how that is said.
import { beforeEach, expect, it, vi } from "vitest";
import { lang } from "../i18n";
import { DayField } from "./DayField";
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
