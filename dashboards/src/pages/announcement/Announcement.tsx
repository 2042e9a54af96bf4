// What the commune's loudspeakers may say of an alarm: shown, mended, kept as reviewed, copied, downloaded. Nothing is broadcast.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { getAnnouncement, reviewAnnouncement } from "../../api/announcement";
import type { AlarmDetail, Announcement } from "../../api/types";
import { lang, t } from "../../i18n";
import { moment } from "../../i18n/format";
import { copyFrom } from "../../lib/clipboard";
import { download } from "../../lib/download";
import { useResource } from "../../lib/resource";
import { now } from "../../state/clock";
import { Button } from "../../ui/Button";
import { TextArea } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Failed, Loading } from "../../ui/States";
import { toast } from "../../ui/Toast";
import { useSending } from "../../ui/sending";
import "./Announcement.css";

interface Props {
  alarm: AlarmDetail;
  onChanged: () => void;
}

export default function AnnouncementSection({ alarm, onChanged }: Props) {
  const [found, reload] = useResource(`announcement ${alarm.id}`, () => getAnnouncement(alarm.id));
  const { data, error } = found.value;
  const changed = () => {
    reload();
    onChanged();
  };
  return (
    <section class="stack-tight no-print" aria-labelledby="announcement">
      <h2 id="announcement">{t("announcement.title")}</h2>
      <Help text={t("announcement.help")} />
      {data !== null ? <Text alarm={alarm} found={data} onChanged={changed} /> : error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={1} height={200} />}
    </section>
  );
}

function Text({ alarm, found, onChanged }: { alarm: AlarmDetail; found: Announcement; onChanged: () => void }) {
  const { reviewed } = found;
  const proposed = found.text?.vi ?? "";
  const text = useSignal(reviewed?.text ?? proposed);
  const form = useRef<HTMLFormElement>(null);
  const { busy, fault, submit } = useSending(async () => {
    await reviewAnnouncement(alarm.id, text.value.trim());
    toast(t("announcement.saved"));
    onChanged();
  });

  function save(event: Event) {
    if (text.value.trim() !== "") {
      void submit(event);
      return;
    }
    event.preventDefault();
    fault.value = t("announcement.empty");
  }

  async function copy() {
    const field = form.current?.querySelector("textarea");
    if (field != null) toast(t((await copyFrom(field)) ? "announcement.copied" : "announcement.notCopied"));
  }

  // The mark at its beginning lets every editor read the Vietnamese letters.
  const keep = () => download(`loa-${alarm.id}.txt`, new Blob(["\ufeff", text.value, "\n"], { type: "text/plain;charset=utf-8" }));

  const isChanged = reviewed !== null && reviewed.text !== text.value.trim();
  return (
    <form class="panel stack announcement" ref={form} onSubmit={save}>
      <TextArea
        label={t("announcement.text")}
        name="announcement"
        lang="vi"
        rows={9}
        maxLength={2000}
        value={text.value}
        fault={fault.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <p class="small" role="status">
        {reviewed === null ? t("announcement.unreviewed") : t("announcement.reviewedBy", { who: reviewed.by, time: moment(Date.parse(reviewed.at), now.value) })}
        {isChanged && ` ${t("announcement.changed")}`}
        {found.rule_changed && found.text !== null && ` ${t("announcement.ruleChanged")}`}
      </p>
      <div class="row">
        <Button kind="main" type="submit" busy={busy.value}>
          {t("announcement.save")}
        </Button>
        <Button onClick={() => void copy()}>{t("announcement.copy")}</Button>
        <Button onClick={keep}>{t("announcement.download")}</Button>
        {proposed !== "" && text.value !== proposed && <Button onClick={() => (text.value = proposed)}>{t("announcement.again")}</Button>}
      </div>
      {lang.value === "en" && found.text !== null && (
        <div class="small">
          <p class="muted">{t("announcement.english")}</p>
          <p lang="en">{found.text.en}</p>
        </div>
      )}
    </form>
  );
}
