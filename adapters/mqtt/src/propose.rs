//! From a sample payload to the configuration of points that read it. Pure: it proposes, a person decides.
//!
//! What is proposed reads the sample: every proposal is tried before it is given. Read next: `guess.rs` for what a name tells.

use adapters_push::line::Lines;
use adapters_push::{netjson, senml};
use hub_model::{PointId, Sample, Timestamp};
use serde_json::Value;

use crate::config::{Format, PointSettings};
use crate::guess::{quantity, slug};
use crate::path::Path;
use crate::payload::Payload;
use crate::time;

/// Proposals for one payload; a document with more numbers is not one of measurements.
const MAX_PROPOSALS: usize = 64;
/// How deep a document is looked into.
const MAX_DEPTH: usize = 8;
/// Items of a list that are looked at.
const MAX_ITEMS: usize = 8;
/// Keys under which the moment of measuring stands.
const TIMES: [&str; 8] =
    ["time", "ts", "timestamp", "received_at", "Time", "datetime", "measured_at", "last_seen"];
/// What LoRaWAN servers decode of a device's bytes, and what they say of its radio.
const UPLINKS: [&str; 3] = ["object", "uplink_message.decoded_payload", "rxInfo"];
const RADIO: [&str; 2] = ["rssi", "snr"];

/// How a point could be configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Where in the payload; empty for the whole.
    pub path: String,
    /// What stands there.
    pub value: f64,
    /// What it may measure, as the configuration's word.
    pub quantity: Option<&'static str>,
    /// The point's configuration.
    pub toml: String,
}

/// Something that could be a point.
struct Candidate {
    path: String,
    /// The words that tell what it is, the last one most.
    name: String,
}

/// How points could be configured that read `payload` as it came on `topic`.
pub fn propose(topic: &str, payload: &[u8]) -> Vec<Proposal> {
    if let Some(own) = own_telemetry(topic, payload) {
        return own;
    }
    let (format, time_path, candidates) = candidates(payload);
    let mut ids: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for candidate in candidates.into_iter().take(MAX_PROPOSALS) {
        let Some(value) = tried(format, &candidate.path, payload) else { continue };
        let id = slug(&candidate.name, &ids);
        let quantity = quantity(&candidate.name);
        let keys = [
            ("topic", Some(topic)),
            ("format", Some(word(format)).filter(|_| format != Format::Json)),
            ("path", Some(candidate.path.as_str()).filter(|path| !path.is_empty())),
            ("time_path", time_path.as_deref()),
        ];
        let toml = toml(&id, quantity, &keys);
        ids.push(id);
        found.push(Proposal { path: candidate.path, value, quantity, toml });
    }
    found
}

/// Metrics of the hub's own telemetry: no path is needed.
fn own_telemetry(topic: &str, payload: &[u8]) -> Option<Vec<Proposal>> {
    let rest = topic.strip_prefix("commune/v1/")?.strip_suffix("/telemetry")?;
    if rest.split('/').count() != 2 {
        return None;
    }
    let document: Value = serde_json::from_slice(payload).ok()?;
    let metrics = document.get("m")?.as_object()?.iter().take(MAX_PROPOSALS);
    let proposals = metrics.filter_map(|(name, value)| {
        let value = value.as_f64().or_else(|| value.as_bool().map(|flag| f64::from(u8::from(flag))))?;
        // A metric has its point's name; one that no point can have is of no use.
        PointId::parse(&format!("{rest}/{name}")).ok()?;
        let quantity = quantity(name);
        Some(Proposal { path: name.clone(), value, quantity, toml: toml(name, quantity, &[]) })
    });
    Some(proposals.collect())
}

fn candidates(payload: &[u8]) -> (Format, Option<String>, Vec<Candidate>) {
    let named = |path: String| Candidate { name: path.clone(), path };
    if let Ok(document) = netjson::read(payload) {
        return (Format::NetJson, None, document.figures.into_keys().map(named).collect());
    }
    let front = payload.trim_ascii_start().first();
    let records = if front == Some(&b'[') { senml::from_json(payload) } else { senml::from_cbor(payload) };
    if let Ok(records) = records
        && !records.is_empty()
    {
        let mut names: Vec<String> = records.iter().map(senml::Record::name).collect();
        names.sort();
        names.dedup();
        return (Format::Senml, None, names.into_iter().map(named).collect());
    }
    if let Ok(document) = serde_json::from_slice::<Value>(payload)
        && (document.is_object() || document.is_array())
    {
        return json(&document);
    }
    let text = std::str::from_utf8(payload).unwrap_or_default().trim_end_matches('\0').trim();
    if let Some((_, values)) = text.split_once(':')
        && text.split(':').all(|part| part.parse::<f64>().is_ok())
    {
        let paths = (0..values.split(':').count()).map(|at| format!("[{at}]"));
        return (Format::Collectd, None, paths.map(|path| Candidate { name: path.clone(), path }).collect());
    }
    let fields = |line: &adapters_push::line::Line<'_>| {
        let names = line.fields.iter().map(|(name, _)| name.to_string());
        names.map(named).collect::<Vec<_>>()
    };
    let lines: Vec<_> = Lines::new(payload).take(MAX_ITEMS).filter_map(|(_, _, line)| line.ok()).collect();
    if !lines.is_empty() {
        let mut all: Vec<Candidate> = lines.iter().flat_map(fields).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all.dedup_by(|a, b| a.path == b.path);
        return (Format::Line, None, all);
    }
    (Format::Number, None, vec![Candidate { path: String::new(), name: String::new() }])
}

fn json(document: &Value) -> (Format, Option<String>, Vec<Candidate>) {
    let is_time = |key: &&str| document.get(key).is_some_and(|value| time::from_json(value).is_some());
    let time_path = TIMES.into_iter().find(is_time).map(str::to_owned);
    let mut found = Vec::new();
    let is_uplink = crate::uplinks::Uplink::of(document).is_some();
    if is_uplink {
        for part in UPLINKS {
            let Some(value) = Path::parse(part).ok().and_then(|path| path.value(document).cloned()) else {
                continue;
            };
            walk(&value, part, 0, &mut found);
        }
        // Of the radio only how well it is heard.
        found
            .retain(|one| !one.path.starts_with("rxInfo") || RADIO.iter().any(|end| one.path.ends_with(end)));
    } else {
        walk(document, "", 0, &mut found);
        found.retain(|one| time_path.as_deref() != Some(one.path.as_str()));
    }
    (Format::Json, time_path, found)
}

fn walk(value: &Value, path: &str, depth: usize, found: &mut Vec<Candidate>) {
    if depth > MAX_DEPTH || found.len() >= MAX_PROPOSALS {
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                // A key that a path cannot name cannot be read either.
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if !key.contains(['.', '[', ']']) && !adapters_push::mac::is_mac(key) {
                    walk(value, &path, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().take(MAX_ITEMS).enumerate() {
                let name = item.get("name").and_then(Value::as_str);
                let step = match name.filter(|name| !name.contains([']', '['])) {
                    Some(name) => format!("{path}[name={name}]"),
                    None => format!("{path}[{at}]"),
                };
                walk(item, &step, depth + 1, found);
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::String(_) => {
            found.push(Candidate { name: path.to_owned(), path: path.to_owned() });
        }
        Value::Null => {}
    }
}

/// The number that a point so configured reads from the payload; `None` when it reads none.
fn tried(format: Format, path: &str, payload: &[u8]) -> Option<f64> {
    let mut point = PointSettings { topic: Some(String::new()), format, ..PointSettings::own(None) };
    match format {
        Format::Senml | Format::Line | Format::NetJson => point.name = Some(path.to_owned()),
        _ if path.is_empty() => {}
        _ => point.path = Some(Path::parse(path).ok()?),
    }
    let decoded = Payload::new(payload).decode(&point, Timestamp::from_millis(0)).ok()?;
    match decoded.last()?.sample {
        Sample::Raw(number) | Sample::Value(number) => Some(number),
        Sample::Missing(_) => None,
    }
}

fn toml(id: &str, quantity: Option<&str>, keys: &[(&str, Option<&str>)]) -> String {
    let mut text = format!("[[device.point]]\nid = {id:?}\n");
    match quantity {
        Some(quantity) => text.push_str(&format!("quantity = \"{quantity}\"\n")),
        None => text.push_str("quantity = \"\" # what it measures, such as \"level\"\n"),
    }
    for (key, value) in keys {
        if let Some(value) = value {
            text.push_str(&format!("{key} = {}\n", quoted(value)));
        }
    }
    text
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Number => "number",
        Format::Collectd => "collectd",
        Format::Senml => "senml",
        Format::Line => "line",
        Format::NetJson => "netjson",
    }
}
