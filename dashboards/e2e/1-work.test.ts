// A day's work in the browser: logging in, seeing an alarm, acknowledging it, looking at a site, losing the connection.
import { describe, expect, it } from "vitest";
import { PASSWORD, USER } from "./browser.mjs";
import { alarmsOf, mainSite, useBrowser, visit } from "./support";

const { open } = useBrowser();
const WAITING = '[data-state="unacknowledged"]';

describe("the login", () => {
  it("refuses a wrong password without saying which part was wrong", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    await page.goto("/");
    await page.getByLabel("Tên đăng nhập").fill(USER);
    await page.getByLabel("Mật khẩu").fill("not the password");
    await page.getByRole("button", { name: "Đăng nhập" }).click();
    await page.getByText("Tên đăng nhập hoặc mật khẩu không đúng.").waitFor();
    expect(new URL(page.url()).pathname).toBe("/login");
    await context.close();
  });

  it("leads back to where one was", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    await page.goto("/alarms?view=history");
    await page.waitForURL("**/login?next=*");
    await page.getByLabel("Tên đăng nhập").fill(USER);
    await page.getByLabel("Mật khẩu").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/alarms?view=history");
    await page.getByRole("heading", { level: 1, name: "Cảnh báo" }).waitFor();
    // What was refused before the login is not taken for an answer to who is logged in now.
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor();
    await page.getByRole("link", { name: "Địa điểm" }).click();
    await page.locator("[data-site]").first().waitFor();
    expect(new URL(page.url()).pathname).toBe("/sites");
    await context.close();
  });

  it("is asked for again after logging out", async () => {
    const { context, page } = await open();
    await visit(page, "/more");
    await page.getByRole("button", { name: "Đăng xuất" }).click();
    await page.waitForURL("**/login");
    await page.goto("/sites");
    await page.waitForURL("**/login?next=*");
    await context.close();
  });
});

describe("an alarm", () => {
  it("stands first on the page, with what to do about it", async () => {
    const { context, page } = await open();
    await visit(page, "/");
    const row = page.locator(WAITING).first();
    await row.waitFor({ timeout: 90_000 });
    const button = row.getByRole("button");
    expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(52);
    const [alarmTop, siteTop] = [await row.boundingBox(), await page.locator("[data-site]").first().boundingBox()];
    expect(alarmTop?.y).toBeLessThan(siteTop?.y ?? 0);
    await context.close();
  });

  it("is not acknowledged when the question is left by Esc", async () => {
    const { context, page } = await open();
    await visit(page, "/");
    const row = page.locator(WAITING).first();
    await row.waitFor({ timeout: 90_000 });
    const id = await row.getAttribute("data-alarm");
    await row.getByRole("button").tap();
    await page.getByRole("dialog").waitFor();
    // A finger has not asked for the keyboard: it would cover the button.
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const alarm = (await alarmsOf(context)).find((each) => String(each.id) === id);
    expect(alarm?.state).toBe("unacknowledged");
    await context.close();
  });

  it("is acknowledged with a comment by the keyboard alone, and its history says so", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/");
    const row = page.locator(WAITING).first();
    await row.waitFor({ timeout: 90_000 });
    const id = await row.getAttribute("data-alarm");
    const isOnButton = () => page.evaluate((wanted) => document.activeElement?.closest(`[data-alarm="${wanted}"]`) != null && document.activeElement.tagName === "BUTTON", id);
    for (let presses = 0; presses < 40 && !(await isOnButton()); presses += 1) await page.keyboard.press("Tab");
    expect(await isOnButton()).toBe(true);
    await page.keyboard.press("Enter");
    const dialogue = page.getByRole("dialog");
    await dialogue.waitFor();
    await page.keyboard.type("Đã gọi trạm, đang kiểm tra.");
    for (let presses = 0; presses < 4; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.getAttribute("type") === "submit")) break;
    }
    await page.keyboard.press("Enter");
    await dialogue.waitFor({ state: "detached" });
    await page.getByText("Đã ghi: bạn đã nhận biết cảnh báo.").waitFor();
    await page.locator(`[data-alarm="${id}"]:not(${WAITING})`).waitFor();

    await visit(page, `/alarms/${id}`);
    const history = page.getByRole("region", { name: "Quá trình" });
    await history.getByText("Đã gọi trạm, đang kiểm tra.").waitFor();
    await history.getByText(`bởi ${USER}`).first().waitFor();
    await context.close();
  });

  it("takes a comment, and refuses an empty one", async () => {
    const { context, page } = await open();
    const [alarm] = await alarmsOf(context);
    await visit(page, `/alarms/${alarm?.id}`);
    await page.getByRole("button", { name: "Thêm ghi chú" }).click();
    await page.getByRole("button", { name: "Lưu" }).click();
    await page.getByText("Vui lòng viết ghi chú.").waitFor();
    await page.getByRole("textbox", { name: "Ghi chú" }).fill("Đã thay bình clo.");
    await page.getByRole("button", { name: "Lưu" }).click();
    await page.getByRole("region", { name: "Quá trình" }).getByText("Đã thay bình clo.").first().waitFor();
    await context.close();
  });

  it("is found in the history, whose filters stand in the address", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/alarms");
    await page.getByText("Lịch sử", { exact: true }).click();
    await page.waitForURL("**/alarms?view=history");
    await page.locator("[data-alarm]").first().waitFor();
    const site = await mainSite(context);
    await page.getByLabel("Địa điểm").selectOption(site.id);
    await page.waitForURL(`**site=${site.id}*`);
    await page.reload();
    await page.locator(`option[value="${site.id}"]`).waitFor({ state: "attached" });
    expect(await page.getByLabel("Địa điểm").inputValue()).toBe(site.id);
    await context.close();
  });
});

describe("a day of the history", () => {
  it("is typed with the day first whatever the browser's language, and what is no day is said so", async () => {
    const { context, page } = await open();
    await visit(page, "/alarms?view=history");
    const from = page.getByLabel("Từ ngày", { exact: true });
    expect(await from.inputValue()).toMatch(/^\d\d\/\d\d\/20\d\d$/);
    await from.fill("11/17/2026");
    await from.press("Enter");
    await page.getByText("Vui lòng nhập ngày/tháng/năm").waitFor();
    await from.fill("3/11/2026");
    await from.press("Enter");
    await page.waitForURL("**from=2026-11-03*");
    await page.getByLabel("Đến ngày", { exact: true }).fill("1/11/2026");
    await page.keyboard.press("Enter");
    await page.getByText("Ngày này sớm hơn ngày bắt đầu.").waitFor();
    await context.close();
  });
});

describe("a site", () => {
  it("shows its values with bars, and the day's charts", async () => {
    const { context, page } = await open({ size: "desktop" });
    const site = await mainSite(context);
    await visit(page, `/sites/${site.id}`);
    expect(await page.locator("[data-point]").count()).toBe(site.points);
    await page.locator("[data-point] data").first().waitFor();
    await page.locator("[data-point] .bar").first().waitFor();
    await page.locator(".trend canvas").first().waitFor();
    expect(await page.locator("[data-device]").count()).toBeGreaterThan(0);
    await context.close();
  });

  it("of water is drawn as the water goes, with each value where it belongs, and leads to what else is known of it", async () => {
    const { context, page } = await open();
    await visit(page, "/sites/tam-hop-water");
    const stages = page.locator(".process-stage");
    expect(await stages.locator("h3").count()).toBe(4);
    await stages.nth(1).getByText("Clo dư tự do").waitFor();
    expect(await page.locator(".process-picture").count()).toBe(4);
    for (const [name, path] of [["Tuân thủ quy chuẩn", "/compliance?site=tam-hop-water"], ["Chất lượng số liệu", "/quality?site=tam-hop-water"]] as const) {
      await visit(page, "/sites/tam-hop-water");
      await page.getByRole("link", { name, exact: true }).filter({ visible: true }).click();
      await page.waitForURL(`**${path}`);
      await page.getByRole("heading", { level: 1, name }).waitFor();
    }
    await context.close();
  });

  it("shows another day by its address", async () => {
    const { context, page } = await open();
    const site = await mainSite(context);
    await visit(page, `/sites/${site.id}`);
    await page.getByRole("link", { name: "Ngày trước" }).click();
    await page.waitForURL(/day=\d{4}-\d{2}-\d{2}/);
    await page.getByRole("link", { name: "24 giờ qua" }).click();
    await page.waitForURL(`**/sites/${site.id}`);
    await context.close();
  });

  it("that does not exist is said so", async () => {
    const { context, page } = await open();
    await page.goto("/sites/no-such-site");
    await page.getByText("Không có địa điểm này").waitFor();
    await context.close();
  });
});

describe("the live stream", () => {
  it("changes values in place, without a reload", async () => {
    const { context, page } = await open();
    await visit(page, "/");
    await page.locator("[data-point] data").first().waitFor();
    const figures = () => page.evaluate(() => [...document.querySelectorAll("[data-point] data")].map((each) => each.getAttribute("value")).join());
    const before = await figures();
    await page.waitForFunction(
      (seen) => [...document.querySelectorAll("[data-point] data")].map((each) => each.getAttribute("value")).join() !== seen,
      before,
      { timeout: 60_000 },
    );
    await context.close();
  });

  it("that is lost is said at once, values stop being plain, and all returns by itself", async () => {
    const { context, page } = await open();
    await visit(page, "/");
    await page.locator("[data-point] data").first().waitFor();
    await context.setOffline(true);
    await page.getByText(/^Mất kết nối với máy chủ của xã từ hôm nay \d\d:\d\d/).waitFor({ timeout: 20_000 });
    expect(await page.locator("[data-point] data").count()).toBe(0);
    expect(await page.getByText("Mọi việc bình thường", { exact: true }).count()).toBe(0);
    await context.setOffline(false);
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor({ timeout: 40_000 });
    await page.locator("[data-point] data").first().waitFor();
    await context.close();
  });
});
