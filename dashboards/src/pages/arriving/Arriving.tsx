// For integrators: what arrives over MQTT and what becomes of it. Asked for every two seconds while the page is seen.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type MqttArrival, type UnknownTopic, getArrivals, getDoor, getUnknown } from "../../api/mqtt";
import { count, hasText, t } from "../../i18n";
import { ago, clockTime } from "../../i18n/format";
import { formatNumber } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import "../../ui/Table.css";
import { Links } from "./Links";
import { Payload } from "./Payload";
import { SHOWS, type Show, isShown, joined } from "./messages";
import "./texts";
import "./Arriving.css";

const EVERY_MS = 2_000;

interface Arriving {
  messages: readonly MqttArrival[];
  unknown: readonly UnknownTopic[];
  door: Awaited<ReturnType<typeof getDoor>>;
}

export default function ArrivingPage() {
  useTitle(t("arriving.title"));
  const paused = useSignal(false);
  const turn = useSignal(0);
  const held = useSignal<readonly MqttArrival[]>([]);
  const fetcher = async (): Promise<Arriving> => {
    const [door, unknown, { messages }] = await Promise.all([getDoor(), getUnknown(), getArrivals(held.peek()[0]?.number ?? 0)]);
    // A hub that has begun anew has smaller numbers than we asked for: then all of it is asked for once more.
    const newest = held.peek()[0]?.number ?? 0;
    const all = messages.length === 0 && newest > 0 ? (await getArrivals(0)).messages : messages;
    held.value = joined(held.peek(), all);
    return { messages: held.value, unknown, door };
  };
  const [found, reload] = useResource("arriving", fetcher, String(turn.value));
  useEffect(() => {
    const timer = setInterval(() => {
      if (!paused.value && !document.hidden) turn.value += 1;
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { data, error } = found.value;
  return (
    <>
      <div>
        <h1>{t("arriving.title")}</h1>
        <Help text={t("arriving.help")} />
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} />
      ) : (
        <>
          {data.door.links.length > 0 && <Links links={data.door.links} />}
          <Messages data={data} paused={paused.value} onPause={() => (paused.value = !paused.value)} />
          <Unknown topics={data.unknown} />
          <Refusals door={data.door} />
        </>
      )}
    </>
  );
}

function Messages({ data, paused, onPause }: { data: Arriving; paused: boolean; onPause: () => void }) {
  const show = (SHOWS as readonly string[]).includes(query.value.get("show") ?? "") ? (query.value.get("show") as Show) : "all";
  const text = query.value.get("q") ?? "";
  const shown = data.messages.filter((message) => isShown(message, show, text));
  return (
    <section class="stack-tight" aria-labelledby="arriving-messages">
      <div class="row row-ends">
        <h2 id="arriving-messages">{t("arriving.messages")}</h2>
        <Button aria-pressed={paused} onClick={onPause}>
          {t(paused ? "arriving.resume" : "arriving.pause")}
        </Button>
      </div>
      <div class="row arriving-filters">
        <TextField label={t("arriving.search")} type="search" value={text} onInput={(event) => setQuery({ q: event.currentTarget.value || null })} />
        <SelectField label={t("arriving.show")} value={show} onChange={(event) => setQuery({ show: event.currentTarget.value === "all" ? null : event.currentTarget.value })}>
          {SHOWS.map((each) => (
            <option key={each} value={each}>
              {t(`arriving.show.${each}`)}
            </option>
          ))}
        </SelectField>
      </div>
      {data.door.left_out > 0 && <p class="small muted">{t("arriving.leftOut", { n: data.door.left_out })}</p>}
      {data.messages.length === 0 ? (
        <Empty title={t("arriving.none")} hint={t("arriving.noneHint")} />
      ) : shown.length === 0 ? (
        <Empty title={t("arriving.noMatch")} />
      ) : (
        <ul class="panel arriving-list arriving-messages">
          {shown.map((message) => (
            <Message key={message.number} message={message} />
          ))}
        </ul>
      )}
    </section>
  );
}

const SIGNS: Record<string, string> = { fed: "", nothing: "○ ", copy: "○ ", unknown: "◇ ", unreadable: "▲ " };

function Message({ message }: { message: MqttArrival }) {
  const { fate, topic, points } = message;
  const seconds = message.at.slice(17, 19);
  return (
    <li data-topic={topic}>
      <details>
        <summary class="arriving-head">
          <span class="figures small muted">
            {clockTime(Date.parse(message.at))}:{seconds}
          </span>
          <span class="arriving-path">{topic}</span>
          <span class={fate === "unreadable" || fate === "unknown" ? "arriving-bad" : "small muted"}>
            <span aria-hidden="true">{SIGNS[fate] ?? ""}</span>
            {t(`arriving.fate.${fate as "fed"}`)}
            {message.unknown_metrics > 0 && ` · ${t("arriving.unknownMetrics", { n: message.unknown_metrics })}`}
          </span>
        </summary>
        <p class="small muted">{t("arriving.from", { name: message.from })}</p>
        {message.problem !== null && <p class="arriving-bad">{t(`arriving.problem.${message.problem as "json"}`)}</p>}
        {points.length > 0 && <p class="small arriving-path">{points.join(", ")}</p>}
        <Payload topic={topic} sample={message.sample} />
      </details>
    </li>
  );
}

function Unknown({ topics }: { topics: readonly UnknownTopic[] }) {
  const latest = [...topics].sort((a, b) => Date.parse(b.last) - Date.parse(a.last));
  return (
    <section class="stack-tight" aria-labelledby="arriving-unknown">
      <h2 id="arriving-unknown">{t("arriving.unknown")}</h2>
      {latest.length === 0 ? (
        <p class="muted">{t("arriving.unknownNone")}</p>
      ) : (
        <ul class="panel arriving-list">
          {latest.map((each) => (
            <li key={each.topic} data-unknown={each.topic}>
              <details>
                <summary class="arriving-head">
                  <span class="arriving-path">{each.topic}</span>
                  <span class="small muted figures">
                    {count("arriving.count", each.count)} · {ago(Date.parse(each.last), hubNow())} · {t("arriving.from", { name: each.from })}
                  </span>
                </summary>
                <Payload topic={each.topic} sample={each.sample} />
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Refusals({ door }: { door: Arriving["door"] }) {
  return (
    <section class="stack-tight" aria-labelledby="arriving-refusals">
      <h2 id="arriving-refusals">{t("arriving.refusals")}</h2>
      {door.refusals.length === 0 ? (
        <p class="muted">{t("arriving.refusalsNone")}</p>
      ) : (
        <ul class="panel arriving-list">
          {door.refusals.map((each) => (
            <li key={each.login}>
              <strong class="arriving-path">{each.login}</strong>{" "}
              <span class="small muted figures">
                {count("arriving.times", each.count)} · {ago(Date.parse(each.last), hubNow())}
              </span>
              <br />
              {t(`arriving.refused.${each.what as "publish"}`)}
              {each.topic !== null && <span class="arriving-path"> · {each.topic}</span>}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary class="tall">{t("arriving.figures")}</summary>
        <dl class="arriving-figures">
          {Object.entries(door.figures).map(([name, figure]) => {
            const key = `arriving.figure.${name}`;
            return (
              <div key={name}>
                <dt class="small muted">{hasText(key) ? t(key) : <code>{name}</code>}</dt>
                <dd class="figures">{formatNumber(figure, 0)}</dd>
              </div>
            );
          })}
        </dl>
      </details>
    </section>
  );
}
