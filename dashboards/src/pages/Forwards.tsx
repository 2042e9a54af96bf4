// How the ways out to other engines fare, and for integrators the bridges. Nothing is shown where nothing is forwarded, or the hub
// cannot say.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { getForwards } from "../api/calls";
import { said } from "../api/client";
import { getDoor } from "../api/mqtt";
import type { Forward } from "../api/types";
import { count, t } from "../i18n";
import { moment, span } from "../i18n/format";
import { formatNumber } from "../i18n/units";
import { useResource } from "../lib/resource";
import { hubNow } from "../state/clock";
import { mayActAs } from "../state/commune";
import { Age } from "../ui/Age";
import { StatusMark } from "../ui/StatusMark";
import { Bridge } from "./Bridge";
import "./Forwards.css";

const LOOK_EVERY_MS = 10_000;
/** A lag under this is the pace at which data are sent. */
const USUAL_LAG_S = 10;

async function waysOut() {
  const [forwards, door] = await Promise.all([getForwards(), mayActAs("integrator") ? getDoor().catch(() => null) : null]);
  return { forwards, bridges: door?.links.filter((link) => link.bridge !== null) ?? [] };
}

export default function Forwards() {
  const [found, reload] = useResource("forwards", waysOut);
  useEffect(() => {
    const timer = setInterval(reload, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const all = found.value.data;
  if (all === null) return null;
  return (
    <>
      {all.forwards.length > 0 && (
        <Card id="forwards-title" title={t("forward.title")}>
          {all.forwards.map((forward) => (
            <li key={forward.id} class="forwards-one">
              <One forward={forward} />
            </li>
          ))}
        </Card>
      )}
      {all.bridges.length > 0 && (
        <Card id="bridges-title" title={t("bridge.title")}>
          {all.bridges.map((link) => (
            <li key={link.bridge}>
              <Bridge link={link} />
            </li>
          ))}
        </Card>
      )}
    </>
  );
}

function Card({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section class="forwards panel stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul class="forwards-list">{children}</ul>
    </section>
  );
}

function One({ forward }: { forward: Forward }) {
  const isFailing = forward.failing !== null;
  const isBehind = forward.owed > 0 || forward.lag_s > USUAL_LAG_S;
  return (
    <>
      <p class="forwards-head">
        <strong>{forward.id}</strong>
        <StatusMark status={isFailing ? "medium" : "well"} word={t(isFailing ? "forward.failing" : isBehind ? "forward.catchingUp" : "forward.well")} />
      </p>
      <p class="small muted">{forward.url}</p>
      {isFailing ? <p>{t("forward.kept")}</p> : !isBehind && <p>{t("forward.allSent")}</p>}
      {forward.lag_s > USUAL_LAG_S && <p>{t("forward.lag", { span: span(forward.lag_s * 1_000) })}</p>}
      {forward.oldest_owed !== null && <p>{t("forward.owed", { since: moment(Date.parse(forward.oldest_owed), hubNow()) })}</p>}
      {forward.refused > 0 && (
        <p>
          <StatusMark status="doubtful" word={count("forward.refused", forward.refused)} />
        </p>
      )}
      <p class="small muted">
        {forward.arrived_at === null ? t("forward.never") : <>{t("forward.arrived")} <Age at={Date.parse(forward.arrived_at)} /></>}
        {forward.lines > 0 && <> · {t("forward.sent", { lines: formatNumber(forward.lines, 0), size: formatNumber(forward.bytes / 1e6, 1) })}</>}
      </p>
      {forward.failing !== null && (
        <details class="small">
          <summary>{t("forward.reason")}</summary>
          <p class="forwards-why">{said({ detail: forward.failing, detail_vi: forward.failing_vi })}</p>
        </details>
      )}
    </>
  );
}
