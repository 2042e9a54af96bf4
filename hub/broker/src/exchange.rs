//! What both protocol versions do with a publish and a subscription once the packet is taken apart.
//!
//! It checks topics and the login's filters, and leaves the rest to `core.rs`. It speaks no packet.

use std::future::pending;
use std::num::NonZeroU32;

use ntex::channel::oneshot;
use ntex::util::{ByteString, Bytes};
use ntex_mqtt::error::ProtocolError;
use ntex_mqtt::v5::codec::PublishProperties;
use ntex_mqtt::{QoS, Reason};
use tokio::time::Instant;

use crate::conn::Seat;
use crate::done::Verdict;
use crate::door::{RefusedWhat, Rejection};
use crate::filter::{Filter, TopicName, judge_topic};
use crate::message::Message;
use crate::tree::Options;

/// What ends a connection from inside a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The owner gave no answer to a message.
    #[error("a message was left without an answer")]
    Unanswered,
    /// A topic name that MQTT forbids.
    #[error("forbidden topic name")]
    ForbiddenTopic,
    /// A SUBSCRIBE or UNSUBSCRIBE without any filter.
    #[error("no topic filter")]
    NoFilter,
    /// A payload that could not be read.
    #[error("unreadable payload")]
    Unreadable,
}

/// Makes a message from the parts of a publish or a will. The texts are copied out of the read buffer, which would
/// otherwise stay in memory as long as the message does.
pub(crate) fn message(
    topic: &str,
    payload: &[u8],
    qos: QoS,
    retain: bool,
    properties: PublishProperties,
) -> Message {
    let expires = properties
        .message_expiry_interval
        .map(|seconds| Instant::now() + std::time::Duration::from_secs(seconds.get().into()));
    Message {
        topic: ByteString::from(topic),
        payload: Bytes::copy_from_slice(payload),
        qos,
        retain,
        from: 0,
        properties,
        expires,
    }
}

/// Takes a publish in and waits for the owner's verdict: `None` is committed (or, for the sender, as good as).
/// `payload` still has the guard's ticket over it; `message` makes the message from the true one.
pub(crate) async fn publish(
    seat: &Seat,
    payload: &[u8],
    message: impl FnOnce(&[u8]) -> Message,
) -> Result<Option<Rejection>, Fault> {
    let (core, conn) = (&seat.core, &seat.conn);
    let (ticket, payload) = conn.arrivals.restore(payload).ok_or(Fault::Unreadable)?;
    let message = Message { from: conn.id, ..message(&payload) };
    if let Some(rejection) = check(seat, &message)? {
        return Ok(Some(rejection));
    }
    if core.stopping.get() {
        // Neither taken nor acknowledged: the connection is closed as soon as what was taken before is settled.
        pending::<()>().await;
    }
    let _owed = core.owe();
    let (waiter, verdict) = oneshot::channel();
    let handing_over = (core.clone(), conn.clone());
    conn.arrivals.in_turn(ticket, move || {
        let (core, conn) = handing_over;
        core.hand_over(&conn, message, payload, waiter);
    });
    match verdict.await {
        Ok(Verdict::Committed) => Ok(None),
        Ok(Verdict::Rejected(reason)) => Ok(Some(reason)),
        Ok(Verdict::Abandoned) | Err(_) => Err(Fault::Unanswered),
    }
}

fn check(seat: &Seat, message: &Message) -> Result<Option<Rejection>, Fault> {
    let topic = || message.topic.to_string();
    let (what, rejection) = match judge_topic(&message.topic) {
        TopicName::Forbidden => return Err(Fault::ForbiddenTopic),
        TopicName::TooDeep => {
            let reason = Rejection::TopicInvalid;
            (RefusedWhat::Message { topic: topic(), reason }, reason)
        }
        TopicName::Valid if seat.conn.may_publish(&message.topic) => return Ok(None),
        TopicName::Valid => (RefusedWhat::Publish { topic: topic() }, Rejection::NotAuthorized),
    };
    seat.core.refused(seat.conn.about(what));
    Ok(Some(rejection))
}

/// Why a subscription is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    NotAuthorized,
    Invalid,
    TooMany,
    Shared,
}

/// A subscription that was granted.
pub(crate) struct Granted {
    pub(crate) filter: Filter,
    pub(crate) options: Options,
    /// It did not exist before.
    pub(crate) is_new: bool,
}

/// Judges one filter of a SUBSCRIBE and subscribes it.
pub(crate) fn subscribe(seat: &Seat, text: &str, options: Options) -> Result<Granted, Denied> {
    let granted = try_subscribe(seat, text, options);
    if granted.is_err() {
        seat.core.refused(seat.conn.about(RefusedWhat::Subscribe { filter: text.to_owned() }));
    }
    granted
}

fn try_subscribe(seat: &Seat, text: &str, options: Options) -> Result<Granted, Denied> {
    let conn = &seat.conn;
    if text.starts_with("$share/") {
        return Err(Denied::Shared);
    }
    let filter = Filter::parse(text).map_err(|_| Denied::Invalid)?;
    if !conn.may_subscribe(&filter) {
        return Err(Denied::NotAuthorized);
    }
    let known = conn.subscriptions.borrow().contains_key(text);
    if !known && conn.subscriptions.borrow().len() >= seat.core.settings.max_subscriptions {
        return Err(Denied::TooMany);
    }
    let is_new = seat.core.subscribe(conn, &filter, options);
    Ok(Granted { filter, options, is_new })
}

/// The options of a plain subscription: at most QoS 1, as that is what subscribers get.
pub(crate) fn options(qos: QoS, identifier: Option<NonZeroU32>) -> Options {
    let qos = if qos == QoS::AtMostOnce { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    Options { qos, no_local: false, retain_as_published: false, identifier }
}

/// Reports why a connection ended, where it was the client's doing, and ends its session.
pub(crate) fn ended(seat: &Seat, reason: &Reason<Fault>) {
    let client_id = &seat.conn.client_id;
    match reason {
        Reason::Error(error) => match error.get_ref() {
            Fault::Unanswered => {
                tracing::warn!(%client_id, "a message was left without an answer; its connection is closed");
            }
            fault => malformed(seat, fault.to_string()),
        },
        Reason::Protocol(error) => match error.get_ref() {
            ProtocolError::KeepAliveTimeout => tracing::info!(%client_id, "MQTT client fell silent"),
            ProtocolError::Decode(ntex_mqtt::error::DecodeError::MaxSizeExceeded { size, .. }) => {
                seat.core.refused(seat.conn.about(RefusedWhat::TooLarge { bytes: *size }));
            }
            error => malformed(seat, error.to_string()),
        },
        Reason::PeerGone(_) => {}
    }
    seat.core.leave(&seat.conn);
}

/// Reports a packet that breaks the rules.
pub(crate) fn malformed(seat: &Seat, detail: String) {
    seat.core.refused(seat.conn.about(RefusedWhat::Malformed { detail }));
}
