//! What arrives over MQTT, and commands, as JSON.

use std::collections::BTreeMap;

use hub_model::LocalText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::local::Zone;
use crate::mqtt;

/// The MQTT door now. Counts are since the start.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MqttDoor {
    /// Whether the hub's own broker runs.
    pub listens: bool,
    /// Figures by name, such as `connections`, `received`, `lost_telemetry`.
    pub figures: BTreeMap<String, u64>,
    /// Connections to somebody else's brokers, and bridges.
    pub links: Vec<MqttLink>,
    /// What logins were refused, the latest first.
    pub refusals: Vec<LoginRefusals>,
    /// Messages that came too fast to be shown one by one.
    pub left_out: u64,
}

/// A connection that the hub makes to a broker.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MqttLink {
    /// The broker's address.
    pub broker: String,
    /// The name of the hub's session there.
    pub client_id: String,
    /// The bridge's id; null for a connection that messages come in over.
    pub bridge: Option<String>,
    /// Since when it stands.
    pub connected_since: Option<String>,
    /// Since when it does not.
    pub down_since: Option<String>,
    /// What is wrong, in English; null when all is well.
    pub trouble: Option<String>,
    /// When the last message went over it.
    pub last_message: Option<String>,
    /// Seconds without a message over a connection that stands, where that is longer than usual.
    pub silent_s: Option<u64>,
    /// Filters that the broker refuses.
    pub refused: Vec<String>,
    /// Messages that went over it.
    pub messages: u64,
    /// Connections made.
    pub connects: u64,
    /// Times that the broker had forgotten the session.
    pub sessions_lost: u64,
    /// Commits that have not gone out over a bridge; null for a connection that messages come in over.
    pub waiting: Option<u64>,
    /// Days of points that a bridge has still to catch up with.
    pub owed: Option<u64>,
    /// Messages that wait to go out as they are; null where none are sent on.
    pub waiting_messages: Option<u64>,
    /// Messages that had to make room for later ones since the hub's start; null where none are sent on.
    pub dropped_messages: Option<u64>,
    /// Since when the oldest of what waits for a bridge's broker waits, debts aside; null when nothing does.
    pub waiting_since: Option<String>,
    /// What it ran into last; stays once it is over.
    pub last_error: Option<LinkError>,
    /// The devices behind it and when each was heard of last.
    pub devices: Vec<LinkDevice>,
}

/// What a connection ran into.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LinkError {
    /// When.
    pub at: String,
    /// What, in English.
    pub why: String,
    /// The same in Vietnamese.
    pub why_vi: String,
}

/// A device behind somebody else's broker.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LinkDevice {
    /// Its full id.
    pub id: String,
    /// When it was heard of last.
    pub last_message: Option<String>,
}

/// What a login was refused.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LoginRefusals {
    /// The login, or the name that was tried.
    pub login: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: String,
    /// What last: `login` (wrong name or password), `login_not_allowed`, `login_too_often`, `no_room`, `publish`, `will` or
    /// `subscribe` (not allowed), `payload` (could not be read), `not_retained`, `malformed`, `too_large`, `slow` (took its
    /// messages too slowly), `queue_full`.
    pub what: String,
    /// The last topic or filter that was refused.
    pub topic: Option<String>,
}

/// The beginning of a payload. MAC addresses are masked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PayloadSample {
    /// Its text, or its bytes in hexadecimal digits; at most 2,048 characters' bytes.
    pub text: String,
    /// Whether it is the bytes.
    pub is_hex: bool,
    /// Bytes of the whole payload.
    pub bytes: usize,
}

/// Messages that came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MqttArrivals {
    /// The number to ask for the next ones with.
    pub last: u64,
    /// The messages, the oldest first.
    pub messages: Vec<MqttArrival>,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MqttArrival {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: String,
    /// Its topic; MAC addresses are masked.
    pub topic: String,
    /// Its payload.
    pub sample: PayloadSample,
    /// The login, or the broker that it came from.
    pub from: String,
    /// `fed` (its points are named), `status` (a device says that it is there), `nothing` (the topic is known, the message tells of
    /// no point), `copy` (it came before), `unknown` (no point is configured for the topic), `unreadable`.
    pub fate: String,
    /// The points that it fed, at most 20.
    pub points: Vec<String>,
    /// Numbers in it without a point.
    pub unknown_metrics: u64,
    /// Why it could not be read. It is no `json`, UTF-8 `text`, line of `collectd`, `senml` pack, `line` of line protocol,
    /// `netjson` document, though its topic wants that; or what the hub's own topics want: it has no `metrics`, its `via` is no
    /// list of hubs, its `status` is neither `online` nor `offline`.
    pub problem: Option<String>,
}

/// A topic that no point is configured for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnknownTopic {
    /// The topic; MAC addresses are masked.
    pub topic: String,
    /// Who sent to it last.
    pub from: String,
    /// When first.
    pub first: String,
    /// When last.
    pub last: String,
    /// How often.
    pub count: u64,
    /// The last payload.
    pub sample: PayloadSample,
}

/// A payload for which points are wanted.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRequest {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// The payload is written in hexadecimal digits.
    #[serde(default)]
    pub is_hex: bool,
}

/// How a point could be configured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PointProposal {
    /// Where in the payload; empty for the whole.
    pub path: String,
    /// What stands there.
    pub value: f64,
    /// What it may measure; null where its name does not tell.
    pub quantity: Option<String>,
    /// The point's configuration.
    pub toml: String,
}

/// A command for a device.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// What the device is told, in its own words: any JSON of at most 4 KiB.
    #[schema(value_type = Object)]
    pub command: Value,
    /// How long to wait for its answer, in seconds: 1 to 30, else 10.
    pub timeout_s: Option<u64>,
}

/// A device's answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CommandAnswer {
    /// The command's number, which the device was told as `id`.
    pub id: u64,
    /// What it answered, where that is JSON.
    #[schema(value_type = Object)]
    pub answer: Option<Value>,
    /// What it answered, where that is another text; at most 4 KiB.
    pub text: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl MqttDoor {
    pub(crate) fn of(door: mqtt::MqttDoor, zone: &Zone) -> Self {
        let mut refusals: Vec<_> = door.refusals;
        refusals.sort_by_key(|one| std::cmp::Reverse(one.last));
        Self {
            listens: door.listens,
            figures: door.figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect(),
            links: door.links.into_iter().map(|link| MqttLink::of(link, zone)).collect(),
            refusals: refusals
                .into_iter()
                .map(|one| LoginRefusals {
                    login: one.login,
                    count: one.count,
                    last: zone.print(one.last),
                    what: one.what,
                    topic: one.topic,
                })
                .collect(),
            left_out: door.left_out,
        }
    }
}

impl MqttLink {
    fn of(link: mqtt::MqttLink, zone: &Zone) -> Self {
        let text = |at: Option<hub_model::Timestamp>| at.map(|at| zone.print(at));
        Self {
            broker: link.broker,
            client_id: link.client_id,
            bridge: link.bridge,
            connected_since: text(link.connected_since),
            down_since: text(link.down_since),
            trouble: link.trouble,
            last_message: text(link.last_message),
            silent_s: link.silent_s,
            refused: link.refused,
            messages: link.messages,
            connects: link.connects,
            sessions_lost: link.sessions_lost,
            waiting: link.waiting,
            owed: link.owed,
            waiting_messages: link.waiting_messages,
            dropped_messages: link.dropped_messages,
            waiting_since: text(link.waiting_since),
            last_error: link.last_error.map(|(at, LocalText { vi, en })| LinkError {
                at: zone.print(at),
                why: en,
                why_vi: vi,
            }),
            devices: link
                .devices
                .into_iter()
                .map(|(id, last)| LinkDevice { id: id.to_string(), last_message: text(last) })
                .collect(),
        }
    }
}

impl From<mqtt::PayloadSample> for PayloadSample {
    fn from(sample: mqtt::PayloadSample) -> Self {
        Self { text: sample.text, is_hex: sample.is_hex, bytes: sample.bytes }
    }
}

impl MqttArrival {
    pub(crate) fn of(arrival: mqtt::MqttArrival, zone: &Zone) -> Self {
        Self {
            number: arrival.number,
            at: zone.print(arrival.at),
            topic: arrival.topic,
            sample: arrival.sample.into(),
            from: arrival.from,
            fate: arrival.fate.to_owned(),
            points: arrival.points.iter().map(ToString::to_string).collect(),
            unknown_metrics: arrival.unknown_metrics,
            problem: arrival.problem.map(str::to_owned),
        }
    }
}

impl UnknownTopic {
    pub(crate) fn of(topic: mqtt::UnknownTopic, zone: &Zone) -> Self {
        Self {
            topic: topic.topic,
            from: topic.from,
            first: zone.print(topic.first),
            last: zone.print(topic.last),
            count: topic.count,
            sample: topic.sample.into(),
        }
    }
}

impl From<mqtt::PointProposal> for PointProposal {
    fn from(one: mqtt::PointProposal) -> Self {
        Self { path: one.path, value: one.value, quantity: one.quantity.map(str::to_owned), toml: one.toml }
    }
}
