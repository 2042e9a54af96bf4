// The start: choices of the person, the clock, the address, who is logged in, then the page.
import { render } from "preact";
import "./ui/tokens.css";
import "./ui/base.css";
import { getCommune, getSession } from "./api/calls";
import { HubError, onSessionLost } from "./api/client";
import type { Start } from "./api/types";
import { App } from "./app";
import { navigate, startRouter } from "./lib/router";
import { startClock, takeSkew } from "./state/clock";
import { commune, session } from "./state/commune";
import { markLost } from "./state/connection";
import { applyLang, startPreferences } from "./state/preferences";
import { store } from "./state/store";
import { watchVersion } from "./state/version";

/** Without the hub at the start there is nothing to show: it is asked again until it is there. */
const RETRY_MS = 3_000;

startPreferences();
startClock();
startRouter();
onSessionLost(() => {
  const ended = session.peek() != null;
  session.value = null;
  store.clear();
  // A screen on the wall has nobody who could log in: it says what is missing.
  if (ended && location.pathname !== "/wall") navigate(`/login?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
});

async function untilReached<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof HubError && error.status === 401) throw error;
      markLost();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function start(): Promise<void> {
  const [whose] = await Promise.all([
    untilReached(getCommune),
    untilReached(getSession).then(
      (who) => (session.value = who),
      () => (session.value = null),
    ),
  ]);
  commune.value = whose;
  await applyLang(whose.languages);
}

/** What the hub has put into the page for who is logged in: nothing needs to be asked before it can be read. */
function takeStart(): Start | null {
  const brought = document.querySelector<HTMLTemplateElement>("template#start");
  brought?.remove();
  return brought === null ? null : (JSON.parse(brought.content.textContent ?? "") as Start);
}

function startWith({ at, commune: whose, session: who, snapshot }: Start): Promise<unknown> {
  const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  takeSkew(at, Date.now() - (page === undefined ? 0 : performance.now() - page.responseStart));
  session.value = who;
  commune.value = whose;
  store.replaceAll(snapshot);
  return applyLang(whose.languages);
}

/** Lets the app be installed. Only over https or on the hub's own machine, by the browsers' rule. */
function offerInstalling(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // Without it all is as before, but for the page that says that the hub is not there.
  navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => undefined);
}

const brought = takeStart();
const root = document.getElementById("app");
void (brought === null ? applyLang([]) : startWith(brought)).then(() => {
  if (root === null) return;
  root.replaceChildren();
  render(<App />, root);
});
if (brought === null) void start();
if (document.readyState === "complete") offerInstalling();
else addEventListener("load", offerInstalling);
watchVersion();
