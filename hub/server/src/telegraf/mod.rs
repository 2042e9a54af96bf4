//! Telegraf's configuration as ours: its Modbus and MQTT inputs become the devices of a site file.
//!
//! What has no counterpart is never passed over in silence: it stands as a comment where it belongs. Pure. Read next:
//! `modbus.rs` for the three ways in which Telegraf writes registers, `site.rs` for what is printed.

mod modbus;
mod mqtt;
mod site;

use anyhow::Context;
use toml::{Table, Value};

use site::Device;

/// The inputs of `text` as a site file.
///
/// # Errors
/// When it is no TOML, or holds neither a Modbus nor an MQTT input.
pub fn convert(text: &str) -> anyhow::Result<String> {
    let root: Table = text.parse().context("not a Telegraf configuration")?;
    let interval = root.get("agent").and_then(|agent| agent.get("interval")).and_then(Value::as_str);
    let mut devices: Vec<Device> = Vec::new();
    for input in inputs(&root, "modbus") {
        modbus::read(input, interval, &mut devices);
    }
    for input in inputs(&root, "mqtt_consumer") {
        devices.push(mqtt::read(input, devices.len()));
    }
    anyhow::ensure!(!devices.is_empty(), "found no [[inputs.modbus]] and no [[inputs.mqtt_consumer]]");
    Ok(site::print(&devices))
}

fn inputs<'a>(root: &'a Table, plugin: &str) -> impl Iterator<Item = &'a Table> {
    let inputs = root.get("inputs").and_then(|inputs| inputs.get(plugin)).and_then(Value::as_array);
    inputs.into_iter().flatten().filter_map(Value::as_table)
}

/// A text of a table.
fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// A number of a table.
fn number(table: &Table, key: &str) -> Option<f64> {
    table.get(key).and_then(|value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64)))
}

#[cfg(test)]
mod tests;
