// How every page looks and reads: both languages, both themes, both sizes, and what axe says of it.
import { describe, expect, it } from "vitest";
import { everyPage, mainSite, overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();

describe("the language", () => {
  it("is switched on the spot, remembered, and told to the browser", async () => {
    const { context, page } = await open();
    const site = await mainSite(context);
    await visit(page, "/more");
    expect(await page.locator("html").getAttribute("lang")).toBe("vi");
    await page.getByText("English").click();
    await page.getByRole("heading", { level: 1, name: "More" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await visit(page, "/sites");
    await page.getByText(site.name.en, { exact: true }).waitFor();
    await page.goto("/sites?lang=vi");
    await page.getByText(site.name.vi, { exact: true }).waitFor();
    await context.close();
  });
});

describe("the program", () => {
  it("is named in the head of the page, and asked for once", async () => {
    const { context, page } = await open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const answer = await page.goto("/");
    await page.locator("[data-site] a").first().waitFor();
    const named = [...(answer?.headers()["link"] ?? "").matchAll(/<([^>]+)>; rel=(?:modulepreload|preload; as=style)/g)].map((link) => link[1] ?? "");
    expect(named.map((path) => path.replace(/.*\./, "")).sort()).toEqual(["css", "js"]);
    for (const path of named) expect(asked.filter((each) => each === path)).toEqual([path]);
    await context.close();
  });
});

describe("the texts in English", () => {
  it("come beside the program for who has read in it before", async () => {
    const { context, page } = await open({ lang: "en" });
    await visit(page, "/");
    await page.waitForFunction(() => document.cookie.includes("commune_lang=en"));
    const again = await page.reload();
    expect(again?.headers()["link"]).toMatch(/<\/assets\/english-[\w-]+\.js>; rel=modulepreload/);
    await page.getByRole("link", { name: "Sites", exact: true }).waitFor();
    await context.close();
  });
});

describe("English that cannot be fetched", () => {
  it("is told, and the language that stays is the one that is marked", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    await context.route(/\/assets\/english-/, (route) => route.abort());
    await visit(page, "/login");
    await page.getByText("English", { exact: true }).click();
    await page.getByText("Chưa tải được").waitFor();
    await page.getByRole("radio", { name: "Tiếng Việt", checked: true }).waitFor();
    await context.unroute(/\/assets\/english-/);
    await page.getByText("English", { exact: true }).click();
    await page.locator('html[lang="en"]').waitFor();
    await page.getByRole("radio", { name: "English", checked: true }).waitFor();
    await context.close();
  });
});

describe("the theme", () => {
  it("follows the person's choice against the device's", async () => {
    const { context, page } = await open({ scheme: "light" });
    await visit(page, "/more");
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(await paper()).toBe("rgb(244, 245, 243)");
    await page.getByText("Tối", { exact: true }).click();
    await page.waitForFunction(() => getComputedStyle(document.documentElement).backgroundColor === "rgb(16, 21, 19)");
    await page.reload();
    await page.waitForFunction(() => getComputedStyle(document.documentElement).backgroundColor === "rgb(16, 21, 19)");
    await context.close();
  });
});

describe.each(["phone", "desktop"] as const)("on a %s", (size) => {
  it.each(["vi", "en"] as const)("no page is wider than the screen in %s, asks another server, or does what the content policy forbids", async (lang) => {
    const { context, page } = await open({ size, lang });
    const hosts = new Set<string>();
    const forbidden: string[] = [];
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    page.on("console", (message) => /Content.Security.Policy/i.test(message.text()) && forbidden.push(message.text()));
    for (const path of await everyPage(context)) {
      await visit(page, path);
      const over = await overflowOf(page);
      expect(over, path).toBe(0);
      expect(forbidden, path).toEqual([]);
    }
    expect([...hosts]).toEqual([new URL(page.url()).host]);
    await context.close();
  });

  it.each(["light", "dark"] as const)("axe finds nothing serious on any page in %s", async (scheme) => {
    const { context, page } = await open({ size, scheme });
    for (const path of await everyPage(context)) {
      await visit(page, path);
      expect(await seriousFaults(page), path).toEqual([]);
    }
    await context.close();
  });
});

describe("the keyboard alone", () => {
  /** A page may have hundreds of links, such as the days of a year: so many are enough to see that there is no trap. */
  const MOST = 80;

  it("goes through every page without a trap, and each thing it comes to shows that it has the focus", async () => {
    const { context, page } = await open({ size: "desktop" }, { loggedIn: true, asAdmin: true });
    for (const path of await everyPage(context)) {
      await visit(page, path);
      const seen = new Set<string>();
      for (let presses = 0; presses < MOST; presses += 1) {
        await page.keyboard.press("Tab");
        const held = await page.evaluate(() => {
          const element = document.activeElement;
          if (element === null || element === document.body) return null;
          const chain = [element, element.parentElement, element.closest("li, label, .choice-option")].flatMap((each) => each ?? []);
          const isSeen = chain.some((each) => getComputedStyle(each).outlineStyle !== "none");
          const all = [...document.querySelectorAll("*")];
          return { isSeen, at: String(all.indexOf(element)), html: element.outerHTML.slice(0, 160) };
        });
        // Out of the page, and round again.
        if (held === null || (seen.size > 3 && seen.has(held.at))) break;
        expect(held.isSeen, `${path}: ${held.html}`).toBe(true);
        seen.add(held.at);
      }
      const there = await page.evaluate(() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((each) => (each as HTMLElement).checkVisibility()).length);
      // One of several that one chooses among has the focus for all of them.
      expect(seen.size, path).toBeGreaterThanOrEqual(Math.min(MOST, there) * 0.6);
    }
    await context.close();
  });
});

describe("a table", () => {
  it.each([
    ["phone", ["/buses", "/trends?p=tam-hop-water/plc/turbidity&r=6h", "/compliance?site=nam-ban-water"]],
    ["desktop", ["/buses", "/quality", "/quality?site=tam-hop-water"]],
  ] as const)("is whole on a %s, without moving it sideways", async (size, paths) => {
    const { context, page } = await open({ size }, { loggedIn: true, asAdmin: true });
    for (const path of paths) {
      await visit(page, path);
      await page.locator(".table tbody tr").first().waitFor({ state: "attached" });
      const cut = await page.evaluate(() => [...document.querySelectorAll(".table-scroll")].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.getAttribute("aria-label")));
      expect(cut, path).toEqual([]);
    }
    await context.close();
  });
});

describe("what am I seeing", () => {
  it("is told in sentences on every page that shows something of its own", async () => {
    const { context, page } = await open({}, { loggedIn: true, asAdmin: true });
    const menusAndTools = ["/login", "/more", "/wall", "/kit"];
    const integrators = ["/rules", "/buses", "/devices", "/devices/new", "/probe"];
    for (const path of [...(await everyPage(context)), ...integrators].filter((each) => !menusAndTools.includes(each))) {
      await visit(page, path);
      const help = page.locator("details.help").first();
      await help.locator("summary").click();
      expect((await help.locator("p").textContent())?.split(/\s+/).length ?? 0, path).toBeGreaterThan(12);
    }
    await context.close();
  });
});

describe("who wants less motion", () => {
  it("sees none, where others see some", async () => {
    const { context, page } = await open();
    await visit(page, "/kit");
    const moving = () =>
      page.evaluate(() => [...document.querySelectorAll("*")].filter((each) => [undefined, "::before", "::after"].some((part) => getComputedStyle(each, part).animationName !== "none")).length);
    expect(await moving()).toBe(0);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    expect(await moving()).toBeGreaterThan(0);
    await context.close();
  });
});

describe("a finger", () => {
  it("finds every button, entry and link of a line at least 44 pixels tall", async () => {
    const { context, page } = await open();
    for (const path of ["/", "/sites", "/sites/tam-hop-water", "/map", "/alarms", "/compliance?site=nam-ban-water", "/year", "/more"]) {
      await visit(page, path);
      const low = await page.evaluate(() =>
        [...document.querySelectorAll("button, nav a, .tall, .map-list a, .site-name a, .alarm-title a, select, .choice-option, input:not([type=radio], [aria-hidden], label input)")]
          .filter((each) => each.getBoundingClientRect().height > 0 && each.getBoundingClientRect().height < 43.5)
          .map((each) => each.outerHTML),
      );
      expect(low, path).toEqual([]);
    }
    await context.close();
  });
});
