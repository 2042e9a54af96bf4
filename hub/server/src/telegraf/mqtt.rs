//! `[[inputs.mqtt_consumer]]`: a device whose points are read from topics.

use toml::{Table, Value};

use super::site::{Device, Point, quoted};
use super::text;

/// The device of one input. `number` makes its login unlike the others'.
pub(super) fn read(input: &Table, number: usize) -> Device {
    let name = text(input, "alias").unwrap_or("mqtt").to_owned();
    let topics: Vec<&str> = list(input, "topics").filter_map(Value::as_str).collect();
    let filters: Vec<_> = topics.iter().map(|topic| quoted(topic)).collect();
    let login = format!(
        "{{ username = \"telegraf-{number}\", password_file = \"telegraf-{number}.password\", publish = [{}] }}",
        filters.join(", ")
    );
    let mut device =
        Device { name, keys: vec![("adapter", quoted("mqtt")), ("login", login)], ..Device::default() };
    let servers: Vec<&str> = list(input, "servers").filter_map(Value::as_str).collect();
    if !servers.is_empty() {
        let servers = servers.join(", ");
        device
            .notes
            .push(format!("servers {servers}: let their devices publish to this hub, with this login"));
    }
    let format = text(input, "data_format").unwrap_or("influx");
    for topic in topics {
        device.points.extend(points(input, topic, format));
    }
    if device.points.is_empty() {
        device.notes.push(format!("data_format \"{format}\" names no field: add a point for each"));
    }
    device
}

fn list<'a>(input: &'a Table, key: &str) -> impl Iterator<Item = &'a Value> {
    input.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn points(input: &Table, topic: &str, format: &str) -> Vec<Point> {
    let at = |name: &str, keys: Vec<(&'static str, String)>| Point {
        name: name.to_owned(),
        keys: [("topic", quoted(topic))].into_iter().chain(keys).collect(),
        notes: Vec::new(),
    };
    let last_level = topic.rsplit('/').find(|level| !["+", "#"].contains(level)).unwrap_or("value");
    match format {
        "value" => vec![at(last_level, vec![("format", quoted("number"))])],
        "json_v2" => {
            let parsers = list(input, "json_v2").filter_map(Value::as_table);
            let fields = parsers.flat_map(|parser| list(parser, "field")).filter_map(Value::as_table);
            let point = |field: &Table| {
                let path = text(field, "path")?;
                let name = text(field, "rename").or_else(|| path.rsplit('.').next()).unwrap_or(path);
                Some(at(name, vec![("path", quoted(path))]))
            };
            fields.filter_map(point).collect()
        }
        _ => Vec::new(),
    }
}
