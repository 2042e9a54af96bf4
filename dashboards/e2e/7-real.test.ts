// What really happens to a browser: the hub restarts, a session ends, clocks are wrong, phones are slow, there is only a keyboard;
// the first start, wrong passwords, a screen on the wall for days. Each with a hub of its own.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { OwnHub, STATION } from "./own-hub.mjs";
import { seriousFaults, visit } from "./support";

const POINT = "tram/plc/ph";
const HOUR_MS = 3_600_000;

let browser: Browser;
let hub: OwnHub;
let context: BrowserContext | null = null;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  hub = new OwnHub(STATION);
  await hub.start();
});
afterEach(async () => {
  await context?.close();
  context = null;
  await hub.close();
});

async function opened(options = {}): Promise<Page> {
  context = await hub.context(browser, options);
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  return page;
}

/** Another hub in place of the one that stands. */
async function instead(...given: ConstructorParameters<typeof OwnHub>): Promise<void> {
  await hub.close();
  hub = new OwnHub(...given);
  await hub.start();
}

/** Somebody who is not logged in. */
async function stranger(): Promise<Page> {
  context = await browser.newContext({ baseURL: hub.url, locale: "vi-VN", reducedMotion: "reduce", serviceWorkers: "block", viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  return page;
}

async function fillIn(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
}

const shown = (page: Page, value: string) => page.locator(`[data-point="${POINT}"] data[value="${value}"]`).first().waitFor();

describe("a hub that restarts while one looks", () => {
  it("is missed in words, comes back by itself, and shows what came meanwhile", async () => {
    await hub.send([{ point: POINT, t: Date.now(), v: 7.2 }]);
    const page = await opened();
    await visit(page, "/sites/tram");
    await shown(page, "7.2");
    await hub.stop("SIGKILL");
    await page.getByText(/^Mất kết nối với máy chủ của xã/).waitFor();
    expect(await page.locator("[data-point] data").count()).toBe(0);
    await hub.start();
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor();
    await hub.send([{ point: POINT, t: Date.now(), v: 7.4 }]);
    await shown(page, "7.4");
    expect(new URL(page.url()).pathname).toBe("/sites/tram");
    await hub.send([{ point: POINT, t: Date.now(), v: 9.1 }]);
    await visit(page, "/alarms");
    await page.locator('[data-state="unacknowledged"]').getByText("pH cao").waitFor();
  });
});

describe("a session that ends while one looks", () => {
  it("leads to the login, which says so and leads back; what was being written of a rule is still there", async () => {
    const page = await opened();
    await visit(page, "/rules/ph-high");
    await page.getByTestId("code-rhai").locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.insertText("// Viết dở.\n");
    await page.getByTestId("rule-check").getByText("Không có lỗi").waitFor();
    // Ended elsewhere, as an administrator or the person on another device would.
    const ended = await context?.request.delete("/api/v1/session", { headers: { "content-type": "application/json", origin: hub.url } });
    expect(ended?.ok()).toBe(true);
    await page.keyboard.insertText("// Nữa.\n");
    await page.waitForURL(/\/login\?ended=1&next=/);
    await page.getByLabel("Tên đăng nhập").fill(hub.user);
    await page.getByLabel("Mật khẩu").fill(hub.password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/rules/ph-high");
    await page.getByText("Đã mở lại bản đang viết dở của bạn.").waitFor();
    expect(await page.getByTestId("code-rhai").locator(".cm-content").textContent()).toContain("// Viết dở.");
  });
});

describe.each([HOUR_MS, -HOUR_MS])("a browser whose clock is wrong by %i ms", (wrong) => {
  it("ages values by the hub's clock", async () => {
    await hub.send([{ point: POINT, t: Date.now(), v: 7.2 }]);
    context = await hub.context(browser);
    await context.addInitScript((ms) => {
      const Right = Date;
      const Wrong = class extends Right {
        constructor(...given: unknown[]) {
          if (given.length === 0) super(Right.now() + ms);
          else super(...(given as [number]));
        }
        static override now() {
          return Right.now() + ms;
        }
      };
      globalThis.Date = Wrong as DateConstructor;
    }, wrong);
    const page = await context.newPage();
    page.setDefaultTimeout(40_000);
    await visit(page, "/sites/tram");
    await shown(page, "7.2");
    expect(await page.locator(`[data-point="${POINT}"]`).first().textContent()).toMatch(/vừa xong|giây trước/);
    await hub.send([{ point: POINT, t: Date.now(), v: 7.3 }]);
    await shown(page, "7.3");
    await hub.send([{ point: POINT, t: Date.now(), v: 9.3 }]);
    await visit(page, "/alarms");
    const said = await page.locator('[data-state="unacknowledged"] .alarm-since').first().textContent();
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const near = [0, 60_000, 120_000].map((ago) => clock.format(Date.now() - ago));
    expect(near.some((time) => said?.includes(time)), `${said} is none of ${near.join()}`).toBe(true);
  });
});

describe("a slow phone", () => {
  it("shows what is wrong first, takes the acknowledgement, and moves nothing under the finger meanwhile", async () => {
    await hub.send([{ point: POINT, t: Date.now(), v: 9 }]);
    const page = await opened({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await devtools.send("Network.enable");
    await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 400, downloadThroughput: (1.6e6 / 8), uploadThroughput: (0.75e6 / 8) });
    await page.goto("/");
    const row = page.locator('[data-state="unacknowledged"]').first();
    await row.waitFor();
    const button = row.getByRole("button");
    const before = await button.boundingBox();
    for (const value of [9.1, 9.2, 9.3]) await hub.send([{ point: POINT, t: Date.now(), v: value }]);
    await shown(page, "9.3");
    expect((await button.boundingBox())?.y).toBe(before?.y);
    await button.tap();
    await page.getByRole("dialog").getByRole("button", { name: "Nhận biết" }).tap();
    await page.locator('[data-state="acknowledged"]').first().waitFor();
  });
});

describe("the keyboard alone", () => {
  it("reaches a site, a rule's text and out of it again", async () => {
    const page = await opened();
    await visit(page, "/");
    const to = async (name: RegExp) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press("Tab");
        const [text, outlined] = await page.evaluate(() => {
          const held = document.activeElement;
          // The page itself has the focus after a move to it, and all text is within it.
          if (held === null || held.matches("body, main")) return ["", "none"] as const;
          const deepest = held.shadowRoot?.activeElement ?? held;
          // Where a whole row is the link, the row shows the focus.
          const chain = [held, held.parentElement, held.closest("li")].flatMap((each) => each ?? []);
          const outline = chain.map((each) => getComputedStyle(each).outlineStyle).find((style) => style !== "none");
          return [deepest.getAttribute("aria-label") ?? held.textContent ?? "", outline ?? "none"] as const;
        });
        if (!name.test(text)) continue;
        return outlined;
      }
      throw new Error(`no Tab leads to ${name}`);
    };
    expect(await to(/^Địa điểm/)).not.toBe("none");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sites");
    expect(await to(/Trạm thử/)).not.toBe("none");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sites/tram");
    await visit(page, "/rules/ph-high");
    await to(/^Nội dung quy tắc$/);
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.type("// Bằng bàn phím.");
    await page.getByTestId("rule-check").getByText("Không có lỗi").waitFor();
    await to(/^Thử$/);
  });
});

describe("the first start", () => {
  it("asks for the code that the hub has printed, makes the first administrator with it, and never again", async () => {
    await instead({}, { isNew: true });
    const page = await stranger();
    await page.goto("/");
    await page.getByRole("heading", { name: "Thiết lập lần đầu" }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    const make = page.getByRole("button", { name: "Tạo tài khoản quản trị" });
    await fillIn(page, { "Mã thiết lập": "AAAA-AAAA", "Tên đăng nhập": "hoa", "Mật khẩu": "mật khẩu dài" });
    await make.click();
    await page.getByRole("alert").filter({ hasText: "Mã không đúng" }).waitFor();
    await fillIn(page, { "Mã thiết lập": hub.setupCode });
    await make.click();
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor();
    await visit(page, "/accounts");
    await page.locator('[data-user="hoa"]').getByText("Quản trị").waitFor();
    await page.getByRole("listitem").filter({ hasText: "hoa" }).first().waitFor();

    hub.setupCode = "";
    await hub.stop();
    await hub.start();
    expect(hub.setupCode).toBe("");
    await page.context().clearCookies();
    await page.goto("/");
    await page.waitForURL("**/login");
    await page.getByRole("heading", { name: "Đăng nhập" }).waitFor();
  });
});

describe("somebody who does not know the password", () => {
  it("is locked out for a while, and told for how long in plain words", async () => {
    const page = await stranger();
    const words = { vi: /^Đã thử quá nhiều lần\. Vui lòng thử lại sau \d+ (giây|phút)/, en: /^Too many tries\. Please try again in \d+ (second|minute)/ };
    await page.goto("/login");
    await fillIn(page, { "Tên đăng nhập": hub.user, "Mật khẩu": "đoán" });
    const refused = page.getByText("Tên đăng nhập hoặc mật khẩu không đúng.");
    for (let tries = 0; tries < 5; tries += 1) {
      await Promise.all([page.waitForResponse("**/api/v1/session"), page.getByRole("button", { name: "Đăng nhập" }).click()]);
      await refused.waitFor();
    }
    await page.getByRole("button", { name: "Đăng nhập" }).click();
    await page.getByText(words.vi).waitFor();
    // The right password is no way around it.
    await page.goto("/login?lang=en");
    await fillIn(page, { "User name": hub.user, Password: hub.password });
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText(words.en).waitFor();
  });
});

describe("one's own account", () => {
  it("shows the sessions and ends one elsewhere; a new password ends them all, and a wrong one is told", async () => {
    const page = await opened();
    await visit(page, "/accounts");
    const sessions = page.getByRole("region", { name: "Phiên đăng nhập" });
    await sessions.getByText("(phiên này)").waitFor();
    expect(await sessions.getByRole("listitem").count()).toBe(1);
    const elsewhere = await hub.context(browser);
    const other = await elsewhere.newPage();
    await visit(other, "/sites");
    await page.reload();
    await sessions.getByRole("listitem").nth(1).waitFor();
    await sessions.getByRole("button", { name: /^Kết thúc/ }).click();
    await other.waitForURL(/\/login\?ended=1/);
    await elsewhere.close();
    await sessions.getByRole("listitem").nth(1).waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Đổi mật khẩu" }).click();
    const change = page.getByRole("dialog").getByRole("button", { name: "Đổi mật khẩu" });
    await fillIn(page, { "Mật khẩu hiện tại": "không phải", "Mật khẩu mới": "một mật khẩu khác" });
    await change.click();
    await page.getByText("Mật khẩu hiện tại không đúng").waitFor();
    await fillIn(page, { "Mật khẩu hiện tại": hub.password });
    await change.click();
    await page.waitForURL("**/login*");
    await page.getByText("Đã đổi mật khẩu. Vui lòng đăng nhập lại.").waitFor();
    expect((await page.request.get("/api/v1/session")).status()).toBe(401);
    await fillIn(page, { "Tên đăng nhập": hub.user, "Mật khẩu": "một mật khẩu khác" });
    await page.getByRole("button", { name: "Đăng nhập" }).click();
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor();
  });
});

describe("who may only look", () => {
  it("sees an alarm and no way to act on it, and is refused by the hub", async () => {
    hub.command(["user", "add", "khach", "--role", "viewer", "--password-stdin"], `${hub.password}\n`);
    await hub.send([{ point: POINT, t: Date.now(), v: 9.2 }]);
    const page = await stranger();
    await page.request.post("/api/v1/session", { data: { username: "khach", password: hub.password } });
    await visit(page, "/");
    await page.locator('[data-state="unacknowledged"]').getByText("pH cao").waitFor();
    for (const path of ["/", "/alarms", "/alarms/1", "/trends?p=tram/plc/ph", "/quality?site=tram"]) {
      await visit(page, path);
      expect(await page.getByRole("button", { name: /^(Nhận biết|Tạm gác|Thêm ghi chú|Ghi chú|Bảo trì|Hiệu chuẩn|Nhập|Loại)/ }).count(), path).toBe(0);
    }
    await visit(page, "/more");
    for (const name of [/Quy tắc/, /Thiết bị/, /Đang nhận/]) expect(await page.getByRole("link", { name }).count()).toBe(0);
    for (const deed of ["acknowledge", "comment", "shelve"]) {
      const data = deed === "comment" ? { comment: "x" } : deed === "shelve" ? { until: new Date(Date.now() + 3_600_000).toISOString(), reason: "x" } : {};
      expect((await page.request.post(`/api/v1/alarms/1/${deed}`, { data })).status(), deed).toBe(403);
    }
  });
});

describe("a screen on the wall", () => {
  /** A clock by which it is this hour now. */
  const zoneAt = (hour: number) => {
    const ahead = ((hour - new Date().getUTCHours() + 36) % 24) - 12;
    return ahead === 0 ? "Etc/GMT" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
  };
  const other = STATION["sites/station.toml"].replace('"tram"', '"cho"').replace("Trạm thử", "Chợ thử").replace("water_station", "waste_site");

  it("shows each site in its turn, is dim by night, goes on by itself when the hub is back, and ends with its token", async () => {
    await instead({ ...STATION, "sites/other.toml": other }, { timezone: zoneAt(23) });
    await hub.send([{ point: POINT, t: Date.now(), v: 7.2 }]);
    const token = hub.command(["token", "add", "wall", "--role", "viewer"], "").trim();
    const page = await stranger();
    await page.goto(`/wall#${token}`);
    const site = (id: string) => page.locator(`.wall-site[data-site="${id}"]`);
    await site("tram").locator('data[value="7.2"]').waitFor();
    await site("cho").waitFor();
    expect(await page.locator(".wall-night").evaluate((screen) => getComputedStyle(screen).filter)).toMatch(/^brightness\(0\.\d+\)$/);

    await hub.stop("SIGKILL");
    await page.getByText(/^Mất kết nối với máy chủ của xã/).waitFor();
    expect(await page.locator(".wall-site data").count()).toBe(0);
    await hub.start();
    await hub.send([{ point: POINT, t: Date.now(), v: 9.2 }]);
    await page.locator(".wall-alarm").getByText("pH cao").waitFor();
    await site("tram").locator('data[value="9.2"]').waitFor();
    expect(await page.getByText(/^Mất kết nối/).count()).toBe(0);

    hub.command(["token", "revoke", "wall"], "");
    await page.getByText("Màn hình này chưa có mã hiển thị").waitFor();
    expect(await page.locator(".wall-site").count()).toBe(0);
  });

  it("is bright by day", async () => {
    await instead(STATION, { timezone: zoneAt(12) });
    const page = await stranger();
    await page.goto(`/wall#${hub.command(["token", "add", "wall", "--role", "viewer"], "").trim()}`);
    await page.locator(".wall").waitFor();
    expect(await page.locator(".wall-night").count()).toBe(0);
  });
});
