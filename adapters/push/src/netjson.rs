//! NetJSON DeviceMonitoring, what OpenWISP's agents send: figures of an access point. Lists of people's devices become their
//! length here and are dropped; so is every MAC address.
//!
//! A figure's name is its way into the document, an interface or disk standing by its name: `general.uptime`,
//! `resources.memory.free`, `resources.load[0]`, `interfaces.wlan0.statistics.rx_bytes`, `interfaces.wlan0.wireless.noise`,
//! `interfaces.wlan0.wireless.clients` (how many), `ssid.XA-FREE.clients` and `clients` (of one network, of all). Only numbers
//! and switches (0 and 1) are figures.

use std::collections::BTreeMap;

use hub_model::Timestamp;
use serde_json::{Map, Value};

use crate::mac::is_mac;
use crate::time::believable;

/// What a document counts as where a device's `match` names a measurement.
pub const MEASUREMENT: &str = "netjson";
/// Figures of one document; an access point with a hundred interfaces has fewer.
const MAX_FIGURES: usize = 4_096;
/// Lists of other people's devices and of addresses: their length is a figure, what is in them is dropped.
const COUNTED: [&str; 5] = ["clients", "neighbors", "dhcp_leases", "addresses", "associations"];

/// A document that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetJsonError {
    /// No JSON.
    #[error("is no JSON document; {0}")]
    Json(String),
    /// Some other JSON.
    #[error("is no NetJSON DeviceMonitoring: \"type\" should be \"DeviceMonitoring\"")]
    Type,
    /// More figures than any device has.
    #[error("holds more than {MAX_FIGURES} figures")]
    TooMany,
}

/// What a document says, free of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// `general.hostname`, unless it is a MAC address.
    pub hostname: Option<String>,
    /// `general.local_time`, where it can be true.
    pub measured_at: Option<Timestamp>,
    /// Name → number.
    pub figures: BTreeMap<String, f64>,
}

/// Reads a document.
///
/// # Errors
/// When it is none.
pub fn read(body: &[u8]) -> Result<Document, NetJsonError> {
    let document: Value =
        serde_json::from_slice(body).map_err(|error| NetJsonError::Json(error.to_string()))?;
    if document.get("type").and_then(Value::as_str) != Some("DeviceMonitoring") {
        return Err(NetJsonError::Type);
    }
    let general = document.get("general");
    let hostname = general.and_then(|general| general.get("hostname")?.as_str()).filter(|name| !is_mac(name));
    let local_time = general.and_then(|general| general.get("local_time")?.as_i64());
    let mut figures = Figures::default();
    if let Value::Object(sections) = &document {
        for (name, section) in sections {
            figures.walk(name, name, section);
        }
    }
    figures.add_clients(&document);
    if figures.0.len() > MAX_FIGURES {
        return Err(NetJsonError::TooMany);
    }
    Ok(Document {
        hostname: hostname.map(str::to_owned),
        measured_at: local_time.and_then(|seconds| believable(seconds.checked_mul(1_000)?)),
        figures: figures.0,
    })
}

#[derive(Default)]
struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// The depth is bounded by the JSON parser's own bound.
    fn walk(&mut self, path: &str, key: &str, value: &Value) {
        if self.0.len() > MAX_FIGURES || is_mac(key) {
            return;
        }
        match value {
            Value::Number(number) => self.put(path.to_owned(), number.as_f64()),
            Value::Bool(on) => self.put(path.to_owned(), Some(f64::from(u8::from(*on)))),
            Value::Array(items) if COUNTED.contains(&key) => {
                self.put(path.to_owned(), Some(items.len() as f64))
            }
            Value::Object(items) if COUNTED.contains(&key) => {
                self.put(path.to_owned(), Some(items.len() as f64))
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    match own_name(item) {
                        Some(name) if is_mac(name) => {}
                        Some(name) => self.walk(&format!("{path}.{name}"), name, item),
                        None => self.walk(&format!("{path}[{index}]"), "", item),
                    }
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.walk(&format!("{path}.{name}"), name, member);
                }
            }
            Value::String(_) | Value::Null => {}
        }
    }

    fn put(&mut self, path: String, number: Option<f64>) {
        if let Some(number) = number.filter(|number| number.is_finite()) {
            self.0.insert(path, number);
        }
    }

    /// Clients of each network and of all of them.
    fn add_clients(&mut self, document: &Value) {
        let interfaces = document.get("interfaces").and_then(Value::as_array).into_iter().flatten();
        let mut all = None;
        for wireless in interfaces.filter_map(|interface| interface.get("wireless")?.as_object()) {
            let Some(count) = wireless.get("clients").and_then(count) else { continue };
            *all.get_or_insert(0.0) += count;
            if let Some(ssid) = ssid(wireless) {
                *self.0.entry(format!("ssid.{ssid}.clients")).or_insert(0.0) += count;
            }
        }
        self.put("clients".to_owned(), all);
    }
}

/// The name that an item of a list goes by.
fn own_name(item: &Value) -> Option<&str> {
    ["name", "mount_point", "filesystem"].into_iter().find_map(|key| item.get(key)?.as_str())
}

fn count(clients: &Value) -> Option<f64> {
    match clients {
        Value::Array(list) => Some(list.len() as f64),
        Value::Object(by_address) => Some(by_address.len() as f64),
        Value::Number(count) => count.as_f64(),
        _ => None,
    }
}

fn ssid(wireless: &Map<String, Value>) -> Option<&str> {
    wireless.get("ssid")?.as_str().filter(|name| !is_mac(name))
}
