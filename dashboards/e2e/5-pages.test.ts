// The pages beside the main ones: compliance, data quality, map, accounts, and the screen on the wall with its token.
import { describe, expect, it } from "vitest";
import { USER } from "./browser.mjs";
import { useBrowser, visit } from "./support";

const { open } = useBrowser();
const HOUR_MS = 3_600_000;

describe("compliance", () => {
  it("names clause and status, and lists an exceedance that leads to its trend", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/compliance?site=nam-ban-water");
    const chlorine = page.getByRole("region", { name: /Clo dư/ }).first();
    await chlorine.getByText("QCVN 01-1:2024/BYT").waitFor();
    await chlorine.getByText("chưa kiểm chứng").waitFor();
    await chlorine.getByRole("link").first().click();
    await page.waitForURL(/\/trends\?p=.*from=/);
    await context.close();
  });

  it("says of low-cost sensors that they are for reference", async () => {
    const { context, page } = await open();
    await visit(page, "/compliance?site=dong-bai-waste");
    await page.getByRole("heading", { level: 2, name: /\(tham khảo\)$/ }).first().waitFor();
    await page.getByText(/trung bình 1 giờ/).first().waitFor();
    await context.close();
  });

  it("has all of an exceedance on a phone without a sideways scroll", async () => {
    const { context, page } = await open();
    await visit(page, "/compliance?site=nam-ban-water");
    const table = page.getByRole("region", { name: "Các lần vượt ngưỡng" }).first();
    await table.getByText(/^· \d+ (phút|giờ)/).first().waitFor();
    expect(await table.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    await context.close();
  });

  it("wants as many readings of a mean as one sets, and keeps that in the address", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/compliance?site=nam-ban-water");
    const rule = page.getByLabel("Tỷ lệ số đo cần có");
    expect(await rule.inputValue()).toBe("75");
    await rule.selectOption("90");
    await page.waitForURL(/rule=90/);
    await page.reload();
    await page.getByRole("region", { name: /Clo dư/ }).first().waitFor();
    expect(await rule.inputValue()).toBe("90");
    await context.close();
  });

  it("tells last week's worst value, as the readings have it", async () => {
    const { context, page } = await open();
    await visit(page, "/compliance?site=tam-hop-water");
    await page.getByLabel("Kỳ", { exact: true }).selectOption({ label: "Tuần trước" });
    await page.waitForURL(/from=\d{4}-\d\d-\d\d&to=/);
    const asked = new URL(page.url()).searchParams;
    const monday = new Date(`${asked.get("from")}T00:00:00+07:00`);
    expect([new Date(`${asked.get("from")}T00:00:00Z`).getUTCDay(), new Date(`${asked.get("to")}T00:00:00Z`).getUTCDay()]).toEqual([1, 0]);
    const chlorine = page.getByRole("region", { name: /Clo dư/ }).first();
    const told = await chlorine.getByText(/Xấu nhất: /).textContent();
    const week = new URLSearchParams({ point: "tam-hop-water/plc/free-chlorine", from: monday.toISOString(), to: new Date(monday.getTime() + 7 * 86_400_000).toISOString(), buckets: "1" });
    const { min, max } = (await (await context.request.get(`/api/v1/readings?${week}`)).json()) as { min: number[]; max: number[] };
    expect([min[0], max[0]].map((value) => `${value?.toFixed(2).replace(".", ",")} mg/L`)).toContain(/[\d,]+\smg\/L/.exec(told ?? "")?.[0].replace(/\s/, " "));
    await context.close();
  });
});

describe("compliance of a long period", () => {
  it("is judged whole: the worst value of a year is the year's, and what is too long is said", async () => {
    const { context, page } = await open({ size: "desktop" });
    const day = (ms: number) => new Date(ms + 7 * HOUR_MS).toISOString().slice(0, 10);
    const from = new Date(`${day(Date.now() - 365 * 24 * HOUR_MS)}T00:00:00+07:00`);
    await visit(page, `/compliance?site=tam-hop-water&from=${day(from.getTime())}`);
    const chlorine = page.getByRole("region", { name: /Clo dư/ }).first();
    const told = await chlorine.getByText(/Xấu nhất: /).textContent();
    const year = new URLSearchParams({ point: "tam-hop-water/plc/free-chlorine", from: from.toISOString(), buckets: "1" });
    const { min, max } = (await (await context.request.get(`/api/v1/readings?${year}`)).json()) as { min: number[]; max: number[] };
    expect([min[0], max[0]].map((value) => `${value?.toFixed(2).replace(".", ",")} mg/L`)).toContain(/[\d,]+\smg\/L/.exec(told ?? "")?.[0].replace(/\s/, " "));
    // Hours, where ten minutes would be too many: none of the year is left out.
    await chlorine.getByText(/hợp lệ trong 8\.7[0-9]{2} khoảng của kỳ/).waitFor();

    for (const { lang, long, gone } of [
      { lang: "en", long: "The period is too long. Its last 3 years are judged.", gone: "There is no such site" },
      { lang: "vi", long: "Khoảng này quá dài. Đang xét 3 năm cuối của khoảng đó.", gone: "Không có địa điểm này" },
    ]) {
      await visit(page, `/compliance?site=tam-hop-water&from=1976-01-01&lang=${lang}`);
      await page.getByText(long).waitFor();
      await page.getByRole("region", { name: /Clo dư|chlorine/i }).first().waitFor();
      // A link to a site that is gone shows another one, and says so.
      for (const path of ["/compliance", "/year", "/quality", "/alarms"]) {
        await visit(page, `${path}?site=gone&lang=${lang}`);
        await page.getByText(gone).waitFor();
      }
    }
    await context.close();
  });
});

describe("data quality", () => {
  it("shows at first which devices were silent, and leads to when", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/quality");
    // The demo's power meter was silent for five hours that lie within these two days.
    const row = page.getByRole("row", { name: "Đồng hồ điện" });
    const shares = await row.locator(".quality-day [aria-hidden]").allTextContents();
    const day = [1, 2].find((index) => Number(shares[index]) < 95);
    if (day === undefined) throw new Error(`no day of ${shares.join(" ")} says so`);
    await row.locator(".quality-day").nth(day).click();
    await page.locator("#quality-spans").waitFor();
    expect(page.url()).toContain("site=tam-hop-water");
    // In words as well, where it was yesterday.
    await visit(page, "/quality");
    if (day === 1) await page.getByRole("button", { name: "Đồng hồ điện, Trạm cấp nước Tam Hợp", exact: true }).waitFor();
    else await page.getByText("Hôm qua không nơi nào thiếu số liệu.").waitFor();
    await context.close();
  });

  it("leads from a day of a point to what was missing in it", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/quality?site=cho-tam-hop-waste");
    await page.locator(".quality-day").last().click();
    await page.waitForURL(/day=\d{4}-\d\d-\d\d/);
    await page.locator("#quality-spans").waitFor();
    await context.close();
  });
});

describe("what was not simply good in a day", () => {
  it("is told with its reason, as the hub has it", async () => {
    const { context, page } = await open({ size: "desktop" });
    const point = "nam-ban-water/plc/pressure";
    const recent = new URLSearchParams({ point, from: new Date(Date.now() - 10 * 24 * HOUR_MS).toISOString() });
    const lines = (await (await context.request.get(`/api/v1/readings?${recent}`, { headers: { accept: "text/csv" } })).text()).split("\n");
    const day = /,(\d{4}-\d\d-\d\d)T/.exec(lines.find((line) => /,suspect,suspect_range\s*$/.test(line)) ?? "")?.[1];
    await visit(page, `/quality?site=nam-ban-water&p=${point}&day=${day}`);
    await page.locator(".quality-spans li").filter({ hasText: "nghi ngờ: khác mức thường gặp" }).first().waitFor();
    await context.close();
  });
});

describe("the map", () => {
  it("opens a site by its mark, and asks nothing of another server", async () => {
    const { context, page } = await open({ size: "desktop" });
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await visit(page, "/map");
    await page.locator(".map-mark").first().waitFor();
    await page.locator(".map-icon").first().focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/sites\//);
    expect(hosts.size).toBe(1);
    await context.close();
  });
});

describe("accounts", () => {
  it("show staff their own sessions and nothing else", async () => {
    const { context, page } = await open();
    await visit(page, "/accounts");
    await page.getByText(USER).first().waitFor();
    await page.locator("details.help summary").click();
    await page.getByText("Đây là các nơi bạn đang đăng nhập.").waitFor();
    expect(await page.getByRole("heading", { name: "Người dùng" }).count()).toBe(0);
    expect(await page.getByRole("heading", { name: "Nhật ký" }).count()).toBe(0);
    expect((await context.request.get("/api/v1/users")).status()).toBe(403);
    await context.close();
  });

  it("let an administrator add, change and remove somebody, and note it", async () => {
    const { context, page } = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    await visit(page, "/accounts");
    await page.getByRole("button", { name: "Thêm người dùng" }).click();
    await page.getByLabel("Tên đăng nhập").fill("lan <b>");
    await page.getByLabel("Mật khẩu", { exact: true }).fill("mật khẩu dài");
    await page.getByRole("button", { name: "Thêm", exact: true }).click();
    await page.getByText("Vui lòng xem lại tên").waitFor();
    await page.getByLabel("Tên đăng nhập").fill("lan<b>");
    await page.getByRole("button", { name: "Thêm", exact: true }).click();
    await page.locator('[data-user="lan<b>"]').waitFor();
    await page.getByRole("button", { name: "Xóa lan<b>" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Xóa" }).click();
    await page.locator('[data-user="lan<b>"]').waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("listitem").filter({ hasText: "xóa người dùng" }).first().waitFor();
    await context.close();
  });
});

describe("the wall", () => {
  it("says what is missing without a token, and shows sites and alarms with one", async () => {
    const admin = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    await visit(admin.page, "/accounts");
    await admin.page.getByRole("button", { name: "Tạo mã" }).click();
    await admin.page.getByLabel("Tên của mã").fill(`wall-${process.pid}`);
    await admin.page.getByRole("button", { name: "Thêm", exact: true }).click();
    const address = await admin.page.getByText(/\/wall#ch_/).textContent();
    await admin.context.close();

    const { context, page } = await open({ size: "desktop" }, { loggedIn: false });
    await page.goto("/wall");
    await page.getByText("Màn hình này chưa có mã hiển thị").waitFor();
    await page.goto("/wall#ch_wrong");
    await page.getByText("Mã hiển thị không đúng").waitFor();
    await page.goto(new URL(address ?? "").pathname + new URL(address ?? "").hash);
    await page.locator("[data-site]").first().waitFor();
    expect(page.url()).not.toContain("ch_");
    await page.locator("[data-alarm]").first().waitFor({ timeout: 90_000 });
    // The cookie stays: a screen that restarts needs no token again.
    await page.goto("/wall");
    await page.locator("[data-site]").first().waitFor();
    // It may look, and change nothing.
    expect((await context.request.post("/api/v1/alarms/1/acknowledge", { data: {} })).status()).toBe(401);
    await context.close();
  });
});
