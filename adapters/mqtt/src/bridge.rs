//! A bridge to somebody else's broker: which readings it sends, on which topics, in which words. Pure.
//!
//! It knows neither what was sent already nor how: the store does, and [`crate::client::Sender`]. Read next: `trails.rs`.

use std::collections::HashMap;

use adapters_sdk::config::{Problems, Table, quantities};
use hub_model::{Commune, DeviceId, LocalText, PointId, Reading, Timestamp, Unit, id, local, own};
use serde_json::{Map, Value, json};

use crate::config::{BrokerSettings, broker};
use crate::topic::Filter;
use crate::trails::Trails;

/// Where readings go when the configuration says nothing: where another hub reads them.
const OWN_TOPIC: &str = "commune/v1/{site}/{device}/telemetry";
/// Longest topic in the configuration, in bytes.
const MAX_TOPIC_BYTES: usize = 256;
/// Points in one message: with the longest ids no larger than what every broker takes.
const MAX_METRICS: usize = 200;
/// Filters of one bridge: each message is held against all of them.
const MAX_FILTERS: usize = 64;

/// One `[[bridge]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct BridgeSettings {
    /// Its name.
    pub id: String,
    /// The broker.
    pub broker: BrokerSettings,
    /// Only these sites; all without it.
    pub sites: Option<Vec<String>>,
    /// Only these quantities; all without it.
    pub quantities: Option<Vec<String>>,
    /// Only these points, by their full ids; all without it.
    pub points: Option<Vec<String>>,
    /// The topic, with `{site}` and `{device}` in it. With `{point}` each reading is a message.
    pub topic: String,
    /// Messages that go out as they are: those on these topics.
    topics: Vec<Filter>,
}

/// Longest topic of a message, in bytes: what the standard allows.
const MAX_RELAYED_BYTES: usize = 65_535;

impl BridgeSettings {
    /// Whether messages go out as they are.
    pub fn relays(&self) -> bool {
        !self.topics.is_empty()
    }

    /// Whether one of its topics takes in only what [`BridgeSettings::onward`] turns back.
    pub fn asks_for_returned(&self, commune: &str) -> bool {
        self.topics.iter().any(|filter| filter.has_level(commune))
    }

    /// Whether it is of topics alone: it names no readings.
    fn is_of_messages(&self) -> bool {
        let names_readings = self.sites.is_some() || self.quantities.is_some() || self.points.is_some();
        !self.topics.is_empty() && !names_readings
    }

    /// Where a message goes out that came on `topic` to the hub of this commune; `None` when it does not. What has been at this hub
    /// before has its name among the topic's levels, and does not go round.
    pub fn onward(&self, commune: &str, topic: &str) -> Option<String> {
        let is_wanted = self.topics.iter().any(|filter| filter.matches(topic));
        let is_new = topic.split('/').all(|level| level != commune);
        let onward = (is_wanted && is_new).then(|| format!("{commune}/{topic}"))?;
        (onward.len() <= MAX_RELAYED_BYTES).then_some(onward)
    }
}

/// Takes the keys out of a `[[bridge]]`. That its sites and points are there is known once all files are read.
pub fn settings(table: &mut Table, problems: &mut Problems) -> Option<BridgeSettings> {
    let before = problems.errors().len();
    let id = table.needed_parsed("id", problems, |text| id::check_part(text).map(|()| text.to_owned()));
    let broker = broker(table, problems);
    let (sites, points) = (table.texts("sites", problems), table.texts("points", problems));
    let quantities = quantities(table, problems);
    let topic = table.parsed("topic", problems, topic).unwrap_or_else(|| OWN_TOPIC.to_owned());
    let of_topics = table.at("topics");
    let mut topics = Vec::new();
    for text in table.texts("topics", problems).unwrap_or_default() {
        match Filter::parse(&text) {
            Ok(filter) => topics.push(filter),
            Err(message) => problems.error(of_topics.fault(message)),
        }
    }
    if topics.len() > MAX_FILTERS {
        let count = topics.len();
        problems.error(of_topics.fault(local!(
            "có {count}, được phép: nhiều nhất {MAX_FILTERS}",
            "found {count} of them, allowed: at most {MAX_FILTERS}"
        )));
    }
    (problems.errors().len() == before).then_some(())?;
    Some(BridgeSettings { id: id?, broker: broker?, sites, quantities, points, topic, topics })
}

fn topic(text: &str) -> Result<String, LocalText> {
    let rest =
        ["{site}", "{device}", "{point}"].iter().fold(text.to_owned(), |rest, part| rest.replace(part, ""));
    let is_topic = !text.is_empty()
        && text.len() <= MAX_TOPIC_BYTES
        && !text.starts_with('$')
        && !rest.contains(|c: char| c.is_control() || "+#{}".contains(c));
    if is_topic && text.contains("{site}") && text.contains("{device}") {
        return Ok(text.to_owned());
    }
    Err(local!(
        "có \"{text}\", được phép: chủ đề có {{site}} và {{device}}, thêm {{point}} khi mỗi số đo là một tin riêng, ví dụ \"{OWN_TOPIC}\"",
        "found \"{text}\", allowed: a topic with {{site}} and {{device}} in it, and {{point}} where each reading is to be a \
         message, such as \"{OWN_TOPIC}\""
    ))
}

/// Makes messages of readings.
#[derive(Debug, Clone)]
pub struct Speech {
    topic: String,
    units: HashMap<PointId, Unit>,
    trails: Trails,
}

/// What goes out together: a device's readings of one moment, or one reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload, JSON.
    pub payload: Vec<u8>,
}

impl Speech {
    /// What a bridge says of a commune's points. Nothing of the hub's own: what it watches itself by is nobody else's concern.
    pub fn new(settings: &BridgeSettings, commune: &Commune, trails: Trails) -> Self {
        let is_named = |list: &Option<Vec<String>>, name: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| one == name))
        };
        let sites = commune.sites.iter().filter(|site| site.id.as_str() != own::SITE);
        let points = sites
            .filter(|site| is_named(&settings.sites, site.id.as_str()))
            .flat_map(|site| &site.devices)
            .flat_map(|device| &device.points)
            .filter(|point| is_named(&settings.quantities, point.quantity.code()))
            .filter(|point| is_named(&settings.points, point.id.as_str()));
        let points = points.filter(|_| !settings.is_of_messages());
        let units = points.map(|point| (point.id.clone(), point.unit)).collect();
        Self { topic: settings.topic.clone(), units, trails }
    }

    /// Whether it says the same of the same points.
    pub fn is_same(&self, other: &Self) -> bool {
        self.topic == other.topic && self.units == other.units
    }

    /// Whether readings of this point go out.
    pub fn wants(&self, point: &PointId) -> bool {
        self.units.contains_key(point)
    }

    /// The messages that say these readings, in their order. Of the same point and moment the last counts.
    pub fn messages(&self, readings: &[Reading]) -> Vec<Message> {
        let wanted = readings.iter().filter_map(|reading| Some((reading, *self.units.get(&reading.point)?)));
        if self.topic.contains("{point}") {
            return wanted.map(|(reading, unit)| self.single(reading, unit)).collect();
        }
        let mut places: HashMap<(DeviceId, Timestamp), usize> = HashMap::new();
        let mut parts: Vec<(DeviceId, Timestamp, Map<String, Value>)> = Vec::new();
        for (reading, _) in wanted {
            let (device, at) = (reading.point.device(), reading.measured_at);
            let place = *places.entry((device.clone(), at)).or_insert(parts.len());
            let name = reading.point.name();
            match parts.get_mut(place) {
                Some((_, _, m)) if m.len() < MAX_METRICS || m.contains_key(name) => {
                    m.insert(name.to_owned(), json!(reading.value));
                }
                _ => {
                    places.insert((device.clone(), at), parts.len());
                    parts.push((device, at, Map::from_iter([(name.to_owned(), json!(reading.value))])));
                }
            }
        }
        let message = |(device, at, m): (DeviceId, Timestamp, Map<String, Value>)| {
            let payload = json!({"ts": at.as_millis(), "m": m, "via": self.trails.onward(&device)});
            Message { topic: self.topic_of(&device, ""), payload: payload.to_string().into_bytes() }
        };
        parts.into_iter().map(message).collect()
    }

    fn single(&self, reading: &Reading, unit: Unit) -> Message {
        let device = reading.point.device();
        let payload = json!({
            "ts": reading.measured_at.as_millis(),
            "value": reading.value,
            "unit": unit.code(),
            "quality": reading.quality.code(),
            "via": self.trails.onward(&device),
        });
        Message {
            topic: self.topic_of(&device, reading.point.name()),
            payload: payload.to_string().into_bytes(),
        }
    }

    fn topic_of(&self, device: &DeviceId, point: &str) -> String {
        let topic = self.topic.replace("{site}", device.site().as_str()).replace("{device}", device.name());
        topic.replace("{point}", point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::{Device, LocalText, Quality, Quantity, Site, SiteId, SiteKind};

    fn reading(point: &str, at: i64, value: Option<f64>) -> Reading {
        Reading {
            point: PointId::parse(point).unwrap(),
            measured_at: Timestamp::from_millis(at),
            received_at: Timestamp::from_millis(at + 1),
            raw: value,
            value,
            quality: if value.is_some() { Quality::Good } else { Quality::Missing },
            reason: None,
        }
    }

    fn site(id: &str, points: &[&str]) -> Site {
        let (quantity, unit) = (Quantity::parse("level").unwrap(), Unit::parse("m").unwrap());
        let point = |id: &&str| hub_model::Point::plain(PointId::parse(id).unwrap(), quantity, unit);
        let points: Vec<_> = points.iter().map(point).collect();
        let device = Device {
            id: points[0].id.device(),
            name: LocalText::same("d"),
            adapter: "push".to_owned(),
            interval: None,
            line: None,
            points,
        };
        Site {
            id: SiteId::parse(id).unwrap(),
            kind: SiteKind::Other,
            name: LocalText::same("s"),
            location: None,
            devices: vec![device],
            rules: std::collections::BTreeMap::new(),
        }
    }

    fn settings_of(keys: &str) -> BridgeSettings {
        let mut problems = Problems::new();
        let text = format!("id = \"district\"\nbroker = \"mqtt://a\"\n{keys}");
        let mut table = Table::parse("hub.toml", &text, &mut problems).unwrap();
        settings(&mut table, &mut problems).unwrap()
    }

    fn speech(keys: &str) -> Speech {
        let settings = settings_of(keys);
        let commune = Commune {
            id: "tam-hop".to_owned(),
            name: LocalText::same("c"),
            timezone: "Asia/Ho_Chi_Minh".to_owned(),
            location: None,
            languages: Vec::new(),
            sites: vec![
                site("water", &["water/meter/level", "water/meter/rain"]),
                site("waste", &["waste/bin/fill"]),
                site("_hub", &["_hub/machine/disk"]),
            ],
        };
        Speech::new(&settings, &commune, Trails::of_hub("tam-hop"))
    }

    fn said(speech: &Speech, readings: &[Reading]) -> Vec<String> {
        let messages = speech.messages(readings).into_iter();
        messages.map(|one| format!("{} {}", one.topic, String::from_utf8(one.payload).unwrap())).collect()
    }

    #[test]
    fn a_devices_moment_is_one_message_and_its_last_state_counts() {
        let readings = [
            reading("water/meter/level", 1_000, Some(1.5)),
            reading("waste/bin/fill", 1_000, Some(40.0)),
            reading("water/meter/rain", 1_000, None),
            reading("_hub/machine/disk", 1_000, Some(1.0)),
            reading("water/meter/level", 2_000, Some(1.75)),
            reading("water/meter/level", 1_000, Some(1.25)),
        ];
        let expected = [
            r#"commune/v1/water/meter/telemetry {"m":{"level":1.25,"rain":null},"ts":1000,"via":["tam-hop"]}"#,
            r#"commune/v1/waste/bin/telemetry {"m":{"fill":40.0},"ts":1000,"via":["tam-hop"]}"#,
            r#"commune/v1/water/meter/telemetry {"m":{"level":1.75},"ts":2000,"via":["tam-hop"]}"#,
        ];
        assert_eq!(said(&speech(""), &readings), expected);
        assert_eq!(said(&speech("sites = [\"waste\"]"), &readings), expected[1..2]);
        let single = speech(
            "points = [\"water/meter/rain\", \"waste/bin/fill\"]\ntopic = \"xã/{site}/{device}/{point}\"",
        );
        let expected = [
            r#"xã/waste/bin/fill {"quality":"good","ts":1000,"unit":"m","value":40.0,"via":["tam-hop"]}"#,
            r#"xã/water/meter/rain {"quality":"missing","ts":1000,"unit":"m","value":null,"via":["tam-hop"]}"#,
        ];
        assert_eq!(said(&single, &readings), expected);
    }

    #[test]
    fn messages_go_out_under_the_communes_name_and_never_come_round() {
        let keys = "topics = [\"zigbee2mqtt/#\", \"đèn/+\"]";
        let settings = settings_of(keys);
        let onward = |topic: &str| settings.onward("tam-hop", topic);
        assert_eq!(onward("zigbee2mqtt/cửa/1").as_deref(), Some("tam-hop/zigbee2mqtt/cửa/1"));
        assert_eq!(onward("đèn/1").as_deref(), Some("tam-hop/đèn/1"));
        for topic in ["đèn/1/2", "other", "zigbee2mqtt/phu-tho/tam-hop/x"] {
            assert_eq!(onward(topic), None, "{topic}");
        }
        let level = [reading("water/meter/level", 1_000, Some(1.5))];
        assert!(said(&speech(keys), &level).is_empty(), "readings were not asked for");
        assert_eq!(said(&speech(&format!("{keys}\nsites = [\"water\"]")), &level).len(), 1);
    }

    #[test]
    fn a_device_of_many_points_is_cut_into_messages_that_every_broker_takes() {
        let ids: Vec<String> = (0..450).map(|n| format!("water/meter/p{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut speech = speech("");
        speech.units =
            ids.iter().map(|id| (PointId::parse(id).unwrap(), Unit::parse("m").unwrap())).collect();
        let readings: Vec<_> = ids.iter().map(|id| reading(id, 1, Some(0.5))).collect();
        assert_eq!(speech.messages(&readings).len(), 3);
    }
}
