// The second step of adding a device: at which site it is, what it is called, and over which line it is reached.
import type { Site } from "../../api/types";
import { t } from "../../i18n";
import { setQuery } from "../../lib/router";
import { SelectField, TextField } from "../../ui/Field";
import { SiteField } from "../../ui/SiteField";
import type { DeviceForm, Way } from "./toml";

const WAYS: readonly Way[] = ["tcp", "rtu+tcp", "serial"];
const PARITIES = ["none", "even", "odd"] as const;
const BAUDS = ["1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"];
const POLLS = ["1s", "2s", "5s", "10s", "30s", "1m", "5m", "15m"];
const NO_HELP = { autoComplete: "off", autoCapitalize: "none", spellcheck: false } as const;

export interface PlaceStepProps {
  form: DeviceForm;
  lines: readonly string[];
  sites: readonly Site[];
  site: string;
  missing: Partial<Record<keyof DeviceForm, string>>;
  onWrite: (change: Partial<DeviceForm>) => void;
}

export function PlaceStep({ form, lines, sites, site, missing, onWrite }: PlaceStepProps) {
  const isSerial = form.way === "serial";
  return (
    <section class="panel devices-panel stack-tight" aria-labelledby="step-place">
      <h2 id="step-place">{t("devices.step.place")}</h2>
      <div class="devices-fields">
        <SiteField sites={sites} chosen={site} onSite={(id) => setQuery({ site: id })} />
        <TextField label={t("devices.name")} value={form.name} maxLength={100} fault={missing.name ?? null} onInput={(event) => onWrite({ name: event.currentTarget.value })} />
        <TextField label={t("devices.id")} {...NO_HELP} value={form.id} maxLength={64} fault={missing.id ?? null} onInput={(event) => onWrite({ id: event.currentTarget.value.trim() })} />
        <SelectField
          label={t("devices.line")}
          value={form.line === "" ? form.way : `line ${form.line}`}
          onChange={(event) => {
            const { value } = event.currentTarget;
            onWrite(value.startsWith("line ") ? { line: value.slice(5) } : { line: "", way: value as Way });
          }}
        >
          {lines.map((line) => (
            <option key={line} value={`line ${line}`}>
              {line}
            </option>
          ))}
          {WAYS.map((way) => (
            <option key={way} value={way}>
              {t(`devices.way.${way}`)}
            </option>
          ))}
        </SelectField>
        {form.line === "" && (
          <TextField
            label={t(isSerial ? "devices.port" : "devices.address")}
            {...NO_HELP}
            placeholder={isSerial ? "/dev/ttyUSB0" : "192.168.1.50"}
            value={form.address}
            maxLength={200}
            fault={missing.address ?? null}
            onInput={(event) => onWrite({ address: event.currentTarget.value })}
          />
        )}
        {form.line === "" && isSerial && (
          <>
            <SelectField label={t("devices.baud")} value={form.baud} onChange={(event) => onWrite({ baud: event.currentTarget.value })}>
              {BAUDS.map((baud) => (
                <option key={baud}>{baud}</option>
              ))}
            </SelectField>
            <SelectField label={t("devices.parity")} value={form.parity} onChange={(event) => onWrite({ parity: event.currentTarget.value })}>
              {PARITIES.map((parity) => (
                <option key={parity} value={parity}>
                  {t(`devices.parity.${parity}`)}
                </option>
              ))}
            </SelectField>
          </>
        )}
        <TextField label={t("devices.unit")} inputMode="numeric" value={form.unit} maxLength={3} onInput={(event) => onWrite({ unit: event.currentTarget.value.trim() })} />
        <SelectField label={t("devices.poll")} value={form.poll} onChange={(event) => onWrite({ poll: event.currentTarget.value })}>
          {POLLS.map((poll) => (
            <option key={poll}>{poll}</option>
          ))}
        </SelectField>
      </div>
    </section>
  );
}
