// What officers write down: calibrations with their effect, two people at one of them, maintenance, notes, corrections; who may
// not; and what stands of it beneath the charts and in the log.
import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { ADMIN } from "./browser.mjs";
import { mainSite, overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();
const TURBIDITY = "tam-hop-water/plc/turbidity";
const asOfficer = (size: "phone" | "desktop" = "desktop", lang: "vi" | "en" = "vi") => open({ size, lang }, { loggedIn: true, asAdmin: true });

interface Kept {
  id: number;
  version: number;
  gain: number;
  text: string;
}

async function kept(context: BrowserContext, path: string): Promise<Kept[]> {
  return (await (await context.request.get(`/api/v1/${path}`)).json()) as Kept[];
}

/** Removes what earlier runs have left, so that each begins the same. */
async function withoutRecords(context: BrowserContext): Promise<void> {
  const ours = { headers: { "Content-Type": "application/json" } };
  for (const each of await kept(context, "calibrations")) await context.request.delete(`/api/v1/calibrations/${each.id}?version=${each.version}`, ours);
  for (const kind of ["notes", "maintenance"]) {
    for (const each of await kept(context, kind)) await context.request.delete(`/api/v1/${kind}/${each.id}?version=${each.version}`, ours);
  }
}

async function fill(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByRole("dialog").getByLabel(label, { exact: true });
  await field.fill(text);
  await field.blur();
}

describe("a calibration", () => {
  it("shows its effect before it is saved, and refuses in words what cannot be", async () => {
    const { context, page } = await asOfficer();
    await withoutRecords(context);
    await visit(page, `/quality?site=tam-hop-water&p=${TURBIDITY}`);
    await page.getByText("Chưa ai nhập hiệu chuẩn cho địa điểm này.").waitFor();
    await page.getByRole("button", { name: "Nhập hiệu chuẩn" }).click();
    const effect = page.getByRole("dialog").getByRole("region", { name: "Nếu lưu" });
    await fill(page, "Hệ số nhân", "0");
    await page.getByText("Vui lòng nhập một số khác 0").waitFor();
    await fill(page, "Hệ số nhân", "hai");
    await effect.getByText("Điền đủ các ô ở trên").waitFor();
    await fill(page, "Hệ số nhân", "1,5");
    await effect.getByText(/lần đo từ ngày này đến nay được tính lại/).waitFor();
    await effect.getByText(/Trung bình: .+ → /).waitFor();
    await fill(page, "Hạn hiệu chuẩn tới", "01/01/2020");
    await page.getByText("Hạn tới phải sau ngày áp dụng.").waitFor();
    await fill(page, "Hạn hiệu chuẩn tới", "");
    await fill(page, "Số giấy chứng nhận", "KĐ 17/2026");
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Lưu" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.locator(`[data-calibrated="${TURBIDITY}"]`).getByText("giấy số KĐ 17/2026").waitFor();
    expect((await kept(context, "calibrations")).map((each) => each.gain)).toEqual([1.5]);
    await context.close();
  });

  it("of two officers at once is lost by neither: the second, who reads English, is told whose version stands, and chooses", async () => {
    const [first, second] = [await asOfficer(), await asOfficer()];
    for (const { page, lang, region, change } of [
      { page: first.page, lang: "vi", region: "Hiệu chuẩn", change: /^Sửa:/ },
      { page: second.page, lang: "en", region: "Calibrations", change: /^Change:/ },
    ]) {
      await visit(page, `/quality?site=tam-hop-water&lang=${lang}`);
      await page.getByRole("region", { name: region }).getByRole("button", { name: change }).click();
    }
    await fill(first.page, "Hệ số nhân", "1,25");
    await first.page.getByRole("dialog").getByRole("button", { name: "Lưu" }).click();
    await first.page.getByRole("dialog").waitFor({ state: "detached" });
    await fill(second.page, "Factor", "1.1");
    await fill(second.page, "Note", "đo đối chứng");
    const save = second.page.getByRole("dialog").getByRole("button", { name: "Save" });
    await save.click();
    const told = second.page.getByRole("dialog").getByRole("alert").filter({ hasText: `${ADMIN} changed this` });
    await told.getByText("× 1.25").waitFor();
    await second.page.getByText("Not saved. What you have entered still stands above.").waitFor();
    expect(await second.page.getByRole("dialog").getByLabel("Factor", { exact: true }).inputValue()).toBe("1.1");
    expect((await kept(second.context, "calibrations")).map((each) => each.gain)).toEqual([1.25]);
    await told.getByRole("button", { name: "Keep what I entered" }).click();
    await save.click();
    await second.page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await kept(second.context, "calibrations")).map((each) => each.gain)).toEqual([1.1]);
    await first.context.close();
    await second.context.close();
  });
});

describe("a note from the trend", () => {
  // 300 characters with what could be taken for markup and for more than one character each.
  const NOTE = `<script>alert(1)</script> 🚰 đã rửa đầu đo ${"rất kỹ ".repeat(60)}`.slice(0, 298) + "🧪";

  it("with markup, emoji and 300 characters is text and nothing else, and stands beneath the chart", async () => {
    const { context, page } = await asOfficer("phone");
    await visit(page, `/trends?p=${TURBIDITY}&r=6h`);
    await page.getByRole("button", { name: "Ghi chú", exact: true }).click();
    await page.getByLabel("Chỉ một thời điểm").check();
    await page.getByRole("dialog").getByRole("textbox", { name: "Ghi chú", exact: true }).fill(NOTE);
    await page.getByRole("dialog").getByRole("button", { name: "Lưu" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const marks = page.getByRole("group", { name: /^Hiệu chuẩn, bảo trì, ghi chú/ });
    await marks.getByRole("button", { name: /Ghi chú, Độ đục/ }).first().focus();
    await page.locator(".marks-words").getByText("<script>alert(1)</script> 🚰").waitFor();
    expect(await page.locator("main script").count()).toBe(0);
    expect(await overflowOf(page)).toBe(0);
    expect((await kept(context, "notes"))[0]?.text).toBe(NOTE.trim());
    expect(await seriousFaults(page)).toEqual([]);
    // On its site's page as well, for who is on duty.
    await visit(page, "/sites/tam-hop-water");
    const written = page.getByRole("region", { name: "Ghi chú và bảo trì" });
    await written.getByText("<script>alert(1)</script> 🚰").waitFor();
    await written.getByText(/ · Độ đục · /).waitFor();
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousFaults(page)).toEqual([]);
    await context.close();
  });
});

describe("maintenance", () => {
  it("says what it will hide before it is saved, and must end after it begins", async () => {
    const { context, page } = await asOfficer();
    await visit(page, "/quality?site=tam-hop-water");
    await page.getByRole("button", { name: "Nhập đợt bảo trì" }).click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByLabel("Giờ, Kết thúc").fill("25h");
    await dialogue.getByLabel("Giờ, Kết thúc").blur();
    await dialogue.getByText("Vui lòng nhập giờ, ví dụ 08:15.").waitFor();
    await fill(page, "Kết thúc", "01/01/2020");
    await dialogue.getByText("Kết thúc phải sau lúc bắt đầu.").waitFor();
    await dialogue.getByRole("button", { name: "Hủy" }).click();
    await page.getByRole("button", { name: "Nhập đợt bảo trì" }).click();
    await dialogue.getByRole("region", { name: "Nếu lưu" }).getByText(/sẽ không có cảnh báo nào/).waitFor();
    await dialogue.getByLabel("Làm việc gì").fill("Rửa bể lọc");
    await dialogue.getByRole("button", { name: "Lưu" }).click();
    await dialogue.waitFor({ state: "detached" });
    const list = page.getByRole("region", { name: "Bảo trì" });
    await list.getByText("Rửa bể lọc").waitFor();
    await list.getByRole("button", { name: /^Xóa:/ }).click();
    await dialogue.getByRole("button", { name: "Xóa" }).click();
    await list.getByText("Không có đợt bảo trì nào").waitFor();
    await context.close();
  });
});

describe("a correction", () => {
  it("excludes a span with a reason, shows the day's mean before and after, and is taken back", async () => {
    const { context, page } = await asOfficer();
    await visit(page, `/trends?p=${TURBIDITY}&r=6h`);
    await page.getByRole("button", { name: "Loại hoặc sửa số liệu" }).click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByText(/giá trị trong khoảng này, từ/).waitFor();
    await dialogue.getByText(/Trung bình của cả ngày: .+ → /).waitFor();
    await dialogue.getByRole("button", { name: "Lưu" }).click();
    await dialogue.getByText("Vui lòng viết lý do.").waitFor();
    await dialogue.getByLabel("Lý do").fill("rửa đầu đo");
    await dialogue.getByRole("button", { name: "Lưu" }).click();
    await dialogue.waitFor({ state: "detached" });
    const corrected = `points/${TURBIDITY}/audit`;
    await expect.poll(async () => (await kept(context, corrected)).length, { timeout: 60_000 }).toBeGreaterThan(0);

    await page.getByRole("button", { name: "Loại hoặc sửa số liệu" }).click();
    await dialogue.getByLabel("Cách xử lý").selectOption("restore");
    await dialogue.getByText(/thay đổi của cán bộ trong khoảng này sẽ được bỏ/).waitFor();
    await dialogue.getByLabel("Lý do").fill("nhầm khoảng");
    await dialogue.getByRole("button", { name: "Lưu" }).click();
    await dialogue.waitFor({ state: "detached" });
    await context.close();
  });
});

describe("a value without a figure", () => {
  for (const [lang, words] of Object.entries({
    vi: { open: "Loại hoặc sửa số liệu", what: "Cách xử lý", reason: "Lý do", save: "Lưu", fault: "Vui lòng nhập một số" },
    en: { open: "Exclude or correct", what: "What to do", reason: "Reason", save: "Save", fault: "Please enter a number" },
  })) {
    it(`is told beside its field, which has the keyboard, and nothing is sent (${lang})`, async () => {
      const { context, page } = await asOfficer("desktop", lang as "vi" | "en");
      let sent = 0;
      page.on("request", (request) => (sent += Number(request.method() === "POST")));
      await visit(page, `/trends?p=${TURBIDITY}&r=6h`);
      await page.getByRole("button", { name: words.open }).click();
      const dialogue = page.getByRole("dialog");
      await dialogue.getByLabel(words.what).selectOption("set");
      await dialogue.getByLabel(words.reason).fill("rửa đầu đo");
      await dialogue.getByRole("button", { name: words.save }).click();
      const field = dialogue.locator("[aria-invalid]");
      await dialogue.getByText(words.fault).waitFor();
      await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await field.getAttribute("inputmode")).toBe("decimal");
      expect(sent).toBe(0);
      const asked = { from: Date.now() - 60_000, to: Date.now(), action: "set", reason: "rửa đầu đo" };
      const refused = await context.request.post(`/api/v1/points/${TURBIDITY}/corrections`, { data: asked });
      expect(refused.status()).toBe(400);
      expect(((await refused.json()) as { errors: { at: string }[] }).errors.map(({ at }) => at)).toEqual(["value"]);
      await context.close();
    });
  }
});

describe("who may not", () => {
  it("sees what is written down, has no way to change it, and is refused by the hub", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, `/quality?site=tam-hop-water&p=${TURBIDITY}`);
    await page.locator("[data-calibrated]").first().waitFor();
    for (const name of [/^Nhập/, /^Sửa/, /^Xóa/, /^Thêm ghi chú/, /^Loại/]) expect(await page.getByRole("button", { name }).count()).toBe(0);
    await visit(page, `/trends?p=${TURBIDITY}`);
    expect(await page.getByRole("group", { name: "Ghi cho khoảng đang xem" }).count()).toBe(0);
    await visit(page, "/accounts");
    expect(await page.getByRole("heading", { name: "Nhật ký" }).count()).toBe(0);
    const data = { about: "tam-hop-water", from: Date.now() - 1_000, to: Date.now(), text: "x" };
    expect((await context.request.post("/api/v1/notes", { data })).status()).toBe(403);
    expect((await context.request.get("/api/v1/audit")).status()).toBe(403);
    await context.close();
  });
});

describe("the log", () => {
  it("is narrowed by deed, object and day, by the address alone", async () => {
    const { context, page } = await asOfficer();
    await visit(page, "/accounts?action=calibration_changed&object=tam-hop-water");
    const log = page.getByRole("region", { name: "Nhật ký" });
    await log.getByText(/sửa hiệu chuẩn: Độ đục/).first().waitFor();
    expect(await log.getByRole("listitem").filter({ hasText: "đăng nhập" }).count()).toBe(0);
    await log.getByLabel("Từ ngày", { exact: true }).fill("01/01/2020");
    await log.getByLabel("Đến ngày", { exact: true }).fill("02/01/2020");
    await log.getByLabel("Đến ngày", { exact: true }).blur();
    await log.getByText("Không có việc nào khớp với bộ lọc.").waitFor();
    await context.close();
  });
});

describe("a site", () => {
  it("says whom to call, and leads to its place on the map with the commune's outline", async () => {
    const { context, page } = await open();
    const site = await mainSite(context);
    await visit(page, "/sites/tam-hop-water");
    const about = page.getByRole("region", { name: "Thông tin địa điểm" });
    expect(await about.getByRole("link", { name: "0912 000 101" }).getAttribute("href")).toBe("tel:0912000101");
    await about.getByRole("link", { name: "Xem trên bản đồ" }).click();
    await page.waitForURL("**/map?site=tam-hop-water");
    await page.locator(".map-outline").first().waitFor({ state: "attached" });
    expect(site.points).toBeGreaterThan(0);
    await context.close();
  });

  it("with low-cost sensors says that their values are for reference", async () => {
    const { context, page } = await open();
    await visit(page, "/sites/dong-bai-waste");
    await page.locator('[data-point$="/h2s"]').getByText("(tham khảo)").waitFor();
    await context.close();
  });
});
