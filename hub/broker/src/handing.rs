//! Handing messages to the owner, and settling its verdicts: acknowledge, route, retain.
//!
//! It runs on the event thread and never blocks. Next: `routing.rs`.

use std::rc::Rc;
use std::sync::Arc;

use crate::codec::{Qos, Version, reason};
use crate::conn::Conn;
use crate::core::Core;
use crate::done::{Done, Verdict};
use crate::door::{Published, RefusedWhat, Rejection};
use crate::keep::Op;
use crate::message::Message;
use crate::session::{Received, Session};

/// A message on its way to the owner and back.
pub(crate) struct Open {
    pub(crate) message: Message,
    pub(crate) session: Rc<Session>,
    /// When it came in; one that is sent again after a restart keeps its first time.
    pub(crate) at_ms: i64,
    pub(crate) packet_id: u16,
    /// Who waits for the acknowledgement, and its place there; a will has nobody.
    pub(crate) publisher: Option<Publisher>,
}

/// The connection that a message came over.
pub(crate) struct Publisher {
    pub(crate) conn: Rc<Conn>,
    /// `None` for QoS 0.
    pub(crate) place: Option<u64>,
    pub(crate) bytes: usize,
}

impl Core {
    /// Counts a publish of this connection as under way.
    pub(crate) fn take_room(&self, conn: &Conn, bytes: usize) {
        if conn.take_room(bytes) {
            self.publishers.set(self.publishers.get() + 1);
        }
        self.under_way.set(self.under_way.get() + 1);
    }

    fn free_room(&self, publisher: &Publisher) {
        if publisher.conn.free_room(publisher.bytes) {
            self.publishers.set(self.publishers.get() - 1);
        }
        self.under_way.set(self.under_way.get() - 1);
    }

    /// Whether one more publish of this connection may be taken in: within its own bounds and, once much is under way,
    /// within its share of what all may have.
    pub(crate) fn has_room(&self, conn: &Conn) -> bool {
        let (messages, bytes) = conn.under_way();
        let half = self.settings.in_flight_total / 2;
        let share = (half / self.publishers.get().max(1)).max(1);
        messages < usize::from(self.settings.in_flight.max(1))
            && bytes < self.settings.in_flight_bytes.max(1)
            && (self.under_way.get() < half || messages < share)
    }

    /// Hands a message to the owner.
    pub(crate) fn hand_over(&self, open: Open) {
        let published = Published {
            login: open.session.login.clone(),
            client_id: open.session.client_id.clone(),
            topic: open.message.topic.clone(),
            payload: open.message.payload.clone(),
            qos: open.message.qos as u8,
            retain: open.message.retain,
            received_at_ms: open.at_ms,
        };
        let ticket = self.open.borrow_mut().insert(open);
        self.counters.received.up();
        self.counters.in_flight.up();
        self.door.publish(published, Done::new(ticket, self.inbox.clone()));
    }

    /// Hands over what waited until it was on disk that it came.
    pub(crate) fn hand_over_held(&self, conn: &Rc<Conn>) {
        loop {
            let durable = self.keep.durable();
            let ready = conn.held.borrow().front().is_some_and(|(after, _)| *after <= durable);
            let next = if ready { conn.held.borrow_mut().pop_front() } else { None };
            let Some((_, open)) = next else { break };
            self.hand_over(open);
        }
        if !conn.held.borrow().is_empty() {
            self.await_disk(conn);
        }
    }

    /// Settles verdicts and the disk's progress as they come; runs as long as the broker.
    pub(crate) async fn settle_all(self: Rc<Core>) {
        let mut verdicts = Vec::new();
        loop {
            self.inbox.take(&mut verdicts).await;
            for (ticket, verdict) in verdicts.drain(..) {
                self.settle(ticket, verdict);
            }
            self.disk_went_on();
            for conn in self.crowded.take() {
                conn.stir.notify_one();
            }
            self.close_ended_logins();
            self.tell_all();
            self.settled.notify_one();
        }
    }

    fn settle(self: &Rc<Core>, ticket: u64, verdict: Verdict) {
        let Some(open) = self.open.borrow_mut().remove(ticket) else { return };
        self.counters.in_flight.down();
        if let Some(publisher) = &open.publisher {
            self.free_room(publisher);
        }
        let Open { message, session, at_ms, packet_id, publisher } = open;
        let qos = message.qos;
        let (after, code) = match verdict {
            Verdict::Committed => {
                self.counters.committed.up();
                (self.route(&Arc::new(message), Some(&session)), reason::SUCCESS)
            }
            Verdict::Rejected(why) => {
                let (address, client_id) =
                    (publisher.as_ref().map(|publisher| publisher.conn.address), session.client_id.clone());
                self.refused_of(
                    address,
                    &session.login,
                    client_id,
                    RefusedWhat::Message { topic: message.topic.to_string(), reason: why },
                );
                (0, code_of(why))
            }
            Verdict::Abandoned => {
                if qos == Qos::ExactlyOnce {
                    let begun = Received::Begun { at_ms };
                    session.received.borrow_mut().insert(packet_id, begun);
                }
                if let Some(publisher) = &publisher {
                    let client_id = &session.client_id;
                    tracing::warn!(%client_id, "a message was left without an answer; its connection is closed");
                    publisher.conn.close(Some(reason::UNSPECIFIED));
                }
                return;
            }
        };
        let Some(publisher) = publisher else { return };
        let after = match qos {
            Qos::ExactlyOnce => after.max(self.received(&session, packet_id, at_ms, code, after)),
            _ => after,
        };
        if let Some(place) = publisher.place {
            answer(self, &publisher.conn, place, after, code);
        }
    }

    /// Notes that a QoS 2 message is safe, or turned down; gives the number of the disk for which its PUBREC waits.
    fn received(&self, session: &Session, packet_id: u16, at_ms: i64, code: u8, after: u64) -> u64 {
        let mut received = session.received.borrow_mut();
        let again = match received.remove(&packet_id) {
            Some(Received::Handed { again, .. }) => again,
            _ => None,
        };
        let number = if code == reason::SUCCESS {
            received.insert(packet_id, Received::Done);
            if session.persists() && !session.has_ended() {
                self.keep.put(Op::Received { session: session.id, packet_id, at_ms, done: true })
            } else {
                0
            }
        } else if session.persists() {
            self.keep.put(Op::Released { session: session.id, packet_id })
        } else {
            0
        };
        drop(received);
        if let Some((conn, place)) = again {
            answer(self, &conn, place, number.max(after), code);
        }
        number
    }
}

/// MQTT 3.1.1 cannot be told of a refusal, so that is acknowledged too.
fn answer(core: &Core, conn: &Rc<Conn>, place: u64, after: u64, code: u8) {
    let code = if conn.version == Version::V3 { reason::SUCCESS } else { code };
    conn.answer(core, place, after, code);
}

/// The reason code of a refusal by the owner.
pub(crate) fn code_of(rejection: Rejection) -> u8 {
    match rejection {
        Rejection::NotAuthorized => reason::NOT_AUTHORIZED,
        Rejection::TopicInvalid => reason::TOPIC_NAME_INVALID,
        Rejection::PayloadInvalid => reason::PAYLOAD_FORMAT_INVALID,
        Rejection::QuotaExceeded => reason::QUOTA_EXCEEDED,
        Rejection::Other => reason::IMPLEMENTATION_SPECIFIC,
    }
}
