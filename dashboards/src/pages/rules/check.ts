// The live check: a little after somebody stops typing the hub is asked what it says of the text. The last question counts.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { checkRule } from "../../api/rules";
import type { RuleChecked } from "../../api/types";

const PAUSE_MS = 400;

export type Check = { state: "checking" } | { state: "failed" } | { state: "done"; found: RuleChecked };

export function useCheck(rule: string, source: string): Signal<Check> {
  const check = useSignal<Check>({ state: "checking" });
  useEffect(() => {
    let isLast = true;
    const timer = setTimeout(() => {
      checkRule(rule, source).then(
        (found) => isLast && (check.value = { state: "done", found }),
        () => isLast && (check.value = { state: "failed" }),
      );
    }, PAUSE_MS);
    return () => {
      isLast = false;
      clearTimeout(timer);
    };
  }, [rule, source]);
  return check;
}
