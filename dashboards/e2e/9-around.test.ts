// What a hub is given besides devices: photographs and map tiles, names as people write them, communes of a province; and nothing
// at all. Each with a hub of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SIZES, launch } from "./browser.mjs";
import { OwnHub, STATION } from "./own-hub.mjs";
import { overflowOf, seriousFaults, visit } from "./support";

let browser: Browser;
/** What a test has started, ended in reverse. */
const started: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
});
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

async function running(files: Record<string, string | Uint8Array>, own: { id?: string; settings?: string } = {}): Promise<OwnHub> {
  const hub = new OwnHub(files, own);
  started.push(() => hub.close());
  await hub.start();
  return hub;
}

async function opened(hub: OwnHub, size: keyof typeof SIZES = "desktop") {
  const context = await hub.context(browser, { viewport: SIZES[size] });
  started.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  return { context, page };
}

/** A PNG of one colour. */
function picture(side: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8);
  const rows = Buffer.alloc(side * (3 * side + 1), 0x9a);
  for (let row = 0; row < side; row += 1) rows[row * (3 * side + 1)] = 0;
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

const site = (name: string, more = "") => `id = "tram"
kind = "water_station"
name = { vi = ${JSON.stringify(name)}, en = ${JSON.stringify(name)} }
location = { lat = 21.3, lon = 105.4 }
${more}
[[device]]
id = "plc"
adapter = "push"
[[device.point]]
id = "ph"
quantity = "ph"
`;

describe("a site's photographs", () => {
  it("are shown with words for who does not see them, and open in full", async () => {
    const hub = await running({ "sites/tram.toml": site("Trạm ảnh", 'photos = ["sites/mot.png", "sites/hai.png"]'), "sites/mot.png": picture(64), "sites/hai.png": picture(32) });
    const { context, page } = await opened(hub, "phone");
    await visit(page, "/sites/tram");
    const shown = page.getByRole("img", { name: "Trạm ảnh" });
    await shown.nth(1).scrollIntoViewIfNeeded();
    expect(await shown.count()).toBe(2);
    await page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>(".site-photos img")].every((each) => each.complete && each.naturalWidth > 0));
    expect(await seriousFaults(page)).toEqual([]);
    const [full] = await Promise.all([context.waitForEvent("page"), shown.first().click()]);
    await full.waitForLoadState();
    expect(new URL(full.url()).pathname).toBe("/api/v1/sites/tram/photos/1");
    // They are the commune's own: nobody sees them without a login.
    const stranger = await browser.newContext({ baseURL: hub.url });
    started.push(() => stranger.close());
    expect((await stranger.request.get("/api/v1/sites/tram/photos/1")).status()).toBe(401);
  });
});

describe("map tiles by a configured address", () => {
  it("come from that server and no other, and the sites stand without it, too", async () => {
    const tile = picture(256);
    const asked: string[] = [];
    const server: Server = createServer((request, answer) => {
      asked.push(request.url ?? "");
      answer.writeHead(200, { "content-type": "image/png" }).end(tile);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const stop = () => new Promise<void>((ended) => {
      server.close(() => ended());
      server.closeAllConnections();
    });
    started.push(stop);
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = `[map]\ntiles = "http://${host}/nen/{z}/{x}/{y}.png"\nattribution = "© Xã <b>Thử</b>"\n`;
    const hub = await running({ "sites/tram.toml": site("Trạm nền") }, { settings });
    const { page } = await opened(hub);
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await visit(page, "/map");
    await page.waitForFunction(() => {
      const tiles = [...document.querySelectorAll<HTMLImageElement>(".leaflet-tile")];
      return tiles.length > 0 && tiles.every((each) => each.complete && each.naturalWidth === 256);
    });
    expect([...hosts].sort()).toEqual([host, new URL(hub.url).host].sort());
    expect(asked.every((path) => /^\/nen\/\d+\/\d+\/\d+\.png$/.test(path)), asked.join(" ")).toBe(true);
    // The configuration's text stays text.
    await page.getByText("© Xã <b>Thử</b>").waitFor();
    await page.locator(".map-mark").getByText("Trạm nền").waitFor();

    await stop();
    await visit(page, "/map?site=tram");
    await page.locator(".map-mark").getByText("Trạm nền").waitFor();
  });
});

describe("a name", () => {
  // What could be taken for markup, what is more than one character each, and far too long for one line.
  const NAME = `<script>alert(1)</script> 🚰 Trạm ${"rất dài ".repeat(8)}`.trim();

  it("with markup and emoji is text wherever it stands, and widens no page", async () => {
    const hub = await running({ "sites/tram.toml": site(NAME) });
    await hub.send([{ point: "tram/plc/ph", t: Date.now(), v: 7.2 }]);
    const { context, page } = await opened(hub, "phone");
    // The page itself brings the names to who is logged in, and is kept by nobody.
    const brought = await context.request.get("/");
    expect(await brought.text()).toContain('"vi":"\\u003cscript>alert(1)\\u003c/script> 🚰');
    expect(brought.headers()["cache-control"]).toBe("no-store");
    expect(await (await fetch(hub.url)).text()).not.toContain("🚰");
    for (const path of ["/", "/sites", "/sites/tram", "/map", "/trends?p=tram/plc/ph", "/quality", "/year", "/wall"]) {
      await visit(page, path);
      await page.getByText("<script>alert(1)</script> 🚰").first().waitFor({ state: "attached" });
      expect(await page.locator("body script").count(), path).toBe(0);
      expect(await overflowOf(page), path).toBe(0);
    }
  });
});

describe("a site with very many points", () => {
  it("fetches and draws what somebody looks at, and has the present value where one scrolls to", async () => {
    const ids = Array.from({ length: 80 }, (_, n) => `p${n}`);
    const points = ids.map((id) => `[[device.point]]\nid = "${id}"\nquantity = "level"\n`).join("");
    const hub = await running({ "sites/tram.toml": `id = "tram"\nkind = "other"\n[[device]]\nid = "plc"\nadapter = "push"\n${points}` });
    const send = (v: number) => hub.send(ids.map((id) => ({ point: `tram/plc/${id}`, t: Date.now(), v })));
    await send(1);
    const { page } = await opened(hub);
    let charts = 0;
    page.on("request", (request) => (charts += Number(request.url().includes("doubts="))));
    await visit(page, "/sites/tram");
    const row = (id: string) => page.locator(`[data-point="tram/plc/${id}"]`);
    await row("p0").locator('data[value="1"]').waitFor();
    expect(await page.locator("[data-point]").count()).toBe(ids.length);
    expect(charts).toBe(0);
    await send(2);
    await row("p0").locator('data[value="2"]').waitFor();
    await row("p79").scrollIntoViewIfNeeded();
    await row("p79").locator('data[value="2"]').waitFor();
    await page.locator(".site-trends > *").last().scrollIntoViewIfNeeded();
    await page.locator(".site-trends > *").last().locator(".trend").waitFor();
    expect(charts).toBeGreaterThan(0);
    expect(charts).toBeLessThan(ids.length / 2);
  });
});

/** For a look at the real number: COMMUNE_ROWS=2000000. Taking that many in is some minutes' work for a debug build. */
const ROWS = Number(process.env["COMMUNE_ROWS"] ?? "120000");

describe("a point with very many readings", () => {
  it("is drawn from spans, and taken away whole as CSV, while an Excel sheet of them is refused in words", async () => {
    const hub = await running(STATION);
    const end = Math.floor(Date.now() / 1_000);
    for (let first = 0; first < ROWS; first += 40_000) {
      const lines = Array.from({ length: Math.min(40_000, ROWS - first) }, (_, k) => `x,point=tram/plc/ph value=${7 + (k % 100) / 100} ${end - ROWS + first + k}`);
      const answer = await fetch(`${hub.url}/api/v2/write?precision=s`, { method: "POST", headers: { authorization: `Bearer ${hub.token}` }, body: lines.join("\n") });
      expect(answer.status, await answer.text()).toBe(204);
    }
    const { page } = await opened(hub, "phone");
    const asked: URLSearchParams[] = [];
    page.on("request", (request) => request.url().includes("/readings?") && asked.push(new URL(request.url()).searchParams));
    const trend = `/trends?p=tram/plc/ph&r=${ROWS > 500_000 ? "30d" : "7d"}`;
    await visit(page, trend);
    await page.locator("canvas").first().waitFor();
    await page.locator("table").getByText(ROWS.toLocaleString("vi-VN")).waitFor();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((each) => Number(each.get("buckets")) > 0)).toBe(true);

    await visit(page, `${trend}&lang=en`);
    await page.getByText("Days, comparison, export").click();
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByText(`Every reading (about ${ROWS.toLocaleString("en")} rows)`).click();
    await page.getByRole("button", { name: "Download" }).click();
    await page.getByText("too many for an Excel sheet").waitFor();

    await visit(page, `${trend}&lang=vi`);
    await page.getByText("Ngày, so sánh, xuất").click();
    await page.getByRole("button", { name: "Xuất" }).click();
    await page.getByText(`Từng lần đo (khoảng ${ROWS.toLocaleString("vi-VN")} dòng)`).click();
    await page.getByRole("button", { name: "Tải về" }).click();
    await page.getByText("quá nhiều cho một bảng Excel").waitFor();
    await page.getByText("CSV", { exact: true }).click();
    expect(await page.getByText("Excel chỉ mở được 1.048.576 dòng đầu").count()).toBe(Number(ROWS >= 1_048_576));
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Tải về" }).click()]);
    const text = readFileSync(await file.path(), "utf8");
    expect(text.trimEnd().split("\n").length).toBe(ROWS + 1);
    // The page goes on.
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Hiện tại" }).click();
    await page.locator("[data-site] a").first().waitFor();
  }, 120_000 + ROWS / 5);
});

describe("a commune of which nothing is heard", () => {
  it("says so once and plainly, with no value as if it were the present one, in both languages", async () => {
    const sites = ["mot", "hai", "ba"];
    const file = (id: string) => `id = "${id}"\nkind = "water_station"\nname = "Trạm ${id}"\n[[device]]\nid = "plc"\nadapter = "push"\n[[device.point]]\nid = "ph"\nquantity = "ph"\nexpire_after = "1s"\n`;
    const hub = await running(Object.fromEntries(sites.map((id) => [`sites/${id}.toml`, file(id)])));
    const send = (ids: string[]) => hub.send(ids.map((id) => ({ point: `${id}/plc/ph`, t: Date.now(), v: 7.1 })));
    await send(sites);
    const { page } = await opened(hub, "phone");
    for (const { lang, said, silent, calm } of [
      { lang: "vi", said: /^Không nhận được tín hiệu của địa điểm nào từ hôm nay \d\d:\d\d/, silent: /mất tín hiệu \d+/, calm: "Không có cảnh báo" },
      { lang: "en", said: /^No site has been heard since today \d\d:\d\d/, silent: /silent for \d+/, calm: "No alarms" },
    ]) {
      await visit(page, `/?lang=${lang}`);
      await page.getByText(said).waitFor();
      expect(await page.locator("[data-point] data").count()).toBe(0);
      expect(await page.locator("[data-point] s").count()).toBe(sites.length);
      // Once for each site in its own line, and not again beside each of its values.
      expect(await page.locator("[data-point] .value-words").count()).toBe(0);
      expect(await page.locator("[data-site]").filter({ hasText: silent }).count()).toBe(sites.length);
      expect(await page.getByText(calm, { exact: true }).count()).toBe(0);
      expect(await overflowOf(page)).toBe(0);
      expect(await seriousFaults(page)).toEqual([]);
    }
    await send(["hai"]);
    await page.locator('[data-point="hai/plc/ph"] data').waitFor();
    expect(await page.getByText(/^No site has been heard/).count()).toBe(0);
  });
});

describe("an alarm that clears while one acknowledges it", () => {
  it("is said to have cleared, and is over with the acknowledgement", async () => {
    const hub = await running(STATION);
    const send = (v: number) => hub.send([{ point: "tram/plc/ph", t: Date.now(), v }]);
    const { page } = await opened(hub, "phone");
    for (const [n, { lang, cleared, acknowledge, title }] of [
      { lang: "vi", cleared: "Cảnh báo vừa hết trong khi bạn đang xem", acknowledge: "Nhận biết", title: "pH cao" },
      { lang: "en", cleared: "The alarm has just cleared while you were looking", acknowledge: "Acknowledge", title: "pH high" },
    ].entries()) {
      await send(9);
      await visit(page, `/?lang=${lang}`);
      await page.locator('[data-state="unacknowledged"]').getByRole("button").click();
      await send(7);
      const dialogue = page.getByRole("dialog");
      await dialogue.getByText(cleared).waitFor();
      await dialogue.getByRole("button", { name: acknowledge }).click();
      await dialogue.waitFor({ state: "detached" });
      await visit(page, `/alarms?view=history&lang=${lang}`);
      await page.locator('[data-state="normal"]').getByRole("link", { name: title }).nth(n).waitFor();
    }
  });
});

describe("a hub without sites", () => {
  it("says so on every page, and nothing leads nowhere", async () => {
    const hub = await running({});
    const { page } = await opened(hub, "phone");
    for (const { lang, none } of [
      { lang: "en", none: /^(No |There are no ).+ yet$/ },
      { lang: "vi", none: /^Chưa có / },
    ]) {
      for (const path of ["/", "/sites", "/trends", "/year", "/compliance", "/quality", "/map"]) {
        await visit(page, `${path}?lang=${lang}`);
        await page.getByText(none).first().waitFor();
        expect(await seriousFaults(page), path).toEqual([]);
      }
    }
    for (const path of ["/alarms", "/alarms?view=history", "/rules", "/notices", "/arriving", "/buses", "/sites/_hub", "/more", "/accounts"]) {
      await visit(page, path);
      expect(await page.locator("main .failed").count(), path).toBe(0);
    }
  });
});

describe("a province", () => {
  it("sees its communes and their alarms by one call, and leaves acknowledging to them", async () => {
    const engine = await victoriaMetrics();
    const forward = `[[forward]]\nid = "tinh"\nkind = "victoriametrics"\nurl = "${engine}"\n`;
    const commune = await running({ ...STATION, "sites/station.toml": site("Trạm thử", "") }, { settings: forward });
    await commune.send([{ point: "tram/plc/ph", t: Date.now(), v: 9.1 }]);
    // The province looks at once when it starts, and then not for a while: all is there before.
    await expect.poll(async () => (await series(engine, '{__name__=~"alarm_standing|ph_value"}')).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    const settings = `${forward}[history]\nremote = "tinh"\n[hub]\nrole = "province"\norganisations = "organisations.toml"\n`;
    const organisations = `[[organisation]]\nid = "phu-tho"\nkind = "province"\nname = { vi = "Tỉnh Phú Thọ", en = "Phú Thọ province" }
[[organisation]]\nid = "thu-nghiem"\nkind = "commune"\nwithin = [{ id = "phu-tho" }]\n`;
    const province = await running({ "organisations.toml": organisations }, { id: "tinh", settings });
    const { page } = await opened(province, "phone");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await visit(page, "/");
    const row = page.locator('[data-commune="thu-nghiem"]');
    await row.getByText("Cảnh báo: 1").waitFor();
    await page.getByRole("heading", { name: /Tỉnh Phú Thọ/ }).waitFor();
    expect(asked.filter((path) => path.startsWith("/api/v1/sites"))).toEqual([]);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    await page.getByLabel("Tìm xã").fill("không có xã này");
    await row.waitFor({ state: "detached" });
    await page.getByLabel("Tìm xã").fill("thử nghiệm");
    await row.getByRole("link").first().click();
    await page.waitForURL("**/sites/thu-nghiem--tram");
    await page.locator("[data-point]").first().waitFor();

    await visit(page, "/alarms");
    const alarm = page.locator("[data-alarm]").first();
    await alarm.getByText("được nhận biết và xử lý tại máy chủ của xã").waitFor();
    expect(await page.getByRole("button", { name: /Nhận biết/ }).count()).toBe(0);
    await alarm.getByRole("link").first().click();
    await page.getByText("được nhận biết và xử lý tại máy chủ của xã").waitFor();
    expect(await page.getByRole("button", { name: /Nhận biết|Tạm gác|Thêm ghi chú/ }).count()).toBe(0);
    await visit(page, "/quality?site=thu-nghiem--tram");
    expect(await page.getByRole("button", { name: /^Nhập/ }).count()).toBe(0);
  });
});

/** A real engine for the province and its commune; its address. */
async function victoriaMetrics(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "commune-engine-"));
  const port = await freePort();
  const child: ChildProcess = spawn(
    process.env["COMMUNE_PEER_VICTORIA_METRICS"] ?? "victoria-metrics",
    [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, "-retentionPeriod=100y", "-search.latencyOffset=0s", "-inmemoryDataFlushInterval=1s"],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  started.push(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(() => fetch(`${url}/health`).then((answer) => answer.status, () => 0), { timeout: 60_000 }).toBe(200);
  return url;
}

async function series(engine: string, match: string): Promise<unknown[]> {
  const answer = await fetch(`${engine}/api/v1/series?match[]=${encodeURIComponent(match)}`);
  return ((await answer.json()) as { data: unknown[] }).data;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
