// Measures the dashboard in a real browser against a hub of its own, and prints each figure beside its goal: sizes, the first page on
// a slow phone, a year drawn and dragged, many live points, the calls behind each page. COMMUNE_HUB names the hub's binary, MINUTES how
// long the live points are watched, DAYS how long the detailed history is; its arguments are the parts to measure: phone, year, calls, live.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SIZES, launch } from "./browser.mjs";
import { OwnHub } from "./own-hub.mjs";

const YEAR_MS = 365 * 86_400_000;
const STEP_MS = 600_000;
const LIVE_POINTS = 500;
const DEVICES = 10;
const MINUTES = Number(process.env["MINUTES"] ?? "3");
const DETAILED_DAYS = Number(process.env["DAYS"] ?? "30");
const DETAILED_POINTS = 10;
const BATCH = 2_000;
/** A hub that is busy says so; sending the same once more does no harm. */
const TRIES = 20;
const SETTLED_MS = 30_000;
/** Each call behind a page is timed so often. */
const ASKED = 5;
const FRAME_MS = 1_000 / 60;
/** Strokes further apart than this belong to two drawings. */
const PAUSE_MS = 50;
const wanted = process.argv.slice(2);
const dist = join(import.meta.dirname, "..", "dist");

const numbers = Array.from({ length: LIVE_POINTS }, (_, n) => n);
const deviceOf = (/** @type {number} */ n) => `d${n % DEVICES}`;
const idOf = (/** @type {number} */ n) => `tram/${deviceOf(n)}/p${n}`;
const devices = Array.from({ length: DEVICES }, (_, d) => {
  const points = numbers.filter((n) => n % DEVICES === d).map((n) => `[[device.point]]\nid = "p${n}"\nquantity = "level"\nrange = { min = 0, max = 10 }\n`);
  return `[[device]]\nid = "d${d}"\nadapter = "push"\n${points.join("")}`;
});
const SITE = `id = "tram"\nkind = "water_station"\nname = { vi = "Trạm đo tốc độ", en = "Bench station" }\n${devices.join("")}`;

const WHAT_WIDTH = 76;
const FIGURE_WIDTH = 12;
/**
 * A row of the table, printed as soon as it is known.
 * @param {string} what @param {number} found @param {number} most @param {string} unit @param {number} [decimals]
 */
function note(what, found, most, unit, decimals = 0) {
  const figures = [`${found.toFixed(decimals)} ${unit}`, `<= ${most} ${unit}`].map((each) => each.padStart(FIGURE_WIDTH)).join("");
  process.stdout.write(`${what.padEnd(WHAT_WIDTH)}${figures}  ${found <= most ? "ok" : "MISSED"}\n`);
}

function sizes() {
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
  const kb = (/** @type {string} */ name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length / 1_000;
  const all = readdirSync(join(dist, "assets")).filter((name) => /\.(js|css)$/.test(name) && !/^(Map-|Rule-|devices-|DiffView-)/.test(name));
  note("first load, gzip", ["index.html", ...named].reduce((sum, name) => sum + kb(name), 0), 60, "kB", 1);
  note("all but map, editor and tools of devices, gzip", all.reduce((sum, name) => sum + kb(`assets/${name}`), 0), 180, "kB", 1);
}

const wave = (/** @type {number} */ t, /** @type {number} */ n) => Math.round((5 + 3 * Math.sin(t / 7.2e6 + n) + Math.sin(t / 9e5)) * 1_000) / 1_000;

/** @param {OwnHub} hub @param {{ point: string, t: number, v: number }[]} readings */
async function sendAll(hub, readings) {
  for (let begin = 0; begin < readings.length; begin += BATCH) {
    const batch = readings.slice(begin, begin + BATCH);
    for (let tries = 1; ; tries += 1) {
      try {
        await hub.send(batch);
        break;
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }
}

/** @param {OwnHub} hub */
async function fill(hub) {
  const now = Date.now();
  const begin = now - YEAR_MS;
  const year = Array.from({ length: YEAR_MS / STEP_MS }, (_, k) => ({ point: idOf(0), t: begin + k * STEP_MS, v: wave(begin + k * STEP_MS, 0) }));
  await sendAll(hub, year);
  let count = year.length;
  const minutes = DETAILED_DAYS * 1_440;
  for (let n = 1; n <= DETAILED_POINTS; n += 1) {
    const month = Array.from({ length: minutes }, (_, k) => now - (minutes - k) * 60_000).map((t) => ({ point: idOf(n), t, v: wave(t, n) }));
    await sendAll(hub, month);
    count += month.length;
  }
  await sendAll(hub, liveReadings());
  process.stdout.write(`history: ${count} readings\n`);
}

/** One reading of each point. */
const liveReadings = () => numbers.map((n) => ({ point: idOf(n), t: Date.now(), v: wave(Date.now(), n) }));

/** @param {import("playwright-core").Browser} browser @param {OwnHub} hub */
async function slowPhone(browser, hub) {
  /** @type {number[]} */
  const found = [];
  for (let round = 0; round < 3; round += 1) {
    const context = await hub.context(browser, { viewport: SIZES.phone, hasTouch: true });
    await context.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.querySelector("[data-site] a, [data-alarm] button") === null) return;
        observer.disconnect();
        // Drawn, and free to answer a finger: two frames later, in a task of its own.
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => Object.assign(globalThis, { usableAt: performance.now() }))));
      }).observe(document, { childList: true, subtree: true });
    });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Network.enable");
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 400, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 });
    await page.goto("/", { waitUntil: "commit" });
    const at = await page.waitForFunction(() => /** @type {{ usableAt?: number }} */ (globalThis).usableAt ?? null, null, { timeout: 60_000 });
    found.push(Number(await at.jsonValue()));
    await context.close();
  }
  note("usable on the slow phone, best of 3", Math.min(...found) / 1_000, 1.5, "s", 2);
}

/** @param {import("playwright-core").Browser} browser @param {OwnHub} hub */
async function yearDrawn(browser, hub) {
  const context = await hub.context(browser);
  await context.addInitScript(() => {
    const seen = { strokes: /** @type {number[]} */ ([]) };
    Object.assign(globalThis, { seen });
    const stroke = CanvasRenderingContext2D.prototype.stroke;
    CanvasRenderingContext2D.prototype.stroke = function (/** @type {any[]} */ ...given) {
      Reflect.apply(stroke, this, given);
      seen.strokes.push(performance.now());
    };
  });
  const page = await context.newPage();
  const day = (/** @type {number} */ ms) => new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10);
  await page.goto(`/trends?p=${idOf(0)}&from=${day(Date.now() - YEAR_MS)}&to=${day(Date.now())}`);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).seen.strokes.length > 0, null, { timeout: 60_000 });
  await page.waitForLoadState("networkidle").catch(() => undefined);
  // From the values' arrival to the last stroke of the first drawing after it.
  const took = await page.evaluate((pauseMs) => {
    const call = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource")).find((each) => each.name.includes("buckets="));
    const strokes = /** @type {number[]} */ (/** @type {any} */ (globalThis).seen.strokes).filter((at) => at > (call?.responseEnd ?? 0));
    const last = strokes.find((at, index) => (strokes[index + 1] ?? Infinity) - at > pauseMs) ?? NaN;
    return last - (call?.responseEnd ?? 0);
  }, PAUSE_MS);
  note("a year at 10 min, drawn after its values came", took, 200, "ms");
  const box = await page.locator("canvas").first().boundingBox();
  if (box === null) throw new Error("there is no chart");
  const middle = box.y + box.height / 2;
  // One empty run tells what the machine itself drops.
  const frames = async (/** @type {() => Promise<void>} */ doing) => {
    await page.evaluate(() => {
      const times = /** @type {number[]} */ ([]);
      Object.assign(globalThis, { times, counting: true });
      const tick = (/** @type {number} */ at) => {
        times.push(at);
        if (/** @type {any} */ (globalThis).counting) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    await doing();
    const times = /** @type {number[]} */ (await page.evaluate(() => (Object.assign(globalThis, { counting: false }), /** @type {any} */ (globalThis).times)));
    return times.slice(1).filter((at, index) => at - (times[index] ?? at) > 1.5 * FRAME_MS).length / Math.max(1, times.length);
  };
  const idle = await frames(() => page.waitForTimeout(1_000));
  const panned = await frames(async () => {
    await page.keyboard.down("Shift");
    await page.mouse.move(box.x + box.width * 0.7, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.3, middle, { steps: 60 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
  });
  note("frames dropped while a year is dragged, beyond those of an idle page", Math.max(0, panned - idle) * 100, 1, "%", 1);
  await context.close();
}

/** @param {import("playwright-core").Browser} browser @param {OwnHub} hub */
async function manyLive(browser, hub) {
  const context = await hub.context(browser);
  const page = await context.newPage();
  await page.goto("/sites/tram");
  await page.locator("[data-point] data").first().waitFor();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  const look = async () => {
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = (/** @type {string} */ name) => metrics.find((each) => each.name === name)?.value ?? 0;
    return { busyS: of("TaskDuration"), heap: of("JSHeapUsedSize"), at: Date.now() };
  };
  const beat = async (/** @type {number} */ ms) => {
    for (const until = Date.now() + ms; Date.now() < until; ) {
      const next = Date.now() + 1_000;
      await sendAll(hub, liveReadings());
      await new Promise((wake) => setTimeout(wake, Math.max(0, next - Date.now())));
    }
  };
  // What is set up once is no growth.
  await beat(30_000);
  const before = await look();
  await beat(MINUTES * 60_000);
  const after = await look();
  const seconds = (after.at - before.at) / 1_000;
  note(`${LIVE_POINTS} live points at 1/s on one page: share of a core`, (100 * (after.busyS - before.busyS)) / seconds, 10, "%", 1);
  note(`its heap after ${MINUTES} min, as growth an hour`, Math.max(0, ((after.heap - before.heap) / 1e6) * (3_600 / seconds)), 10, "MB", 1);
  await context.close();
}

/** @param {import("playwright-core").Browser} browser @param {OwnHub} hub */
async function callsBehindPages(browser, hub) {
  const context = await hub.context(browser);
  const pages = { Now: "/", sites: "/sites", site: "/sites/tram", trends: `/trends?p=${idOf(1)}`, "a year": `/year?p=${idOf(0)}`, compliance: "/compliance", quality: "/quality", alarms: "/alarms?view=history", rules: "/rules", rule: "/rules/tank-low" };
  for (const [name, path] of Object.entries(pages)) {
    const page = await context.newPage();
    await page.goto(path);
    await page.locator("h1").first().waitFor();
    const settled = await page.waitForFunction(() => document.querySelector(".loading") === null, null, { timeout: SETTLED_MS }).catch(() => null);
    if (settled === null) note(`${name}: not settled after`, SETTLED_MS, 50, "ms");
    const paths = await page.evaluate(() => {
      const calls = performance.getEntriesByType("resource").map((each) => new URL(each.name));
      return calls.filter((url) => url.pathname.startsWith("/api/") && !url.pathname.endsWith("/stream")).map((url) => url.pathname + url.search);
    });
    await page.close();
    // Asked once more without a browser that starts beside the hub: what the hub takes, not what the machine shares out.
    let worst = { call: "none", ms: 0 };
    for (const path of new Set(paths)) {
      const times = [];
      for (let round = 0; round < ASKED; round += 1) {
        const begin = performance.now();
        const answer = await context.request.get(path);
        times.push(performance.now() - begin);
        if (!answer.ok()) throw new Error(`${path}: ${answer.status()}`);
      }
      const ms = times.sort((a, b) => a - b)[Math.floor(ASKED / 2)] ?? NaN;
      if (!(ms <= worst.ms)) worst = { call: path.split("?")[0] ?? path, ms };
    }
    note(`${name}: slowest call, ${worst.call}, median of ${ASKED}`, worst.ms, 50, "ms");
  }
  await context.close();
}

const hub = new OwnHub({ "sites/tram.toml": SITE });
// Beside each new window this browser opens two pages of its own address bar, which no phone has.
const browser = await launch(["--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"]);
try {
  await hub.start();
  sizes();
  await fill(hub);
  for (const [part, measure] of Object.entries({ phone: slowPhone, year: yearDrawn, calls: callsBehindPages, live: manyLive })) {
    if (wanted.length === 0 || wanted.includes(part)) await measure(browser, hub);
  }
} finally {
  await browser.close();
  await hub.close();
}
