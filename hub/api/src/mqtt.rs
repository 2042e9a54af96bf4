//! The MQTT door as integrators see it: connections, what arrives, what is refused, and commands to devices.
//!
//! A port: the API knows no MQTT, the server fills it with what broker and adapter tell. Read next: `routes/mqtt.rs`.

use std::time::Duration;

use hub_model::{DeviceId, LocalText, PointId, Timestamp};

use crate::field::Pending;

/// What the MQTT door lets integrators see and do.
pub trait MqttField: Send + Sync {
    /// Everything but the messages; must not block.
    fn door(&self) -> MqttDoor;

    /// The messages after the one with this number, the oldest first; must not block.
    fn arrivals(&self, after: u64) -> Vec<MqttArrival>;

    /// Topics that no point is configured for; must not block.
    fn unknown(&self) -> Vec<UnknownTopic>;

    /// How points could be configured that read this payload; pure.
    fn propose(&self, topic: &str, payload: &[u8]) -> Vec<PointProposal>;

    /// Sends a command to a device and waits for its answer. Resolves within `patience` and a second.
    fn command(
        &self,
        device: &DeviceId,
        command: serde_json::Value,
        patience: Duration,
    ) -> Pending<Result<CommandAnswer, CommandRefused>>;
}

/// The door now. Counts are since the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MqttDoor {
    /// Whether the hub's own broker runs.
    pub listens: bool,
    /// Named figures: of the broker, and of what came through the door.
    pub figures: Vec<(&'static str, u64)>,
    /// Connections to somebody else's brokers, and bridges.
    pub links: Vec<MqttLink>,
    /// What logins were refused.
    pub refusals: Vec<LoginRefusals>,
    /// Messages that came too fast to be shown one by one.
    pub left_out: u64,
}

/// A connection that the hub makes.
#[derive(Debug, Clone, PartialEq)]
pub struct MqttLink {
    /// Where to; no password.
    pub broker: String,
    /// The name of the session there.
    pub client_id: String,
    /// The id of the bridge, for one that goes out.
    pub bridge: Option<String>,
    /// Since when it stands.
    pub connected_since: Option<Timestamp>,
    /// Since when it does not.
    pub down_since: Option<Timestamp>,
    /// What is wrong, in a sentence.
    pub trouble: Option<String>,
    /// When the last message went over it.
    pub last_message: Option<Timestamp>,
    /// How long nothing has come, where that is longer than usual.
    pub silent_s: Option<u64>,
    /// Filters that the broker refuses.
    pub refused: Vec<String>,
    /// Messages.
    pub messages: u64,
    /// Connections made.
    pub connects: u64,
    /// Times that the broker had forgotten the session.
    pub sessions_lost: u64,
    /// Commits that have not arrived, for a bridge.
    pub waiting: Option<u64>,
    /// Days of points that it has still to catch up with.
    pub owed: Option<u64>,
    /// Messages that wait to go out as they are, for a bridge that sends such.
    pub waiting_messages: Option<u64>,
    /// Messages that had to make room for later ones since the hub's start, for such a bridge.
    pub dropped_messages: Option<u64>,
    /// Since when the oldest of what waits does, for a bridge.
    pub waiting_since: Option<Timestamp>,
    /// When it failed last and why; stays once it is over.
    pub last_error: Option<(Timestamp, LocalText)>,
    /// The devices behind it, and when each was heard of last.
    pub devices: Vec<(DeviceId, Option<Timestamp>)>,
}

/// What a login was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginRefusals {
    /// The login; for a failed one the name that was tried.
    pub login: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
    /// What last, as the API's word for it.
    pub what: String,
    /// The last topic that was refused.
    pub topic: Option<String>,
}

/// The beginning of a payload, MAC addresses masked.
#[derive(Debug, Clone, PartialEq)]
pub struct PayloadSample {
    /// The text, or the bytes in hexadecimal digits.
    pub text: String,
    /// Which of the two.
    pub is_hex: bool,
    /// How many bytes the payload had.
    pub bytes: usize,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq)]
pub struct MqttArrival {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub sample: PayloadSample,
    /// The login, or the broker that it came from.
    pub from: String,
    /// What became of it: `fed`, `status`, `nothing`, `copy`, `unknown`, `unreadable`.
    pub fate: &'static str,
    /// The points that it fed.
    pub points: Vec<PointId>,
    /// Numbers in it without a point.
    pub unknown_metrics: u64,
    /// Why it could not be read, as the API's word for it.
    pub problem: Option<&'static str>,
}

/// A topic without a point.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownTopic {
    /// The topic.
    pub topic: String,
    /// Who sent to it last.
    pub from: String,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// The last payload.
    pub sample: PayloadSample,
}

/// How a point could be configured.
#[derive(Debug, Clone, PartialEq)]
pub struct PointProposal {
    /// Where in the payload; empty for the whole.
    pub path: String,
    /// What stands there.
    pub value: f64,
    /// What it may measure.
    pub quantity: Option<&'static str>,
    /// The configuration.
    pub toml: String,
}

/// A device's answer to a command.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandAnswer {
    /// Its number, as the device was told.
    pub number: u64,
    /// The payload.
    pub payload: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

/// Why a command was not done, or is not known to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandRefused {
    /// Nothing was sent: the device is not one for commands.
    NotAllowed(LocalText),
    /// Nothing was sent: the device is not there, or too much is under way.
    Offline(LocalText),
    /// It was sent, and nobody answered in time.
    NoAnswer(LocalText),
}
