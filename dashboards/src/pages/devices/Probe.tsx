// For integrators: registers read live, every way to understand them, the most plausible first. The value that looks right
// gives its line of configuration, to be copied or put into a device.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type Interpretation, type Probe, type Quantity, getQuantities, probe } from "../../api/devices";
import { type Bus, getBuses } from "../../api/field";
import { local, t } from "../../i18n";
import { formatNumber } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { navigate, query } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { BackLink } from "../../ui/BackLink";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Failed, Loading } from "../../ui/States";
import { toast } from "../../ui/Toast";
import { Faults } from "./Parts";
import { hex } from "./Trial";
import { faultsOf, hand } from "./draft";
import "../../ui/Table.css";
import "./texts";
import "./Devices.css";

const TABLES = ["holding", "input", "coil", "discrete"] as const;
const SHOWN = 12;

export default function ProbePage() {
  useTitle(t("probe.title"));
  const [found, reload] = useResource("probe", () => Promise.all([getBuses(), getQuantities()]));
  const { data, error } = found.value;
  return (
    <>
      <BackLink href="/devices">{t("devices.back")}</BackLink>
      <div>
        <h1>{t("probe.title")}</h1>
        <Help text={t("probe.help")} />
      </div>
      {data === null ? error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} /> : <Asking buses={data[0]} quantities={data[1]} />}
    </>
  );
}

function Asking({ buses, quantities }: { buses: readonly Bus[]; quantities: readonly Quantity[] }) {
  const devices = buses.flatMap((bus) => bus.devices.map((device) => device.id));
  const device = useSignal(devices.find((id) => id === query.value.get("device")) ?? devices[0] ?? "");
  const [endpoint, unit] = [useSignal(buses[0]?.endpoint ?? "tcp://"), useSignal("1")];
  const [table, start, count] = [useSignal<string>("holding"), useSignal("0"), useSignal("8")];
  const quantity = useSignal("");
  const busy = useSignal(false);
  const faults = useSignal<string[]>([]);
  const found = useSignal<Probe | null>(null);

  const read = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    faults.value = [];
    try {
      const target = device.value === "" ? { endpoint: endpoint.value.trim(), unit_id: Number(unit.value) } : { device: device.value };
      found.value = await probe({
        ...target,
        register: table.value,
        address: Number(start.value),
        count: Number(count.value),
        ...(quantity.value === "" ? {} : { quantity: quantity.value }),
      });
    } catch (error) {
      found.value = null;
      faults.value = faultsOf(error);
    } finally {
      busy.value = false;
    }
  };
  const place = { device: device.value, endpoint: endpoint.value, unit: unit.value, start: Number(start.value) };
  return (
    <>
      <form class="panel devices-panel stack-tight" onSubmit={(event) => void read(event)}>
        <div class="devices-fields">
          <SelectField label={t("probe.device")} value={device.value} onChange={(event) => (device.value = event.currentTarget.value)}>
            {devices.map((id) => (
              <option key={id}>{id}</option>
            ))}
            <option value="">{t("probe.other")}</option>
          </SelectField>
          {device.value === "" && (
            <>
              <TextField
                label={t("probe.endpoint")}
                autoComplete="off"
                autoCapitalize="none"
                spellcheck={false}
                required
                value={endpoint.value}
                onInput={(event) => (endpoint.value = event.currentTarget.value)}
              />
              <TextField label={t("devices.unit")} type="number" min={1} max={255} required value={unit.value} onInput={(event) => (unit.value = event.currentTarget.value)} />
            </>
          )}
          <SelectField label={t("probe.register")} value={table.value} onChange={(event) => (table.value = event.currentTarget.value)}>
            {TABLES.map((each) => (
              <option key={each} value={each}>
                {t(`probe.register.${each}`)}
              </option>
            ))}
          </SelectField>
          <TextField label={t("probe.start")} type="number" min={0} max={65535} required value={start.value} onInput={(event) => (start.value = event.currentTarget.value)} />
          <TextField label={t("probe.count")} type="number" min={1} max={125} required value={count.value} onInput={(event) => (count.value = event.currentTarget.value)} />
          <SelectField label={t("probe.quantity")} value={quantity.value} onChange={(event) => (quantity.value = event.currentTarget.value)}>
            <option value="">{t("probe.unknown")}</option>
            {quantities.map((each) => (
              <option key={each.code} value={each.code}>
                {local(each.name)}
              </option>
            ))}
          </SelectField>
        </div>
        <div>
          <Button kind="main" tall type="submit" busy={busy.value}>
            {t(busy.value ? "probe.reading" : "probe.read")}
          </Button>
        </div>
      </form>
      <Faults faults={faults.value} />
      {found.value !== null && <Results key={JSON.stringify(found.value.words)} found={found.value} place={place} />}
    </>
  );
}

interface Place {
  device: string;
  endpoint: string;
  unit: string;
  start: number;
}

function Results({ found, place }: { found: Probe; place: Place }) {
  const only = useSignal<number | null>(null);
  const shown = useSignal(SHOWN);
  const chosen = useSignal<Interpretation | null>(null);
  const words = found.words.at(-1) ?? [];
  const ways = found.interpretations.filter((way) => way.value !== null && (only.value === null || way.address === only.value));
  return (
    <>
      <section class="panel devices-panel stack-tight" aria-labelledby="probe-words">
        <div class="row row-ends">
          <h2 id="probe-words">{t("probe.words")}</h2>
          {only.value !== null && <Button onClick={() => (only.value = null)}>{t("probe.all")}</Button>}
        </div>
        <ul class="devices-grid">
          {words.map((word, index) => {
            const address = place.start + index;
            return (
              <li key={address}>
                <button
                  type="button"
                  class="devices-word"
                  aria-pressed={only.value === address}
                  onClick={() => (only.value = only.value === address ? null : address)}
                >
                  <span class="small muted figures">
                    <span class="unseen">{t("probe.word")} </span>
                    {address}
                  </span>
                  <code>{hex(word)}</code>
                  <span class="small figures">{word}</span>
                </button>
              </li>
            );
          })}
        </ul>
      </section>
      <section class="panel devices-panel stack-tight" aria-labelledby="probe-found">
        <h2 id="probe-found">{only.value === null ? t("probe.found") : t("probe.only", { address: only.value })}</h2>
        {ways.length === 0 ? (
          <p class="muted">{t("probe.none")}</p>
        ) : (
          <ul>
            {ways.slice(0, shown.value).map((way) => (
              <Way key={`${way.address} ${way.type} ${way.byte_order} ${way.scale}`} way={way} isChosen={chosen.value === way} onChoose={() => (chosen.value = chosen.value === way ? null : way)}>
                <Chosen way={way} place={place} />
              </Way>
            ))}
          </ul>
        )}
        {ways.length > shown.value && (
          <div>
            <Button onClick={() => (shown.value += 2 * SHOWN)}>{t("probe.more")}</Button>
          </div>
        )}
      </section>
    </>
  );
}

/** As many decimals as tell something. */
const figure = (value: number) => (Math.abs(value) >= 1e12 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(3) : formatNumber(value, Number.isInteger(value) ? 0 : 4));

function Way({ way, isChosen, onChoose, children }: { way: Interpretation; isChosen: boolean; onChoose: () => void; children: ComponentChildren }) {
  const value = figure(way.value ?? 0);
  const type = [way.type, way.byte_order, ...(way.scale === "1" ? [] : [`× ${way.scale}`])].join(" ");
  return (
    <li class="devices-way">
      <button type="button" class="devices-value figures" aria-expanded={isChosen} aria-label={t("probe.choose", { value, type, address: way.address })} onClick={onChoose}>
        {value}
      </button>
      <p>
        <code>{type}</code> <span class="small muted">{t("probe.at", { address: way.address })}</span>
        <br />
        <span class="small muted">{way.reasons.map(local).join("; ")}</span>
      </p>
      {isChosen && children}
    </li>
  );
}

function Chosen({ way, place }: { way: Interpretation; place: Place }) {
  const text = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(way.toml);
      toast(t("probe.copied"));
    } catch {
      // Browsers give the clipboard to pages over https only.
      if (text.current !== null) getSelection()?.selectAllChildren(text.current);
      toast(t("probe.selected"));
    }
  };
  const take = () => {
    if (place.device === "") {
      hand({ form: { points: way.toml, line: "", ...lineOf(place.endpoint), unit: place.unit } });
      navigate("/devices/new");
      return;
    }
    const [site = "", device = ""] = place.device.split("/");
    hand({ point: way.toml });
    navigate(`/devices/edit?site=${site}&device=${device}`);
  };
  return (
    <section class="devices-chosen stack-tight" aria-labelledby="probe-line">
      <h3 id="probe-line">{t("probe.line")}</h3>
      <pre class="devices-toml" ref={text} tabIndex={0}>
        {way.toml}
      </pre>
      <div class="row">
        <Button onClick={() => void copy()}>{t("probe.copy")}</Button>
        <Button kind="main" onClick={take}>
          {place.device === "" ? t("probe.toNew") : t("probe.toDevice", { id: place.device })}
        </Button>
      </div>
    </section>
  );
}

/** The form's fields of an endpoint. */
function lineOf(endpoint: string) {
  const [, way = "tcp", address = ""] = /^(tcp|rtu\+tcp|serial):\/\/([^?]*)/.exec(endpoint) ?? [];
  const settings = new URLSearchParams(endpoint.split("?")[1] ?? "");
  return {
    way: way as "tcp" | "rtu+tcp" | "serial",
    address,
    ...(settings.has("baud") ? { baud: settings.get("baud") ?? "" } : {}),
    ...(settings.has("parity") ? { parity: settings.get("parity") ?? "" } : {}),
  };
}
