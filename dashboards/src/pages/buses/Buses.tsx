// For integrators: each Modbus line, its devices and its latest frames. Asked for every two seconds while the page is seen.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Bus, type BusDevice, type Frame, getBuses, getFrames } from "../../api/field";
import { local, t } from "../../i18n";
import { ago, exactSpan, moment } from "../../i18n/format";
import { reasonText } from "../../i18n/reasons";
import { formatNumber } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import "../../ui/Table.css";
import "./texts";
import "./Buses.css";

const EVERY_MS = 2_000;

/** Counts up every two seconds while the page is seen and nothing is held. */
function useTurns(isHeld: () => boolean): string {
  const turn = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!isHeld() && !document.hidden) turn.value += 1;
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return String(turn.value);
}

export default function BusesPage() {
  useTitle(t("buses.title"));
  const [found, reload] = useResource("buses", getBuses, useTurns(() => false));
  const { data, error } = found.value;
  const chosen = data?.find((bus) => bus.id === query.value.get("bus")) ?? data?.[0];
  return (
    <>
      <div>
        <h1>{t("buses.title")}</h1>
        <Help text={t("buses.help")} />
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={4} />
      ) : chosen === undefined ? (
        <Empty title={t("buses.none")} hint={t("buses.noneHint")} />
      ) : (
        <>
          {data.map((bus) => (
            <BusPanel key={bus.id} bus={bus} />
          ))}
          <Frames key={chosen.id} buses={data} chosen={chosen} />
        </>
      )}
    </>
  );
}

const DEVICE_FIGURES = [
  { name: "buses.requests", of: "requests" },
  { name: "buses.timeouts", of: "timeouts" },
  { name: "buses.exceptions", of: "exceptions" },
  { name: "buses.badAnswers", of: "bad_answers" },
  { name: "buses.overruns", of: "overruns" },
] as const;

function BusPanel({ bus }: { bus: Bus }) {
  const figures = [
    [t("buses.load"), `${formatNumber(bus.load_percent, 1)} %`],
    [t("buses.rate"), formatNumber(bus.requests_per_s, 1)],
    [t("buses.places"), bus.places],
    [t("buses.timeouts"), bus.timeouts],
    [t("buses.exceptions"), bus.exceptions],
    [t("buses.badAnswers"), bus.bad_answers],
    [t("buses.overruns"), bus.overruns],
    [t("buses.late"), bus.late_answers],
    [t("buses.stray"), bus.stray_answers],
  ] as const;
  return (
    <section class="panel stack-tight bus" aria-labelledby={`bus-${bus.id}`} data-bus={bus.endpoint}>
      <h2 id={`bus-${bus.id}`} class="bus-path">
        {bus.endpoint}
      </h2>
      <p>
        <Standing bus={bus} />
      </p>
      {bus.last_error !== null && (
        <p class="small muted bus-path">
          {t("buses.last", {
            time: moment(Date.parse(bus.last_error.at), hubNow()),
            text: (bus.last_error.device === null ? "" : `${bus.last_error.device}: `) + local(bus.last_error.text),
          })}
        </p>
      )}
      <dl class="bus-figures">
        {figures.map(([name, figure]) => (
          <div key={name}>
            <dt class="small muted">{name}</dt>
            <dd class="figures">{typeof figure === "number" ? formatNumber(figure, 0) : figure}</dd>
          </div>
        ))}
      </dl>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={t("buses.devices", { bus: bus.endpoint })}>
        <table class="table table-stacked">
          <thead>
            <tr>
              <th scope="col">{t("buses.device")}</th>
              <th scope="col">{t("buses.state")}</th>
              <th scope="col" class="table-number">{t("buses.unit")}</th>
              <th scope="col" class="table-number">{t("buses.poll")}</th>
              {DEVICE_FIGURES.map(({ name }) => (
                <th key={name} scope="col" class="table-number">
                  {t(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bus.devices.map((device) => (
              <Device key={device.id} device={device} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Standing({ bus }: { bus: Bus }) {
  if (bus.down_since !== null) {
    return <Bad sign="▲" text={t("buses.down", { time: moment(Date.parse(bus.down_since), hubNow()) })} />;
  }
  const [silent, all] = [bus.devices.filter((device) => device.silent !== null).length, bus.devices.length];
  if (silent > 0) return <Bad sign="◇" text={t(silent === all ? "buses.all" : "buses.some", { n: silent, all })} />;
  return <>{t(bus.connected ? "buses.ok" : "buses.connecting")}</>;
}

function Bad({ sign, text }: { sign: string; text: string }) {
  return (
    <span class="bus-bad">
      <span aria-hidden="true">{sign} </span>
      {text}
    </span>
  );
}

function Device({ device }: { device: BusDevice }) {
  const { id, silent, failures, last_answered: last, refused, polls } = device;
  return (
    <tr>
      <th scope="row">
        <a class="tall bus-device" href={`/sites/${id.split("/")[0]}`}>
          {id}
        </a>
      </th>
      <td class="bus-state table-whole" data-label={t("buses.state")}>
        {silent === null ? t(polls === 0 ? "buses.notAsked" : "buses.answers") : <Bad sign="▲" text={reasonText(silent)} />}
        {failures > 1 && <span class="small muted"> · {t("buses.failures", { n: failures })}</span>}
        {silent !== null && last !== null && <span class="small muted"> · {t("buses.answered", { time: ago(Date.parse(last), hubNow()) })}</span>}
        {refused.length > 0 && (
          <p class="small">
            <Bad sign="▲" text={t("buses.refused", { points: refused.join(", ") })} />
          </p>
        )}
      </td>
      <td class="table-number figures" data-label={t("buses.unit")}>
        {device.unit_id}
      </td>
      <td class="table-number figures" data-label={t("buses.poll")}>
        {device.poll_s < 120 ? `${formatNumber(device.poll_s, device.poll_s % 1 === 0 ? 0 : 1)} s` : exactSpan(device.poll_s)}
      </td>
      {DEVICE_FIGURES.map(({ name, of }) => (
        <td key={of} class="table-number figures" data-label={t(name)}>
          {formatNumber(device[of], 0)}
        </td>
      ))}
    </tr>
  );
}

function Frames({ buses, chosen }: { buses: readonly Bus[]; chosen: Bus }) {
  const paused = useSignal(false);
  const [found, reload] = useResource(chosen.id, () => getFrames(chosen.id), useTurns(() => paused.value));
  const { data, error } = found.value;
  return (
    <section class="stack-tight" aria-labelledby="bus-frames">
      <div class="row row-ends">
        <h2 id="bus-frames">{t("buses.frames")}</h2>
        <Button aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>
          {t(paused.value ? "buses.resume" : "buses.pause")}
        </Button>
      </div>
      {buses.length > 1 && (
        <SelectField label={t("buses.bus")} value={chosen.id} onChange={(event) => setQuery({ bus: event.currentTarget.value })}>
          {buses.map((bus) => (
            <option key={bus.id} value={bus.id}>
              {bus.endpoint}
            </option>
          ))}
        </SelectField>
      )}
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} />
      ) : data.length === 0 ? (
        <p class="muted">{t("buses.framesNone")}</p>
      ) : (
        <FrameTable frames={data} />
      )}
    </section>
  );
}

/** What a request or an answer came to that is no trouble. */
const CALM: readonly string[] = ["waiting", "answered"];

/** The clock's time as the hub prints it, in the commune's zone: `08:15:00.250`. */
function toTheMillisecond(at: string): string {
  const [seconds = "", fraction = ""] = at.slice(11).replace(/[+Z-].*/, "").split(".");
  return `${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}`;
}

/** In the order of time, the newest first: what is looked for is what has just happened. */
function FrameTable({ frames }: { frames: readonly Frame[] }) {
  return (
    <div class="table-scroll panel bus-frames" tabIndex={0} role="region" aria-label={t("buses.frames")}>
      <table class="table table-stacked">
        <thead>
          <tr>
            <th scope="col">{t("buses.time")}</th>
            <th scope="col">{t("buses.way")}</th>
            <th scope="col" class="table-number">{t("buses.unit")}</th>
            <th scope="col">{t("buses.meaning")}</th>
            <th scope="col">{t("buses.outcome")}</th>
            <th scope="col">{t("buses.raw")}</th>
          </tr>
        </thead>
        <tbody>
          {[...frames].reverse().map((frame, index) => (
            <tr key={`${frame.at} ${index}`}>
              <td class="figures bus-once" data-label={t("buses.time")}>
                {toTheMillisecond(frame.at)}
              </td>
              <td class="bus-once" data-label={t("buses.way")}>
                {frame.sent ? `→ ${t("buses.sent")}` : `← ${t("buses.received")}`}
              </td>
              <td class="table-number figures" data-label={t("buses.unit")}>
                {frame.unit_id}
              </td>
              <td class="bus-meaning table-whole" data-label={t("buses.meaning")}>
                {local(frame.words)}
              </td>
              <td class="bus-once" data-label={t("buses.outcome")}>
                {CALM.includes(frame.outcome) ? t(`buses.outcome.${frame.outcome}`) : <Bad sign="▲" text={t(`buses.outcome.${frame.outcome}`)} />}
                {frame.took_ms !== null && <span class="small muted figures"> · {t("buses.took", { n: formatNumber(frame.took_ms, 1) })}</span>}
              </td>
              <td class="bus-bytes table-whole" data-label={t("buses.raw")}>
                <code>{frame.bytes.replace(/(..)/g, "$1 ").trim()}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
