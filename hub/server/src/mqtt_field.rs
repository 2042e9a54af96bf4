//! The MQTT door for the API: what broker, door and connections tell in the API's words, and commands to devices.
//!
//! Decides nothing but the order of a command's steps. Read next: `hub_api::MqttField`, `door.rs`, `foreign.rs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adapters_mqtt::arrivals::{Fate, Sample};
use adapters_mqtt::client::{LinkHealth, LinkState};
use adapters_mqtt::{Question, command_topic, propose};
use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use bytes::Bytes;
use hub_api::{
    CommandAnswer, CommandRefused, LoginRefusals, MqttArrival, MqttDoor, MqttField, MqttLink, PayloadSample,
    Pending, PointProposal, UnknownTopic,
};
use hub_broker::{Teller, Telling};
use hub_model::{DeviceId, Timestamp, local};
use hub_store::{History, Store};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::adapters::Watch;
use crate::bridge::{self, BridgeHealth};

/// How long the broker may take to say whom it reached.
const REACHED_WITHIN: Duration = Duration::from_secs(1);

/// The running MQTT door, as the API sees it.
pub struct WatchedMqtt {
    /// The adapters.
    pub adapters: Watch,
    /// The bridges.
    pub bridges: bridge::Watch,
    /// What they carry from.
    pub store: Arc<Store>,
    /// Tells the time.
    pub clock: Clock,
}

impl MqttField for WatchedMqtt {
    fn door(&self) -> MqttDoor {
        let now = self.clock.now();
        let arrivals = &self.adapters.arrivals;
        let listening = self.adapters.foreign.health().into_iter().map(|health| link(health, now));
        let bridges = self.bridges.health(self.store.last_commit()).into_iter();
        let links = listening.chain(bridges.map(|health| bridged(health, now)));
        let refusals = arrivals.refusals().into_iter().map(|(login, one)| LoginRefusals {
            login,
            count: one.count,
            last: one.last,
            what: one.what,
            topic: one.topic,
        });
        MqttDoor {
            listens: self.adapters.mqtt.is_some(),
            figures: self.figures(),
            links: links.collect(),
            refusals: refusals.collect(),
            left_out: arrivals.left_out(),
        }
    }

    fn arrivals(&self, after: u64) -> Vec<MqttArrival> {
        let arrivals = self.adapters.arrivals.after(after).into_iter();
        let told = arrivals.map(|one| {
            let (fate, points, unknown_metrics, problem) = match one.fate {
                Fate::Fed { points, unknown_metrics } => ("fed", points, unknown_metrics, None),
                Fate::Nothing { unknown_metrics } => ("nothing", Vec::new(), unknown_metrics, None),
                Fate::Status => ("status", Vec::new(), 0, None),
                Fate::Copy => ("copy", Vec::new(), 0, None),
                Fate::Unknown => ("unknown", Vec::new(), 0, None),
                Fate::Unreadable(problem) => ("unreadable", Vec::new(), 0, Some(problem.code())),
            };
            MqttArrival {
                number: one.number,
                at: one.at,
                topic: one.topic,
                sample: sample(one.sample),
                from: one.from,
                fate,
                points,
                unknown_metrics,
                problem,
            }
        });
        told.collect()
    }

    fn unknown(&self) -> Vec<UnknownTopic> {
        let unknown = self.adapters.arrivals.unknown().into_iter();
        let told = unknown.map(|(topic, one)| UnknownTopic {
            topic,
            from: one.from,
            first: one.first,
            last: one.last,
            count: one.count,
            sample: sample(one.sample),
        });
        told.collect()
    }

    fn propose(&self, topic: &str, payload: &[u8]) -> Vec<PointProposal> {
        let proposals = propose(topic, payload).into_iter();
        let told = proposals.map(|one| PointProposal {
            path: one.path,
            value: one.value,
            quantity: one.quantity,
            toml: one.toml,
        });
        told.collect()
    }

    fn command(
        &self,
        device: &DeviceId,
        command: Value,
        patience: Duration,
    ) -> Pending<Result<CommandAnswer, CommandRefused>> {
        let asked = self.ask(device, &command, patience);
        Box::pin(async move {
            let (mut question, reached) = asked?;
            let elapsed_ms = stopwatch();
            reached.await?;
            match tokio::time::timeout(patience, question.answer()).await {
                Ok(Some(payload)) => Ok(CommandAnswer {
                    number: question.number,
                    payload,
                    took: Duration::from_millis(elapsed_ms()),
                }),
                Ok(None) => Err(CommandRefused::NoAnswer(local!("Máy chủ đang dừng.", "The hub stops."))),
                Err(_) => {
                    let seconds = patience.as_secs();
                    let why = local!(
                        "Đã gửi lệnh đến thiết bị nhưng chưa có trả lời trong {seconds} giây.",
                        "The device was told, and has not answered within {seconds} s."
                    );
                    Err(CommandRefused::NoAnswer(why))
                }
            }
        })
    }
}

/// Resolves once the command has gone out.
type Sent = Pending<Result<(), CommandRefused>>;

impl WatchedMqtt {
    fn figures(&self) -> Vec<(&'static str, u64)> {
        let mut figures = Vec::new();
        if let Some(reader) = &self.adapters.mqtt {
            let stats = reader.read();
            figures.extend([
                ("connections", stats.connections),
                ("in_flight", stats.in_flight),
                ("queued", stats.queued),
                ("retained", stats.retained),
                ("received", stats.received),
                ("committed", stats.committed),
                ("sent", stats.sent),
                ("refused", stats.refused),
                ("logins_refused", stats.logins_refused),
                ("malformed", stats.malformed),
                ("dropped", stats.dropped_slow + stats.dropped_away),
            ]);
        }
        let door = &self.adapters.door;
        let counts = [
            ("undecodable", &door.undecodable),
            ("unknown_metrics", &door.unknown_metrics),
            ("bad_times", &door.bad_times),
            ("copies", &door.copies),
            ("lost_uplinks", &door.lost_uplinks),
            ("lost_telemetry", &door.lost_telemetry),
            ("repeated_telemetry", &door.repeated_telemetry),
        ];
        figures.extend(counts.map(|(name, counter)| (name, counter.load(Ordering::Relaxed))));
        figures
    }

    /// Opens the question and sends the command. The question comes first: the answer may be faster than we are.
    fn ask(
        &self,
        device: &DeviceId,
        command: &Value,
        patience: Duration,
    ) -> Result<(Question, Sent), CommandRefused> {
        let adapters = &self.adapters;
        let foreign = adapters.foreign.commands(device);
        if foreign.is_none() && !adapters.speaks_own(device) {
            let why = local!(
                "Thiết bị này không nhận lệnh: chỉ thiết bị dùng chủ đề riêng của máy chủ qua MQTT mới nhận.",
                "It takes no commands: only devices that speak the hub's own topics over MQTT do."
            );
            return Err(CommandRefused::NotAllowed(why));
        }
        let start = self.clock.now().as_millis().unsigned_abs();
        let question = adapters.answers.ask(device, start).ok_or_else(busy)?;
        let payload = json!({"id": question.number, "response": question.topic, "command": command});
        let payload = Bytes::from(payload.to_string());
        let topic = command_topic(device);
        let sent: Sent = match (foreign, &adapters.teller) {
            (Some((way, health)), _) => {
                if !matches!(health.state, LinkState::Connected { .. }) {
                    let broker = &health.broker;
                    let why = local!(
                        "Không có kết nối đến máy chủ MQTT {broker} của thiết bị.",
                        "There is no connection to its broker {broker}."
                    );
                    return Err(CommandRefused::Offline(why));
                }
                way.try_send((topic, payload)).map_err(|_| busy())?;
                Box::pin(std::future::ready(Ok(())))
            }
            (None, Some(teller)) => tell(teller, topic, payload, &question, patience)?,
            (None, None) => {
                let why = local!("Cổng MQTT của máy chủ đang đóng.", "The MQTT door is closed.");
                return Err(CommandRefused::Offline(why));
            }
        };
        Ok((question, sent))
    }
}

fn tell(
    teller: &Teller,
    topic: String,
    payload: Bytes,
    question: &Question,
    patience: Duration,
) -> Result<Sent, CommandRefused> {
    let telling = Telling {
        topic: topic.clone(),
        payload,
        response_topic: Some(question.topic.clone()),
        correlation: Some(question.number.to_string().into()),
        // As long as we wait; a command that comes later does harm.
        expiry_s: u32::try_from(patience.as_secs()).unwrap_or(1).max(1),
    };
    let (sender, reached) = oneshot::channel();
    // Whoever asked may have gone.
    if !teller.tell(telling, move |count| sender.send(count).unwrap_or(())) {
        return Err(busy());
    }
    Ok(Box::pin(async move {
        match tokio::time::timeout(REACHED_WITHIN, reached).await {
            Ok(Ok(0)) => Err(CommandRefused::Offline(local!(
                "Thiết bị không kết nối, hoặc chưa đăng ký nhận {topic}. Chưa gửi gì.",
                "The device is not connected, or has not subscribed to {topic}. Nothing was sent."
            ))),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }))
}

fn busy() -> CommandRefused {
    CommandRefused::Offline(local!(
        "Đang có quá nhiều lệnh chờ; chưa gửi gì.",
        "Too many commands are under way; nothing was sent."
    ))
}

fn bridged(health: BridgeHealth, now: Timestamp) -> MqttLink {
    let trouble = health.trouble(now);
    let BridgeHealth { id, waiting, owed, waiting_since, messages, link: connection, .. } = health;
    MqttLink {
        bridge: Some(id),
        trouble,
        waiting: Some(waiting),
        owed: Some(owed),
        waiting_messages: messages.map(|waiting| waiting.messages),
        dropped_messages: messages.map(|waiting| waiting.dropped),
        waiting_since,
        ..link(connection, now)
    }
}

fn link(health: LinkHealth, now: Timestamp) -> MqttLink {
    let (connected_since, down_since) = match &health.state {
        LinkState::Connected { since } => (Some(*since), None),
        LinkState::Down { since, .. } => (None, Some(*since)),
        LinkState::Connecting => (None, None),
    };
    MqttLink {
        bridge: None,
        connected_since,
        down_since,
        trouble: health.trouble(now),
        silent_s: health.silent_for(now).map(|silent| silent.as_secs()),
        last_message: health.last_message,
        waiting: None,
        owed: None,
        waiting_messages: None,
        dropped_messages: None,
        waiting_since: None,
        last_error: health.last_error,
        broker: health.broker,
        client_id: health.client_id,
        refused: health.refused,
        messages: health.messages,
        connects: health.connects,
        sessions_lost: health.sessions_lost,
        devices: health.devices.into_iter().collect(),
    }
}

fn sample(sample: Sample) -> PayloadSample {
    PayloadSample { text: sample.text, is_hex: sample.is_hex, bytes: sample.bytes }
}
