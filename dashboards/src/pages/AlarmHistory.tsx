// What happened to an alarm, the newest first: transitions in words, who, and what they wrote.
import type { AlarmTransition, Point } from "../api/types";
import { type Key, t } from "../i18n";
import { moment } from "../i18n/format";
import { showText } from "../i18n/units";
import { now } from "../state/clock";

export function AlarmHistory({ history, point }: { history: readonly AlarmTransition[]; point: Point | undefined }) {
  const newest = [...history].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <ol class="panel alarm-history">
      {newest.map((each, index) => (
        <li key={`${each.at} ${index}`}>
          <p class="row row-ends">
            <strong>{t(eventKey(each))}</strong>
            <span class="small muted figures">{moment(Date.parse(each.at), now.value)}</span>
          </p>
          {(each.by != null || (each.value != null && point !== undefined)) && (
            <p class="small muted figures">
              {[each.by == null ? "" : t("alarm.by", { who: each.by }), each.value == null || point === undefined ? "" : showText(each.value, point)]
                .filter((part) => part !== "")
                .join(" · ")}
            </p>
          )}
          {each.comment != null && each.comment !== "" && <p class="alarm-quote">{each.comment}</p>}
        </li>
      ))}
    </ol>
  );
}

/** What a transition means to a person. */
export function eventKey({ from, to }: Pick<AlarmTransition, "from" | "to">): Key {
  if (from === to) return "alarm.event.commented";
  if (to === "shelved") return "alarm.event.shelved";
  if (from === "shelved") return "alarm.event.unshelved";
  if (to === "unacknowledged") return from == null || from === "normal" ? "alarm.event.raised" : "alarm.event.raisedAgain";
  if (to === "rtn_unacknowledged") return "alarm.event.cleared";
  // Acknowledged after it had passed: that closes it.
  if (to === "acknowledged" || from === "rtn_unacknowledged") return "alarm.event.acknowledged";
  return "alarm.event.closed";
}
