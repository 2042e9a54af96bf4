//! Counters of the door, readable from any thread.
//!
//! They only count; nothing is decided by them except `connections`. Next: `broker.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters at one moment. All but `connections`, `in_flight`, `retained` and `queued` count since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Clients connected now.
    pub connections: u64,
    /// Messages handed over and not yet answered, now.
    pub in_flight: u64,
    /// Retained messages now.
    pub retained: u64,
    /// Messages that wait for subscribers, connected or not, now.
    pub queued: u64,
    /// Messages received and handed over (wills included).
    pub received: u64,
    /// Messages committed, and so acknowledged and routed.
    pub committed: u64,
    /// Messages, subscriptions and wills refused, by the access rules or by the owner.
    pub refused: u64,
    /// Logins refused.
    pub logins_refused: u64,
    /// Connections closed for a malformed or oversized packet.
    pub malformed: u64,
    /// Connections replaced by a newer one of the same client.
    pub taken_over: u64,
    /// Messages sent to subscribers.
    pub sent: u64,
    /// Messages dropped because too many wait for their subscriber, which is connected.
    pub dropped_slow: u64,
    /// Slow subscribers that were disconnected.
    pub disconnected_slow: u64,
    /// Messages dropped because too many wait for their client, which is away.
    pub dropped_away: u64,
    /// Messages dropped because their time was over before their subscriber took them, or larger than it takes.
    pub not_delivered: u64,
    /// Sessions of clients that are away, forgotten because there were too many.
    pub sessions_forgotten: u64,
    /// Messages that were to be retained, and for which there was no room.
    pub not_retained: u64,
    /// Connections that had to wait their turn because their address made too many.
    pub paced: u64,
    /// Sockets closed at once: too many in all, or of their address.
    pub sockets_refused: u64,
}

/// Reads the counters from elsewhere, also after the broker has stopped. Cheap to clone.
#[derive(Clone)]
pub struct StatsReader(pub(crate) Arc<Counters>);

impl StatsReader {
    /// The counters now.
    #[must_use]
    pub fn read(&self) -> Stats {
        self.0.read()
    }
}

/// One counter.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn down(&self) {
        self.minus(1);
    }

    pub(crate) fn minus(&self, count: usize) {
        self.0.fetch_sub(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: usize) {
        self.0.store(value as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The living counters.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) connections: Counter,
    pub(crate) in_flight: Counter,
    pub(crate) retained: Counter,
    pub(crate) queued: Counter,
    pub(crate) received: Counter,
    pub(crate) committed: Counter,
    pub(crate) refused: Counter,
    pub(crate) logins_refused: Counter,
    pub(crate) malformed: Counter,
    pub(crate) taken_over: Counter,
    pub(crate) sent: Counter,
    pub(crate) dropped_slow: Counter,
    pub(crate) disconnected_slow: Counter,
    pub(crate) dropped_away: Counter,
    pub(crate) not_delivered: Counter,
    pub(crate) sessions_forgotten: Counter,
    pub(crate) not_retained: Counter,
    pub(crate) paced: Counter,
    pub(crate) sockets_refused: Counter,
}

impl Counters {
    /// Reads all of them.
    pub(crate) fn read(&self) -> Stats {
        Stats {
            connections: self.connections.get(),
            in_flight: self.in_flight.get(),
            retained: self.retained.get(),
            queued: self.queued.get(),
            received: self.received.get(),
            committed: self.committed.get(),
            refused: self.refused.get(),
            logins_refused: self.logins_refused.get(),
            malformed: self.malformed.get(),
            taken_over: self.taken_over.get(),
            sent: self.sent.get(),
            dropped_slow: self.dropped_slow.get(),
            disconnected_slow: self.disconnected_slow.get(),
            dropped_away: self.dropped_away.get(),
            not_delivered: self.not_delivered.get(),
            sessions_forgotten: self.sessions_forgotten.get(),
            not_retained: self.not_retained.get(),
            paced: self.paced.get(),
            sockets_refused: self.sockets_refused.get(),
        }
    }
}
