//! `[[inputs.modbus]]`: registers by table (`register`), by request (`request`) or by metric (`metric`).

use toml::{Table, Value};

use super::site::{Device, Point, quoted};
use super::{number, text};

const TABLES: [(&str, &str); 4] = [
    ("coils", "coil"),
    ("discrete_inputs", "discrete"),
    ("holding_registers", "holding"),
    ("input_registers", "input"),
];
/// Telegraf's own default.
const DEFAULT_INTERVAL: &str = "10s";

/// Adds the devices of one input: one for each unit id.
pub(super) fn read(input: &Table, interval: Option<&str>, devices: &mut Vec<Device>) {
    let base = Device {
        name: text(input, "name").unwrap_or("modbus").to_owned(),
        notes: notes(input),
        ..Device::default()
    };
    let poll = text(input, "interval").or(interval).unwrap_or(DEFAULT_INTERVAL);
    let mut line = vec![("adapter", quoted("modbus"))];
    line.extend(endpoint(input).map(|endpoint| ("endpoint", quoted(&endpoint))));
    let mut common = vec![("poll", quoted(poll))];
    common.extend(text(input, "timeout").map(|timeout| ("timeout", quoted(timeout))));
    let pause = input.get("workarounds").and_then(|all| all.get("pause_between_requests"));
    common.extend(pause.and_then(Value::as_str).map(|pause| ("pause_between", quoted(pause))));
    let device = |unit: i64, points: Vec<Point>, base: &Device| Device {
        name: base.name.clone(),
        keys: line
            .iter()
            .cloned()
            .chain([("unit_id", unit.to_string())])
            .chain(common.iter().cloned())
            .collect(),
        notes: base.notes.clone(),
        points,
    };
    match text(input, "configuration_type").unwrap_or("register") {
        "request" => {
            let groups = by_unit(input, "request", |group, field| {
                point(field, text(group, "register").unwrap_or("holding"), text(group, "byte_order"))
            });
            devices.extend(groups.into_iter().map(|(unit, points)| device(unit, points, &base)));
        }
        "metric" => {
            let groups = by_unit(input, "metric", |group, field| {
                point(field, text(field, "register").unwrap_or("holding"), text(group, "byte_order"))
            });
            devices.extend(groups.into_iter().map(|(unit, points)| device(unit, points, &base)));
        }
        _ => {
            let mut points = Vec::new();
            for (key, register) in TABLES {
                let fields = input.get(key).and_then(Value::as_array).into_iter().flatten();
                points.extend(fields.filter_map(Value::as_table).map(|field| by_register(field, register)));
            }
            let unit = input.get("slave_id").and_then(Value::as_integer).unwrap_or(1);
            devices.push(device(unit, points, &base));
        }
    }
}

/// Where the bus is reached, in our words.
fn endpoint(input: &Table) -> Option<String> {
    let controller = text(input, "controller")?;
    let is_rtu = text(input, "transmission_mode").is_some_and(|mode| mode.starts_with("RTU"));
    match controller.split_once("://") {
        Some(("tcp", rest)) if is_rtu => Some(format!("rtu+tcp://{rest}")),
        Some(("file", path)) => {
            let whole =
                |key: &str, otherwise: i64| input.get(key).and_then(Value::as_integer).unwrap_or(otherwise);
            let parity = match text(input, "parity").unwrap_or("N") {
                "E" => "even",
                "O" => "odd",
                _ => "none",
            };
            let (baud, stop, data) = (whole("baud_rate", 9600), whole("stop_bits", 1), whole("data_bits", 8));
            Some(format!("serial://{path}?baud={baud}&parity={parity}&stop={stop}&data={data}"))
        }
        _ => Some(controller.to_owned()),
    }
}

fn notes(input: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    if text(input, "transmission_mode").is_some_and(|mode| mode.contains("ASCII")) {
        notes.push("the ASCII transmission mode; allowed: TCP and RTU".to_owned());
    }
    if input.get("tags").is_some() {
        notes.push("[inputs.modbus.tags]: sites and devices take their place".to_owned());
    }
    notes
}

/// The points of each unit id among the `[[inputs.modbus.request]]` or `.metric`.
fn by_unit(input: &Table, key: &str, point_of: impl Fn(&Table, &Table) -> Point) -> Vec<(i64, Vec<Point>)> {
    let mut units: Vec<(i64, Vec<Point>)> = Vec::new();
    for group in input.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
        let unit = group.get("slave_id").and_then(Value::as_integer).unwrap_or(1);
        let fields = group.get("fields").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(Value::as_table);
        let wanted = fields.filter(|field| field.get("omit").and_then(Value::as_bool) != Some(true));
        let points = wanted.map(|field| point_of(group, field));
        match units.iter_mut().find(|(known, _)| *known == unit) {
            Some((_, known)) => known.extend(points),
            None => units.push((unit, points.collect())),
        }
    }
    units
}

/// A field of a request or a metric.
fn point(field: &Table, register: &str, order: Option<&str>) -> Point {
    let address = field.get("address").and_then(Value::as_integer).unwrap_or_default();
    let mut made = Point {
        name: text(field, "name").unwrap_or("point").to_owned(),
        keys: vec![("register", quoted(register)), ("address", address.to_string())],
        notes: Vec::new(),
    };
    if register == "coil" || register == "discrete" {
        return made;
    }
    let kind = text(field, "type").unwrap_or("UINT16").to_uppercase();
    let words = if kind.contains("64") {
        4
    } else if kind.contains("32") {
        2
    } else {
        1
    };
    made.keys.push(("type", quoted(&kind)));
    byte_order(order.unwrap_or("ABCD"), words, &mut made);
    if kind == "STRING" {
        made.keys.extend(field.get("length").map(|length| ("length", length.to_string())));
    }
    made.keys.extend(field.get("bit").map(|bit| ("bit", bit.to_string())));
    scale(field, &mut made);
    made
}

/// A field of a table: its type is a word, its place a list of addresses.
fn by_register(field: &Table, register: &str) -> Point {
    let addresses: Vec<i64> = field
        .get("address")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_integer)
        .collect();
    let first = addresses.first().copied().unwrap_or_default();
    let mut made = Point {
        name: text(field, "name").unwrap_or("point").to_owned(),
        keys: vec![("register", quoted(register)), ("address", first.to_string())],
        notes: Vec::new(),
    };
    if register == "coil" || register == "discrete" {
        return made;
    }
    let bits = addresses.len() * 16;
    let kind = match text(field, "data_type").unwrap_or("UINT16") {
        "FIXED" => format!("INT{bits}"),
        // The older name of a whole number with a scale.
        "UFIXED" | "FLOAT32" => format!("UINT{bits}"),
        other => other.trim_end_matches("-IEEE").to_owned(),
    };
    made.keys.push(("type", quoted(&kind)));
    if kind == "STRING" {
        made.keys.push(("length", addresses.len().to_string()));
    }
    if addresses.windows(2).any(|pair| pair[1] != pair[0] + 1) {
        made.notes.push(format!("its registers do not follow each other: {addresses:?}"));
    }
    byte_order(text(field, "byte_order").unwrap_or("ABCD"), addresses.len(), &mut made);
    scale(field, &mut made);
    made
}

/// Telegraf writes an order for each width; ours is named after four bytes.
fn byte_order(order: &str, words: usize, point: &mut Point) {
    let ours = match order {
        "AB" | "ABCD" | "ABCDEFGH" | "MSW-BE" => "ABCD",
        "BA" | "DCBA" | "HGFEDCBA" | "LSW-LE" => "DCBA",
        "BADC" | "BADCFEHG" | "MSW-LE" => "BADC",
        "CDAB" | "GHEFCDAB" | "LSW-BE" => "CDAB",
        other => {
            point.notes.push(format!("byte order {other} is not known"));
            return;
        }
    };
    // In one register words cannot change places.
    if words > 1 || ours == "DCBA" || ours == "BADC" {
        point.keys.push(("byte_order", quoted(ours)));
    }
}

fn scale(field: &Table, point: &mut Point) {
    if let Some(scale) = number(field, "scale").filter(|scale| *scale != 1.0) {
        point.keys.push(("scale", Value::Float(scale).to_string()));
    }
}
