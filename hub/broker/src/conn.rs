//! One connection of a client: what is written to it, what is owed to it, and how much of it is under way.
//!
//! It holds state and writes packets into a buffer; it never decides and never touches the socket. Next: `serve.rs`,
//! which moves the bytes, and `core.rs`, which decides.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::codec::{self, AckKind, Outgoing, Qos, Version, Will};
use crate::core::Core;
use crate::door::{Refused, RefusedWhat};
use crate::handing::Open;
use crate::session::Session;

/// Bytes written and not yet taken by the socket, above which messages wait in the session's queue.
const WRITE_AHEAD: usize = 64 * 1024;
/// Bytes of answers not yet taken by the socket, above which nothing more is read: a client that asks and never listens.
const ANSWERS_AHEAD: usize = 512 * 1024;

/// A client between its CONNACK and its end.
pub(crate) struct Conn {
    pub(crate) session: Rc<Session>,
    pub(crate) version: Version,
    pub(crate) address: SocketAddr,
    /// Largest packet that the client takes.
    pub(crate) max_packet: u32,
    /// QoS 1 and 2 messages that it takes at once.
    pub(crate) window: usize,
    /// Seconds of keep-alive; 0 for none.
    pub(crate) keep_alive_s: u16,
    pub(crate) will: RefCell<Option<Will>>,
    /// It said goodbye in a way that discards the will.
    pub(crate) goodbye: Cell<bool>,
    /// It was disconnected for being slow; reported once.
    pub(crate) slow: Cell<bool>,
    /// When a message was last sent to it or acknowledged by it.
    pub(crate) moved: Cell<Instant>,
    /// Wakes the task that writes.
    pub(crate) wake: Notify,
    /// Wakes the task that reads: the connection is closed, or there is room again.
    pub(crate) stir: Notify,
    out: RefCell<BytesMut>,
    closing: Cell<bool>,
    ended: Cell<bool>,
    acks: RefCell<Acks>,
    later: RefCell<VecDeque<(u64, BytesMut)>>,
    /// Publishes that wait until it is on disk that they came.
    pub(crate) held: RefCell<VecDeque<(u64, Open)>>,
    /// It is among those that `core` looks after when the disk has gone on.
    pub(crate) awaits_disk: Cell<bool>,
    open: Cell<usize>,
    open_bytes: Cell<usize>,
    aliases_in: RefCell<HashMap<u16, Arc<str>>>,
    aliases_out: RefCell<HashMap<Arc<str>, u16>>,
    aliases_out_max: u16,
}

/// How a connection begins.
pub(crate) struct Terms {
    pub(crate) version: Version,
    pub(crate) address: SocketAddr,
    pub(crate) max_packet: u32,
    pub(crate) window: usize,
    pub(crate) will: Option<Will>,
    pub(crate) aliases_out_max: u16,
    pub(crate) keep_alive_s: u16,
}

/// Acknowledgements in the order of their publishes.
#[derive(Default)]
struct Acks {
    first: u64,
    slots: VecDeque<Slot>,
}

struct Slot {
    packet_id: u16,
    kind: AckKind,
    /// Once there is a verdict: the number of the disk for which it waits, and the reason code.
    verdict: Option<(u64, u8)>,
}

impl Conn {
    pub(crate) fn new(session: Rc<Session>, terms: Terms) -> Conn {
        Conn {
            session,
            version: terms.version,
            address: terms.address,
            max_packet: terms.max_packet,
            window: terms.window,
            keep_alive_s: terms.keep_alive_s,
            will: RefCell::new(terms.will),
            goodbye: Cell::new(false),
            slow: Cell::new(false),
            moved: Cell::new(Instant::now()),
            wake: Notify::new(),
            stir: Notify::new(),
            out: RefCell::default(),
            closing: Cell::new(false),
            ended: Cell::new(false),
            acks: RefCell::default(),
            later: RefCell::default(),
            held: RefCell::default(),
            awaits_disk: Cell::new(false),
            open: Cell::new(0),
            open_bytes: Cell::new(0),
            aliases_in: RefCell::default(),
            aliases_out: RefCell::default(),
            aliases_out_max: terms.aliases_out_max,
        }
    }

    /// An event about this client.
    pub(crate) fn about(&self, what: RefusedWhat) -> Refused {
        Refused {
            address: self.address,
            client_id: Some(self.session.client_id.clone()),
            login: Some(self.session.login.clone()),
            what,
        }
    }

    /// Appends to what is written; nothing once the connection is closing.
    pub(crate) fn write(&self, append: impl FnOnce(&mut BytesMut)) {
        if !self.closing.get() {
            append(&mut self.out.borrow_mut());
            self.wake.notify_one();
        }
    }

    /// Writes a packet once the disk has reached `after`.
    pub(crate) fn write_after(self: &Rc<Conn>, core: &Core, after: u64, append: impl FnOnce(&mut BytesMut)) {
        if after <= core.keep.durable() && self.later.borrow().is_empty() {
            return self.write(append);
        }
        let mut packet = BytesMut::new();
        append(&mut packet);
        self.later.borrow_mut().push_back((after, packet));
        core.await_disk(self);
    }

    /// Takes what is to be written.
    pub(crate) fn take_out(&self) -> BytesMut {
        self.out.take()
    }

    /// Whether a message may be written now.
    pub(crate) fn is_writable(&self) -> bool {
        !self.closing.get() && self.out.borrow().len() < WRITE_AHEAD
    }

    /// Whether its answers pile up because it does not read.
    pub(crate) fn is_deaf(&self) -> bool {
        self.out.borrow().len() > ANSWERS_AHEAD
    }

    /// Closes after what is already written; MQTT 5 is told why, unless `code` is `None`.
    pub(crate) fn close(&self, code: Option<u8>) {
        if let Some(code) = code {
            self.write(|out| codec::disconnect(self.version, code, out));
        }
        self.closing.set(true);
        self.wake.notify_one();
        self.stir.notify_one();
    }

    /// Whether nothing is read from or written to it any more.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Marks the end of its session's use of it; `false` when it was marked before.
    pub(crate) fn end(&self) -> bool {
        !self.ended.replace(true)
    }

    /// Whether it no longer belongs to its session.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Keeps a place among the acknowledgements, in the order of publishes.
    pub(crate) fn owe(&self, packet_id: u16, qos: Qos) -> u64 {
        let kind = if qos == Qos::ExactlyOnce { AckKind::PubRec } else { AckKind::PubAck };
        let mut acks = self.acks.borrow_mut();
        acks.slots.push_back(Slot { packet_id, kind, verdict: None });
        acks.first + acks.slots.len() as u64 - 1
    }

    /// Says what the acknowledgement is, and after which number of the disk it may be written.
    pub(crate) fn answer(self: &Rc<Conn>, core: &Core, place: u64, after: u64, code: u8) {
        let mut acks = self.acks.borrow_mut();
        let index = place.checked_sub(acks.first).and_then(|index| usize::try_from(index).ok());
        if let Some(slot) = index.and_then(|index| acks.slots.get_mut(index)) {
            slot.verdict = Some((after, code));
        }
        drop(acks);
        self.advance(core);
    }

    /// Writes what may be written now that verdicts came or the disk has gone on.
    pub(crate) fn advance(self: &Rc<Conn>, core: &Core) {
        let durable = core.keep.durable();
        let mut acks = self.acks.borrow_mut();
        let mut waits = false;
        while let Some((after, code)) = acks.slots.front().and_then(|slot| slot.verdict) {
            if after > durable {
                waits = true;
                break;
            }
            let Some(slot) = acks.slots.pop_front() else { break };
            acks.first += 1;
            self.write(|out| codec::ack(self.version, slot.kind, slot.packet_id, code, out));
        }
        drop(acks);
        let mut later = self.later.borrow_mut();
        while let Some((after, _)) = later.front() {
            if *after > durable {
                waits = true;
                break;
            }
            let Some((_, packet)) = later.pop_front() else { break };
            self.write(|out| out.extend_from_slice(&packet));
        }
        if waits {
            core.await_disk(self);
        }
    }

    /// Whether every acknowledgement that has a verdict is written.
    pub(crate) fn is_settled(&self) -> bool {
        self.later.borrow().is_empty()
            && self.held.borrow().is_empty()
            && self.acks.borrow().slots.iter().all(|slot| slot.verdict.is_none())
    }

    /// Counts a publish that is under way; gives whether it is the connection's first.
    pub(crate) fn take_room(&self, bytes: usize) -> bool {
        self.open.set(self.open.get() + 1);
        self.open_bytes.set(self.open_bytes.get() + bytes);
        self.open.get() == 1
    }

    /// The opposite; gives whether none is left.
    pub(crate) fn free_room(&self, bytes: usize) -> bool {
        self.open.set(self.open.get() - 1);
        self.open_bytes.set(self.open_bytes.get() - bytes);
        self.open.get() == 0
    }

    /// Publishes under way, and their bytes.
    pub(crate) fn under_way(&self) -> (usize, usize) {
        (self.open.get(), self.open_bytes.get())
    }

    /// The topic behind an alias of the client.
    pub(crate) fn alias_in(&self, alias: u16) -> Option<Arc<str>> {
        self.aliases_in.borrow().get(&alias).cloned()
    }

    /// The client gives a topic an alias.
    pub(crate) fn set_alias_in(&self, alias: u16, topic: &Arc<str>) {
        self.aliases_in.borrow_mut().insert(alias, topic.clone());
    }

    /// Writes a message; `false` when it is larger than the client takes, so that MQTT wants it forgotten.
    pub(crate) fn send(&self, message: Outgoing<'_>, topic: &Arc<str>) -> bool {
        if self.closing.get() {
            return true;
        }
        let known = self.aliases_out.borrow().get(topic).copied();
        let fresh = self.aliases_out.borrow().len() as u16 + 1;
        let aliased = match known {
            Some(alias) => Outgoing { alias: Some(alias), topic: "", ..message },
            None if fresh <= self.aliases_out_max => Outgoing { alias: Some(fresh), ..message },
            None => message,
        };
        let out = &mut self.out.borrow_mut();
        // The alias itself may be what makes a first message too large.
        if codec::publish(self.version, &aliased, self.max_packet, out) {
            if known.is_none() && aliased.alias.is_some() {
                self.aliases_out.borrow_mut().insert(topic.clone(), fresh);
            }
        } else if !codec::publish(self.version, &message, self.max_packet, out) {
            return false;
        }
        self.moved.set(Instant::now());
        self.wake.notify_one();
        true
    }
}
