// How a bridge to another MQTT server fares: what waits, since when, and what went wrong last. For integrators.
import { said } from "../api/client";
import type { MqttLink } from "../api/mqtt";
import { count, t } from "../i18n";
import { moment } from "../i18n/format";
import { hubNow } from "../state/clock";
import { Age } from "../ui/Age";
import { StatusMark } from "../ui/StatusMark";
import "./Forwards.css";

export function Bridge({ link }: { link: MqttLink }) {
  const { waiting, waiting_messages, owed, dropped_messages, waiting_since, last_error } = link;
  const isFailing = link.trouble !== null;
  const waits = (
    [
      ["bridge.messages", waiting_messages],
      ["bridge.commits", waiting],
      ["bridge.owed", owed],
    ] as const
  ).flatMap(([text, n]) => (n !== null && n > 0 ? [count(text, n)] : []));
  const since = waiting_since === null ? "" : ` ${t("bridge.since", { since: moment(Date.parse(waiting_since), hubNow()) })}`;
  return (
    <div class="forwards-one">
      <p class="forwards-head">
        <strong>{t("bridge.name", { id: link.bridge ?? "" })}</strong>
        <StatusMark status={isFailing ? "medium" : "well"} word={t(isFailing ? "forward.failing" : (owed ?? 0) > 0 ? "forward.catchingUp" : "forward.well")} />
      </p>
      <p class="small muted">{link.broker}</p>
      {waits.length > 0 ? (
        <p>
          {t("bridge.waiting", { what: waits.join(" · ") })}
          {since}
        </p>
      ) : (
        <p>{t("forward.allSent")}</p>
      )}
      {isFailing && waits.length > 0 && <p>{t("forward.kept")}</p>}
      {dropped_messages !== null && dropped_messages > 0 && (
        <p>
          <StatusMark status="doubtful" word={count("bridge.dropped", dropped_messages)} />
        </p>
      )}
      <p class="small muted">
        {link.last_message === null ? t("forward.never") : <>{t("forward.arrived")} <Age at={Date.parse(link.last_message)} /></>}
        {link.messages > 0 && <> · {count("bridge.sent", link.messages)}</>}
      </p>
      {last_error !== null && (
        <details class="small">
          <summary>{t("bridge.lastError", { time: moment(Date.parse(last_error.at), hubNow()) })}</summary>
          <p class="forwards-why">{said({ detail: last_error.why, detail_vi: last_error.why_vi })}</p>
        </details>
      )}
    </div>
  );
}
