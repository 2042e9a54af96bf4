// How old something is, counted on: "12 phút trước". The exact moment stands in the tooltip and for machines.
import { useComputed, useSignal } from "@preact/signals";
import { ago, moment } from "../i18n/format";
import { now } from "../state/clock";

export interface AgeProps {
  /** Epoch ms. */
  at: number;
}

export function Age({ at }: AgeProps) {
  const measured = useSignal(at);
  measured.value = at;
  // The text changes seldom; only then is the element drawn again.
  const text = useComputed(() => ago(measured.value, now.value));
  return (
    <time class="age muted small figures" dateTime={new Date(at).toISOString()} title={moment(at, now.peek())}>
      {text.value}
    </time>
  );
}
