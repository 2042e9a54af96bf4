// The integrators' pages of Modbus lines and devices, against the demo's simulated devices.
import { describe, expect, it } from "vitest";
import { overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();
const asAdmin = { loggedIn: true, asAdmin: true };

describe("the page of Modbus lines", () => {
  it("shows each line with its devices, and its frames by the keyboard alone", async () => {
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    await visit(page, "/more");
    await page.getByRole("link", { name: /Đường truyền Modbus/ }).click();
    await page.getByRole("heading", { name: "Đường truyền Modbus", level: 1 }).waitFor();
    const buses = (await (await context.request.get("/api/v1/buses")).json()) as { id: string; endpoint: string; devices: { id: string }[] }[];
    const [first, last] = [buses[0], buses[buses.length - 1]];
    if (first === undefined || last === undefined) throw new Error("the demo has no buses");
    const panel = page.locator(`[data-bus="${first.endpoint}"]`);
    await panel.getByText("Lần hỏi mỗi giây").waitFor();
    for (const { id } of first.devices) await panel.getByRole("link", { name: id }).waitFor();
    const frames = page.getByRole("region", { name: "Khung tin mới nhất", exact: true }).last();
    await frames.locator("tbody tr").nth(1).waitFor();
    await page.getByLabel("Đường truyền", { exact: true }).selectOption(last.id);
    await page.waitForURL(new RegExp(`bus=${encodeURIComponent(last.id)}`));
    await frames.locator("tbody tr").nth(1).waitFor();
    const hold = page.getByRole("button", { name: "Tạm dừng" });
    await hold.focus();
    await page.keyboard.press("Enter");
    const held = page.getByRole("button", { name: "Tiếp tục" });
    expect(await held.getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Tạm dừng" }).waitFor();
    await context.close();
  });

  it("is for integrators only, fits a phone, and has no serious fault that axe finds", async () => {
    const staff = await open();
    expect((await staff.context.request.get("/api/v1/buses")).status()).toBe(403);
    await visit(staff.page, "/more");
    expect(await staff.page.getByRole("link", { name: /Đường truyền Modbus/ }).count()).toBe(0);
    await staff.context.close();
    for (const [lang, scheme, size] of [["vi", "light", "phone"], ["en", "dark", "desktop"]] as const) {
      const { context, page } = await open({ lang, scheme, size }, asAdmin);
      await visit(page, "/buses");
      await page.locator(".bus-frames tbody tr").first().waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      const overflow = await overflowOf(page);
      expect(overflow).toBeLessThanOrEqual(0);
      await context.close();
    }
  });
});
