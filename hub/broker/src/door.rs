//! What the broker asks of its owner: who may log in, and where published messages go.
//!
//! It knows no sensor and no store. Next: `done.rs`, the owner's answer to one message.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::done::Done;
use crate::filter::Filter;

/// The owner's side. Called from the broker's own threads.
pub trait Door: Send + Sync + 'static {
    /// Decides on a login. It may be slow (password hashing): it runs on a thread of its own, a few at once.
    ///
    /// # Errors
    /// The reason for which the client is turned away.
    fn login(&self, attempt: &ConnectAttempt) -> Result<Login, Refusal>;

    /// Hands a message over, in the order in which its connection sent it. `done` is to be called once, from any
    /// thread, after what the message says is on disk (or at once when it concerns nobody). Only then is the message
    /// acknowledged, routed and retained.
    ///
    /// It runs on the event thread and must not block: keep `done`, return, call it later. What is kept is bounded,
    /// because a connection is read only while fewer than [`Settings::in_flight`](crate::Settings::in_flight) of its
    /// messages are open.
    fn publish(&self, message: Published, done: Done);

    /// Tells of something turned away, to be counted and logged. It runs on the event thread and must not block.
    fn refused(&self, event: Refused);
}

/// What a client says of itself when it connects.
#[derive(Clone)]
pub struct ConnectAttempt {
    /// Client identifier; never empty (a client without one is given one).
    pub client_id: String,
    /// User name, if given.
    pub username: Option<String>,
    /// Password, if given. Never written to a log: this type's `Debug` leaves it out.
    pub password: Option<Bytes>,
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// The certificate that it proved to own, in DER, where TLS asks for one.
    pub certificate: Option<Bytes>,
}

impl std::fmt::Debug for ConnectAttempt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConnectAttempt")
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What a client may do once it is let in. Whatever no filter allows is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// Name of the login, repeated in every [`Published`] message.
    pub name: String,
    /// Topics that it may publish to.
    pub publish: Vec<Filter>,
    /// Filters inside which it may subscribe.
    pub subscribe: Vec<Filter>,
    /// Filters that it may not subscribe to although they lie inside one of `subscribe`; it is not told why (0x80).
    pub withheld: Vec<Filter>,
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Unknown name or wrong password (the client is not told which): 4 in MQTT 3.1.1, 0x86 in MQTT 5.
    BadCredentials,
    /// Known, but not allowed to connect: 5 or 0x87.
    NotAuthorized,
    /// Too many failures from there lately: 5 or 0x9F.
    TooManyTries,
}

/// A message that a client published, or its last will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Name of the login that sent it.
    pub login: Arc<str>,
    /// Client identifier of the connection.
    pub client_id: Arc<str>,
    /// Topic name: never empty, without wildcards, at most [`MAX_LEVELS`](crate::MAX_LEVELS) levels.
    pub topic: Arc<str>,
    /// The payload as it came, at most [`Settings::max_packet_bytes`](crate::Settings::max_packet_bytes).
    pub payload: Bytes,
    /// Quality of service with which it was sent: 0, 1 or 2.
    pub qos: u8,
    /// Whether the broker is to retain it (an empty payload deletes).
    pub retain: bool,
    /// When it came in, in milliseconds since 1970. A QoS 2 message that a client has to send again because the broker
    /// was killed between the owner's commit and its acknowledgement comes with its first time once more: an owner that
    /// keeps one value per thing and time so takes it in exactly once.
    pub received_at_ms: i64,
}

/// Why the owner turns a message down; it is then neither routed nor retained. MQTT 5 tells the client the code, MQTT
/// 3.1.1 has no way to say it and acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// 0x87: this client may not say that.
    NotAuthorized,
    /// 0x90: no such topic here.
    TopicInvalid,
    /// 0x99: the payload is not of the kind expected.
    PayloadInvalid,
    /// 0x97: too much.
    QuotaExceeded,
    /// 0x83: another reason.
    Other,
}

/// Something that was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it came from.
    pub address: SocketAddr,
    /// Client identifier, once known.
    pub client_id: Option<Arc<str>>,
    /// Name of the login; for a login that failed, the user name that was tried.
    pub login: Option<Arc<str>>,
    /// What it was.
    pub what: RefusedWhat,
}

/// What was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedWhat {
    /// A login.
    Login(Refusal),
    /// A connection, because [`Settings::max_connections`](crate::Settings::max_connections) is reached or the broker stops.
    Connection,
    /// A publish to a topic that the login may not use; the message is dropped.
    Publish {
        /// The topic asked for.
        topic: String,
    },
    /// A last will on a topic that the login may not use; it is dropped.
    Will {
        /// The will's topic.
        topic: String,
    },
    /// A subscription that is not wholly inside the login's filters, is malformed, or is one too many.
    Subscribe {
        /// The filter asked for.
        filter: String,
    },
    /// A message that the owner turned down.
    Message {
        /// Its topic.
        topic: String,
        /// The owner's reason.
        reason: Rejection,
    },
    /// A retained message for which there was no room; it was routed.
    Retained {
        /// Its topic.
        topic: String,
    },
    /// A packet that breaks MQTT's rules; the connection is closed.
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// A packet larger than [`Settings::max_packet_bytes`](crate::Settings::max_packet_bytes); the connection is closed.
    TooLarge {
        /// Its size, in bytes.
        bytes: u32,
    },
    /// A subscriber that did not keep up with its QoS 1 or 2 messages; it was disconnected.
    SlowSubscriber,
    /// A message for a client that is away, and for which too many wait already; it was dropped.
    QueueFull {
        /// Its topic.
        topic: String,
    },
}
