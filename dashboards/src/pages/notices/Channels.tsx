// The channels, how each fares, and a test message for whoever may send one.
import { useSignal } from "@preact/signals";
import { HubError, said } from "../../api/client";
import { type NoticeChannel, testChannel } from "../../api/notices";
import { type Key, count, t } from "../../i18n";
import { moment } from "../../i18n/format";
import { hubNow } from "../../state/clock";
import { mayActAs } from "../../state/commune";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { SelectField } from "../../ui/Field";
import { StatusMark } from "../../ui/StatusMark";
import { useSending } from "../../ui/sending";

export function Channels({ channels, onTested }: { channels: readonly NoticeChannel[]; onTested: () => void }) {
  const tried = useSignal<NoticeChannel | null>(null);
  return (
    <section class="stack-tight" aria-labelledby="notices-channels">
      <h2 id="notices-channels">{t("notices.channels")}</h2>
      <ul class="panel notices-list">
        {channels.map((channel) => (
          <li key={channel.id} class="row row-ends" data-channel={channel.id}>
            <div class="notices-channel">
              <p>
                <strong>{channel.id}</strong> <span class="muted">{t(`notices.kind.${channel.kind}` as Key)}</span>
              </p>
              <Standing channel={channel} />
            </div>
            {mayActAs("officer") && (
              <Button aria-label={t("notices.testOf", { channel: channel.id })} onClick={() => (tried.value = channel)}>
                {t("notices.test")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {tried.value !== null && <TestDialogue channel={tried.value} onClose={() => (tried.value = null)} onTested={onTested} />}
    </section>
  );
}

function Standing({ channel }: { channel: NoticeChannel }) {
  const { last } = channel;
  const time = last?.finished_at == null ? "" : moment(Date.parse(last.finished_at), hubNow());
  return (
    <>
      <p class="small figures">
        {last === null ? (
          <StatusMark status="calm" word={t("notices.unused")} />
        ) : last.state === "delivered" ? (
          <StatusMark status="well" word={t("notices.lastDelivered", { time })} />
        ) : (
          <StatusMark status="fail" word={t("notices.lastFailed", { time })} />
        )}
      </p>
      {channel.pending > 0 && <p class="small">{count("notices.resending", channel.pending)}</p>}
      {channel.waiting > 0 && <p class="small">{count("notices.waiting", channel.waiting)}</p>}
      {channel.people.length > 0 && (
        <p class="small muted">{t("notices.people", { names: channel.people.map((person) => person.name).join(", ") })}</p>
      )}
    </>
  );
}

interface TestProps {
  channel: NoticeChannel;
  onClose: () => void;
  onTested: () => void;
}

function TestDialogue({ channel, onClose, onTested }: TestProps) {
  const to = useSignal(channel.addresses > 0 ? "" : (channel.people[0]?.id ?? ""));
  const outcome = useSignal<string | null>(null);
  const failed = useSignal(false);
  const { busy, fault, submit } = useSending(async () => {
    outcome.value = null;
    const tested = await testChannel(channel.id, to.value);
    failed.value = !tested.delivered;
    outcome.value = tested.delivered ? t("notices.testDone") : t("notices.testFailed", { why: said(tested) });
    onTested();
  }, words);
  return (
    <Dialogue title={t("notices.testOf", { channel: channel.id })} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p>{t("notices.testHint")}</p>
        {channel.has_recipients && (
          <SelectField label={t("notices.testTo")} value={to.value} onChange={(event) => (to.value = event.currentTarget.value)}>
            {channel.addresses > 0 && <option value="">{t("notices.testOwn")}</option>}
            {channel.people.map((person) => (
              <option key={person.id} value={person.id} selected={person.id === to.value}>
                {person.name}
              </option>
            ))}
          </SelectField>
        )}
        <div role="status">{outcome.value !== null && <StatusMark status={failed.value ? "fail" : "well"} word={outcome.value} />}</div>
        {fault.value !== null && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.close")}</Button>
          <Button kind="main" type="submit" busy={busy.value}>
            {t("notices.test")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

function words(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 503) return t("notices.testBusy");
  if (status === 403) return t("alarm.forbidden");
  return status === 0 ? t("page.unreachable") : t("page.hubError", { status });
}
