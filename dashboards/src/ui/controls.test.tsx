// Buttons, fields, choices, dialogues, states: what they promise to keyboard and screen reader.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { HubError } from "../api/client";
import { lang } from "../i18n";
import { Button } from "./Button";
import { Choice } from "./Choice";
import { Dialogue } from "./Dialogue";
import { TextField } from "./Field";
import { Empty, Failed, Loading, Stale } from "./States";
import { doing, show, textOf } from "./testing";
import { Toasts, toast } from "./Toast";

beforeEach(() => {
  lang.value = "vi";
});

describe("Button", () => {
  it("does nothing while busy, but keeps the focus", () => {
    const pressed = vi.fn();
    const host = show(
      <Button busy onClick={pressed}>
        Lưu
      </Button>,
    );
    const button = host.querySelector("button");
    doing(() => button?.click());
    expect(pressed).not.toHaveBeenCalled();
    expect(button?.disabled).toBe(false);
    expect(button?.getAttribute("aria-disabled")).toBe("true");
  });
});

describe("Field", () => {
  it("ties label and fault to its control", () => {
    const host = show(<TextField label="Mật khẩu" fault="Không đúng." name="password" />);
    const input = host.querySelector("input");
    expect(host.querySelector("label")?.getAttribute("for")).toBe(input?.id);
    expect(input?.getAttribute("aria-invalid")).toBe("true");
    expect(document.getElementById(input?.getAttribute("aria-describedby") ?? "")?.textContent).toBe("Không đúng.");
  });

  it("claims no fault where there is none", () => {
    expect(show(<TextField label="Tên" name="name" />).querySelector("input")?.hasAttribute("aria-invalid")).toBe(false);
  });
});

describe("A field that the browser refuses", () => {
  it("says so itself, in the page's language, until something is typed", () => {
    const host = show(
      <form>
        <TextField label="Tên" name="name" required />
        <TextField label="Số thanh ghi" name="count" type="number" min={1} max={125} value="300" />
      </form>,
    );
    const [name, number] = [...host.querySelectorAll("input")];
    const refuse = (field: HTMLInputElement | undefined) => {
      const event = new Event("invalid", { cancelable: true });
      doing(() => field?.dispatchEvent(event));
      return event.defaultPrevented;
    };
    expect([refuse(name), refuse(number)]).toEqual([true, true]);
    expect(textOf(host)).toContain("Vui lòng điền ô này.");
    expect(textOf(host)).toContain("Vui lòng nhập một số từ 1 đến 125.");
    doing(() => name?.dispatchEvent(new Event("input")));
    expect(textOf(host)).not.toContain("Vui lòng điền ô này.");
  });
});

describe("Choice", () => {
  it("is a group of radio buttons with the chosen one set", () => {
    const chosen = vi.fn();
    const options = [
      { value: "vi", text: "Tiếng Việt" },
      { value: "en", text: "English" },
    ] as const;
    const host = show(<Choice label="Ngôn ngữ" options={options} chosen="vi" onChoose={chosen} />);
    const radios = [...host.querySelectorAll("input")];
    expect(radios.map((radio) => radio.checked)).toEqual([true, false]);
    doing(() => radios[1]?.click());
    expect(chosen).toHaveBeenCalledWith("en");
  });
});

describe("Dialogue", () => {
  it("opens as modal, names itself, and closes on Esc by its owner's hand", () => {
    const closed = vi.fn();
    const host = show(
      <Dialogue title="Nhận biết" onClose={closed}>
        <button type="button">Lưu</button>
      </Dialogue>,
    );
    const dialog = host.querySelector("dialog");
    expect(dialog?.open).toBe(true);
    expect(document.getElementById(dialog?.getAttribute("aria-labelledby") ?? "")?.textContent).toBe("Nhận biết");
    const esc = new Event("cancel", { cancelable: true });
    doing(() => dialog?.dispatchEvent(esc));
    expect(esc.defaultPrevented).toBe(true);
    expect(closed).toHaveBeenCalledOnce();
  });
});

describe("States", () => {
  it("say what is so, and how to go on", () => {
    const again = vi.fn();
    expect(textOf(show(<Empty title="Không có" hint="Thử lại sau." />))).toBe("Không cóThử lại sau.");
    expect(show(<Loading rows={2} />).querySelectorAll(".loading-row")).toHaveLength(2);
    expect(textOf(show(<Failed error={new HubError(0, "")} onRetry={again} />))).toContain("Không liên lạc được với máy chủ của xã");
    expect(textOf(show(<Failed error={new HubError(500, "")} onRetry={again} />))).toContain("lỗi 500");
    const host = show(<Stale time="hôm nay 08:15" onRetry={again} />);
    expect(textOf(host)).toContain("hôm nay 08:15");
    doing(() => host.querySelector("button")?.click());
    expect(again).toHaveBeenCalledOnce();
  });
});

describe("Toasts", () => {
  it("appear in a polite region and go by themselves or by hand", () => {
    vi.useFakeTimers();
    const host = show(<Toasts />);
    doing(() => {
      toast("Đã lưu.");
      toast("Đã ghi.");
    });
    expect(host.querySelector("[role=status]")?.getAttribute("aria-live")).toBe("polite");
    expect(host.querySelectorAll(".toast")).toHaveLength(2);
    doing(() => host.querySelector<HTMLButtonElement>(".toast-dismiss")?.click());
    expect(textOf(host)).toBe("Đã ghi.");
    doing(() => vi.advanceTimersByTime(6_000));
    expect(host.querySelectorAll(".toast")).toHaveLength(0);
    vi.useRealTimers();
  });
});
