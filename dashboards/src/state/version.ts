// A hub that came back may be a newer one: then its own pages are taken at once, unless somebody is in the middle of something;
// then with the next page.
import { effect } from "@preact/signals";
import { getCommune } from "../api/calls";
import { leaveBy } from "../lib/router";
import { commune } from "./commune";
import { connection } from "./connection";

/** Whether somebody would lose what they are doing. */
const isBusy = () => document.querySelector("dialog[open]") !== null || document.activeElement?.matches("input, textarea, select, .code-field") === true;

export function watchVersion(): void {
  let wasLost = false;
  effect(() => {
    const { state } = connection.value;
    if (state === "live" && wasLost) void look();
    wasLost = state === "lost" || (wasLost && state !== "live");
  });
}

async function look(): Promise<void> {
  const before = commune.peek();
  const now = await getCommune().catch(() => null);
  if (now === null || before === null || now.version === before.version) return;
  if (isBusy()) leaveBy((href) => location.assign(href));
  else location.reload();
}
