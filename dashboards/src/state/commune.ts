// Whose dashboard this is: the commune's name, timezone and languages, and who is looking at it.
import { computed, signal } from "@preact/signals";
import type { Commune, Role, Session } from "../api/types";
import { HUB_SITE } from "./own";

export const commune = signal<Commune | null>(null);

/** `undefined` until the hub has said; `null` when nobody is logged in. */
export const session = signal<Session | null | undefined>(undefined);

/** The commune's timezone; until it is known, that of Vietnam. */
export const timezone = computed(() => commune.value?.timezone ?? "Asia/Ho_Chi_Minh");

const RANKS: readonly Role[] = ["viewer", "staff", "officer", "integrator", "admin"];

/** Whether the one who is logged in has at least this role. The hub decides; this only hides what it would refuse. */
export function mayActAs(role: Role): boolean {
  const held = session.value?.role;
  return held !== undefined && RANKS.indexOf(held) >= RANKS.indexOf(role);
}

/** Whether a site is one of another hub: a province only looks at its communes, what is theirs is changed where they are. */
export const isElsewhere = (site: string) => commune.value?.role === "province" && site !== HUB_SITE;
