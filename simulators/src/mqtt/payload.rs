//! What an MQTT device says: the hub's own telemetry, LoRaWAN uplinks, collectd lines, SenML packs, line protocol, plain numbers. No
//! socket here.

use hub_model::Timestamp;
use serde_json::{Map, Value, json};

use super::Context;
use crate::config::{Format, LineHead, Place, SimDevice, SimPoint};
use crate::fault::FaultKind;
use crate::models::noise;

/// What stands for a wildcard of the hub's filter.
const WILDCARD_LEVEL: &str = "1";
/// Whole numbers up to this are exact in JSON.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The longest list that a path may ask for; points beyond it are not sent.
const MAX_ITEMS: usize = 1024;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// All messages of a device at this moment.
pub(super) fn messages(device: &SimDevice, context: &Context, sequence: u64) -> Vec<Message> {
    let now = context.clock.simulated();
    let raw = |point: &SimPoint| context.world.raw_simulated(point, now);
    let gathered = context.sent.gather(&raw);
    let faults = context.board.of_device(&device.id, now);
    let wrong_by: f64 = faults
        .iter()
        .map(|fault| if let FaultKind::ClockWrong { seconds } = fault.kind { seconds } else { 0.0 })
        .sum();
    let wall = context.clock.wall();
    let stamped = Timestamp::from_millis(wall.as_millis().saturating_add((wrong_by * 1e3) as i64));
    let messages = Speech {
        device,
        wall: stamped,
        offset_s: context.world.offset_s(),
        sequence,
        raw: &|point| gathered.raw(point),
    }
    .messages();
    context.sent.note(wall, gathered);
    messages
}

struct Speech<'a> {
    device: &'a SimDevice,
    wall: Timestamp,
    offset_s: i32,
    sequence: u64,
    raw: &'a dyn Fn(&SimPoint) -> f64,
}

impl Speech<'_> {
    fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        let own = self.points_at(None);
        if !own.is_empty() {
            messages.push(self.telemetry(&own));
        }
        let mut filters: Vec<&str> = Vec::new();
        for point in &self.device.points {
            if let Place::Payload { topic, .. } = &point.place
                && !filters.contains(&topic.as_str())
            {
                filters.push(topic);
            }
        }
        for filter in filters {
            messages.push(self.foreign(filter, &self.points_at(Some(filter))));
        }
        messages
    }

    fn points_at(&self, filter: Option<&str>) -> Vec<&SimPoint> {
        let is_here = |point: &&SimPoint| match &point.place {
            Place::Payload { topic, .. } => filter == Some(topic.as_str()),
            _ => filter.is_none(),
        };
        self.device.points.iter().filter(is_here).collect()
    }

    fn telemetry(&self, points: &[&SimPoint]) -> Message {
        let metrics: Map<String, Value> = points
            .iter()
            .map(|point| {
                let raw = (self.raw)(point);
                let is_switch = point.quantity.code() == "pump_state" && raw.is_finite();
                let value = if is_switch { json!(raw >= 0.5) } else { number(raw) };
                (point.id.name().to_owned(), value)
            })
            .collect();
        let document = json!({"ts": self.rfc3339(), "seq": self.sequence, "m": metrics});
        Message {
            topic: format!("commune/v1/{}/telemetry", self.device.id),
            payload: document.to_string().into_bytes(),
        }
    }

    fn foreign(&self, filter: &str, points: &[&SimPoint]) -> Message {
        let topic = topic_of(filter);
        let format = points.iter().find_map(|point| match &point.place {
            Place::Payload { format, .. } => Some(*format),
            _ => None,
        });
        let payload = match format.unwrap_or_default() {
            Format::Json => self.document(&topic, points).to_string(),
            Format::Number => points.first().map_or_else(String::new, |point| text((self.raw)(point))),
            Format::Collectd => self.collectd(points),
            Format::Senml => self.pack(points).to_string(),
            Format::Line => self.lines(points),
        };
        Message { topic, payload: payload.into_bytes() }
    }

    fn document(&self, topic: &str, points: &[&SimPoint]) -> Value {
        let mut document = if topic.ends_with("/event/up") { self.uplink(topic) } else { json!({}) };
        for point in points {
            let Place::Payload { path, time_path, .. } = &point.place else { continue };
            if let Some(path) = time_path {
                put(&mut document, path, json!(self.rfc3339()));
            }
            match path {
                Some(path) => put(&mut document, path, number((self.raw)(point))),
                None => document = number((self.raw)(point)),
            }
        }
        document
    }

    /// What a LoRaWAN network server adds around a sensor's values.
    fn uplink(&self, topic: &str) -> Value {
        let levels: Vec<&str> = topic.split('/').collect();
        let id = levels.iter().position(|level| *level == "device").and_then(|at| levels.get(at + 1));
        let seed = noise::named(self.sequence, self.device.id.as_str()) ^ self.wall.as_millis() as u64;
        let (high, low) = (noise::mix(seed, 1), noise::mix(seed, 2));
        let hex = format!("{high:016x}{low:016x}");
        let unique =
            format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        json!({
            "deduplicationId": unique,
            "time": self.rfc3339(),
            "deviceInfo": {"applicationId": levels.get(1), "deviceName": self.device.id.name(), "devEui": id},
            "fCnt": self.sequence,
            "fPort": 85,
            "object": {},
        })
    }

    /// `epoch:value[:value]`, ended by a NUL as the plugin does.
    fn collectd(&self, points: &[&SimPoint]) -> String {
        let index_of = |point: &SimPoint| match &point.place {
            Place::Payload { path: Some(path), .. } => path.trim_matches(['[', ']']).parse().unwrap_or(0),
            _ => 0usize,
        };
        let last = points.iter().map(|point| index_of(point)).max().unwrap_or(0);
        let values = (0..=last).map(|index| {
            let point = points.iter().find(|point| index_of(point) == index);
            point.map_or_else(|| "nan".to_owned(), |point| text((self.raw)(point)))
        });
        let values: Vec<String> = values.collect();
        format!("{:.3}:{}\0", self.wall.as_millis() as f64 / 1000.0, values.join(":"))
    }

    /// A pack in JSON (RFC 8428). A number that is none has no record.
    fn pack(&self, points: &[&SimPoint]) -> Value {
        let at_s = self.wall.as_millis() as f64 / 1_000.0;
        let records = points.iter().filter_map(|point| {
            let Place::Payload { path: Some(name), .. } = &point.place else { return None };
            let raw = (self.raw)(point);
            raw.is_finite().then(|| json!({"n": name, "t": at_s, "v": number(raw)}))
        });
        records.collect()
    }

    /// A line for the fields that the hub seeks under the same measurement and tags, with its time in milliseconds.
    fn lines(&self, points: &[&SimPoint]) -> String {
        let mut lines: Vec<(&LineHead, Vec<String>)> = Vec::new();
        for point in points {
            let Place::Payload { path: Some(field), line, .. } = &point.place else { continue };
            let raw = (self.raw)(point);
            if !raw.is_finite() {
                continue;
            }
            let field = format!("{}={raw}", escaped(field));
            match lines.iter_mut().find(|(head, _)| *head == line) {
                Some((_, fields)) => fields.push(field),
                None => lines.push((line, vec![field])),
            }
        }
        let line = |(head, fields): &(&LineHead, Vec<String>)| {
            let measurement = head.measurement.as_deref().unwrap_or_else(|| self.device.id.name());
            let tags: String = head
                .tags
                .iter()
                .map(|(name, value)| format!(",{}={}", escaped(name), escaped(value)))
                .collect();
            let (fields, at) = (fields.join(","), self.wall.as_millis());
            format!("{}{tags} {fields} {at}\n", escaped(measurement))
        };
        lines.iter().map(line).collect()
    }

    fn rfc3339(&self) -> String {
        let offset = jiff::tz::Offset::from_seconds(self.offset_s).unwrap_or(jiff::tz::Offset::UTC);
        let moment = jiff::Timestamp::from_millisecond(self.wall.as_millis()).unwrap_or_default();
        moment.display_with_offset(offset).to_string()
    }
}

/// A JSON number, whole where it is; null for what is none.
fn number(raw: f64) -> Value {
    if raw.fract() == 0.0 && raw.abs() <= EXACT { json!(raw as i64) } else { json!(raw) }
}

fn text(raw: f64) -> String {
    if raw.is_nan() { "nan".to_owned() } else { raw.to_string() }
}

/// A name as line protocol has it.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, ',' | '=' | ' ') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// A topic that the filter matches.
fn topic_of(filter: &str) -> String {
    let levels =
        filter.split('/').map(|level| if matches!(level, "+" | "#") { WILDCARD_LEVEL } else { level });
    levels.collect::<Vec<_>>().join("/")
}

/// Puts `value` at a path such as `object.values[0].distance`, making what is missing on the way.
fn put(document: &mut Value, path: &str, value: Value) {
    let mut place = document;
    for part in path.split('.') {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        if !key.is_empty() {
            if !place.is_object() {
                *place = json!({});
            }
            let Value::Object(map) = place else { return };
            place = map.entry(key).or_insert(Value::Null);
        }
        for index in indices.split(['[', ']']).filter_map(|index| index.parse::<usize>().ok()) {
            if index >= MAX_ITEMS {
                return;
            }
            if !place.is_array() {
                *place = json!([]);
            }
            let Value::Array(items) = place else { return };
            if index >= items.len() {
                items.resize(index + 1, Value::Null);
            }
            place = &mut items[index];
        }
    }
    *place = value;
}

#[cfg(test)]
mod tests;
