// The pictures of the guides in docs/: Vietnamese, light, against a running demo. `npm run pictures`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, logIn, openContext } from "./browser.mjs";

const FOLDER = join(import.meta.dirname, "../../docs/pictures");
const CHLORINE = "tam-hop-water/plc/free-chlorine";

/** @type {{ name: string, path: string, size: "phone" | "desktop" }[]} */
const PICTURES = [
  { name: "now", path: "/", size: "phone" },
  { name: "alarm", path: "/alarms/1", size: "phone" },
  { name: "site", path: "/sites/nam-ban-water", size: "desktop" },
  { name: "trends", path: `/trends?p=${CHLORINE}&p=nam-ban-water/plc/free-chlorine`, size: "desktop" },
  { name: "year", path: "/year?show=alarms", size: "desktop" },
  { name: "compliance", path: "/compliance?site=nam-ban-water", size: "desktop" },
  { name: "quality", path: "/quality?site=nam-ban-water", size: "desktop" },
];

await mkdir(FOLDER, { recursive: true });
const browser = await launch();
try {
  for (const { name, path, size } of PICTURES) {
    const context = await openContext(browser, { size });
    await logIn(context);
    const page = await context.newPage();
    await page.goto(path);
    await page.locator("h1").first().waitFor({ state: "attached" });
    await page.waitForFunction(() => document.querySelector(".loading") === null);
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
}
