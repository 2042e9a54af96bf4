// Integrators add a device from a profile and probe registers, against the demo's simulated devices: chosen, tried, saved, seen in
// the trend, changed from the page of registers, rolled back and taken out again.
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { launch, logIn, openContext } from "./browser.mjs";
import { overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();
const asAdmin = { loggedIn: true, asAdmin: true };
const SITE = "tam-hop-water";
const DEVICE = "dong-ho-thu";
/** The longest that anything may take on a busy machine. */
const SOON = { timeout: 30_000 };

interface SiteFile {
  text: string;
  revision: string;
  devices: { id: string; toml: string }[];
}
const fileOf = async (context: BrowserContext) => (await (await context.request.get(`/api/v1/sites/${SITE}/file`)).json()) as SiteFile;

async function fitsAndIsSound(page: Page): Promise<void> {
  expect(await seriousFaults(page)).toEqual([]);
  const overflow = await overflowOf(page);
  expect(overflow).toBeLessThanOrEqual(0);
}

/** The change is shown, then saved with why. */
async function save(page: Page, expected: string): Promise<void> {
  await page.getByRole("button", { name: "Xem thay đổi và lưu" }).click();
  const dialogue = page.getByRole("dialog");
  await dialogue.getByText(expected).first().waitFor();
  await dialogue.getByLabel("Lý do (không bắt buộc)").fill("phép thử");
  await dialogue.getByRole("button", { name: "Lưu", exact: true }).click();
  await page.getByText("Đã lưu, máy chủ đang dùng cấu hình mới").waitFor();
}

// Whatever happened, the other files find the demo as it was.
afterAll(async () => {
  const browser = await launch();
  const context = await openContext(browser, {});
  await logIn(context, { asAdmin: true });
  const file = await fileOf(context);
  if (file.devices.some(({ id }) => id === DEVICE)) await context.request.delete(`/api/v1/sites/${SITE}/devices/${DEVICE}?revision=${file.revision}`);
  await browser.close();
});

describe("a device", () => {
  it("is added on a phone from its profile, tried, saved and seen in its trend", async () => {
    const { context, page } = await open({ size: "phone" }, asAdmin);
    const before = await fileOf(context);
    await visit(page, `/devices?site=${SITE}`);
    await fitsAndIsSound(page);
    await page.getByRole("link", { name: "Thêm thiết bị" }).click();
    await page.getByLabel("Tìm theo tên").waitFor();

    // Nothing is asked of the hub before there is enough to ask, and the first fault has the focus.
    await page.getByRole("button", { name: "Đọc thử" }).click();
    await page.getByRole("alert").getByText("Chọn loại thiết bị").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("type")), SOON).toBe("search");

    await page.getByLabel("Tìm theo tên").fill("clo dư");
    await page.getByRole("button", { name: /generic-chlorine-analyser/ }).waitFor();
    await page.getByLabel("Tìm theo tên").fill("tuf lưu lượng");
    await page.getByRole("button", { name: /TUF-2000M/ }).click();
    await page.getByLabel("Tên thiết bị").fill("Đồng hồ thử");
    expect(await page.getByLabel("Mã (chữ thường").inputValue()).toBe(DEVICE);
    const lines = await page.getByLabel("Đường truyền", { exact: true }).locator("option").allTextContents();
    const line = /^endpoint = "(.*)"$/m.exec(before.devices.find(({ id }) => id === "flow-meter")?.toml ?? "")?.[1] ?? "";
    expect(lines).toContain(line);
    await page.getByLabel("Đường truyền", { exact: true }).selectOption(`line ${line}`);
    await page.getByLabel("Số hiệu (unit id)").fill("0");
    await page.getByLabel("Chu kỳ đọc").selectOption("1s");
    await page.getByRole("region", { name: "Cấu hình (TOML)" }).getByText(`id = "${DEVICE}"`).waitFor();
    await fitsAndIsSound(page);

    // The hub's fault names the line and what is allowed.
    await page.getByRole("button", { name: "Đọc thử" }).click();
    await page.getByRole("alert").getByText(/unit_id/).waitFor();
    await page.getByLabel("Số hiệu (unit id)").fill("2");
    await page.getByRole("button", { name: "Đọc thử" }).click();
    await page.getByText(/4 trong 4 điểm đọc được/).waitFor();
    await page.getByRole("row", { name: /Lưu lượng flow/ }).getByText("đọc được").waitFor();
    await fitsAndIsSound(page);
    await save(page, `id = "${DEVICE}"`);
    const after = await fileOf(context);
    expect(after.text.startsWith(before.text.trimEnd())).toBe(true);
    await page.getByRole("link", { name: "Xem diễn biến" }).click();
    await page.waitForURL(/\/trends\?p=/);
    await expect
      .poll(async () => {
        const points = (await (await context.request.get(`/api/v1/points?site=${SITE}`)).json()) as { id: string; latest: { value: number | null } | null }[];
        return points.find(({ id }) => id === `${SITE}/${DEVICE}/flow`)?.latest?.value ?? null;
      }, SOON)
      .not.toBeNull();
    await context.close();
  });

  it("gets a point from the page of registers by the keyboard, and its file goes back to what it was", async () => {
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    const before = await fileOf(context);
    await visit(page, `/probe?device=${SITE}/${DEVICE}`);
    await page.getByLabel("Từ địa chỉ").fill("0");
    await page.getByLabel("Số thanh ghi").fill("2");
    await page.getByLabel("Đại lượng cần tìm").selectOption({ label: "Lưu lượng" });
    await page.getByLabel("Đại lượng cần tìm").press("Enter");
    await page.getByRole("button", { name: "Đọc", exact: true }).press("Enter");
    const way = page.getByRole("button", { name: /FLOAT32 CDAB tại 0/ });
    await way.waitFor();
    expect(await page.locator(".devices-value").first().getAttribute("aria-label")).toMatch(/FLOAT32 CDAB/);
    await page.getByRole("button", { name: /^Địa chỉ 1 / }).press("Enter");
    await page.getByRole("heading", { name: "Chỉ địa chỉ 1" }).waitFor();
    await page.getByRole("button", { name: "Mọi địa chỉ" }).press("Enter");
    await fitsAndIsSound(page);
    await way.press("Enter");
    await page.getByRole("button", { name: `Thêm vào ${SITE}/${DEVICE}` }).press("Enter");
    const text = page.getByRole("textbox", { name: "Cấu hình (TOML)" });
    await text.waitFor();
    expect(await text.inputValue()).toContain('[[device.point]]\nid = "flow"');
    await save(page, 'byte_order = "CDAB"');

    await page.getByRole("link", { name: "Các bản của tệp" }).click();
    const versions = page.getByRole("region", { name: "Các bản của tệp" }).or(page.locator("section[aria-labelledby=devices-versions]"));
    await versions.getByText(`sửa ${DEVICE}`).first().waitFor();
    await versions.getByRole("button", { name: new RegExp(`thêm ${DEVICE}`) }).first().click();
    await page.getByText("Khác với tệp hiện nay").waitFor();
    await fitsAndIsSound(page);
    await page.getByRole("button", { name: "Khôi phục bản này" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Khôi phục bản này" }).click();
    await expect.poll(async () => (await fileOf(context)).text, SOON).toBe(before.text);
    await versions.getByText("khôi phục bản trước").first().waitFor();

    await page.getByRole("link", { name: `Sửa ${DEVICE}` }).click();
    await page.getByRole("button", { name: "Bỏ thiết bị này" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Bỏ thiết bị này" }).click();
    await page.waitForURL(/\/devices\?site=/);
    await expect.poll(async () => (await fileOf(context)).devices.some(({ id }) => id === DEVICE), SOON).toBe(false);
    await context.close();
  });

  it("is for integrators only, and its pages stand in English and dark, too", async () => {
    const staff = await open();
    expect((await staff.context.request.get("/api/v1/profiles")).status()).toBe(403);
    await staff.page.goto("/devices/new");
    await staff.page.getByText("Không có trang này").waitFor();
    await staff.context.close();
    const { context, page } = await open({ lang: "en", scheme: "dark", size: "phone" }, asAdmin);
    for (const path of [`/devices?site=${SITE}`, `/devices/new?site=${SITE}`, `/devices/edit?site=${SITE}&device=plc`, "/probe"]) {
      await visit(page, path);
      await fitsAndIsSound(page);
    }
    // What cannot be reached is told in words, and the form is as it was.
    await page.getByLabel("Device").selectOption({ label: "Another address" });
    await page.getByLabel("Line, such as").fill("tcp://127.0.0.1:1");
    await page.getByRole("button", { name: "Read" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("Line, such as").inputValue()).toBe("tcp://127.0.0.1:1");
    await context.close();
  });
});
