// The connections that the hub makes to other brokers: how each stands, in words.
import type { MqttLink } from "../../api/mqtt";
import { t } from "../../i18n";
import { ago, moment, span } from "../../i18n/format";
import { hubNow } from "../../state/clock";
import { Bridge } from "../Bridge";

export function Links({ links }: { links: readonly MqttLink[] }) {
  return (
    <section class="stack-tight" aria-labelledby="arriving-links">
      <h2 id="arriving-links">{t("arriving.links")}</h2>
      <ul class="panel arriving-list">
        {links.map((link) => (
          <li key={`${link.broker} ${link.client_id}`}>{link.bridge === null ? <Incoming link={link} /> : <Bridge link={link} />}</li>
        ))}
      </ul>
    </section>
  );
}

/** A connection that messages come in over. */
function Incoming({ link }: { link: MqttLink }) {
  return (
    <>
      <strong class="arriving-path">{link.broker}</strong>
      <br />
      <Standing link={link} />
      <span class="small muted figures">
        {" · "}
        {link.last_message === null ? t("arriving.nothingYet") : t("arriving.last", { time: ago(Date.parse(link.last_message), hubNow()) })}
      </span>
      {link.refused.length > 0 && <p class="arriving-bad">{t("arriving.refusedFilters", { filters: link.refused.join(", ") })}</p>}
      {link.sessions_lost > 0 && <p class="small muted">{t("arriving.lost", { n: link.sessions_lost })}</p>}
    </>
  );
}

function Standing({ link }: { link: MqttLink }) {
  if (link.down_since !== null) {
    return (
      <span class="arriving-bad">
        <span aria-hidden="true">▲ </span>
        {t("arriving.down", { time: moment(Date.parse(link.down_since), hubNow()) })}
      </span>
    );
  }
  if (link.silent_s !== null) {
    return (
      <span class="arriving-bad">
        <span aria-hidden="true">◇ </span>
        {t("arriving.silent", { span: span(link.silent_s * 1_000) })}
      </span>
    );
  }
  return <span>{t(link.connected_since === null ? "arriving.connecting" : "arriving.connected")}</span>;
}
