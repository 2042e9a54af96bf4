// Integrators' rules in the browser: one is written, checked, run with its cases, back-tested, saved and switched; two people at one
// rule; what is written outlasts a closed page.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { ADMIN } from "./browser.mjs";
import { overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();
const asAdmin = { loggedIn: true, asAdmin: true };

const rule = (most: string) => `// pH above what people like, for the tests.
fn rule() { #{
    title: #{ vi: "pH cao thử", en: "pH high test" },
    priority: "low",
    watches: #{ quantity: "ph" },
} }
fn active(p) { p.value > ${most} }
`;
const CASES = `[[case]]
name = "nine raises"
readings = [{ at = "0s", value = 9 }]
alarms = [{ raised = "0s" }]
`;

/** Puts a text into a field of code, as by the keyboard. */
async function write(page: Page, language: "rhai" | "toml", text: string): Promise<void> {
  const field = page.getByTestId(`code-${language}`).locator(".cm-content");
  await field.click();
  await page.keyboard.press("ControlOrMeta+a");
  // Emptied first: over a selection Chromium writes a style of its own into the field, and the content policy refuses that.
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

const save = async (page: Page, why: string) => {
  await page.getByRole("button", { name: "Lưu và dùng" }).click();
  const dialogue = page.getByRole("dialog");
  await dialogue.getByLabel("Vì sao sửa").fill(why);
  await dialogue.getByRole("button", { name: "Lưu và dùng" }).click();
  await dialogue.waitFor({ state: "detached" });
};

describe("a rule", () => {
  it("is written, checked, tried, saved, rolled back and switched in the browser", async () => {
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    const refused: string[] = [];
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) refused.push(message.text());
    });
    await visit(page, "/more");
    await page.getByRole("link", { name: /Quy tắc cảnh báo/ }).click();
    await page.getByRole("button", { name: "Viết quy tắc mới" }).click();
    await page.getByLabel("Tên tệp của quy tắc").fill("pH High");
    await page.getByRole("button", { name: "Bắt đầu viết" }).click();
    await page.getByText("Chỉ dùng chữ thường không dấu").waitFor();
    await page.getByLabel("Tên tệp của quy tắc").fill("ph-high-test");
    await page.getByRole("button", { name: "Bắt đầu viết" }).click();
    await page.waitForURL(/\/rules\/ph-high-test$/);

    // A fault is shown at its line, and leads there.
    await write(page, "rhai", rule("> 0"));
    const check = page.getByTestId("rule-check");
    await check.getByText("Chưa dùng được vì có lỗi").waitFor();
    await check.getByRole("button", { name: /^Dòng 7/ }).click();
    expect(await page.getByTestId("code-rhai").locator(".cm-activeLine").textContent()).toContain("fn active");
    expect(await page.getByRole("button", { name: "Lưu và dùng" }).isDisabled()).toBe(true);

    await write(page, "rhai", rule("0"));
    await check.getByText("Không có lỗi. pH cao thử, mức thấp").waitFor();
    await page.getByRole("radio", { name: "Ca thử" }).check({ force: true });
    await write(page, "toml", CASES);
    await page.getByRole("button", { name: "Chạy các ca thử" }).click();
    await page.getByText("Tất cả 1 ca thử đều đạt.").waitFor();

    await page.getByRole("button", { name: "Thử", exact: true }).click();
    const found = page.getByTestId("backtest-found");
    await found.locator(".rules-bar-tested").first().waitFor();
    expect(Number(await found.getByRole("row", { name: /Số lần báo/ }).getByRole("cell").textContent())).toBeGreaterThan(0);
    expect(await seriousFaults(page)).toEqual([]);

    await save(page, "thử trên trình duyệt");
    await page.getByText("Đã lưu, máy chủ đang dùng bản mới.").waitFor();
    const raised = () => context.request.get("/api/v1/alarms?state=all").then((answer) => answer.text());
    await expect.poll(raised, { timeout: 30_000 }).toContain("ph-high-test");

    // Another text, then back to the first by its version.
    await page.getByRole("radio", { name: "Quy tắc" }).check({ force: true });
    await write(page, "rhai", rule("99"));
    await check.getByText("Không có lỗi").waitFor();
    await page.getByRole("button", { name: "Thử", exact: true }).click();
    await page.getByText(/So với bản đang dùng: thêm 0, bớt [1-9]/).waitFor();
    await save(page, "nới giới hạn");
    await page.getByRole("button", { name: /^Xem bản/ }).last().click();
    await page.getByRole("button", { name: "Đưa bản này vào chỗ sửa" }).click();
    await page.getByText("Bản cũ đã ở chỗ sửa").waitFor();
    await save(page, "quay lại");
    await page.getByText(`lưu · ${ADMIN} · quay lại`).waitFor();

    await page.getByRole("button", { name: "Tắt quy tắc" }).click();
    await page.getByLabel("Lý do").fill("xong việc thử");
    await page.getByRole("dialog").getByRole("button", { name: "Tắt quy tắc" }).click();
    await page.getByText("Đã tắt quy tắc.").waitFor();
    await page.getByRole("button", { name: "Bật quy tắc" }).click();
    await page.getByLabel("Lý do").fill("bật lại");
    await page.getByRole("dialog").getByRole("button", { name: "Bật quy tắc" }).click();
    await page.getByText("Đã bật quy tắc.").waitFor();
    await visit(page, "/rules");
    await page.locator("li", { hasText: "pH cao thử" }).getByText("đang chạy").waitFor();
    expect(refused).toEqual([]);
    await context.close();
  });

  it("keeps both texts when two people change it, and what is unfinished when the page is closed", async () => {
    const first = await open({ size: "desktop" }, asAdmin);
    const second = await open({ size: "desktop" }, asAdmin);
    await visit(first.page, "/rules/bin-full");
    await visit(second.page, "/rules/bin-full");
    const text = (page: Page) => page.getByTestId("code-rhai").locator(".cm-content");
    await text(second.page).click();
    await second.page.keyboard.press("ControlOrMeta+Home");
    await second.page.keyboard.insertText("// Của người thứ hai.\n");

    // Closed without saving: the text is there again.
    await second.page.close();
    const again = await second.context.newPage();
    await visit(again, "/rules/bin-full");
    await again.getByText("Đã mở lại bản đang viết dở của bạn.").waitFor();

    await text(first.page).click();
    await first.page.keyboard.press("ControlOrMeta+Home");
    await first.page.keyboard.insertText("// Của người thứ nhất.\n");
    await first.page.getByTestId("rule-check").getByText("Không có lỗi").waitFor();
    await save(first.page, "người thứ nhất");

    await again.getByRole("button", { name: "Lưu và dùng" }).click();
    await again.getByLabel("Vì sao sửa").fill("người thứ hai");
    await again.getByRole("dialog").getByRole("button", { name: "Lưu và dùng" }).click();
    await again.getByText(`${ADMIN} vừa sửa quy tắc này.`).waitFor();
    expect(await text(again).textContent()).toContain("Của người thứ hai.");
    await again.getByText("So bản của bạn với bản mới đó").click();
    await again.getByRole("region", { name: "Bản của người kia và bản của bạn" }).getByText("// Của người thứ nhất.").waitFor();
    await again.getByRole("button", { name: "Giữ bản của tôi" }).click();
    await save(again, "người thứ hai");
    await again.getByText("Đã lưu, máy chủ đang dùng bản mới.").waitFor();
    await first.context.close();
    await second.context.close();
  });
});

/** A rule that raises on every pH, and whose alarms stay and may be announced. */
const lasting = (least: number) => `fn rule() { #{
    title: #{ vi: "pH giữ lại", en: "pH latched" },
    priority: "low", latching: true, on_delay: "0s", off_delay: "0s",
    watches: #{ quantity: "ph" },
    announce: #{ vi: "{commune} thông báo: pH tại {site} là {value}.", en: "{commune}: pH at {site} is {value}." },
} }
fn active(p) { p.value > ${least} }
`;

describe("the alarm of a rule", () => {
  it("shows its delays, leads to its rule, is announced and reset, and ends when its rule is deleted", async () => {
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    const put = async (least: number) => {
      const current = await context.request.get("/api/v1/rules/ph-latched");
      const revision = current.ok() ? ((await current.json()) as { revision: string }).revision : null;
      const saved = await context.request.put("/api/v1/rules/ph-latched", { data: { source: lasting(least), why: "thử", revision } });
      expect(saved.status(), await saved.text()).toBe(200);
    };
    interface Latched { id: number; rule: string; state: string; cleared_at: string | null }
    // Several points may have one; the first is followed by its number.
    let id: number | undefined;
    const latched = async () =>
      ((await (await context.request.get("/api/v1/alarms?state=all")).json()) as Latched[]).find((each) => each.rule === "ph-latched" && (id === undefined || each.id === id));
    await put(0);
    await expect.poll(async () => (await latched())?.state, { timeout: 30_000 }).toBe("unacknowledged");
    id = (await latched())?.id ?? 0;

    await visit(page, `/alarms/${id}`);
    await page.getByText("Báo ngay khi xảy ra. Hết ngay khi trở lại bình thường.").waitFor();
    const section = page.getByRole("region", { name: "Bài đọc loa truyền thanh" });
    const text = section.getByLabel("Nội dung đọc");
    expect(await text.inputValue()).toMatch(/thông báo: pH tại .+ là .+ phẩy .+\.$/);
    await text.fill("Đề nghị bà con theo dõi thông báo tiếp theo.");
    await section.getByRole("button", { name: "Lưu bản đã duyệt" }).click();
    await section.getByText(`${ADMIN} đã duyệt`).waitFor();
    await section.getByRole("button", { name: "Sao chép" }).click();
    await page.getByText(/Đã sao chép|không cho sao chép/).waitFor();
    expect(await seriousFaults(page)).toEqual([]);

    // Its condition goes with another limit; it stays until somebody resets it.
    expect(await page.getByRole("button", { name: "Đặt lại" }).count()).toBe(0);
    await put(99);
    await expect.poll(async () => (await latched())?.cleared_at ?? null, { timeout: 30_000 }).not.toBeNull();
    await section.getByText("Quy tắc đã được sửa sau cảnh báo này").waitFor();
    await page.getByRole("button", { name: "Đặt lại" }).click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByLabel("Ghi chú (không bắt buộc)").fill("đã xem tại chỗ");
    await dialogue.getByRole("button", { name: "Đặt lại" }).click();
    await page.getByText("Đã đặt lại cảnh báo.").waitFor();
    await page.getByText("đã xem tại chỗ").waitFor();
    expect((await latched())?.state).toBe("rtn_unacknowledged");

    await put(0);
    await expect.poll(async () => (await latched())?.state, { timeout: 30_000 }).toBe("unacknowledged");
    await visit(page, `/alarms/${id}`);
    await page.getByRole("link", { name: "ph-latched" }).click();
    await page.waitForURL("**/rules/ph-latched");
    await page.getByRole("button", { name: "Xóa quy tắc" }).click();
    await dialogue.getByLabel("Lý do").fill("xong việc thử");
    await dialogue.getByRole("button", { name: "Xóa quy tắc" }).click();
    await page.waitForURL("**/rules");
    await page.getByText("Đã xóa quy tắc.").waitFor();
    expect(await page.locator("li", { hasText: "pH giữ lại" }).count()).toBe(0);
    await expect.poll(async () => (await latched())?.state, { timeout: 30_000 }).toBe("normal");
    await visit(page, `/alarms/${id}`);
    await page.getByText("Quy tắc đã bị xóa").waitFor();
    await visit(page, "/rules/ph-latched");
    await page.getByText("Quy tắc đã xóa, các bản trước vẫn còn").waitFor();
    await page.getByText(`xóa · ${ADMIN} · xong việc thử`).waitFor();
    await context.close();
  });
});

describe.each(["light", "dark"] as const)("on a phone in %s", (scheme) => {
  it("the pages of rules are no wider than the screen, and axe finds nothing serious", async () => {
    const { context, page } = await open({ size: "phone", scheme, lang: scheme === "dark" ? "en" : "vi" }, asAdmin);
    for (const path of ["/rules", "/rules/chlorine-low"]) {
      await visit(page, path);
      if (path !== "/rules") {
        await page.getByTestId("rule-check").locator(".mark-well").waitFor();
        await page.getByRole("button", { name: /^(Thử|Test)$/ }).click();
        await page.getByTestId("backtest-found").waitFor();
      }
      expect(await overflowOf(page), path).toBe(0);
      expect(await seriousFaults(page), path).toEqual([]);
    }
    await context.close();
  });
});

describe("those who are no integrators", () => {
  it("find no rules among the pages, and nothing at their address", async () => {
    const { context, page } = await open({ size: "desktop" });
    await visit(page, "/more");
    expect(await page.getByRole("link", { name: /Quy tắc cảnh báo/ }).count()).toBe(0);
    await page.goto("/rules/bin-full");
    await page.getByText("Không có trang này").waitFor();
    await context.close();
  });
});
