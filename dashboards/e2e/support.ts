// What the browser tests share: a browser per file, a page that is logged in, axe, and the pages there are.
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launch, logIn, openContext } from "./browser.mjs";

type Wishes = Parameters<typeof openContext>[1];

/** A browser for the tests of one file. */
export function useBrowser(): { open: (wishes?: Wishes, options?: { loggedIn: boolean; asAdmin?: boolean }) => Promise<{ context: BrowserContext; page: Page }> } {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
  });
  return {
    async open(wishes = {}, { loggedIn, asAdmin = false } = { loggedIn: true }) {
      const context = await openContext(browser, wishes);
      if (loggedIn) await logIn(context, { asAdmin });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      return { context, page };
    },
  };
}

/** Goes to a page and waits until nothing on it is loading any more. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator("h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => document.querySelector(".loading:not(.kit .loading)") === null);
}

/** By how many pixels the page is wider than the screen. */
export const overflowOf = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.getBoundingClientRect().width);

export interface SeriousFault {
  rule: string;
  where: string[];
}

/** What axe finds that is serious or critical. Evaluated, not added as a script: the page's own policy stays in force. */
export async function seriousFaults(page: Page): Promise<SeriousFault[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: checker } = window as unknown as { axe: typeof axe };
    return (await checker.run()).violations;
  });
  return found
    .filter((each) => each.impact === "serious" || each.impact === "critical")
    .map((each) => ({ rule: each.id, where: each.nodes.map((node) => `${node.html} ${node.failureSummary ?? ""}`) }));
}

export interface ApiSite {
  id: string;
  points: number;
  name: { vi: string; en: string };
}
export interface ApiAlarm {
  id: number;
  state: string;
  point: string | null;
}

export async function sitesOf(context: BrowserContext): Promise<ApiSite[]> {
  return (await (await context.request.get("/api/v1/sites")).json()) as ApiSite[];
}

export async function alarmsOf(context: BrowserContext): Promise<ApiAlarm[]> {
  return (await (await context.request.get("/api/v1/alarms?state=all")).json()) as ApiAlarm[];
}

/** The site with the most points. */
export async function mainSite(context: BrowserContext): Promise<ApiSite> {
  const [site] = (await sitesOf(context)).sort((a, b) => b.points - a.points);
  if (site === undefined) throw new Error("the hub has no sites");
  return site;
}

/** Every page that a person can reach, and the one for builders. */
export async function everyPage(context: BrowserContext): Promise<string[]> {
  const site = await mainSite(context);
  const [alarm] = await alarmsOf(context);
  const alarmPage = alarm === undefined ? [] : [`/alarms/${alarm.id}`];
  return ["/login", "/", "/sites", `/sites/${site.id}`, "/alarms", "/alarms?view=history", "/trends", "/year", "/year?show=worst", "/year?show=alarms", "/compliance", "/quality", "/map", "/notices", "/accounts", "/arriving", "/wall", ...alarmPage, "/more", "/kit"];
}
