// How old something is, counted on: "12 phút trước". The exact moment stands in the tooltip and for machines.
import { useComputed, useSignal } from "@preact/signals";
import { ago, moment } from "../i18n/format";
import { now } from "../state/clock";

export interface AgeProps {
  /** Epoch ms. */
  at: number;
  /** Whether it is not counted on: nobody sees it. */
  still?: boolean;
}

export function Age({ at, still = false }: AgeProps) {
  const measured = useSignal(at);
  measured.value = at;
  const resting = useSignal(still);
  resting.value = still;
  // The text changes seldom; only then is the element drawn again.
  const text = useComputed(() => ago(measured.value, resting.value ? now.peek() : now.value));
  return (
    <time class="age muted small figures" dateTime={new Date(at).toISOString()} title={moment(at, now.peek())}>
      {text.value}
    </time>
  );
}
