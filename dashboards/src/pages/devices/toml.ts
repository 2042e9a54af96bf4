// A device's configuration from what a form holds, and points put into a configuration that is there.
// Knows how TOML is written, not what the hub makes of it: the hub checks every text.

export type Way = "tcp" | "rtu+tcp" | "serial";

export interface DeviceForm {
  id: string;
  name: string;
  /** Empty: its points are given one by one. */
  profile: string;
  /** A line that the hub reads already; empty for a new one. */
  line: string;
  way: Way;
  /** `HOST:PORT`, or the path of a serial device. */
  address: string;
  baud: string;
  parity: string;
  unit: string;
  poll: string;
  /** `[[device.point]]` tables. */
  points: string;
}

export const emptyForm: DeviceForm = {
  id: "",
  name: "",
  profile: "",
  line: "",
  way: "tcp",
  address: "",
  baud: "9600",
  parity: "none",
  unit: "1",
  poll: "10s",
  points: "",
};

/** A text in quotes. Control characters have no place in a name. */
export const quoted = (text: string) => `"${text.replace(/[\u0000-\u001f\u007f]/g, " ").replace(/[\\"]/g, "\\$&")}"`;

export function endpointOf(form: DeviceForm): string {
  if (form.line !== "") return form.line;
  const address = form.address.trim();
  if (form.way === "serial") return `serial://${address}?baud=${form.baud}&parity=${form.parity}`;
  // The usual port, where none is said.
  return `${form.way}://${/:\d+$/.test(address) ? address : `${address}:502`}`;
}

/** The `[[device]]` that would be saved. */
export function deviceToml(form: DeviceForm): string {
  const lines = ["[[device]]", `id = ${quoted(form.id)}`];
  if (form.name.trim() !== "") lines.push(`name = ${quoted(form.name.trim())}`);
  lines.push(form.profile === "" ? `adapter = "modbus"` : `profile = ${quoted(form.profile)}`);
  lines.push(`endpoint = ${quoted(endpointOf(form))}`, `unit_id = ${/^\d+$/.test(form.unit) ? form.unit : quoted(form.unit)}`, `poll = ${quoted(form.poll.trim())}`);
  const text = `${lines.join("\n")}\n`;
  return form.points.trim() === "" ? text : `${text}\n${form.points.trim()}\n`;
}

/** An id from a name, as the hub wants it: `Đồng hồ nước 2` gives `dong-ho-nuoc-2`. */
export function idFrom(name: string): string {
  const plain = name.toLowerCase().replace(/đ/g, "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40);
}

/** The id that a device's text gives it. */
export const idIn = (toml: string) => /^\s*id\s*=\s*["']([^"']*)["']/m.exec(toml)?.[1] ?? "";

/** A bit by which a device reports a fault itself, to be given its own address, title and priority. */
export const faultBit = (title: string) => `[[device.point]]
id = "fault"
name = ${quoted(title)}
quantity = "state"
register = "holding"
address = 0
type = "BIT"
bit = 0
alarm = { title = ${quoted(title)}, priority = "high" }`;

/** The points' ids in a text. */
const pointIds = (toml: string) => [...toml.matchAll(/\[\[device\.point\]\][^[]*?\bid\s*=\s*["']([^"']*)["']/g)].map((found) => found[1] ?? "");

/** The text with one more point, whose id becomes one that is free. */
export function withPoint(toml: string, point: string): string {
  const taken = pointIds(toml);
  const wanted = idIn(point);
  let id = wanted;
  for (let number = 2; taken.includes(id); number += 1) id = `${wanted}-${number}`;
  const named = point.trim().replace(/^(\s*id\s*=\s*).*$/m, `$1"${id}"`);
  return `${toml.trimEnd()}${toml.trim() === "" ? "" : "\n\n"}${named}\n`;
}
