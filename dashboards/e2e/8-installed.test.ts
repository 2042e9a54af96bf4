// The app on a phone's home screen: it may be installed, says so when the hub is gone, shows nothing old, and takes a new worker at
// once. New alarms are told by a notice and a sound where somebody asked for it.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { OwnHub, STATION } from "./own-hub.mjs";
import { seriousFaults, visit } from "./support";

let browser: Browser;
let hub: OwnHub;
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
  await hub.close();
});

describe("the installed app", () => {
  it("has all that a browser asks for, and without the hub only a page that says so", async () => {
    const context = await hub.context(browser, { serviceWorkers: "allow" });
    const page = await context.newPage();
    page.setDefaultTimeout(40_000);
    await visit(page, "/");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const devtools = await context.newCDPSession(page);
    const { errors } = (await devtools.send("Page.getAppManifest")) as { errors: unknown[] };
    expect(errors).toEqual([]);
    const { installabilityErrors } = (await devtools.send("Page.getInstallabilityErrors" as "Page.getAppManifest")) as unknown as { installabilityErrors: { errorId: string }[] };
    expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)));
      return all.flat().sort();
    });
    expect(kept).toEqual(["/favicon.svg", "/offline.css", "/offline.html", "/offline.js"]);

    await hub.send([{ point: "tram/plc/ph", t: Date.now(), v: 7.2 }]);
    await hub.stop("SIGKILL");
    await page.goto("/sites/tram");
    await page.getByRole("heading", { name: "Không liên lạc được với máy chủ của xã" }).waitFor();
    expect(await page.locator("data, .figures").count()).toBe(0);
    expect(await page.locator("body").textContent()).not.toContain("7,2");
    expect(await seriousFaults(page)).toEqual([]);
    await hub.start();
    await page.getByRole("heading", { name: "Trạm thử" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/sites/tram");
    await context.close();
  });

  it("tells of a new alarm by a notice that leads to it, and by a sound, where both are asked for", async () => {
    const context = await hub.context(browser, { serviceWorkers: "allow", permissions: ["notifications"] });
    await context.addInitScript(() => {
      const tones: number[] = [];
      Object.assign(globalThis, { tones });
      const Tone = globalThis.OscillatorNode;
      globalThis.OscillatorNode = class extends Tone {
        constructor(audio: BaseAudioContext, options?: OscillatorOptions) {
          super(audio, options);
          tones.push(options?.frequency ?? 0);
        }
      };
    });
    const page = await context.newPage();
    page.setDefaultTimeout(40_000);
    await visit(page, "/more");
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.getByLabel("Phát âm thanh").check();
    await page.getByLabel("Hiện thông báo của trình duyệt").check();
    await page.getByLabel("Từ mức").selectOption("high");
    const tones = () => page.evaluate(() => (globalThis as unknown as { tones: number[] }).tones.length);
    const tried = await tones();
    expect(tried).toBeGreaterThan(0);
    await page.getByTestId("connection").filter({ hasText: "Trực tiếp" }).waitFor();
    await hub.send([{ point: "tram/plc/ph", t: Date.now(), v: 9.5 }]);
    await expect.poll(tones, { timeout: 30_000 }).toBeGreaterThan(tried);
    const notices = () =>
      page.evaluate(async () => {
        const worker = await navigator.serviceWorker.ready;
        return (await worker.getNotifications()).map((notice) => [notice.title, (notice.data as { href: string }).href]);
      });
    await expect.poll(notices, { timeout: 30_000 }).toEqual([["Cao: pH cao", "/alarms/1"]]);
    await page.reload();
    expect(await page.getByLabel("Phát âm thanh").isChecked()).toBe(true);
    await context.close();
  });
});
