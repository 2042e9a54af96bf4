// Why the hub did not do what was asked of a rule.
import { HubError } from "../../api/client";
import { local, t } from "../../i18n";

/** What is wrong with a text. */
export const faultWords = (fault: { message: string; message_vi: string }) => local({ vi: fault.message_vi, en: fault.message });

export function whyText(error: unknown): string {
  if (!(error instanceof HubError) || error.status === 0) return t("page.unreachable");
  return error.status === 503 ? t("rules.busy") : error.title;
}
