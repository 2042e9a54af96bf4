// What the page of registers hands on to that of a device, and what a refusal is in words.
import { HubError } from "../../api/client";
import { t } from "../../i18n";
import type { DeviceForm } from "./toml";

/** For a new device: what the form begins with. For one that is there: a point to be put into its text. */
export type Handed = { form: Partial<DeviceForm> } | { point: string };

let handed: Handed | null = null;

export function hand(what: Handed): void {
  handed = what;
}

/** Once: whoever comes back later begins anew. */
export function taken(): Handed | null {
  const what = handed;
  handed = null;
  return what;
}

/** Each thing that the hub finds wrong, in its own words. */
export function faultsOf(error: unknown): string[] {
  if (!(error instanceof HubError) || error.status === 0) return [t("page.unreachable")];
  return error.errors.length > 0 ? error.errors.map(({ detail }) => detail) : [error.title];
}

/** Why a site's file was not changed. When somebody was faster, `onOvertaken` is called: what is shown is old. */
export function whyNotSaved(error: unknown, onOvertaken: () => void): string {
  if (!(error instanceof HubError) || error.status !== 409) return faultsOf(error).join(" ");
  onOvertaken();
  return t("devices.overtaken");
}
