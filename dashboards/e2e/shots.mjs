// Takes a picture of every page: phone and desktop, both languages, light and dark. `npm run shots -- FOLDER [name part]`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, SIZES, launch, logIn, openContext } from "./browser.mjs";

const [folder, only = ""] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: npm run shots -- FOLDER [part of the names wanted]\n");
  process.exit(2);
}
await mkdir(folder, { recursive: true });

/** Pages of integrators, looked at last: the login changes for them. @type {[string, string][]} */
const ADMIN_PAGES = ADMIN === "" ? [] : [["rules", "/rules"], ["rule", "/rules/chlorine-low"], ["site-file", "/devices?site=tam-hop-water"], ["device-new", "/devices/new?site=tam-hop-water"], ["probe", "/probe"]];
/** An alarm comes soon after a demo's start; without one half of what is worth seeing is missing. */
const ALARM_WITHIN_MS = 60_000;

/** What officers write down from a trend, by the button that opens it. */
const DIALOGUES = {
  vi: { "write-note": "Ghi chú", "write-maintenance": "Bảo trì", "write-calibration": "Hiệu chuẩn", "write-correction": "Loại hoặc sửa số liệu" },
  en: { "write-note": "Note", "write-maintenance": "Maintenance", "write-calibration": "Calibration", "write-correction": "Exclude or correct readings" },
};

/**
 * The pages by name; the site is the one with the most points, the alarm the newest.
 * @param {import("playwright-core").BrowserContext} context
 */
async function pages(context) {
  const sites = await (await context.request.get("/api/v1/sites")).json();
  const alarms = await firstAlarms(context);
  sites.sort((/** @type {{ points: number }} */ a, /** @type {{ points: number }} */ b) => b.points - a.points);
  return {
    login: "/login",
    now: "/",
    sites: "/sites",
    ...(sites[0] === undefined ? {} : { site: `/sites/${sites[0].id}` }),
    trends: "/trends",
    together: "/trends?p=tam-hop-water/plc/free-chlorine&p=tam-hop-water/plc/turbidity&p=nam-ban-water/plc/free-chlorine&r=6h",
    year: "/year?show=worst",
    compliance: "/compliance",
    devices: "/quality",
    quality: "/quality?site=tam-hop-water",
    waste: "/sites/dong-bai-waste",
    map: "/map",
    notices: "/notices",
    accounts: "/accounts",
    arriving: "/arriving",
    wall: "/wall",
    alarms: "/alarms",
    history: "/alarms?view=history",
    ...(alarms[0] === undefined ? {} : { alarm: `/alarms/${alarms[0].id}` }),
    more: "/more",
    own: "/sites/_hub",
    kit: "/kit",
  };
}

/**
 * Asks until there is an alarm, for a bounded time.
 * @param {import("playwright-core").BrowserContext} context
 */
async function firstAlarms(context) {
  const until = Date.now() + ALARM_WITHIN_MS;
  for (;;) {
    const alarms = await (await context.request.get("/api/v1/alarms?state=all")).json();
    if (alarms.length > 0 || Date.now() > until) return alarms;
    await new Promise((wake) => setTimeout(wake, 500));
  }
}

const browser = await launch();
try {
  for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES))) {
    for (const lang of /** @type {const} */ (["vi", "en"])) {
      for (const scheme of /** @type {const} */ (["light", "dark"])) {
        const context = await openContext(browser, { size, lang, scheme });
        await logIn(context, { asAdmin: ADMIN !== "" });
        const page = await context.newPage();
        const shown = [...Object.entries(await pages(context)), ...ADMIN_PAGES];
        for (const [name, path] of shown) {
          const file = `${name}-${SIZES[size].width}-${lang}-${scheme}.png`;
          if (!file.includes(only)) continue;
          if (ADMIN_PAGES.some(([its]) => its === name)) await logIn(context, { asAdmin: true });
          await page.goto(path);
          await page.locator("h1").first().waitFor({ state: "attached" });
          await page.waitForFunction(() => document.querySelector(".loading:not(.kit .loading)") === null);
          await page.screenshot({ path: join(folder, file), fullPage: true });
          process.stdout.write(`${file}\n`);
        }
        for (const [name, button] of Object.entries(DIALOGUES[lang])) {
          const file = `${name}-${SIZES[size].width}-${lang}-${scheme}.png`;
          if (ADMIN === "" || !file.includes(only)) continue;
          await page.goto("/trends?p=tam-hop-water/plc/turbidity&r=6h");
          await page.getByRole("button", { name: button, exact: true }).click();
          await page.locator("dialog .small.muted").first().waitFor();
          await page.waitForFunction(() => document.querySelector(".loading") === null);
          await page.screenshot({ path: join(folder, file) });
          process.stdout.write(`${file}\n`);
        }
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
}
