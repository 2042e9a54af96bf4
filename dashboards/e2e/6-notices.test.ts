// Notices: the log with its filters, a test message that is really sent, who has duty, what was given up, and links of messages.
import { describe, expect, it } from "vitest";
import { useBrowser, visit } from "./support";

const { open } = useBrowser();
const CHANNEL = '[data-channel="chuong-bao"]';

describe("the notices", () => {
  it("are sent as a test by whoever may, and stand in the log with filters in the address", async () => {
    const { context, page } = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    await visit(page, "/notices");
    await page.getByRole("region", { name: "Đang trực" }).getByText(/Nguyễn Thị Hoa|Trần Văn Minh/).waitFor();
    await page.locator(CHANNEL).getByRole("button").click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByRole("button", { name: "Gửi thử" }).click();
    await dialogue.getByText("Đã gửi được tin thử.").waitFor();
    await dialogue.getByRole("button", { name: "Đóng" }).click();
    await page.reload();
    await page.getByText("Tin thử", { exact: true }).first().waitFor();
    await page.getByLabel("Tình trạng").selectOption("failed");
    await page.waitForURL(/state=failed/);
    await page.getByText("Không có tin nào", { exact: true }).waitFor();
    await page.getByLabel("Tình trạng").selectOption("delivered");
    await page.waitForURL(/state=delivered/);
    await page.locator("[data-message]").first().waitFor();
    await context.close();
  });

  it("show what was given up first, with the reason", async () => {
    const { context, page } = await open();
    const message = {
      id: 900001,
      channel: "sms",
      recipient: "Nguyễn Thị Hoa",
      test: false,
      state: "failed",
      made_at: "2026-11-20T08:00:00+07:00",
      tries: 120,
      next_try: null,
      finished_at: "2026-11-21T08:00:00+07:00",
      detail: "no connection to the server; given up after 120 tries",
      notices: 5,
      alarms: [{ id: 1, kind: "raised", priority: "high", title: { vi: "Clo dư thấp", en: "Free chlorine low" }, site: "tam-hop-water" }],
    };
    await page.route(/\/api\/v1\/notices\?.*state=failed/, (route) => route.fulfill({ json: [message] }));
    await visit(page, "/notices");
    const failed = page.getByRole("group", { name: "Không gửi được" });
    await failed.getByText("no connection to the server").waitFor();
    await failed.getByText("đã thử 120 lần").waitFor();
    await failed.getByText("và 4 tin khác").waitFor();
    expect(await page.getByRole("button", { name: /Gửi thử/ }).count()).toBe(0);
    await context.close();
  });

  it("are not for those who only look", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    expect((await page.request.get("/api/v1/notices")).status()).toBe(401);
    await context.close();
  });
});

describe("a link of a message", () => {
  it("that is damaged says so, without a login", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    await page.goto("/acknowledge?t=abc.def");
    await page.getByText("Liên kết không đúng").waitFor();
    await context.close();
  });

  it("asks for a login, and acknowledges once for whoever is logged in", async () => {
    const alarm = {
      alarm: 7,
      title: { vi: "Clo dư thấp", en: "Free chlorine low" },
      message: { vi: "Clo dư 0,12 mg/L", en: "Free chlorine 0.12 mg/L" },
      site: "tam-hop-water",
      priority: "high",
      state: "unacknowledged",
      raised_at: "2026-11-20T08:00:00+07:00",
      acknowledged_at: null as string | null,
      acknowledged_by: null as string | null,
      sent_to: "Nguyễn Thị Hoa",
      needs_login: true,
      done: false,
    };
    const stranger = await open({}, { loggedIn: false });
    await stranger.page.route(/\/api\/v1\/links\/look/, (route) => route.fulfill({ json: alarm }));
    await stranger.page.goto("/acknowledge?t=abc.def");
    const link = stranger.page.getByRole("link", { name: "Đăng nhập để nhận biết" });
    expect(await link.getAttribute("href")).toBe(`/login?next=${encodeURIComponent("/acknowledge?t=abc.def")}`);
    await stranger.context.close();

    const { context, page } = await open();
    await page.route(/\/api\/v1\/links\/look/, (route) => route.fulfill({ json: alarm }));
    await page.route(/\/api\/v1\/links\/acknowledge\/session/, (route) =>
      route.fulfill({ json: { ...alarm, state: "acknowledged", acknowledged_at: "2026-11-20T08:05:00+07:00", acknowledged_by: "hoa", done: true } }),
    );
    await page.goto("/acknowledge?t=abc.def");
    await page.getByRole("button", { name: "Nhận biết" }).click();
    await page.getByText("Đã nhận biết. Cảm ơn hoa.").waitFor();
    await context.close();
  });
});
