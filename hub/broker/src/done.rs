//! The way back from the owner's threads to the event thread: [`Done`] and the inbox that it fills.
//!
//! It decides nothing; `core.rs` settles what arrives here. A verdict costs one lock and, at most, one wake-up for a
//! whole batch, so that a commit of thousands of messages does not wake the event thread thousands of times.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::door::Rejection;
use crate::telling::{Reached, Telling, WAITING};

/// The owner's answer to one message, given once, from any thread. Dropping it unanswered closes the connection that
/// sent the message, without an acknowledgement.
#[must_use = "dropping it closes the publisher's connection"]
pub struct Done {
    ticket: u64,
    inbox: Arc<Inbox>,
    answered: bool,
}

impl Done {
    pub(crate) fn new(ticket: u64, inbox: Arc<Inbox>) -> Done {
        Done { ticket, inbox, answered: false }
    }

    /// What the message says is on disk (or concerns nobody): acknowledge it, route it, retain it.
    pub fn committed(self) {
        self.answer(Verdict::Committed);
    }

    /// The message is turned down: not routed, not retained; MQTT 5 is told why, MQTT 3.1.1 just acknowledged.
    pub fn refused(self, reason: Rejection) {
        self.answer(Verdict::Rejected(reason));
    }

    fn answer(mut self, verdict: Verdict) {
        self.answered = true;
        self.inbox.put(self.ticket, verdict);
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if !self.answered {
            self.inbox.put(self.ticket, Verdict::Abandoned);
        }
    }
}

impl std::fmt::Debug for Done {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Done").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Committed,
    Rejected(Rejection),
    /// The owner dropped its [`Done`].
    Abandoned,
}

/// Verdicts on their way to the event thread. It holds at most one entry per message handed over, so it is bounded by
/// `in_flight_total`, plus one will per session.
#[derive(Default)]
pub(crate) struct Inbox {
    verdicts: Mutex<Vec<(u64, Verdict)>>,
    arrived: Notify,
    ended_logins: Mutex<Vec<String>>,
    tellings: Mutex<Vec<(Telling, Reached)>>,
    /// Something else than a verdict is to be looked at.
    nudged: AtomicBool,
    stop: AtomicBool,
    stop_asked: Notify,
}

impl Inbox {
    fn put(&self, ticket: u64, verdict: Verdict) {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.push((ticket, verdict));
        let first = verdicts.len() == 1;
        drop(verdicts);
        if first {
            self.arrived.notify_one();
        }
    }

    /// Wakes the event thread: the disk has gone on.
    pub(crate) fn nudge(&self) {
        self.nudged.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Asks the event thread to close the connections of these logins.
    pub(crate) fn end_logins(&self, names: Vec<String>) {
        self.ended_logins.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        self.nudge();
    }

    /// Leaves a message of the owner for the event thread; `false` when too many wait.
    pub(crate) fn put_telling(&self, telling: Telling, reached: Reached) -> bool {
        let mut tellings = self.tellings.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = tellings.len() < WAITING;
        if has_room {
            tellings.push((telling, reached));
        }
        drop(tellings);
        self.nudge();
        has_room
    }

    /// What the owner has left to say.
    pub(crate) fn take_tellings(&self) -> Vec<(Telling, Reached)> {
        std::mem::take(&mut *self.tellings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The logins whose connections are to be closed.
    pub(crate) fn take_ended_logins(&self) -> Vec<String> {
        std::mem::take(&mut *self.ended_logins.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there is something to look at and takes the verdicts, in the order in which they were given.
    pub(crate) async fn take(&self, into: &mut Vec<(u64, Verdict)>) {
        loop {
            std::mem::swap(&mut *self.verdicts.lock().unwrap_or_else(PoisonError::into_inner), into);
            if self.nudged.swap(false, Ordering::AcqRel) || !into.is_empty() {
                return;
            }
            self.arrived.notified().await;
        }
    }

    /// Asks the event thread to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.stop_asked.notify_one();
    }

    /// Waits until somebody asks to stop.
    pub(crate) async fn stop_asked(&self) {
        while !self.stop.load(Ordering::Acquire) {
            self.stop_asked.notified().await;
        }
    }
}
