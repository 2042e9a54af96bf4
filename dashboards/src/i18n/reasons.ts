// Why a reading is not simply good, in words. The codes are the hub's and stable; an unknown one is shown as it is.
import { hasText, t } from "./index";

/** `timeout` → "thiết bị không trả lời kịp"; `exception:2` keeps its number. */
export function reasonText(reason: string | null): string {
  if (reason === null || reason === "") return "";
  const [code = "", detail] = reason.split(":");
  const key = `reason.${code}`;
  if (code !== "other" && hasText(key)) return t(key, { code: detail ?? "" });
  return t("reason.other", { code: reason });
}
