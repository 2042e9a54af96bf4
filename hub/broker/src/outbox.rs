//! What waits for one subscriber, and what was sent to it and is not acknowledged.
//!
//! The queue is bounded: when it is full a QoS 0 message is dropped, and a QoS 1 or 2 message disconnects the subscriber,
//! so that a connection that stands never silently lacks one. What persists is on disk before it is sent. Next:
//! `conn.rs`, which writes.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use crate::codec::{self, AckKind, Outgoing, Qos, reason};
use crate::conn::Conn;
use crate::core::Core;
use crate::door::RefusedWhat;
use crate::keep::{KeptItem, Op};
use crate::message::{Message, SessionId};
use crate::session::Session;

/// One message for one subscriber.
pub(crate) struct Item {
    pub(crate) message: Arc<Message>,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) identifiers: Vec<u32>,
    /// The group of a shared subscription for which it came.
    pub(crate) group: Option<SessionId>,
    /// Its number on disk; 0 when it is not there.
    pub(crate) number: u64,
    /// It may be sent once the disk has reached this number.
    pub(crate) after: u64,
    /// Given before it is sent; 0 until then.
    pub(crate) packet_id: u16,
}

/// A message that was sent, and is not acknowledged.
struct Flight {
    item: Item,
    /// The client has it (QoS 2); only the release is missing.
    released: bool,
}

/// The messages of one session.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: RefCell<VecDeque<Item>>,
    queue_bytes: Cell<usize>,
    /// Retained messages for new subscriptions. Only references, and at most one SUBSCRIBE's worth: the next one is not
    /// handled before these are sent.
    greetings: RefCell<VecDeque<Item>>,
    flights: RefCell<VecDeque<Flight>>,
    /// The last so many flights were not sent over the connection that stands now.
    unsent: Cell<usize>,
    packet_ids: RefCell<HashSet<u16>>,
    last_packet_id: Cell<u16>,
}

impl Item {
    pub(crate) fn new(
        message: Arc<Message>,
        qos: Qos,
        retain: bool,
        identifiers: Vec<u32>,
        group: Option<SessionId>,
    ) -> Item {
        Item { message, qos, retain, identifiers, group, number: 0, after: 0, packet_id: 0 }
    }
}

impl Outbox {
    /// Whether messages wait.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue.borrow().is_empty() || self.is_greeting() || self.unsent.get() > 0
    }

    /// Whether retained messages of earlier subscriptions are not sent yet.
    pub(crate) fn is_greeting(&self) -> bool {
        !self.greetings.borrow().is_empty()
    }

    /// A new connection: all that is in flight is to be sent again.
    pub(crate) fn rewind(&self) {
        self.unsent.set(self.flights.borrow().len());
    }

    /// What is left when the session ends.
    pub(crate) fn clear(&self) -> usize {
        let count = self.queue.borrow().len() + self.greetings.borrow().len();
        self.queue.take();
        self.greetings.take();
        self.flights.take();
        self.packet_ids.take();
        self.queue_bytes.set(0);
        self.unsent.set(0);
        count
    }

    /// Puts back what was kept on disk, in its order.
    pub(crate) fn restore(&self, item: Item, released: bool) {
        if item.packet_id > 0 {
            self.packet_ids.borrow_mut().insert(item.packet_id);
            self.flights.borrow_mut().push_back(Flight { item, released });
        } else {
            self.queue_bytes.set(self.queue_bytes.get() + item.message.size_bytes());
            self.queue.borrow_mut().push_back(item);
        }
    }

    /// Takes out what came for a shared subscription and may go to another member: what was not sent, and QoS 1.
    pub(crate) fn take_shared(&self, mut may_go: impl FnMut(SessionId) -> bool) -> Vec<Item> {
        let mut taken = Vec::new();
        let mut flights = self.flights.borrow_mut();
        for flight in std::mem::take(&mut *flights) {
            let is_free = flight.item.qos == Qos::AtLeastOnce && flight.item.group.is_some_and(&mut may_go);
            if is_free {
                self.packet_ids.borrow_mut().remove(&flight.item.packet_id);
                taken.push(flight.item);
            } else {
                flights.push_back(flight);
            }
        }
        drop(flights);
        let mut queue = self.queue.borrow_mut();
        for item in std::mem::take(&mut *queue) {
            let is_free = item.qos != Qos::AtMostOnce && item.group.is_some_and(&mut may_go);
            if is_free {
                self.queue_bytes.set(self.queue_bytes.get() - item.message.size_bytes());
                self.packet_ids.borrow_mut().remove(&item.packet_id);
                taken.push(item);
            } else {
                queue.push_back(item);
            }
        }
        taken
    }

    fn fresh_packet_id(&self) -> u16 {
        let mut used = self.packet_ids.borrow_mut();
        let mut id = self.last_packet_id.get();
        // At most `outbound_in_flight` are used at once, so this ends soon.
        loop {
            id = id.checked_add(1).unwrap_or(1);
            if used.insert(id) {
                self.last_packet_id.set(id);
                return id;
            }
        }
    }
}

impl Core {
    /// Whether a session's queue has room.
    pub(crate) fn keeps_up(&self, session: &Session) -> bool {
        session.outbox.queue.borrow().len() < self.settings.outbound_queue
            && session.outbox.queue_bytes.get() < self.settings.outbound_queue_bytes
    }

    /// Lets a message wait for its subscriber and sends what may be sent; gives the number of the disk after which it is
    /// safe.
    pub(crate) fn post(self: &Rc<Core>, session: &Rc<Session>, item: Item) -> u64 {
        let conn = session.connected();
        if conn.is_none() && (item.qos == Qos::AtMostOnce || !session.persists()) {
            return 0;
        }
        let outbox = &session.outbox;
        let size = item.message.size_bytes();
        let is_full = outbox.queue.borrow().len() >= self.settings.outbound_queue
            || outbox.queue_bytes.get() + size > self.settings.outbound_queue_bytes;
        if is_full {
            let dropped =
                if conn.is_some() { &self.counters.dropped_slow } else { &self.counters.dropped_away };
            dropped.up();
            match conn {
                Some(conn) if item.qos != Qos::AtMostOnce => self.disconnect_slow(&conn),
                Some(_) => {}
                None => {
                    let what = RefusedWhat::QueueFull { topic: item.message.topic.to_string() };
                    self.refused_of(None, &session.login, session.client_id.clone(), what);
                }
            }
            return 0;
        }
        let item = self.kept(session, item);
        let after = item.after;
        outbox.queue_bytes.set(outbox.queue_bytes.get() + size);
        outbox.queue.borrow_mut().push_back(item);
        self.counters.queued.up();
        if conn.is_some() {
            self.pump(session);
        }
        after
    }

    /// A retained message for a new subscription, which comes before anything that is routed later.
    pub(crate) fn post_greeting(&self, session: &Session, item: Item) {
        let item = self.kept(session, item);
        session.outbox.greetings.borrow_mut().push_back(item);
        self.counters.queued.up();
    }

    fn kept(&self, session: &Session, item: Item) -> Item {
        if item.qos == Qos::AtMostOnce || !session.persists() || !self.keep.is_on() {
            return item;
        }
        let number = self.fresh_id();
        let kept = KeptItem {
            message: item.message.clone(),
            expires_at_ms: self.wall_ms(item.message.expires),
            qos: item.qos as u8,
            retain: item.retain,
            identifiers: item.identifiers.clone(),
            packet_id: 0,
            released: false,
        };
        let after = self.keep.put(Op::Queue { session: session.id, number, item: kept });
        Item { number, after, ..item }
    }

    /// Sends what may be sent: first what an earlier connection left unacknowledged, then greetings, then the queue.
    pub(crate) fn pump(self: &Rc<Core>, session: &Rc<Session>) {
        let Some(conn) = session.connected() else { return };
        let outbox = &session.outbox;
        let window = conn.window.min(usize::from(self.settings.outbound_in_flight.max(1)));
        let now = Instant::now();
        while conn.is_writable() {
            let flights = outbox.flights.borrow().len();
            if flights - outbox.unsent.get() >= window {
                break;
            }
            if outbox.unsent.get() > 0 {
                let next = flights - outbox.unsent.get();
                let after = outbox.flights.borrow().get(next).map_or(0, |flight| flight.item.after);
                if after > self.keep.durable() {
                    self.queue_awaits_disk(session);
                    break;
                }
                self.send_again(&conn, next, now);
                continue;
            }
            let source = if outbox.is_greeting() { &outbox.greetings } else { &outbox.queue };
            let is_ready = source.borrow().front().map(|item| item.after <= self.keep.durable());
            match is_ready {
                None => break,
                Some(false) => {
                    self.queue_awaits_disk(session);
                    break;
                }
                Some(true) => {}
            }
            if self.identify(session, source, window - flights) {
                self.queue_awaits_disk(session);
                break;
            }
            let Some(item) = source.borrow_mut().pop_front() else { break };
            self.counters.queued.down();
            if std::ptr::eq(source, &outbox.queue) {
                outbox.queue_bytes.set(outbox.queue_bytes.get() - item.message.size_bytes());
            } else if !outbox.is_greeting() {
                conn.stir.notify_one();
            }
            self.send(&conn, item, now);
        }
    }

    /// Gives the QoS 2 messages at the front their packet identifiers where those have to be on disk before they are
    /// sent; tells whether the first has to wait for that.
    fn identify(&self, session: &Session, source: &RefCell<VecDeque<Item>>, places: usize) -> bool {
        let mut items = source.borrow_mut();
        let is_needed = |item: &Item| item.qos == Qos::ExactlyOnce && item.number > 0 && item.packet_id == 0;
        if !items.front().is_some_and(is_needed) {
            return false;
        }
        for item in items.iter_mut().take(places).filter(|item| is_needed(item)) {
            item.packet_id = session.outbox.fresh_packet_id();
            let (number, packet_id) = (item.number, item.packet_id);
            let op = Op::Identified { session: session.id, number, packet_id, released: false };
            item.after = self.keep.put(op);
        }
        true
    }

    fn send_again(&self, conn: &Conn, index: usize, now: Instant) {
        let outbox = &conn.session.outbox;
        outbox.unsent.set(outbox.unsent.get() - 1);
        let flights = outbox.flights.borrow();
        let Some(flight) = flights.get(index) else { return };
        if flight.released {
            let id = flight.item.packet_id;
            conn.write(|out| codec::ack(conn.version, AckKind::PubRel, id, reason::SUCCESS, out));
        } else {
            self.counters.sent.up();
            write(conn, &flight.item, true, now);
        }
    }

    fn send(&self, conn: &Conn, mut item: Item, now: Instant) {
        let session = &conn.session;
        // MQTT lets a message expire as long as it was not sent.
        let mut is_sent = !item.message.expired(now);
        if is_sent {
            if item.qos != Qos::AtMostOnce && item.packet_id == 0 {
                item.packet_id = session.outbox.fresh_packet_id();
            }
            is_sent = write(conn, &item, false, now);
        }
        if is_sent {
            self.counters.sent.up();
            if item.qos != Qos::AtMostOnce {
                session.outbox.flights.borrow_mut().push_back(Flight { item, released: false });
            }
            return;
        }
        self.counters.not_delivered.up();
        tracing::debug!(client_id = %session.client_id, topic = %item.message.topic, "expired or too large to send");
        session.outbox.packet_ids.borrow_mut().remove(&item.packet_id);
        self.delivered(session, &item);
    }

    fn delivered(&self, session: &Session, item: &Item) {
        if item.number > 0 {
            self.keep.put(Op::Delivered { session: session.id, number: item.number });
        }
    }

    /// Forgets an item for good, on disk too.
    pub(crate) fn discard(&self, session: &Session, item: &Item) {
        self.delivered(session, item);
    }

    /// The client acknowledges a message; tells whether there was one.
    pub(crate) fn acknowledged(
        self: &Rc<Core>,
        conn: &Rc<Conn>,
        kind: AckKind,
        packet_id: u16,
        code: u8,
    ) -> bool {
        let session = &conn.session;
        let outbox = &session.outbox;
        conn.moved.set(Instant::now());
        let mut flights = outbox.flights.borrow_mut();
        let sent = flights.len() - outbox.unsent.get();
        let fits = |flight: &Flight| match kind {
            AckKind::PubAck => flight.item.qos == Qos::AtLeastOnce,
            AckKind::PubRec => flight.item.qos == Qos::ExactlyOnce,
            AckKind::PubComp => flight.item.qos == Qos::ExactlyOnce && flight.released,
            AckKind::PubRel => false,
        };
        let place =
            flights.iter().take(sent).position(|flight| flight.item.packet_id == packet_id && fits(flight));
        let Some(place) = place else { return false };
        if kind == AckKind::PubRec && code < reason::UNSPECIFIED {
            let Flight { item, released } = &mut flights[place];
            // The client forgets the message with its release, so the broker has to know by then, come what may.
            if item.number > 0 && !*released {
                let (session, number) = (session.id, item.number);
                item.after = self.keep.put(Op::Identified { session, number, packet_id, released: true });
            }
            *released = true;
            conn.write_after(self, item.after, |out| {
                codec::ack(conn.version, AckKind::PubRel, packet_id, reason::SUCCESS, out)
            });
            return true;
        }
        let flight = flights.remove(place);
        drop(flights);
        outbox.packet_ids.borrow_mut().remove(&packet_id);
        if let Some(flight) = flight {
            self.delivered(session, &flight.item);
        }
        self.pump(session);
        true
    }

    /// Ends a connection that does not keep up.
    pub(crate) fn disconnect_slow(&self, conn: &Conn) {
        if conn.slow.replace(true) {
            return;
        }
        self.counters.disconnected_slow.up();
        self.refused(conn.about(RefusedWhat::SlowSubscriber));
        conn.close(Some(reason::QUOTA_EXCEEDED));
    }
}

fn write(conn: &Conn, item: &Item, dup: bool, now: Instant) -> bool {
    let message = &item.message;
    let outgoing = Outgoing {
        qos: item.qos,
        retain: item.retain,
        dup: dup && item.qos != Qos::AtMostOnce,
        topic: &message.topic,
        id: item.packet_id,
        alias: None,
        expiry_s: message.left_s(now),
        identifiers: &item.identifiers,
        carried: message.carried.as_deref(),
        payload: &message.payload,
    };
    conn.send(outgoing, &message.topic)
}
