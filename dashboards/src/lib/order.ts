// Lists that do not jump under the finger: the order changes only while nobody touches the list, or on the person's word.
import { useSignal } from "@preact/signals";
import { type RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** After the last touch or movement of the pointer over the list, for how long it keeps still. */
const CALM_MS = 4_000;

/** The order to show: as wanted, or while held the present one with newcomers at its end. */
export function settled<K>(present: readonly K[], wanted: readonly K[], held: boolean): readonly K[] {
  if (!held || present.length === 0) return wanted;
  const known = new Set(present);
  return [...present, ...wanted.filter((key) => !known.has(key))];
}

const same = <K>(a: readonly K[], b: readonly K[]) => a.length === b.length && a.every((key, index) => key === b[index]);

export interface Settled<K> {
  order: readonly K[];
  /** Whether the order shown is not the one wanted. */
  waiting: boolean;
  resort: () => void;
}

export function useSettledOrder<K>(wanted: readonly K[], list: RefObject<HTMLElement | null>): Settled<K> {
  const held = useHeld(list);
  const present = useRef<readonly K[]>(wanted);
  const forced = useSignal(0);
  const order = settled(present.current, wanted, held);
  present.current = order;
  return {
    order,
    waiting: !same(order, wanted),
    resort: () => {
      present.current = [];
      forced.value += 1;
    },
  };
}

/** Whether the list is being touched, pointed at or has the focus. */
function useHeld(list: RefObject<HTMLElement | null>): boolean {
  const held = useSignal(false);
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hasFocus = () => element.contains(document.activeElement);
    const release = () => {
      held.value = hasFocus();
    };
    const hold = () => {
      held.value = true;
      clearTimeout(timer);
      timer = setTimeout(release, CALM_MS);
    };
    const left = (event: FocusEvent) => {
      if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) hold();
    };
    const events = ["pointerdown", "pointermove", "pointerup", "focusin"] as const;
    for (const name of events) element.addEventListener(name, hold, { passive: true });
    element.addEventListener("focusout", left);
    return () => {
      clearTimeout(timer);
      for (const name of events) element.removeEventListener(name, hold);
      element.removeEventListener("focusout", left);
    };
  }, []);
  return held.value;
}
