// Where a link in a message leads: what it is about, and one button. Nothing happens by opening it: mail programs do that themselves.
import { useSignal } from "@preact/signals";
import { HubError } from "../../api/client";
import { type LinkedAlarm, acknowledgeByLink, lookAtLink } from "../../api/notices";
import { local, t } from "../../i18n";
import { moment } from "../../i18n/format";
import { useResource } from "../../lib/resource";
import { query } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { commune, session } from "../../state/commune";
import { Button } from "../../ui/Button";
import { TextArea } from "../../ui/Field";
import { Empty, Failed, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import { useSending } from "../../ui/sending";
import "./Notices.css";

export default function AcknowledgePage() {
  useTitle(t("byLink.title"));
  const token = query.value.get("t") ?? "";
  const [found, reload] = useResource(token, () => lookAtLink(token));
  const { data, error } = found.value;
  return (
    <main class="link-page">
      <p class="muted">{commune.value === null ? "" : local(commune.value.name)}</p>
      <h1>{t("byLink.title")}</h1>
      {data !== null ? <Linked token={token} looked={data} /> : error === null ? <Loading rows={2} height={96} /> : <Fault error={error} onRetry={reload} />}
    </main>
  );
}

function Fault({ error, onRetry }: { error: HubError; onRetry: () => void }) {
  if (error.status === 410) {
    return (
      <Empty title={t("byLink.expired")} hint={t("byLink.expiredHint")}>
        <a href="/alarms">{t("page.home")}</a>
      </Empty>
    );
  }
  if (error.status === 400) return <Empty title={t("byLink.wrong")} hint={t("byLink.wrongHint")} />;
  return <Failed error={error} onRetry={onRetry} />;
}

function Linked({ token, looked }: { token: string; looked: LinkedAlarm }) {
  const alarm = useSignal(looked);
  const comment = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    alarm.value = await acknowledgeByLink(token, comment.value.trim(), session.value != null);
  }, words);
  const shown = alarm.value;
  const awaits = shown.state === "unacknowledged" || shown.state === "rtn_unacknowledged";
  const login = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  return (
    <>
      <section class="panel stack-tight" aria-labelledby="link-alarm">
        <StatusMark status={shown.priority} />
        <h2 id="link-alarm">{local(shown.title)}</h2>
        <p>{local(shown.message)}</p>
        <p class="small muted figures">{moment(Date.parse(shown.raised_at), hubNow())}</p>
      </section>
      <p class="small muted">{t("byLink.sentTo", { name: shown.sent_to })}</p>
      {!awaits ? (
        <p role="status">
          <StatusMark status="well" word={standing(shown)} />
        </p>
      ) : shown.needs_login && session.value == null ? (
        <>
          <p>{t("byLink.loginHint")}</p>
          <a class="button button-main button-tall" href={login}>
            {t("byLink.login")}
          </a>
        </>
      ) : (
        <form class="stack" onSubmit={submit}>
          <TextArea label={t("alarm.commentOptional")} name="comment" maxLength={500} value={comment.value} onInput={(event) => (comment.value = event.currentTarget.value)} />
          {fault.value !== null && (
            <p class="field-fault" role="alert">
              {fault.value}
            </p>
          )}
          <Button kind="main" tall type="submit" busy={busy.value}>
            {t("alarm.acknowledge")}
          </Button>
        </form>
      )}
      <p>
        <a href={`/alarms/${shown.alarm}`}>{t("byLink.open")}</a>
      </p>
    </>
  );
}

/** Who has acknowledged it, or that nothing is needed any more. */
function standing(alarm: LinkedAlarm): string {
  if (alarm.done) return t("byLink.done", { name: alarm.acknowledged_by ?? alarm.sent_to });
  if (alarm.acknowledged_by === null || alarm.acknowledged_at === null) return t("byLink.over");
  return t("byLink.already", { who: alarm.acknowledged_by, time: moment(Date.parse(alarm.acknowledged_at), hubNow()) });
}

function words(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 410) return t("byLink.expired");
  if (status === 403) return t("byLink.another");
  return status === 0 ? t("page.unreachable") : t("alarm.failed");
}
