// Sending what a form holds: busy meanwhile, never twice at once, and what went wrong in words.
import { useSignal } from "@preact/signals";
import { HubError } from "../api/client";
import { t } from "../i18n";
import { span } from "../i18n/format";

/** `send` ends when the hub has taken it; what it throws becomes the fault, in the words for alarms unless others are given. */
export function useSending(send: () => Promise<void>, words: (error: unknown) => string = faultText) {
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);

  async function submit(event: Event) {
    event.preventDefault();
    if (busy.value) return;
    const form = event.currentTarget;
    busy.value = true;
    fault.value = null;
    try {
      await send();
    } catch (error) {
      fault.value = words(error);
      // After the faults are drawn: the first field that is wrong has the keyboard.
      if (form instanceof HTMLElement) setTimeout(() => form.querySelector<HTMLElement>("[aria-invalid]")?.focus());
    } finally {
      busy.value = false;
    }
  }

  return { busy, fault, submit };
}

/** After how long somebody may try a password again. */
export const tooManyTries = ({ retryAfterSeconds }: HubError) => t("login.tooMany", { span: span((retryAfterSeconds ?? 60) * 1_000) });

/** Why an action on an alarm was not recorded, in words. */
export function faultText(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 0) return t("page.unreachable");
  if (status === 403) return t("alarm.forbidden");
  if (status === 409) return t("alarm.already");
  return t("alarm.failed");
}
