//! What each packet of a client means once it is taken apart.
//!
//! It judges topics, filters and packet identifiers, and leaves the rest to `core.rs`. Next: `serve.rs`, which reads them.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use crate::codec::{self, AckKind, Fault, Packet, Publish, Qos, RetainHandling, Version, Wanted, reason};
use crate::conn::Conn;
use crate::core::Core;
use crate::door::{RefusedWhat, Rejection};
use crate::filter::{TopicName, judge_topic};
use crate::handing::{Open, Publisher, code_of};
use crate::keep::{KeptOptions, Op};
use crate::message::{Message, expiry};
use crate::session::{Permission, Received, Target};
use crate::tree::Options;

/// What comes after a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Go,
    /// The client said goodbye.
    Leave,
}

/// Handles one packet.
pub(crate) fn handle(core: &Rc<Core>, conn: &Rc<Conn>, packet: Packet, bytes: usize) -> Result<Next, Fault> {
    match packet {
        Packet::Publish(publish) => take_publish(core, conn, publish, bytes)?,
        Packet::Ack { kind: AckKind::PubRel, id, .. } => release(core, conn, id)?,
        Packet::Ack { kind, id, reason } => acknowledge(core, conn, kind, id, reason),
        Packet::Subscribe { id, identifier, filters } => subscribe(core, conn, id, identifier, filters),
        Packet::Unsubscribe { id, filters } => unsubscribe(core, conn, id, filters),
        Packet::Ping => conn.write(codec::ping_response),
        Packet::Disconnect { reason: code, session_expiry_s } => {
            disconnect(core, conn, code, session_expiry_s)?;
            return Ok(Next::Leave);
        }
    }
    Ok(Next::Go)
}

fn take_publish(core: &Rc<Core>, conn: &Rc<Conn>, publish: Publish, bytes: usize) -> Result<(), Fault> {
    let topic = topic(core, conn, &publish)?;
    let session = &conn.session;
    let mut at_ms = (core.settings.now_ms)();
    if publish.qos == Qos::ExactlyOnce {
        let mut received = session.received.borrow_mut();
        let is_full = received.len() >= usize::from(core.settings.in_flight.max(1));
        match received.get_mut(&publish.id) {
            Some(Received::Done) => {
                let place = conn.owe(publish.id, publish.qos);
                conn.answer(core, place, 0, reason::SUCCESS);
                return Ok(());
            }
            Some(Received::Handed { again, .. }) => {
                *again = Some((conn.clone(), conn.owe(publish.id, publish.qos)));
                return Ok(());
            }
            Some(Received::Begun { at_ms: first }) => at_ms = *first,
            None if is_full => {
                return Err(Fault {
                    reason: reason::RECEIVE_MAXIMUM_EXCEEDED,
                    what: "more QoS 2 messages than Receive Maximum",
                });
            }
            None => {}
        }
    }
    if let Some((rejection, what)) = refusal(conn, &topic) {
        core.refused(conn.about(what));
        if publish.qos != Qos::AtMostOnce {
            let code = if conn.version == Version::V5 { code_of(rejection) } else { reason::SUCCESS };
            let place = conn.owe(publish.id, publish.qos);
            conn.answer(core, place, 0, code);
        }
        return Ok(());
    }
    if core.stopping.get() {
        // Neither taken nor acknowledged: the connection is closed as soon as what was taken before is settled.
        return Ok(());
    }
    let message = Message {
        topic,
        payload: publish.payload,
        qos: publish.qos,
        retain: publish.retain,
        from: session.id,
        carried: publish.carried,
        expires: expiry(publish.expiry_s, Instant::now()),
    };
    let place = (publish.qos != Qos::AtMostOnce).then(|| conn.owe(publish.id, publish.qos));
    let mut after = 0;
    if publish.qos == Qos::ExactlyOnce {
        session.received.borrow_mut().insert(publish.id, Received::Handed { again: None });
        if session.persists() {
            let packet_id = publish.id;
            after = core.keep.put(Op::Received { session: session.id, packet_id, at_ms, done: false });
        }
    }
    core.take_room(conn, bytes);
    let publisher = Some(Publisher { conn: conn.clone(), place, bytes });
    let open = Open { message, session: session.clone(), at_ms, packet_id: publish.id, publisher };
    // What came before it goes first, and that may wait until it is on disk that it came.
    if after > core.keep.durable() || !conn.held.borrow().is_empty() {
        conn.held.borrow_mut().push_back((after, open));
        core.await_disk(conn);
    } else {
        core.hand_over(open);
    }
    Ok(())
}

/// The topic of a publish, its alias looked up.
fn topic(core: &Core, conn: &Conn, publish: &Publish) -> Result<Arc<str>, Fault> {
    let Some(alias) = publish.alias else { return Ok(publish.topic.clone()) };
    if alias > core.settings.topic_aliases {
        return Err(Fault { reason: reason::TOPIC_ALIAS_INVALID, what: "a topic alias above the maximum" });
    }
    if publish.topic.is_empty() {
        return conn.alias_in(alias).ok_or(Fault::protocol("a topic alias that stands for nothing"));
    }
    conn.set_alias_in(alias, &publish.topic);
    Ok(publish.topic.clone())
}

fn refusal(conn: &Conn, topic: &str) -> Option<(Rejection, RefusedWhat)> {
    let text = || topic.to_owned();
    match judge_topic(topic) {
        // The codec lets no forbidden name through.
        TopicName::TooDeep | TopicName::Forbidden => {
            let reason = Rejection::TopicInvalid;
            Some((reason, RefusedWhat::Message { topic: text(), reason }))
        }
        TopicName::Valid if conn.session.may_publish(topic) => None,
        TopicName::Valid => Some((Rejection::NotAuthorized, RefusedWhat::Publish { topic: text() })),
    }
}

/// The client lets go of a QoS 2 packet identifier. It is told so only after the disk forgot it too: it will use it anew.
fn release(core: &Core, conn: &Rc<Conn>, packet_id: u16) -> Result<(), Fault> {
    let session = &conn.session;
    let mut received = session.received.borrow_mut();
    let (after, code) = match received.get(&packet_id) {
        Some(Received::Done) => {
            received.remove(&packet_id);
            let is_kept = session.persists();
            let op = || core.keep.put(Op::Released { session: session.id, packet_id });
            (if is_kept { op() } else { 0 }, reason::SUCCESS)
        }
        Some(_) => return Err(Fault::protocol("PUBREL before PUBREC")),
        None => (0, reason::PACKET_ID_NOT_FOUND),
    };
    drop(received);
    conn.write_after(core, after, |out| {
        codec::ack(conn.version, AckKind::PubComp, packet_id, code, out);
    });
    Ok(())
}

fn acknowledge(core: &Rc<Core>, conn: &Rc<Conn>, kind: AckKind, packet_id: u16, code: u8) {
    if core.acknowledged(conn, kind, packet_id, code) {
        return;
    }
    tracing::debug!(client_id = %conn.session.client_id, packet_id, ?kind, "an acknowledgement of nothing");
    if kind == AckKind::PubRec && code < reason::UNSPECIFIED {
        let code = reason::PACKET_ID_NOT_FOUND;
        conn.write(|out| codec::ack(conn.version, AckKind::PubRel, packet_id, code, out));
    }
}

fn subscribe(core: &Rc<Core>, conn: &Rc<Conn>, id: u16, identifier: Option<u32>, filters: Vec<Wanted>) {
    let session = &conn.session;
    let mut codes = Vec::with_capacity(filters.len());
    let mut greetings = Vec::new();
    let mut after = 0;
    for wanted in filters {
        let options = Options {
            qos: wanted.qos,
            no_local: wanted.no_local,
            retain_as_published: wanted.retain_as_published,
            identifier,
        };
        let target = match permitted(core, conn, &wanted.filter) {
            Ok(target) => target,
            Err(code) => {
                core.refused(conn.about(RefusedWhat::Subscribe { filter: wanted.filter }));
                codes.push(if conn.version == Version::V5 { code } else { reason::UNSPECIFIED });
                continue;
            }
        };
        let is_new = core.subscribe(session, &wanted.filter, target.clone(), options);
        if session.persists() {
            let kept = KeptOptions {
                qos: options.qos as u8,
                no_local: options.no_local,
                retain_as_published: options.retain_as_published,
                identifier,
            };
            after =
                core.keep.put(Op::Subscribe { session: session.id, filter: wanted.filter, options: kept });
        }
        codes.push(options.qos as u8);
        let is_wanted = match wanted.retain_handling {
            RetainHandling::Always => true,
            RetainHandling::IfNew => is_new,
            RetainHandling::Never => false,
        };
        if is_wanted {
            greetings.push((target, options));
        }
    }
    conn.write_after(core, after, |out| codec::subscribe_answer(conn.version, id, &codes, out));
    for (target, options) in greetings {
        core.greet(session, &target, options);
    }
}

/// Judges one filter of a SUBSCRIBE; the reason code when it is not granted.
fn permitted(core: &Core, conn: &Conn, text: &str) -> Result<Target, u8> {
    let target = Target::parse(text).ok_or(reason::TOPIC_FILTER_INVALID)?;
    match conn.session.may_subscribe(target.filter()) {
        Permission::Granted => {}
        Permission::Denied => return Err(reason::NOT_AUTHORIZED),
        Permission::Withheld => return Err(reason::UNSPECIFIED),
    }
    let subscriptions = conn.session.subscriptions.borrow();
    if !subscriptions.contains_key(text) && subscriptions.len() >= core.settings.max_subscriptions {
        return Err(reason::QUOTA_EXCEEDED);
    }
    Ok(target)
}

fn unsubscribe(core: &Rc<Core>, conn: &Rc<Conn>, id: u16, filters: Vec<String>) {
    let session = &conn.session;
    let mut codes = Vec::with_capacity(filters.len());
    let mut after = 0;
    for filter in filters {
        let was_there = core.unsubscribe(session, &filter);
        codes.push(if was_there { reason::SUCCESS } else { reason::NO_SUBSCRIPTION_EXISTED });
        if was_there && session.persists() {
            after = core.keep.put(Op::Unsubscribe { session: session.id, filter });
        }
    }
    conn.write_after(core, after, |out| codec::unsubscribe_answer(conn.version, id, &codes, out));
}

fn disconnect(core: &Core, conn: &Conn, code: u8, session_expiry_s: Option<u32>) -> Result<(), Fault> {
    if let Some(seconds) = session_expiry_s {
        let session = &conn.session;
        if seconds > 0 && !session.persists() {
            return Err(Fault::protocol("a Session Expiry Interval at the end where there was none"));
        }
        session.expiry_s.set(seconds.min(core.settings.session_expiry_ceiling_s));
    }
    conn.goodbye.set(code == reason::SUCCESS);
    Ok(())
}
