// The browser's title: the page's name first, then the commune's.
import { useEffect } from "preact/hooks";
import { local, t } from "../i18n";
import { commune } from "../state/commune";

/** An empty name leaves the commune's alone. */
export function useTitle(name: string): void {
  const whole = [name, local(commune.value?.name) || t("app.name")].filter((part) => part !== "").join(" · ");
  useEffect(() => {
    document.title = whole;
  }, [whole]);
}
