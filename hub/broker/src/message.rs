//! One message on its way through the broker, and what a subscriber is granted of it.
//!
//! Lives on the event thread only. Next: `core.rs`, which makes, settles and routes messages.

use std::num::NonZeroU32;

use ntex::util::{ByteString, Bytes};
use ntex_mqtt::QoS;
use ntex_mqtt::v5::codec::PublishProperties;
use tokio::time::Instant;

/// Number of a connection, never used twice in a broker's life.
pub(crate) type ConnId = u64;

/// A message as published.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: ByteString,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// Connection that published it, for MQTT 5's "no local".
    pub(crate) from: ConnId,
    /// What MQTT 5 clients are told beside the payload; empty when it came over MQTT 3.1.1.
    pub(crate) properties: PublishProperties,
    /// When MQTT 5's Message Expiry Interval is over.
    pub(crate) expires: Option<Instant>,
}

impl Message {
    /// Bytes that it keeps occupied, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }

    /// Whether it is no longer to be delivered.
    pub(crate) fn expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// The properties for a subscriber: what the publisher gave, the time that is left, the subscription's identifiers.
    pub(crate) fn properties_for(&self, identifiers: &[NonZeroU32], now: Instant) -> PublishProperties {
        let mut properties = self.properties.clone();
        properties.topic_alias = None;
        properties.subscription_ids = identifiers.to_vec();
        properties.message_expiry_interval = self.expires.map(|at| {
            let left_s = at.saturating_duration_since(now).as_secs().max(1);
            NonZeroU32::new(u32::try_from(left_s).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
        });
        properties
    }
}

/// What one connection is to get of one message, its matching subscriptions taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) conn: ConnId,
    /// Highest quality granted; the message's own may be lower.
    pub(crate) qos: QoS,
    /// Whether the retain flag is passed on as it was published.
    pub(crate) retain_as_published: bool,
    /// Subscription identifiers (MQTT 5).
    pub(crate) identifiers: Vec<NonZeroU32>,
}

/// The lower of two qualities; subscribers get at most QoS 1.
pub(crate) fn lower(one: QoS, other: QoS) -> QoS {
    if one == QoS::AtMostOnce || other == QoS::AtMostOnce { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}
