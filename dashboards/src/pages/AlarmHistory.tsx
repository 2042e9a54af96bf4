// What happened to an alarm, the newest first: transitions in words, who, and what they wrote.
import type { AlarmTransition, Point } from "../api/types";
import { type Key, local, t } from "../i18n";
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
          {each.comment != null && each.comment !== "" && <p class="alarm-quote">{each.comment_en == null ? each.comment : local({ vi: each.comment, en: each.comment_en })}</p>}
        </li>
      ))}
    </ol>
  );
}

const EVENTS = {
  raised: "alarm.event.raised",
  raised_again: "alarm.event.raisedAgain",
  reminded: "alarm.event.reminded",
  returned: "alarm.event.cleared",
  acknowledged: "alarm.event.acknowledged",
  commented: "alarm.event.commented",
  text_reviewed: "alarm.event.textReviewed",
  shelved: "alarm.event.shelved",
  unshelved: "alarm.event.unshelved",
  shelving_ended: "alarm.event.unshelved",
  suppressed: "alarm.event.suppressed",
  suppression_ended: "alarm.event.suppressionEnded",
  taken_out_of_service: "alarm.event.takenOutOfService",
  put_in_service: "alarm.event.putInService",
  reset: "alarm.event.reset",
  no_longer_watched: "alarm.event.noLongerWatched",
} as const satisfies Record<AlarmTransition["why"], Key>;

/** What a transition means to a person. */
export const eventKey = ({ why }: Pick<AlarmTransition, "why">): Key => EVENTS[why];
