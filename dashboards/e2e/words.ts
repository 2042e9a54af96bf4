// What stands on a page for whoever sees or hears it, and which of it is English: words of the dashboard's and the hub's English
// texts that are in no Vietnamese one, and words that Vietnamese cannot spell. Texts come from their files and from the hub.
import type { BrowserContext, Page } from "playwright-core";
import { ADMIN } from "./browser.mjs";

type Modules = Record<string, Record<string, Record<string, string>>>;
const VI: Modules = import.meta.glob("../src/i18n/vi*.ts", { eager: true });
const EN: Modules = import.meta.glob(["../src/i18n/en*.ts", "!../src/i18n/english.ts"], { eager: true });

/** Where the hub gives texts of its own in both languages, and where the ids are that pages show. */
const HUB_TEXTS = ["sites", "points", "alarms?state=all", "rules", "profiles", "quantities"].map((each) => `/api/v1/${each}`);

/** What both languages write alike, and no text has as a word by itself. */
const ALLOWED = [
  // units
  ..."bar dBm kWh ms".split(" "),
  // a program for tables, and the four tables of Modbus as manuals name them
  ..."Excel coil discrete holding input".split(" "),
  // whose session it is
  ADMIN,
];

/** A syllable of Vietnamese without its marks. */
const SYLLABLE = /^(b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x)?[aeiouy]{1,3}(c|ch|m|n|ng|nh|p|t)?$/;

/** The words of a sentence; `tam-hop-water/plc`, `hub.toml`, `{n}`, `4x` and acronyms are none, they name something. */
function wordsOf(text: string): string[] {
  return text
    .normalize("NFC")
    .split(/\s+/)
    .map((each) => each.replace(/^[^\p{L}\p{N}{]+|[^\p{L}\p{N}}]+$/gu, ""))
    .filter((each) => !/[\d₀-₉/_@{}:=]|\p{L}[.-]\p{L}/u.test(each))
    .flatMap((each) => each.split(/[^\p{L}]+/u))
    .filter((each) => each.length > 1 && !/^[A-Z]{2,5}$/.test(each));
}

const textsOf = (modules: Modules) => Object.values(modules).flatMap((file) => Object.values(file).flatMap((texts) => Object.values(texts)));

interface HubTexts {
  vi: string[];
  en: string[];
  ids: string[];
}

/** Every `{ vi, en }` within an answer of the hub, and every id. What is the same in both was written once, in whatever language. */
function gather(answer: unknown, into: HubTexts): HubTexts {
  if (typeof answer !== "object" || answer === null) return into;
  const { vi, en, id } = answer as Record<string, unknown>;
  if (typeof vi === "string" && typeof en === "string") {
    if (vi !== en) into.vi.push(vi);
    into.en.push(en);
  }
  if (typeof id === "string") into.ids.push(...id.split("/"));
  for (const part of Object.values(answer)) gather(part, into);
  return into;
}

/** Tells the words of a text that are English on a Vietnamese page. */
export async function englishFinder(context: BrowserContext): Promise<(text: string) => string[]> {
  const hub: HubTexts = { vi: [], en: [], ids: [] };
  for (const path of HUB_TEXTS) gather(await (await context.request.get(path)).json(), hub);
  const inSmall = (texts: string[]) => new Set(texts.flatMap(wordsOf).map((word) => word.toLowerCase()));
  const [known, english, ids] = [inSmall([...textsOf(VI), ...hub.vi, ...ALLOWED]), inSmall([...textsOf(EN), ...hub.en]), new Set(hub.ids)];
  return (text) =>
    wordsOf(text).filter((word) => {
      const small = word.toLowerCase();
      return !known.has(small) && !ids.has(word) && (english.has(small) || (/^[a-z]+$/.test(small) && !SYLLABLE.test(small)));
    });
}

/** The texts of a page that somebody sees or hears. What is code is in nobody's language, and what says that it is English may be. */
export const textsOn = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const SPOKEN = ["aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "title", "placeholder", "alt", "label"];
    const found = new Set([document.title]);
    for (const element of document.querySelectorAll("body *")) {
      if (element.closest('code, pre, script, style, .cm-editor, [lang="en"]') !== null) continue;
      // An option is seen when its list is opened.
      if (!(element.closest("select") ?? element).checkVisibility({ visibilityProperty: true })) continue;
      for (const name of SPOKEN) found.add(element.getAttribute(name) ?? "");
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.add(node.nodeValue?.trim() ?? "");
    }
    return [...found];
  });

/** What the browser itself would say, in its own language, of a form that is sent as it stands. */
export const browserWords = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLInputElement>(":is(input, select, textarea):invalid")]
      .filter((field) => field.form?.noValidate === false && field.checkVisibility())
      .flatMap((field) => {
        let saysItself = true;
        field.addEventListener("invalid", (event) => (saysItself = !event.defaultPrevented), { once: true });
        field.checkValidity();
        return saysItself ? [field.validationMessage] : [];
      }),
  );
