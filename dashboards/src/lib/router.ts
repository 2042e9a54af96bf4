// Addresses. The page and its filters live in the URL, so that a link, the back button and a reload all tell the truth.
import { computed, signal } from "@preact/signals";

const here = signal({ path: location.pathname, search: location.search });

export const path = computed(() => here.value.path);
export const query = computed(() => new URLSearchParams(here.value.search));

/** Counts moves to another page (not changes of its filters): focus and scrolling follow it. */
export const visit = signal(0);

/** How another page is gone to when it has to be loaded anew; by default it is drawn in place. */
let leave: ((href: string) => void) | null = null;

/** From now on other pages are loaded by `how`. */
export function leaveBy(how: (href: string) => void): void {
  leave = how;
}

export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const url = new URL(href, location.origin);
  const moved = url.pathname !== location.pathname;
  if (moved && leave !== null) return leave(url.href);
  if (options.replace === true) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  here.value = { path: url.pathname, search: url.search };
  if (moved) visit.value += 1;
}

/** Sets filters in the address; `null` takes one away. Without `step` it leaves none for the back button. */
export function setQuery(changes: Record<string, string | readonly string[] | null>, { step = false } = {}): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    url.searchParams.delete(name);
    const values = typeof value === "string" ? [value] : (value ?? []);
    for (const each of values) if (each !== "") url.searchParams.append(name, each);
  }
  navigate(url.pathname + url.search, { replace: !step });
}

/** `/sites/:id` against `/sites/abc` gives `{ id: "abc" }`; no match gives `null`. */
export function match(pattern: string, actual: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = actual.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = decoded(text);
    else if (part !== text) return null;
  }
  return params;
}

/** Somebody may have typed a lone "%": then the text stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An address of ours to go back to after the login; anything else leads home. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/";
}

/** Takes over plain clicks on links of ours, and the back button. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    const moved = location.pathname !== here.peek().path;
    here.value = { path: location.pathname, search: location.search };
    if (moved) visit.value += 1;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin || link.hash !== "") return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
