//! MQTT 3.1.1 and 5 on the wire: packets from bytes, and bytes from packets.
//!
//! Pure: no socket, no session, no clock. Whatever the standard forbids is a [`Fault`] with the reason code that MQTT 5
//! gives it; nothing here panics, and nothing is allocated beyond the packet's own size. Next: `decode.rs`, `encode.rs`.

mod decode;
mod encode;
mod frame;
mod properties;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use decode::{connect, packet};
pub(crate) use encode::{
    Connack, Outgoing, ack, connack, disconnect, ping_response, publish, subscribe_answer, unsubscribe_answer,
};
pub(crate) use frame::{Front, front};

use std::sync::Arc;

use bytes::Bytes;

/// The protocol version that a client chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V3,
    V5,
}

/// Quality of service, in ascending order.
#[allow(clippy::enum_variant_names, reason = "the words of the standard")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Qos {
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}

impl Qos {
    pub(crate) fn from_bits(bits: u8) -> Option<Qos> {
        match bits {
            0 => Some(Qos::AtMostOnce),
            1 => Some(Qos::AtLeastOnce),
            2 => Some(Qos::ExactlyOnce),
            _ => None,
        }
    }
}

/// Reason codes of MQTT 5, as the standard numbers them.
pub(crate) mod reason {
    pub(crate) const SUCCESS: u8 = 0x00;
    pub(crate) const NO_SUBSCRIPTION_EXISTED: u8 = 0x11;
    pub(crate) const UNSPECIFIED: u8 = 0x80;
    pub(crate) const MALFORMED: u8 = 0x81;
    pub(crate) const PROTOCOL_ERROR: u8 = 0x82;
    pub(crate) const IMPLEMENTATION_SPECIFIC: u8 = 0x83;
    pub(crate) const UNSUPPORTED_VERSION: u8 = 0x84;
    pub(crate) const BAD_CREDENTIALS: u8 = 0x86;
    pub(crate) const NOT_AUTHORIZED: u8 = 0x87;
    pub(crate) const SERVER_BUSY: u8 = 0x89;
    pub(crate) const SERVER_SHUTTING_DOWN: u8 = 0x8B;
    pub(crate) const BAD_AUTHENTICATION_METHOD: u8 = 0x8C;
    pub(crate) const KEEP_ALIVE_TIMEOUT: u8 = 0x8D;
    pub(crate) const SESSION_TAKEN_OVER: u8 = 0x8E;
    pub(crate) const TOPIC_FILTER_INVALID: u8 = 0x8F;
    pub(crate) const TOPIC_NAME_INVALID: u8 = 0x90;
    pub(crate) const PACKET_ID_NOT_FOUND: u8 = 0x92;
    pub(crate) const RECEIVE_MAXIMUM_EXCEEDED: u8 = 0x93;
    pub(crate) const TOPIC_ALIAS_INVALID: u8 = 0x94;
    pub(crate) const PACKET_TOO_LARGE: u8 = 0x95;
    pub(crate) const QUOTA_EXCEEDED: u8 = 0x97;
    pub(crate) const ADMINISTRATIVE_ACTION: u8 = 0x98;
    pub(crate) const PAYLOAD_FORMAT_INVALID: u8 = 0x99;
    pub(crate) const CONNECTION_RATE_EXCEEDED: u8 = 0x9F;
}

/// What is wrong with a packet, and the reason code that MQTT 5 has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Fault {
    pub(crate) reason: u8,
    pub(crate) what: &'static str,
}

impl Fault {
    pub(crate) const fn malformed(what: &'static str) -> Fault {
        Fault { reason: reason::MALFORMED, what }
    }

    pub(crate) const fn protocol(what: &'static str) -> Fault {
        Fault { reason: reason::PROTOCOL_ERROR, what }
    }
}

/// What MQTT 5 carries beside a payload and the broker passes on as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) payload_is_text: Option<bool>,
    pub(crate) content_type: Option<Box<str>>,
    pub(crate) response_topic: Option<Box<str>>,
    pub(crate) correlation: Option<Bytes>,
    pub(crate) user: Vec<(Box<str>, Box<str>)>,
}

/// A PUBLISH of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publish {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    /// Empty only over MQTT 5, with an alias.
    pub(crate) topic: Arc<str>,
    /// Packet identifier; 0 for QoS 0.
    pub(crate) id: u16,
    pub(crate) alias: Option<u16>,
    pub(crate) expiry_s: Option<u32>,
    pub(crate) carried: Option<Box<Carried>>,
    pub(crate) payload: Bytes,
}

/// The will in a CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Will {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) delay_s: u32,
    pub(crate) expiry_s: Option<u32>,
    pub(crate) carried: Option<Box<Carried>>,
}

/// A CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) version: Version,
    pub(crate) clean_start: bool,
    pub(crate) keep_alive_s: u16,
    pub(crate) client_id: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Bytes>,
    pub(crate) will: Option<Will>,
    /// `None` when MQTT 5 did not say it; MQTT 3.1.1 cannot.
    pub(crate) session_expiry_s: Option<u32>,
    pub(crate) receive_max: u16,
    /// Largest packet that the client takes, in bytes.
    pub(crate) max_packet: u32,
    pub(crate) topic_alias_max: u16,
    /// It asks for an enhanced authentication, which is not spoken here.
    pub(crate) wants_authentication: bool,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) filter: String,
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) retain_handling: RetainHandling,
}

/// Which retained messages greet a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetainHandling {
    Always,
    IfNew,
    Never,
}

/// The four packets that acknowledge; the number is the packet's first byte.
#[allow(clippy::enum_variant_names, reason = "the words of the standard")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AckKind {
    PubAck = 0x40,
    PubRec = 0x50,
    PubRel = 0x62,
    PubComp = 0x70,
}

/// A packet of a client after its CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    Publish(Publish),
    Ack { kind: AckKind, id: u16, reason: u8 },
    Subscribe { id: u16, identifier: Option<u32>, filters: Vec<Wanted> },
    Unsubscribe { id: u16, filters: Vec<String> },
    Ping,
    Disconnect { reason: u8, session_expiry_s: Option<u32> },
}
