//! What has to outlive the broker: sessions that persist, their queues and packet identifiers, retained messages, wills.
//!
//! The event thread only notes operations here and goes on; each has a number, and what has to wait for it waits until
//! [`Keep::durable`] has reached that number. Another thread writes. It never blocks the event thread. Next: `disk.rs`.

mod disk;
mod journal;
mod kept;

pub(crate) use disk::Disk;
pub use disk::{FORGET_SESSIONS, KeepError, LAYOUT};
pub(crate) use journal::Journal;
pub(crate) use kept::Kept;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::codec::Will;
use crate::message::{Message, SessionId};

/// One thing to be kept or forgotten.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// A session that persists. `left_at_ms` is `None` while its client is connected.
    Session {
        session: SessionId,
        login: Arc<str>,
        client_id: Arc<str>,
        expiry_s: u32,
        left_at_ms: Option<i64>,
    },
    /// The session is over; all that belongs to it goes.
    End {
        session: SessionId,
    },
    /// The will of a connected client, or of one whose will is delayed.
    Will {
        session: SessionId,
        login: Arc<str>,
        client_id: Arc<str>,
        will: Box<Will>,
    },
    /// The will was published or discarded.
    NoWill {
        session: SessionId,
    },
    Subscribe {
        session: SessionId,
        filter: String,
        options: KeptOptions,
    },
    Unsubscribe {
        session: SessionId,
        filter: String,
    },
    /// A message that waits for the session's client.
    Queue {
        session: SessionId,
        number: u64,
        item: KeptItem,
    },
    /// The packet identifier under which a waiting QoS 2 message is sent; `released`: the client has it.
    Identified {
        session: SessionId,
        number: u64,
        packet_id: u16,
        released: bool,
    },
    /// The client has it, or it is not wanted any more.
    Delivered {
        session: SessionId,
        number: u64,
    },
    /// A QoS 2 message of the client came in, and is handed over (`done`: has been).
    Received {
        session: SessionId,
        packet_id: u16,
        at_ms: i64,
        done: bool,
    },
    /// The client has released that packet identifier.
    Released {
        session: SessionId,
        packet_id: u16,
    },
    Retain {
        message: Arc<Message>,
        expires_at_ms: Option<i64>,
    },
    Unretain {
        topic: Arc<str>,
    },
}

/// A subscription's options, as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptOptions {
    pub(crate) qos: u8,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) identifier: Option<u32>,
}

/// A waiting message, as kept.
#[derive(Debug, Clone)]
pub(crate) struct KeptItem {
    pub(crate) message: Arc<Message>,
    pub(crate) expires_at_ms: Option<i64>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) identifiers: Vec<u32>,
    pub(crate) packet_id: u16,
    pub(crate) released: bool,
}

/// The event thread's side.
///
/// What is noted within one turn of the event thread reaches the disk within one transaction: [`Keep::pass_on`] only runs
/// between turns. So a message is never noted as taken in without being noted for those who wait for it.
pub(crate) struct Keep {
    journal: Option<Arc<Journal>>,
    last: Cell<u64>,
    noted: RefCell<Vec<Op>>,
    has_noted: Notify,
}

impl Keep {
    pub(crate) fn new(journal: Option<Arc<Journal>>) -> Keep {
        Keep { journal, last: Cell::new(0), noted: RefCell::default(), has_noted: Notify::new() }
    }

    /// Whether anything is kept at all.
    pub(crate) fn is_on(&self) -> bool {
        self.journal.is_some()
    }

    /// Notes an operation; the number for which to wait, or 0 when nothing is kept.
    pub(crate) fn put(&self, op: Op) -> u64 {
        if self.journal.is_none() {
            return 0;
        }
        let number = self.last.get() + 1;
        self.last.set(number);
        let mut noted = self.noted.borrow_mut();
        noted.push(op);
        if noted.len() == 1 {
            self.has_noted.notify_one();
        }
        number
    }

    /// Passes on what each turn of the event thread has noted; runs as long as the broker.
    pub(crate) async fn pass_on(&self) {
        loop {
            self.has_noted.notified().await;
            self.pass_on_now();
        }
    }

    /// Passes on what was noted. To be called between turns, or at the end.
    pub(crate) fn pass_on_now(&self) {
        if let Some(journal) = &self.journal {
            journal.put(&mut self.noted.borrow_mut());
        }
    }

    /// All operations up to this number are on disk.
    pub(crate) fn durable(&self) -> u64 {
        self.journal.as_ref().map_or(u64::MAX, |journal| journal.durable())
    }

    /// Whether all that was noted is on disk.
    pub(crate) fn is_settled(&self) -> bool {
        self.durable() >= self.last.get()
    }
}
