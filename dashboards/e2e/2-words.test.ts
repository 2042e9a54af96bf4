// That nothing on a Vietnamese page is in English: every page, its folded parts, and the dialogues that open without changing
// anything, as an administrator sees them; and the pages of who is not logged in.
import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { USER } from "./browser.mjs";
import { alarmsOf, everyPage, sitesOf, useBrowser, visit } from "./support";
import { browserWords, englishFinder, textsOn } from "./words";

const { open } = useBrowser();
const TREND = "/trends?p=tam-hop-water/plc/turbidity&r=6h";
const DEVICE = "/devices/new?site=tam-hop-water";
const RULE = "/rules/chlorine-low";

/** Pages that only integrators and administrators have, and those of every kind of site. */
const morePages = async (context: BrowserContext) => [
  ...(await sitesOf(context)).map((site) => `/sites/${site.id}`),
  ...[TREND, DEVICE, RULE],
  ...["/quality?site=tam-hop-water", "/rules", "/devices?site=tam-hop-water", "/devices", "/buses", "/probe", "/sites/_hub", "/no-such-page"],
];

/** Buttons that open something, by their page; what they open is left without sending it. */
const OPENED: [path: string, buttons: (string | RegExp)[]][] = [
  [TREND, ["Chọn điểm đo", "Ghi chú", "Bảo trì", "Hiệu chuẩn", "Loại hoặc sửa số liệu", "Xuất"]],
  ["/accounts", ["Thêm người dùng", "Tạo mã", "Đổi mật khẩu", `Sửa ${USER}`, `Xóa ${USER}`]],
  ["/notices", [/^Gửi thử/]],
  ["/rules", ["Viết quy tắc mới"]],
  [RULE, ["Ca thử", "Tắt quy tắc", "Xóa quy tắc", "Thử"]],
  [DEVICE, [/TUF-2000M/, "Đọc thử"]],
  ["/probe", ["Đọc"]],
];

/** Collects what is English on pages that are looked at. */
function looker(page: Page, englishIn: (text: string) => string[]) {
  const found: string[] = [];
  return {
    found,
    look: async (where: string) => {
      await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
      for (const text of [...(await browserWords(page)), ...(await textsOn(page))]) {
        const words = englishIn(text);
        if (words.length > 0) found.push(`${where}: ${words.join(", ")} in "${text}"`);
      }
    },
  };
}

describe("a Vietnamese page", () => {
  it("has no English, wherever an administrator looks", async () => {
    const { context, page } = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    const { found, look } = looker(page, await englishFinder(context));
    for (const path of new Set([...(await everyPage(context)), ...(await morePages(context))])) {
      if (path === "/kit" || path === "/login") continue;
      await visit(page, path);
      await look(path);
    }
    expect(found).toEqual([]);
    await context.close();
  });

  it("has none in what its buttons open", async () => {
    const { context, page } = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    const { found, look } = looker(page, await englishFinder(context));
    // One that is over or shelved has no such button.
    const alarm = (await alarmsOf(context)).find(({ state }) => state === "unacknowledged" || state === "acknowledged");
    const dialogues: typeof OPENED = alarm === undefined ? OPENED : [...OPENED, [`/alarms/${alarm.id}`, [/Thêm ghi chú/, "Tạm gác"]]];
    for (const [path, buttons] of dialogues) {
      for (const name of buttons) {
        await visit(page, path);
        const called = { name, exact: typeof name === "string" };
        await page.getByRole("button", called).or(page.getByRole("radio", called)).first().press("Space");
        await page.waitForFunction(() => document.querySelector('.loading, [aria-busy="true"]') === null);
        await look(`${path}, ${name}`);
      }
    }
    expect(found).toEqual([]);
    await context.close();
  });

  it("has none before the login", async () => {
    const admin = await open({}, { loggedIn: true, asAdmin: true });
    const { context, page } = await open({}, { loggedIn: false });
    const { found, look } = looker(page, await englishFinder(admin.context));
    for (const path of ["/login", "/acknowledge?t=abc.def", "/wall"]) {
      await visit(page, path);
      await look(path);
    }
    expect(found).toEqual([]);
    await admin.context.close();
    await context.close();
  });
});
