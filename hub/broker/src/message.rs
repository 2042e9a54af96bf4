//! One message on its way through the broker, and what a subscriber is granted of it.
//!
//! It holds data only; `core.rs` makes, settles and routes messages. Next: `outbox.rs`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::codec::{Carried, Qos};

/// Number of a session, never used twice, not even after a restart when sessions are kept on disk.
pub(crate) type SessionId = u64;

/// Bytes that a message takes beside its texts, roughly.
const OVERHEAD_BYTES: usize = 64;

/// A message as published.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    /// Session that published it, for MQTT 5's "no local"; 0 for the broker itself.
    pub(crate) from: SessionId,
    /// What MQTT 5 clients are told beside the payload.
    pub(crate) carried: Option<Box<Carried>>,
    /// When MQTT 5's Message Expiry Interval is over.
    pub(crate) expires: Option<Instant>,
}

impl Message {
    /// Bytes that it keeps occupied, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        OVERHEAD_BYTES + self.topic.len() + self.payload.len()
    }

    /// Whether it is no longer to be delivered.
    pub(crate) fn expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// Seconds that it may still wait; at least one.
    pub(crate) fn left_s(&self, now: Instant) -> Option<u32> {
        let left = self.expires?.saturating_duration_since(now).as_secs_f64().ceil() as u32;
        Some(left.max(1))
    }
}

/// The moment at which an interval that MQTT counts in seconds is over.
pub(crate) fn expiry(seconds: Option<u32>, now: Instant) -> Option<Instant> {
    now.checked_add(Duration::from_secs(seconds?.into()))
}

/// What one session is to get of one message, its matching subscriptions taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The session, or a group that shares a subscription (see `shares.rs`).
    pub(crate) to: SessionId,
    /// Highest quality granted; the message's own may be lower.
    pub(crate) qos: Qos,
    /// Whether the retain flag is passed on as it was published.
    pub(crate) retain_as_published: bool,
    /// Subscription identifiers (MQTT 5).
    pub(crate) identifiers: Vec<u32>,
}
