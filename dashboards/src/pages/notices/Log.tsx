// What went to whom and whether it was delivered. The filters live in the address.
import { said } from "../../api/client";
import { type MessageState, type NoticeMessage, getMessages } from "../../api/notices";
import { type Key, count, local, t } from "../../i18n";
import { moment } from "../../i18n/format";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { hubNow } from "../../state/clock";
import { HUB_SITE } from "../../state/own";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { type Status, StatusMark } from "../../ui/StatusMark";
import { Empty, Failed, Loading } from "../../ui/States";

const AT_ONCE = 30;
const STATES: readonly MessageState[] = ["pending", "delivered", "failed"];
const MARKS: Record<MessageState, Status> = { pending: "calm", delivered: "well", failed: "fail" };
const KINDS: Record<NoticeMessage["alarms"][number]["kind"], Key> = {
  raised: "notices.kindRaised",
  reminded: "notices.kindReminded",
  escalated: "notices.kindEscalated",
  returned: "notices.kindReturned",
};

export function Log({ channels }: { channels: readonly string[] }) {
  const state = STATES.find((each) => each === query.value.get("state"));
  const channel = channels.find((each) => each === query.value.get("channel"));
  const before = Number(query.value.get("before") ?? "") || null;
  const filter = { ...(channel === undefined ? {} : { channel }), ...(before === null ? {} : { before }), limit: AT_ONCE };
  const [found, reload] = useResource(`${state} ${channel} ${before}`, async () => {
    if (state !== undefined) return { failed: [], others: await getMessages({ ...filter, state }) };
    const [failed, all] = await Promise.all([getMessages({ ...filter, state: "failed" }), getMessages(filter)]);
    return { failed, others: all.filter((message) => message.state !== "failed") };
  });
  const { data, error } = found.value;
  const rows = data === null ? [] : [...data.failed, ...data.others];
  const oldest = Math.min(...rows.map((message) => message.id));
  return (
    <section class="stack-tight" aria-labelledby="notices-log">
      <h2 id="notices-log">{t("notices.log")}</h2>
      <div class="notices-filters no-print">
        <SelectField label={t("notices.filter.state")} value={state ?? ""} onChange={(event) => setQuery({ state: event.currentTarget.value, before: null })}>
          <option value="">{t("notices.any")}</option>
          {STATES.map((each) => (
            <option key={each} value={each} selected={each === state}>
              {t(`notices.state.${each}`)}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("notices.filter.channel")} value={channel ?? ""} onChange={(event) => setQuery({ channel: event.currentTarget.value, before: null })}>
          <option value="">{t("notices.any")}</option>
          {channels.map((each) => (
            <option key={each} value={each} selected={each === channel}>
              {each}
            </option>
          ))}
        </SelectField>
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} height={72} />
      ) : rows.length === 0 ? (
        <Empty title={t("notices.empty")} hint={t("notices.emptyHint")} />
      ) : (
        <>
          {data.failed.length > 0 && (
            <div class="stack-tight" role="group" aria-labelledby="notices-failed">
              <h3 id="notices-failed">{t("notices.state.failed")}</h3>
              <p class="small muted">{t("notices.failedHint")}</p>
              <Messages messages={data.failed} />
            </div>
          )}
          {data.others.length > 0 && <Messages messages={data.others} />}
          <div class="row no-print">
            {before !== null && <Button onClick={() => setQuery({ before: null }, { step: true })}>{t("notices.newest")}</Button>}
            {rows.length >= AT_ONCE && <Button onClick={() => setQuery({ before: String(oldest) }, { step: true })}>{t("notices.older")}</Button>}
          </div>
        </>
      )}
    </section>
  );
}

function Messages({ messages }: { messages: readonly NoticeMessage[] }) {
  return (
    <ul class="panel notices-list">
      {messages.map((message) => (
        <Message key={message.id} message={message} />
      ))}
    </ul>
  );
}

function Message({ message }: { message: NoticeMessage }) {
  const at = Date.parse(message.finished_at ?? message.made_at);
  const more = message.notices - message.alarms.length;
  const facts = [
    message.tries > 1 ? count("notices.tries", message.tries) : "",
    message.next_try !== null && message.tries > 0 ? t("notices.next", { time: moment(Date.parse(message.next_try), hubNow()) }) : "",
  ].filter((fact) => fact !== "");
  return (
    <li class="notices-message" data-message={message.id}>
      <p class="row row-ends">
        <StatusMark status={MARKS[message.state]} word={t(`notices.state.${message.state}`)} />
        <span class="small muted figures">{moment(at, hubNow())}</span>
      </p>
      <p>
        {message.recipient === "" ? (
          <strong>{message.channel}</strong>
        ) : (
          <>
            <strong>{message.recipient}</strong> <span class="muted">({message.channel})</span>
          </>
        )}
      </p>
      {message.test && <p class="small">{t("notices.isTest")}</p>}
      {message.alarms.map((alarm) => (
        <p key={`${alarm.id} ${alarm.kind}`} class="small">
          <a href={`/alarms/${alarm.id}`}>{local(alarm.title)}</a>{" "}
          <span class="muted">
            {siteName(alarm.site)} · {t(KINDS[alarm.kind])}
          </span>
        </p>
      ))}
      {more > 0 && <p class="small muted">{count("notices.more", more)}</p>}
      {message.state !== "delivered" && message.detail !== "" && <p class="small notices-why">{t("notices.why", { why: said(message) })}</p>}
      {facts.length > 0 && <p class="small muted figures">{facts.join(" · ")}</p>}
    </li>
  );
}

/** The site's name; its id where it is no longer there. */
function siteName(id: string): string {
  if (id === HUB_SITE) return t("own.title");
  const site = store.sites.value?.find((each) => each.id === id);
  return site === undefined ? id : local(site.name);
}
