//! Real clients of both protocol versions (rumqttc), with what they hear put into one form.
//!
//! It never reconnects: the first error is the end. Next: `mod.rs`.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::v5;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{BOUND, PASSWORD};

/// Protocol version of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V3,
    V5,
}

pub const BOTH: [Version; 2] = [Version::V3, Version::V5];

/// What a client heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Connected { session_present: bool },
    Acknowledged { id: u16, reason: String },
    Subscribed(Vec<String>),
    Message { topic: String, payload: String, qos: u8, retain: bool },
    Other(String),
    Ended(String),
}

/// How a client connects.
#[derive(Clone)]
pub struct Asked {
    pub version: Version,
    pub client_id: String,
    pub username: String,
    pub password: String,
    /// Topic, payload, retain.
    pub will: Option<(String, String, bool)>,
    pub keep_alive: Duration,
}

pub struct Peer {
    client: Client,
    heard: mpsc::UnboundedReceiver<Heard>,
    before: Vec<Heard>,
    task: JoinHandle<()>,
}

enum Client {
    V3(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

impl Asked {
    pub fn new(version: Version, username: &str, client_id: &str) -> Asked {
        Asked {
            version,
            client_id: client_id.into(),
            username: username.into(),
            password: PASSWORD.into(),
            will: None,
            keep_alive: Duration::from_secs(60),
        }
    }

    pub fn will(mut self, topic: &str, payload: &str, retain: bool) -> Asked {
        self.will = Some((topic.into(), payload.into(), retain));
        self
    }

    /// Starts to connect; the outcome is the first thing heard.
    pub fn start(self, address: SocketAddr) -> Peer {
        let (tell, heard) = mpsc::unbounded_channel();
        let host = address.ip().to_string();
        let (client, task) = match self.version {
            Version::V3 => {
                let mut options = rumqttc::MqttOptions::new(self.client_id, host, address.port());
                options.set_credentials(self.username, self.password).set_keep_alive(self.keep_alive);
                options.set_inflight(2_000).set_max_packet_size(1 << 20, 1 << 20);
                if let Some((topic, payload, retain)) = self.will {
                    let qos = rumqttc::QoS::AtLeastOnce;
                    options.set_last_will(rumqttc::LastWill::new(topic, payload, qos, retain));
                }
                let (client, mut events) = rumqttc::AsyncClient::new(options, 2_000);
                let task = tokio::spawn(async move {
                    loop {
                        let heard = match events.poll().await {
                            Ok(rumqttc::Event::Incoming(packet)) => from_v3(packet),
                            Ok(rumqttc::Event::Outgoing(_)) => continue,
                            Err(error) => Heard::Ended(error.to_string()),
                        };
                        let ended = matches!(heard, Heard::Ended(_));
                        if tell.send(heard).is_err() || ended {
                            return;
                        }
                    }
                });
                (Client::V3(client), task)
            }
            Version::V5 => {
                let mut options = v5::MqttOptions::new(self.client_id, host, address.port());
                options.set_credentials(self.username, self.password).set_keep_alive(self.keep_alive);
                options.set_outgoing_inflight_upper_limit(2_000);
                if let Some((topic, payload, retain)) = self.will {
                    let qos = v5::mqttbytes::QoS::AtLeastOnce;
                    options
                        .set_last_will(v5::mqttbytes::v5::LastWill::new(topic, payload, qos, retain, None));
                }
                let (client, mut events) = v5::AsyncClient::new(options, 2_000);
                let task = tokio::spawn(async move {
                    loop {
                        let heard = match events.poll().await {
                            Ok(v5::Event::Incoming(packet)) => from_v5(packet),
                            Ok(v5::Event::Outgoing(_)) => continue,
                            Err(error) => Heard::Ended(format!("{error:?}")),
                        };
                        let ended = matches!(heard, Heard::Ended(_));
                        if tell.send(heard).is_err() || ended {
                            return;
                        }
                    }
                });
                (Client::V5(client), task)
            }
        };
        Peer { client, heard, before: Vec::new(), task }
    }

    /// Connects and waits for a good CONNACK.
    pub async fn connect(self, address: SocketAddr) -> Peer {
        let mut peer = self.start(address);
        let heard = peer.next("a CONNACK").await;
        assert_eq!(heard, Heard::Connected { session_present: false });
        peer
    }
}

impl Peer {
    /// The next thing heard.
    pub async fn next(&mut self, what: &str) -> Heard {
        match tokio::time::timeout(BOUND, self.heard.recv()).await {
            Ok(Some(heard)) => {
                self.before.push(heard.clone());
                heard
            }
            Ok(None) => panic!("waited for {what}, but the client is over; heard before: {:?}", self.before),
            Err(_) => panic!("waited for {what}; heard before: {:?}", self.before),
        }
    }

    /// The next thing heard that `wanted` accepts; others are passed over.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Heard) -> bool) -> Heard {
        loop {
            let heard = self.next(what).await;
            if wanted(&heard) {
                return heard;
            }
        }
    }

    /// The next message, as (topic, payload, qos, retain).
    pub async fn message(&mut self) -> (String, String, u8, bool) {
        match self.until("a message", |heard| matches!(heard, Heard::Message { .. })).await {
            Heard::Message { topic, payload, qos, retain } => (topic, payload, qos, retain),
            other => panic!("no message: {other:?}"),
        }
    }

    /// The reason of the next PUBACK.
    pub async fn acknowledged(&mut self) -> String {
        match self.until("a PUBACK", |heard| matches!(heard, Heard::Acknowledged { .. })).await {
            Heard::Acknowledged { reason, .. } => reason,
            other => panic!("no PUBACK: {other:?}"),
        }
    }

    /// What the end of the connection looked like.
    pub async fn ended(&mut self) -> String {
        match self.until("the end", |heard| matches!(heard, Heard::Ended(_))).await {
            Heard::Ended(text) => text,
            other => panic!("no end: {other:?}"),
        }
    }

    /// Everything heard up to now, without waiting.
    pub fn so_far(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        while let Ok(heard) = self.heard.try_recv() {
            all.push(heard);
        }
        all
    }

    pub async fn publish(&self, topic: &str, qos: u8, retain: bool, payload: &str) {
        match &self.client {
            Client::V3(client) => {
                let qos = rumqttc::qos(qos).unwrap();
                client.publish(topic, qos, retain, payload).await.unwrap();
            }
            Client::V5(client) => {
                let qos = v5::mqttbytes::qos(qos).unwrap();
                client.publish(topic, qos, retain, payload.to_owned()).await.unwrap();
            }
        }
    }

    /// Subscribes and waits for the SUBACK's answer to this filter.
    pub async fn subscribe(&mut self, filter: &str, qos: u8) -> String {
        match &self.client {
            Client::V3(client) => client.subscribe(filter, rumqttc::qos(qos).unwrap()).await.unwrap(),
            Client::V5(client) => client.subscribe(filter, v5::mqttbytes::qos(qos).unwrap()).await.unwrap(),
        }
        match self.until("a SUBACK", |heard| matches!(heard, Heard::Subscribed(_))).await {
            Heard::Subscribed(answers) => answers[0].clone(),
            other => panic!("no SUBACK: {other:?}"),
        }
    }

    /// Says goodbye.
    pub async fn disconnect(&self) {
        match &self.client {
            Client::V3(client) => client.disconnect().await.unwrap(),
            Client::V5(client) => client.disconnect().await.unwrap(),
        }
    }

    /// Lets the socket fall, without a word.
    pub fn vanish(self) {
        self.task.abort();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn from_v3(packet: rumqttc::Packet) -> Heard {
    use rumqttc::Packet;
    match packet {
        Packet::ConnAck(ack) => Heard::Connected { session_present: ack.session_present },
        Packet::PubAck(ack) => Heard::Acknowledged { id: ack.pkid, reason: "Success".into() },
        Packet::PubComp(ack) => Heard::Acknowledged { id: ack.pkid, reason: "Complete".into() },
        Packet::SubAck(ack) => {
            Heard::Subscribed(ack.return_codes.iter().map(|code| format!("{code:?}")).collect())
        }
        Packet::Publish(message) => Heard::Message {
            topic: message.topic,
            payload: text(&message.payload),
            qos: message.qos as u8,
            retain: message.retain,
        },
        other => Heard::Other(format!("{other:?}")),
    }
}

fn from_v5(packet: v5::mqttbytes::v5::Packet) -> Heard {
    use v5::mqttbytes::v5::Packet;
    match packet {
        Packet::ConnAck(ack) => Heard::Connected { session_present: ack.session_present },
        Packet::PubAck(ack) => Heard::Acknowledged { id: ack.pkid, reason: format!("{:?}", ack.reason) },
        Packet::SubAck(ack) => {
            Heard::Subscribed(ack.return_codes.iter().map(|code| format!("{code:?}")).collect())
        }
        Packet::Publish(message) => Heard::Message {
            topic: text(&message.topic),
            payload: text(&message.payload),
            qos: message.qos as u8,
            retain: message.retain,
        },
        other => Heard::Other(format!("{other:?}")),
    }
}
