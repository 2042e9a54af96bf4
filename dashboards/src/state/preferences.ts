// The person's own choices, kept in this browser: language and theme.
import { effect, signal } from "@preact/signals";
import { type Lang, isLang, lang } from "../i18n";
import { whenIdle } from "../lib/idle";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const LANG_KEY = "commune.lang";
const LANG_KEPT_S = 365 * 86_400;
const THEME_KEY = "commune.theme";

export const theme = signal<Theme>("system");

/** Where the language comes from, the first that says: address, this browser's memory, commune, browser. */
export function chooseLang(sources: {
  search: string;
  remembered: string | null;
  commune: readonly string[];
  browser: readonly string[];
}): Lang {
  const wanted = [
    new URLSearchParams(sources.search).get("lang"),
    sources.remembered,
    sources.commune[0],
    ...sources.browser.map((tag) => tag.slice(0, 2)),
  ];
  return wanted.find(isLang) ?? "vi";
}

/** Storage may be forbidden: then a choice lasts as long as the page. */
function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing is lost but the memory of it.
  }
}

let wanted: Lang = "vi";

/** Vietnamese at once; English as soon as its texts are there. Where they cannot be fetched the page stays as it is, which is `false`. */
async function speak(chosen: Lang): Promise<boolean> {
  wanted = chosen;
  const isThere = chosen === "vi" || (await import("../i18n/english").then(() => true, () => false));
  if (!isThere) wanted = lang.peek();
  if (wanted === chosen) lang.value = chosen;
  whenIdle(tellHub);
  return isThere;
}

/** The hub has the texts of this language come beside the program at the next visit. */
function tellHub(): void {
  document.cookie = `commune_lang=${wanted}; Path=/; Max-Age=${LANG_KEPT_S}; SameSite=Strict`;
}

/** Reads the choices; done when the page has its language. `communeLanguages` is empty until the hub has answered. */
export function applyLang(communeLanguages: readonly string[]): Promise<boolean> {
  return speak(
    chooseLang({
      search: location.search,
      remembered: recall(LANG_KEY),
      commune: communeLanguages,
      browser: navigator.languages,
    }),
  );
}

/** Whether the language could be had; the choice is remembered all the same. */
export function setLang(chosen: Lang): Promise<boolean> {
  keep(LANG_KEY, chosen);
  // An address that says otherwise would win again at the next visit.
  const url = new URL(location.href);
  if (url.searchParams.has("lang")) {
    url.searchParams.delete("lang");
    history.replaceState(history.state, "", url);
  }
  return speak(chosen);
}

export function setTheme(chosen: Theme): void {
  keep(THEME_KEY, chosen);
  theme.value = chosen;
}

/** Starts keeping `<html lang data-theme>` in step with the choices. */
export function startPreferences(): void {
  const remembered = recall(THEME_KEY) as Theme | null;
  if (remembered !== null && THEMES.includes(remembered)) theme.value = remembered;
  effect(() => {
    document.documentElement.lang = lang.value;
  });
  effect(() => {
    if (theme.value === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme.value);
  });
}
