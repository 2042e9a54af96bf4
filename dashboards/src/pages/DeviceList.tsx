// The devices of a site and whether each is heard.
import type { Device } from "../api/types";
import { local, t } from "../i18n";
import { moment, span } from "../i18n/format";
import { now } from "../state/clock";
import type { PointEntry } from "../state/store";
import { deviceFact } from "../state/summary";
import { StatusMark } from "../ui/StatusMark";

export function DeviceList({ devices, entries }: { devices: readonly Device[]; entries: readonly PointEntry[] }) {
  return (
    <ul class="device-list">
      {devices.map((device) => (
        <DeviceItem key={device.id} device={device} entries={entries.filter((entry) => entry.point.peek().device === device.id)} />
      ))}
    </ul>
  );
}

function DeviceItem({ device, entries }: { device: Device; entries: readonly PointEntry[] }) {
  const standings = entries.map((entry) => entry.standing.value);
  // The points are live, the device's own state is as old as the page; without points there is nothing else.
  const fact = entries.length > 0 ? deviceFact(standings) : { state: device.state, since: null };
  const heard = Math.max(
    device.last_heard_at == null ? 0 : Date.parse(device.last_heard_at),
    ...standings.map((standing) => (standing.kind === "silent" ? 0 : (standing.at ?? 0))),
  );
  const word =
    fact.state === "silent" && fact.since !== null ? t("device.silentFor", { span: span(now.value - fact.since) }) : t(`device.${fact.state}`);
  return (
    <li class="device panel" data-device={device.id}>
      <p class="row row-ends">
        <strong>{local(device.name)}</strong>
        <span class="small muted">{ADAPTER_NAMES[device.adapter] ?? device.adapter}</span>
      </p>
      <StatusMark status={fact.state === "online" ? "well" : fact.state === "silent" ? "silent" : "calm"} word={word} />
      {heard > 0 && fact.state !== "online" && (
        <p class="small muted figures">{t("device.heard", { time: moment(heard, now.value) })}</p>
      )}
    </li>
  );
}

/** How people write the names of protocols. */
const ADAPTER_NAMES: Record<string, string> = { modbus: "Modbus", mqtt: "MQTT", push: "HTTP" };
