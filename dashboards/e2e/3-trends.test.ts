// Trends: what stands in the address, zooming by mouse, keys and fingers, figures, and files that other programs open.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { mainSite, overflowOf, useBrowser, visit } from "./support";

const { open } = useBrowser();
const PYTHON = process.env["COMMUNE_TEST_PYTHON"] ?? "python3";
const CHLORINE = "tam-hop-water/plc/free-chlorine";
const TURBIDITY = "tam-hop-water/plc/turbidity";

async function downloaded(page: Page, press: () => Promise<void>): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent("download"), press()]);
  const path = join(mkdtempSync(join(tmpdir(), "commune-")), file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

interface Workbook {
  [sheet: string]: { rows: (string | number | null)[][]; formats: string[] };
}

const readWorkbook = (path: string) =>
  JSON.parse(execFileSync(PYTHON, [join(import.meta.dirname, "read_workbook.py"), path], { encoding: "utf8" })) as Workbook;

describe("a trend", () => {
  it("shows main points without being asked, with figures and distribution", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/trends");
    await page.locator(".trends-plot canvas").first().waitFor();
    await page.getByRole("row").nth(1).waitFor();
    await page.getByRole("img", { name: /hay gặp nhất từ/ }).waitFor();
    await context.close();
  });

  it("is chosen by typing without marks, and stands in the address", async () => {
    const { context, page } = await open();
    const site = await mainSite(context);
    await visit(page, "/trends");
    await page.getByRole("button", { name: "Chọn điểm đo" }).click();
    await page.getByLabel("Tìm theo tên").fill("do duc tam hop");
    const choices = page.getByRole("dialog").getByRole("checkbox");
    expect(await choices.count()).toBeGreaterThan(0);
    await choices.first().check();
    await page.getByRole("button", { name: "Xong" }).click();
    await page.waitForURL(/p=.*turbidity/);
    await page.reload();
    await page.locator(".trends-plot canvas").first().waitFor();
    expect(await page.locator(".trends-legend-line").filter({ hasText: "Độ đục" }).count()).toBe(1);
    expect(site.points).toBeGreaterThan(0);
    await context.close();
  });

  it("is zoomed by a drag, and the back button zooms out again", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}&r=24h`);
    const over = page.locator(".u-over").first();
    await over.waitFor();
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    if (box === null) throw new Error("no chart");
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{4}-\d\d-\d\dT\d\d%3A\d\d&to=/);
    const query = new URL(page.url()).searchParams;
    const hours = (Date.parse(`${query.get("to")}Z`) - Date.parse(`${query.get("from")}Z`)) / 3_600_000;
    expect(hours).toBeGreaterThan(5.5);
    expect(hours).toBeLessThan(6.5);
    await page.goBack();
    await page.waitForURL(/r=24h/);
    await context.close();
  });

  it("is zoomed and moved by the keyboard alone", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}`);
    await page.getByRole("button", { name: "Phóng to" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/from=/);
    const before = page.url();
    await page.getByRole("button", { name: "Lùi lại" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.href !== before);
    await context.close();
  });

  it("is pinched by two fingers", async () => {
    const { context, page } = await open();
    await visit(page, `/trends?p=${CHLORINE}&r=24h`);
    const over = page.locator(".u-over").first();
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    if (box === null) throw new Error("no chart");
    const client = await context.newCDPSession(page);
    const y = box.y + box.height / 2;
    const at = (left: number, right: number) => [left, right].map((part, id) => ({ x: box.x + part * box.width, y, id }));
    await client.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0.4, 0.6) });
    for (const reach of [0.15, 0.2, 0.3, 0.4]) {
      await client.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(0.5 - reach, 0.5 + reach) });
    }
    await client.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.waitForURL(/from=\d{4}/);
    const query = new URL(page.url()).searchParams;
    const hours = (Date.parse(`${query.get("to")}Z`) - Date.parse(`${query.get("from")}Z`)) / 3_600_000;
    expect(hours).toBeGreaterThan(4);
    expect(hours).toBeLessThan(9);
    await context.close();
  });

  it("of a point that is gone, of fifty years, of nonsense: each is said in words", async () => {
    const { context, page } = await open();
    for (const { lang, gone, long, unreadable } of [
      { lang: "en", gone: "The point “gone/plc/ph” is no longer configured.", long: "The period is too long.", unreadable: "The times in the address cannot be read." },
      { lang: "vi", gone: "Không còn điểm đo “gone/plc/ph”", long: "Khoảng này quá dài.", unreadable: "Không đọc được thời gian trong địa chỉ." },
    ]) {
      await visit(page, `/trends?p=gone/plc/ph&p=${CHLORINE}&lang=${lang}`);
      await page.getByText(gone).waitFor();
      await visit(page, `/trends?p=${CHLORINE}&from=1976-01-01&to=2026-01-01&lang=${lang}`);
      await page.getByText(long).waitFor();
      await visit(page, `/trends?p=${CHLORINE}&from=soon&lang=${lang}`);
      await page.getByText(unreadable).waitFor();
    }
    await context.close();
  });

  it("stays where it is behind a question", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}`);
    await page.getByRole("button", { name: "Chọn điểm đo" }).click();
    await page.getByRole("dialog").waitFor();
    const before = await page.evaluate(() => ({ at: scrollY, wide: document.documentElement.clientWidth }));
    await page.mouse.move(80, 700);
    await page.mouse.wheel(0, 600);
    await page.mouse.move(640, 500);
    await page.mouse.wheel(0, 4_000);
    // The list in the dialogue has been scrolled by now, to its end and beyond.
    await page.waitForFunction(() => (document.querySelector(".picker-list")?.scrollTop ?? 0) > 0);
    expect(await page.evaluate(() => ({ at: scrollY, wide: document.documentElement.clientWidth }))).toEqual(before);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.mouse.wheel(0, 300);
    await page.waitForFunction(() => scrollY > 0);
    await context.close();
  });

  it("is compared with the same earlier: the period before, the day, the week and the year before", async () => {
    const { context, page } = await open({ size: "desktop" });
    const DAY_MS = 86_400_000;
    const asked: URLSearchParams[] = [];
    page.on("request", (request) => request.url().includes("/readings?") && asked.push(new URL(request.url()).searchParams));
    await visit(page, `/trends?p=${CHLORINE}&from=2026-01-02T06:00&to=2026-01-02T09:00`);
    for (const [kind, shift, words] of [["previous", DAY_MS / 8, "3 giờ"], ["day", DAY_MS, "1 ngày"], ["week", 7 * DAY_MS, "7 ngày"], ["year", 365 * DAY_MS, "365 ngày"]] as const) {
      await page.getByLabel("So sánh với").selectOption(kind);
      await page.waitForURL(`**cmp=${kind}*`);
      await page.locator(".trends-legend-line").nth(1).filter({ hasText: `trước đó ${words}` }).waitFor();
      const from = Date.parse("2026-01-02T06:00:00+07:00") - shift;
      await expect.poll(() => asked.some((each) => Date.parse(each.get("from") ?? "") === from && each.get("buckets") !== null)).toBe(true);
    }
    await context.close();
  });

  it("has one cursor for all its panels, and says the value of each line there", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}&p=${TURBIDITY}&r=24h`);
    const panels = page.locator(".u-over");
    await panels.nth(1).waitFor();
    await panels.first().scrollIntoViewIfNeeded();
    await panels.first().hover({ position: { x: 300, y: 60 } });
    await page.locator(".trends-at").nth(1).waitFor();
    expect(await page.locator(".trends-at").allTextContents()).toEqual([expect.stringContaining("mg/L"), expect.stringContaining("NTU")]);
    const places = await page.locator(".u-cursor-x").evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().left)));
    expect(places.length).toBe(2);
    expect(places[0]).toBe(places[1]);
    await context.close();
  });

  it("has the figures of every reading of a period: those that one computes from what the hub hands out", async () => {
    const { context, page } = await open({ size: "desktop" });
    const yesterday = new Date(Date.now() - 86_400_000 + 7 * 3_600_000).toISOString().slice(0, 10);
    await visit(page, `/trends?p=${CHLORINE}&from=${yesterday}T00:00&to=${yesterday}T06:00`);
    await page.getByText("Tính từ từng lần đo.").waitFor();
    const heads = await page.locator("thead th").allTextContents();
    expect(heads).toEqual(["Điểm đo", "Số lần đo", "Độ đầy đủ", "Thấp nhất", "Trung bình", "Trung vị", "95 % không quá", "Cao nhất", "Ngoài giới hạn"]);
    const cells = await page.locator("tbody td").allTextContents();
    const shown = cells.map((text) => Number.parseFloat(text.replaceAll(".", "").replace(",", ".")));
    const period = new URLSearchParams({ point: CHLORINE, from: `${yesterday}T00:00:00+07:00`, to: `${yesterday}T06:00:00+07:00` });
    const { v, q } = (await (await context.request.get(`/api/v1/readings?${period}`)).json()) as { v: (number | null)[]; q: string[] };
    const values = v.filter((value, index): value is number => value !== null && ["good", "not_evaluated", "suspect"].includes(q[index] ?? "")).sort((a, b) => a - b);
    const atMost = (share: number) => values[Math.ceil(share * values.length) - 1] ?? NaN;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(shown[0]).toBe(values.length);
    [values[0] ?? NaN, mean, atMost(0.5), atMost(0.95), values.at(-1) ?? NaN].forEach((value, index) => expect(Math.abs((shown[index + 2] ?? NaN) - value), heads[index + 3]).toBeLessThan(0.0051));
    expect(shown[1]).toBeGreaterThan(50);
    expect(cells.at(-1)).toMatch(/^[\d,]+ giờ$/);
    // For how much of the time it was above its limit, beside how often which value was.
    await page.getByRole("img", { name: /^Trên [\d,]+\smg\/L trong [\d,]+\s% thời gian$/ }).waitFor();
    await context.close();
  });

  it("is printed on A4 whole: header, lines and figures, without what one can only press", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}&p=${TURBIDITY}&r=24h`);
    await page.getByRole("row").nth(2).waitFor();
    await page.getByRole("img", { name: /hay gặp nhất từ/ }).waitFor();
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    const [, width, height] = /\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]/.exec(pdf) ?? [];
    // 210 × 297 mm in points.
    expect([Math.round(Number(width)), Math.round(Number(height))]).toEqual([595, 842]);
    expect(pdf.match(/\/Type\s*\/Page\b/g)?.length).toBeLessThanOrEqual(3);
    // A sheet less its margins of 12 mm is 703 pixels of CSS; what is up to a third wider, browsers make smaller.
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 937, height: 1_000 });
    expect(await overflowOf(page)).toBe(0);
    expect(await page.getByRole("button").filter({ visible: true }).count()).toBe(0);
    expect(await page.getByRole("navigation").filter({ visible: true }).count()).toBe(0);
    await page.locator(".print-only").filter({ hasText: /^\d\d\/\d\d\/\d{4} \d\d:\d\d – / }).waitFor();
    const table = page.locator(".table-scroll").first();
    expect(await table.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    await context.close();
  });

  it("of many readings has a band from the least to the greatest around its line", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${TURBIDITY}&r=90d`);
    const canvas = page.locator(".trends-plot canvas").first();
    await canvas.waitFor();
    // The line's colour, an eighth as strong.
    const banded = () =>
      canvas.evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const { data } = (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? { data: [] };
        let n = 0;
        for (let at = 0; at < data.length; at += 4) n += Number(data[at + 3] === 31 && Math.abs((data[at] ?? 0) - 0x0b) < 9 && Math.abs((data[at + 1] ?? 0) - 0x6a) < 9 && Math.abs((data[at + 2] ?? 0) - 0x72) < 9);
        return n;
      });
    await expect.poll(banded).toBeGreaterThan(200);
    await context.close();
  });

  it("is printed in light, whatever the screen is", async () => {
    const { context, page } = await open({ size: "desktop", scheme: "dark" });
    await visit(page, `/trends?p=${CHLORINE}&r=24h`);
    const canvas = page.locator(".trends-plot canvas").first();
    await canvas.waitFor();
    const has = (...wanted: number[]) =>
      canvas.evaluate((element, [red, green, blue]) => {
        const { width, height } = element as HTMLCanvasElement;
        const { data } = (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? { data: [] };
        for (let at = 0; at < data.length; at += 4) if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) return true;
        return false;
      }, wanted);
    // The first line's colour in dark and in light.
    await expect.poll(() => has(0x5c, 0xc3, 0xcb)).toBe(true);
    await page.emulateMedia({ media: "print" });
    await expect.poll(() => has(0x0b, 0x6a, 0x72)).toBe(true);
    expect(await page.evaluate(() => getComputedStyle(document.querySelector("h1") ?? document.body).color)).toBe("rgb(24, 33, 29)");
    await page.emulateMedia({ media: "screen" });
    await expect.poll(() => has(0x5c, 0xc3, 0xcb)).toBe(true);
    await context.close();
  });

  it("is compared with another site", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}`);
    await page.getByLabel("So sánh với").selectOption("site:nam-ban-water");
    await page.waitForURL(/cmp=site/);
    await page.locator(".trends-legend-line").nth(1).filter({ hasText: "Nam Bản" }).waitFor();
    await context.close();
  });
});

describe("an export", () => {
  it("to Excel opens elsewhere: the commune's header, times, numbers with decimals, units, limits", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}&p=${TURBIDITY}&r=24h`);
    await page.getByRole("button", { name: "Xuất" }).click();
    const path = await downloaded(page, () => page.getByRole("button", { name: "Tải về" }).click());
    expect(path).toMatch(/\.xlsx$/);
    const book = readWorkbook(path);
    const values = book["Số liệu"];
    const about = book["Thông tin"];
    expect(values?.rows[0]?.[0]).toBe("Xã Tam Hợp");
    const head = values?.rows.findIndex((row) => row[0] === "Thời gian") ?? -1;
    expect(values?.rows[head]?.[1]).toContain("(mg/L)");
    const first = values?.rows[head + 1];
    expect(first?.[0]).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d/);
    expect(typeof first?.[1]).toBe("number");
    expect(values?.formats).toContain("#,##0.00");
    expect(about?.rows.flat().join(" ")).toContain("QCVN 01-1:2024/BYT");
    // The same figures as the hub's own.
    const shown = (values?.rows.slice(head + 1) ?? []).map((row) => row[1]).filter((value): value is number => typeof value === "number");
    const series = (await (await context.request.get(`/api/v1/readings?point=${CHLORINE}&buckets=1`)).json()) as { min: number[]; max: number[] };
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(series.min[0] ?? 0);
    expect(Math.max(...shown)).toBeLessThanOrEqual(series.max[0] ?? 0);
    await context.close();
  });

  it("of a month by the hour has each hour of the clock once, with the hub's own mean", async () => {
    const { context, page } = await open();
    await visit(page, `/trends?p=${TURBIDITY}`);
    await page.getByText("Ngày, so sánh, xuất").click();
    await page.getByLabel("Kỳ", { exact: true }).selectOption({ label: "Tháng này" });
    await page.waitForURL(/from=\d{4}-\d\d-01/);
    await page.getByRole("button", { name: "Xuất", exact: true }).click();
    await page.getByText("Trung bình mỗi giờ").click();
    const values = readWorkbook(await downloaded(page, () => page.getByRole("button", { name: "Tải về" }).click()))["Số liệu"];
    const head = values?.rows.findIndex((row) => row[0] === "Thời gian") ?? -1;
    const rows = values?.rows.slice(head + 1) ?? [];
    const times = rows.map((row) => String(row[0]));
    expect(times.every((time) => time.endsWith(":00:00"))).toBe(true);
    expect(new Set(times).size).toBe(times.length);
    const first = new Date(`${times[0]}+07:00`).getTime();
    const hour = new URLSearchParams({ point: TURBIDITY, from: new Date(first).toISOString(), to: new Date(first + 3_600_000).toISOString(), buckets: "1" });
    const { mean } = (await (await context.request.get(`/api/v1/readings?${hour}`)).json()) as { mean: number[] };
    expect(rows[0]?.[1]).toBeCloseTo(mean[0] ?? NaN, 6);
    await context.close();
  });

  it("of every reading in English has their quality, and says before how many rows there will be", async () => {
    const { context, page } = await open({ size: "desktop", lang: "en" });
    await visit(page, `/trends?p=${CHLORINE}&r=6h`);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByText(/Every reading/).click();
    const book = readWorkbook(await downloaded(page, () => page.getByRole("button", { name: "Download" }).click()));
    expect(book["Readings"]?.rows.flat()).toContain("good");
    // What is there, not what the rhythm would give for a period of which the hub knows a part.
    await visit(page, `/trends?p=${CHLORINE}&r=1y`);
    await page.getByRole("button", { name: "Export" }).click();
    const told = await page.getByText(/Every reading/).textContent();
    const year = new URLSearchParams({ point: CHLORINE, from: new Date(Date.now() - 365 * 86_400_000).toISOString(), buckets: "1" });
    const { n } = (await (await context.request.get(`/api/v1/readings?${year}`)).json()) as { n: number[] };
    const rows = Number(told?.replace(/\D/g, ""));
    expect(Math.abs(rows - (n[0] ?? 0))).toBeLessThan(200);
    await context.close();
  });

  it("to CSV and to a picture", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/trends?p=${CHLORINE}`);
    const files: Buffer[] = [];
    for (const [form, ending] of [["CSV", ".csv"], ["Ảnh (PNG)", ".png"]] as const) {
      await page.getByRole("button", { name: "Xuất" }).click();
      await page.getByText(form, { exact: true }).click();
      const path = await downloaded(page, () => page.getByRole("button", { name: "Tải về" }).click());
      expect(path).toContain(ending);
      files.push(readFileSync(path));
    }
    const [csv, png] = files;
    const rows = csv?.toString("utf8").trimEnd().split("\n") ?? [];
    expect(rows[0]?.trim()).toBe("point,time,min,mean,max,n,unit");
    expect(rows[1]).toContain(CHLORINE);
    expect(rows[1]).toContain("mg/L");
    expect(rows.length).toBeGreaterThan(100);
    expect(png?.subarray(1, 4).toString("latin1")).toBe("PNG");
    // Wide enough for the chart as it stood on the page.
    expect(png?.readUInt32BE(16)).toBeGreaterThan(800);
    await context.close();
  });
});
