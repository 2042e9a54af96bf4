// Why the hub did not do what was asked of a rule. What it says of a text's own faults comes in its words: they name Rhai's terms.
import { HubError } from "../../api/client";
import { t } from "../../i18n";

export function whyText(error: unknown): string {
  if (!(error instanceof HubError) || error.status === 0) return t("page.unreachable");
  return error.status === 503 ? t("rules.busy") : error.title;
}
