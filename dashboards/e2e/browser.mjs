// Starts Chromium and logs in: shared by the browser tests and by the screenshots.
// Where the hub is and who logs in comes from the environment: HUB_URL, HUB_USER, HUB_PASSWORD,
// and HUB_ADMIN, HUB_ADMIN_PASSWORD for administrators' pages; CHROMIUM names the browser.
import { chromium } from "playwright-core";

export const HUB_URL = process.env["HUB_URL"] ?? "http://127.0.0.1:8080";
export const USER = process.env["HUB_USER"] ?? "";
export const PASSWORD = process.env["HUB_PASSWORD"] ?? "";
export const ADMIN = process.env["HUB_ADMIN"] ?? "";
export const ADMIN_PASSWORD = process.env["HUB_ADMIN_PASSWORD"] ?? "";

/** A phone and an office screen. */
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

/**
 * @param {string[]} [more] Further switches of the browser.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

/**
 * A fresh browser context with the language and theme asked for.
 * @param {import("playwright-core").Browser} browser
 * The service worker answers navigations itself, so it is kept out unless it is what is tested.
 * @param {{ size?: keyof typeof SIZES, scheme?: "light" | "dark", lang?: "vi" | "en", worker?: boolean }} [wishes]
 */
export async function openContext(browser, { size = "phone", scheme = "light", lang = "vi", worker = false } = {}) {
  const context = await browser.newContext({
    baseURL: HUB_URL,
    viewport: SIZES[size],
    colorScheme: scheme,
    locale: lang === "vi" ? "vi-VN" : "en-GB",
    reducedMotion: "reduce",
    hasTouch: size === "phone",
    serviceWorkers: worker ? "allow" : "block",
  });
  await context.addInitScript((chosen) => {
    if (localStorage.getItem("commune.lang") === null) localStorage.setItem("commune.lang", chosen);
  }, lang);
  return context;
}

/**
 * Logs in without the form, by the API; the cookie is the context's from then on.
 * @param {import("playwright-core").BrowserContext} context
 * @param {{ asAdmin?: boolean }} [wishes]
 */
export async function logIn(context, { asAdmin = false } = {}) {
  const data = asAdmin ? { username: ADMIN, password: ADMIN_PASSWORD } : { username: USER, password: PASSWORD };
  const answer = await context.request.post("/api/v1/session", { data });
  if (!answer.ok()) throw new Error(`login as "${data.username}" at ${HUB_URL} was answered ${answer.status()}`);
}
