// The pictures of the guides in docs/: Vietnamese, light, against a running demo. `npm run pictures`, or only some: `-- NAME…`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, logIn, openContext } from "./browser.mjs";

const FOLDER = join(import.meta.dirname, "../../docs/pictures");
const CHLORINE = "tam-hop-water/plc/free-chlorine";

/** @typedef {import("playwright-core").Page} Page */
/** @type {{ name: string, path: string, size: "phone" | "desktop", press?: string, asAdmin?: boolean, whole?: boolean, work?: (page: Page) => Promise<void> }[]} */
const PICTURES = [
  { name: "now", path: "/", size: "phone" },
  { name: "alarm", path: "/alarms/1", size: "phone" },
  { name: "site", path: "/sites/nam-ban-water", size: "desktop" },
  { name: "trends", path: `/trends?p=${CHLORINE}&p=nam-ban-water/plc/free-chlorine`, size: "desktop" },
  { name: "year", path: "/year?show=alarms", size: "desktop" },
  { name: "compliance", path: "/compliance?site=nam-ban-water", size: "desktop" },
  { name: "quality", path: "/quality?site=nam-ban-water", size: "desktop" },
  { name: "buses", path: "/buses", size: "desktop", asAdmin: true },
  { name: "device", path: "/devices/new?site=tam-hop-water", size: "phone", asAdmin: true, whole: true, work: tryMeter },
  { name: "probe", path: "/probe?device=tam-hop-water/plc", size: "desktop", asAdmin: true, work: probePh },
  { name: "calibration", path: "/trends?p=tam-hop-water/plc/turbidity&r=6h", size: "desktop", press: "Hiệu chuẩn" },
];

/** A meter from its profile, read once. @param {Page} page */
async function tryMeter(page) {
  await page.getByRole("button", { name: /TUF-2000M/ }).click();
  await page.getByLabel("Tên thiết bị").fill("Đồng hồ bể 2");
  await page.getByLabel("Số hiệu (unit id)").fill("2");
  await page.getByRole("button", { name: "Đọc thử" }).click();
  await page.getByText(/điểm đọc được/).waitFor();
}

/** A pH that is looked for, and found. @param {Page} page */
async function probePh(page) {
  await page.getByLabel("Số thanh ghi").fill("4");
  await page.getByLabel("Đại lượng cần tìm").selectOption({ label: "pH" });
  await page.getByRole("button", { name: "Đọc", exact: true }).click();
  await page.locator(".devices-value").first().click();
}

await mkdir(FOLDER, { recursive: true });
const browser = await launch();
try {
  const wanted = process.argv.slice(2);
  for (const { name, path, size, press, asAdmin = false, whole = false, work } of PICTURES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const context = await openContext(browser, { size });
    // Officers' forms and integrators' pages need more than staff may do.
    await logIn(context, { asAdmin: asAdmin || press !== undefined });
    const page = await context.newPage();
    await page.goto(path);
    await page.locator("h1").first().waitFor({ state: "attached" });
    await page.waitForFunction(() => document.querySelector(".loading") === null);
    if (press !== undefined) {
      await page.getByRole("button", { name: press, exact: true }).click();
      await page.locator(".effect .figures").first().waitFor();
    }
    if (work !== undefined) await work(page);
    await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: whole });
    await context.close();
  }
} finally {
  await browser.close();
}
