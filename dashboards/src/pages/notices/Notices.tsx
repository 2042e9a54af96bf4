// Notices: who has duty, the channels with a test, and what went to whom; what was given up stands first, with the reason.
import { getChannels, getDuty } from "../../api/notices";
import { t } from "../../i18n";
import { useResource } from "../../lib/resource";
import { useTitle } from "../../lib/title";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import { Channels } from "./Channels";
import { Log } from "./Log";
import "./Notices.css";

export default function NoticesPage() {
  useTitle(t("notices.title"));
  const [channels, reload] = useResource("channels", getChannels);
  const { data, error } = channels.value;
  return (
    <>
      <div>
        <h1>{t("notices.title")}</h1>
        <Help text={t("notices.help")} />
      </div>
      {data === null ? (
        error !== null ? (
          <Failed error={error} onRetry={reload} />
        ) : (
          <Loading rows={4} height={72} />
        )
      ) : (
        <>
          <OnDuty />
          <Log channels={data.map((channel) => channel.id)} />
          {data.length === 0 ? <Empty title={t("notices.none")} hint={t("notices.noneHint")} /> : <Channels channels={data} onTested={reload} />}
        </>
      )}
    </>
  );
}

function OnDuty() {
  const [found, reload] = useResource("duty", getDuty);
  const { data, error } = found.value;
  if (error !== null) return <Failed error={error} onRetry={reload} />;
  if (data === null || data.length === 0) return null;
  return (
    <section class="stack-tight" aria-labelledby="notices-duty">
      <h2 id="notices-duty">{t("notices.duty")}</h2>
      <ul class="panel notices-list">
        {data.map((duty) => (
          <li key={duty.rota} class="row row-ends">
            <strong>{duty.people.length === 0 ? t("notices.noDuty") : duty.people.map((person) => person.name).join(", ")}</strong>
            <span class="small muted">{duty.rota}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
