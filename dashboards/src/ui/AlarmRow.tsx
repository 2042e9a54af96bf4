// One alarm in a list: what, where, value against limit, since when, what to do, and one big button.
import type { Alarm } from "../api/types";
import { local, pointName, t } from "../i18n";
import { moment } from "../i18n/format";
import { now } from "../state/clock";
import { isElsewhere, mayActAs } from "../state/commune";
import { HUB_SITE } from "../state/own";
import { awaitsPerson } from "../state/reduce";
import type { PointEntry } from "../state/store";
import { store } from "../state/store";
import { Age } from "./Age";
import { Button } from "./Button";
import { limitWithUnit } from "./MovingBar";
import { StatusMark } from "./StatusMark";
import { Value } from "./Value";
import "./AlarmRow.css";

export interface AlarmRowProps {
  alarm: Alarm;
  onAcknowledge: (alarm: Alarm) => void;
}

export function AlarmRow({ alarm, onAcknowledge }: AlarmRowProps) {
  const waits = awaitsPerson(alarm);
  const over = alarm.state === "normal" || alarm.state === "rtn_unacknowledged";
  const known = !waits || over;
  const entry = alarm.point == null ? undefined : store.points.value.get(alarm.point);
  const title = local(alarm.title);
  const step = firstStep(local(alarm.runbook));
  return (
    <article class={`alarm-row panel alarm-${alarm.priority}${known ? " alarm-known" : ""}`} data-alarm={alarm.id} data-state={alarm.state}>
      <div class="alarm-text">
        <p class="alarm-head">
          <StatusMark status={alarm.priority} quiet={known} />
          {alarm.state !== "unacknowledged" && <span class="alarm-state small">{t(`alarm.state.${alarm.state}`)}</span>}
          <span class="alarm-since small muted figures">{t("time.since", { time: moment(Date.parse(alarm.raised_at), now.value) })}</span>
        </p>
        <h3 class="alarm-title">
          <a href={`/alarms/${alarm.id}`}>{title}</a>
        </h3>
        <p class="alarm-place small">{placeOf(alarm)}</p>
        {entry === undefined || alarm.state === "normal" ? <p>{local(alarm.message)}</p> : <ValueAgainstLimit entry={entry} />}
        {!over && step !== "" && (
          <p class="alarm-step">
            <span class="unseen">{t("alarm.runbook")}: </span>
            <span aria-hidden="true">→ </span>
            {step}
          </p>
        )}
        <StateLine alarm={alarm} />
      </div>
      {waits && mayActAs("staff") && (
        <div class="alarm-action no-print">
          {isElsewhere(alarm.site) ? (
            <p class="small muted">{t("alarm.elsewhere")}</p>
          ) : (
            <Button kind="main" tall aria-label={t("alarm.acknowledgeThis", { title })} onClick={() => onAcknowledge(alarm)}>
              {t("alarm.acknowledge")}
            </Button>
          )}
        </div>
      )}
    </article>
  );
}

function ValueAgainstLimit({ entry }: { entry: PointEntry }) {
  const point = entry.point.value;
  const standing = entry.standing.value;
  return (
    <p class="alarm-value">
      <Value standing={standing} point={point} withReason={false} />
      {standing.at !== null && <Age at={standing.at} />}
      {point.limit !== null && (
        <span class="small figures">
          {t("alarm.limit").toLowerCase()} {limitWithUnit(point.limit, point.unit)}
          {point.limit.status === "unverified" && ` (${t("limit.unverified")})`}
        </span>
      )}
    </p>
  );
}

function StateLine({ alarm }: { alarm: Alarm }) {
  const at = (time: string) => moment(Date.parse(time), now.value);
  const lines: string[] = [];
  if (alarm.acknowledged_at != null) {
    const time = at(alarm.acknowledged_at);
    const who = alarm.acknowledged_by;
    lines.push(who == null ? t("alarm.acknowledgedAt", { time }) : t("alarm.acknowledgedBy", { who, time }));
  }
  if (alarm.cleared_at != null) lines.push(t("alarm.clearedAt", { time: at(alarm.cleared_at) }));
  if (alarm.state === "shelved" && alarm.shelved_until != null) lines.push(t("alarm.shelvedUntil", { time: at(alarm.shelved_until) }));
  return lines.length === 0 ? null : <p class="small muted figures">{lines.join(" · ")}</p>;
}

/** "Trạm cấp nước Tam Hợp · Clo dư"; what is not known yet is named by its id. */
export function placeOf(alarm: Pick<Alarm, "site" | "point" | "device">): string {
  if (alarm.site === HUB_SITE) return t("own.title");
  const site = store.sites.value?.find((each) => each.id === alarm.site);
  const name = local(site?.name) || alarm.site;
  if (alarm.point != null) {
    const point = store.points.value.get(alarm.point)?.point.peek();
    return `${name} · ${point === undefined ? alarm.point.split("/").at(-1) : pointName(point)}`;
  }
  // A line or a whole site has no part of its own.
  if (alarm.device == null) return name;
  return `${name} · ${local(store.devices.value.get(alarm.device)?.name) || alarm.device.split("/").at(-1)}`;
}

/** The first thing to do: the runbook's first line, and of a long one its first sentence. */
export function firstStep(runbook: string): string {
  const line = runbook.trim().split("\n")[0] ?? "";
  return /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
}
