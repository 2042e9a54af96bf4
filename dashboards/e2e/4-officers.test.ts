// What officers do beyond the day: a year at a glance, putting an alarm aside, figures and filters of the history.
import { describe, expect, it } from "vitest";
import { alarmsOf, useBrowser, visit } from "./support";

const { open } = useBrowser();

describe("a year", () => {
  it.each([
    { show: "completeness", seen: ".day-well, .day-partly, .day-poor" },
    { show: "worst", seen: ".day-well, .day-near, .day-outside" },
    { show: "alarms", seen: ".day-alarms" },
  ])("by $show leads from a day to its trend in one tap", async ({ show, seen }) => {
    const { context, page } = await open();
    await visit(page, `/year?site=tam-hop-water&show=${show}`);
    const day = page.locator("[data-day]").and(page.locator(seen)).first();
    await day.waitFor();
    // In words as well as by its look.
    expect(await day.locator(".unseen").textContent()).toMatch(/^\d\d\/\d\d\/\d{4}: ./);
    const code = await day.getAttribute("data-day");
    await day.click();
    await page.waitForURL(new RegExp(`/trends\\?p=.*from=${code}`));
    await page.locator(".trends-plot canvas").first().waitFor();
    await context.close();
  });
});

describe("an alarm that is put aside", () => {
  it("asks for a reason, says until when, and is taken back", async () => {
    const { context, page } = await open({ size: "desktop" });
    const alarm = (await alarmsOf(context)).find((each) => each.state !== "normal" && each.state !== "shelved");
    await visit(page, `/alarms/${alarm?.id}`);
    await page.getByRole("button", { name: "Tạm gác" }).click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByRole("button", { name: "Tạm gác" }).click();
    await dialogue.getByText("Vui lòng viết lý do.").waitFor();
    await dialogue.getByLabel("Lý do").fill("Đang thay cảm biến <script>alert(1)</script> 🔧");
    await dialogue.getByRole("button", { name: "Tạm gác" }).click();
    await dialogue.waitFor({ state: "detached" });
    // What people write is text, whatever it looks like.
    await page.getByText("<script>alert(1)</script> 🔧").first().waitFor();
    await page.getByRole("button", { name: "Thôi tạm gác" }).click();
    await page.getByText("Cảnh báo không còn được tạm gác.").waitFor();
    await context.close();
  });
});

describe("the history", () => {
  it("has figures, and is narrowed to what came most", async () => {
    const { context, page } = await open();
    await visit(page, "/alarms?view=history");
    await page.getByText("Thống kê", { exact: true }).click();
    await page.locator(".alarms-figures .link").first().click();
    await page.waitForURL(/rule=/);
    await page.getByText(/^Chỉ quy tắc/).waitFor();
    await page.getByRole("button", { name: "Mọi quy tắc" }).click();
    await page.waitForURL((url) => !url.search.includes("rule="));
    await context.close();
  });
});

describe("known alarms", () => {
  it("are folded on the first page, so that sites stay in sight", async () => {
    const { context, page } = await open();
    await visit(page, "/");
    const rows = page.locator(".now-alarms [data-alarm]:visible");
    await page.locator("[data-site]").first().waitFor();
    expect(await rows.count()).toBeLessThanOrEqual(3);
    await context.close();
  });
});
