// A list of alarms that keeps still while it is touched, with the dialogue for acknowledging.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Alarm } from "../api/types";
import { count, t } from "../i18n";
import { useSettledOrder } from "../lib/order";
import { AcknowledgeDialogue } from "./AcknowledgeDialogue";
import { AlarmRow } from "./AlarmRow";
import { Button } from "./Button";

export interface AlarmListProps {
  /** In the order wanted. */
  alarms: readonly Alarm[];
  /** Every alarm known by its number: one that has left the order is still drawn while the list is held. */
  known: ReadonlyMap<number, Alarm>;
  label: string;
  onChanged?: (alarm: Alarm) => void;
}

export function AlarmList({ alarms, known, label, onChanged }: AlarmListProps) {
  const list = useRef<HTMLUListElement>(null);
  const asked = useSignal<Alarm | null>(null);
  const wanted = alarms.map((alarm) => alarm.id);
  const { order, waiting, resort } = useSettledOrder(wanted, list);
  const close = (id: number) => {
    asked.value = null;
    // The button that was pressed may be gone with what it asked for: the keyboard goes on at the same alarm.
    requestAnimationFrame(() => {
      const row = list.current?.querySelector(`[data-alarm="${id}"]`);
      if (document.activeElement === document.body) row?.querySelector<HTMLElement>("button, a")?.focus({ preventScroll: true });
    });
  };
  const fresh = order.filter((id) => wanted.includes(id) && wanted.indexOf(id) < order.indexOf(id)).length;
  return (
    <>
      <ul ref={list} class="alarm-list stack-tight" aria-label={label}>
        {order.map((id) => {
          const alarm = known.get(id);
          return (
            alarm !== undefined && (
              <li key={id}>
                <AlarmRow alarm={alarm} onAcknowledge={(chosen) => (asked.value = chosen)} />
              </li>
            )
          );
        })}
      </ul>
      {waiting && (
        <div class="row no-print">
          {fresh > 0 && <span class="small muted">{count("now.new", fresh)}</span>}
          <Button onClick={resort}>{t("now.resort")}</Button>
        </div>
      )}
      {asked.value !== null && (
        <AcknowledgeDialogue alarm={asked.value} onClose={() => close(asked.peek()?.id ?? 0)} {...(onChanged === undefined ? {} : { onChanged })} />
      )}
    </>
  );
}
