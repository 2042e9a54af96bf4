// The pictures of the guides in docs/: Vietnamese, light, against a running demo. `npm run pictures`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, logIn, openContext } from "./browser.mjs";

const FOLDER = join(import.meta.dirname, "../../docs/pictures");
const CHLORINE = "tam-hop-water/plc/free-chlorine";

/** @type {{ name: string, path: string, size: "phone" | "desktop", press?: string, asAdmin?: boolean }[]} */
const PICTURES = [
  { name: "now", path: "/", size: "phone" },
  { name: "alarm", path: "/alarms/1", size: "phone" },
  { name: "site", path: "/sites/nam-ban-water", size: "desktop" },
  { name: "trends", path: `/trends?p=${CHLORINE}&p=nam-ban-water/plc/free-chlorine`, size: "desktop" },
  { name: "year", path: "/year?show=alarms", size: "desktop" },
  { name: "compliance", path: "/compliance?site=nam-ban-water", size: "desktop" },
  { name: "quality", path: "/quality?site=nam-ban-water", size: "desktop" },
  { name: "buses", path: "/buses", size: "desktop", asAdmin: true },
  { name: "calibration", path: "/trends?p=tam-hop-water/plc/turbidity&r=6h", size: "desktop", press: "Hiệu chuẩn" },
];

await mkdir(FOLDER, { recursive: true });
const browser = await launch();
try {
  for (const { name, path, size, press, asAdmin = false } of PICTURES) {
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
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
}
