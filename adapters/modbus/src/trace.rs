//! The last frames of a bus and counts of what came amiss, for integrators. Bounded; never decides anything.
//!
//! Read next: `health.rs`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use adapters_sdk::Clock;
use hub_model::Timestamp;

use crate::frame::{Framed, rtu, tcp};

/// Frames that are kept of each bus; the oldest go.
pub const KEPT_FRAMES: usize = 32;

/// One frame as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedFrame {
    /// When.
    pub at: Timestamp,
    /// Whether the hub sent it.
    pub sent: bool,
    /// The unit that it names.
    pub unit_id: u8,
    /// All of its bytes.
    pub bytes: Box<[u8]>,
    /// What it says, from the function code on, begins at this byte.
    pub content_at: usize,
}

/// The last frames and what came amiss.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The oldest first.
    pub frames: VecDeque<TracedFrame>,
    /// Frames sent since the start.
    pub requests: u64,
    /// Answers that came after their request was given up.
    pub late: u64,
    /// Answers that nobody asked for.
    pub strays: u64,
}

/// One bus's traffic, shared between its link and those who ask. The lock is held for a push or a copy.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    traffic: Arc<Mutex<Traffic>>,
    clock: Clock,
}

impl Trace {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { traffic: Arc::default(), clock }
    }

    pub(crate) fn copy(&self) -> Traffic {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Frames sent so far, without copying the rest.
    pub(crate) fn requests(&self) -> u64 {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).requests
    }

    pub(crate) fn sent(&self, unit_id: u8, frame: &[u8], content_at: usize) {
        self.keep(true, unit_id, frame.into(), content_at);
    }

    /// `number` is the transaction's, on TCP.
    pub(crate) fn received(&self, framed: &Framed, number: Option<u16>) {
        let (bytes, content_at) = match number {
            Some(number) => (tcp::encode(number, framed.unit_id, &framed.content), tcp::CONTENT_AT),
            None => (rtu::encode(framed.unit_id, &framed.content), rtu::CONTENT_AT),
        };
        self.keep(false, framed.unit_id, bytes.into(), content_at);
    }

    pub(crate) fn late(&self) {
        self.change(|traffic| traffic.late += 1);
    }

    pub(crate) fn stray(&self) {
        self.change(|traffic| traffic.strays += 1);
    }

    fn keep(&self, sent: bool, unit_id: u8, bytes: Box<[u8]>, content_at: usize) {
        let at = self.clock.now();
        self.change(|traffic| {
            traffic.requests += u64::from(sent);
            if traffic.frames.len() == KEPT_FRAMES {
                traffic.frames.pop_front();
            }
            traffic.frames.push_back(TracedFrame { at, sent, unit_id, bytes, content_at });
        });
    }

    fn change(&self, change: impl FnOnce(&mut Traffic)) {
        // A panic while it was held cannot have left it half changed in a way that matters: it is only shown.
        change(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl TracedFrame {
    /// The frame in words, as far as it can be told without its neighbours.
    pub fn words(&self) -> String {
        crate::words::describe(self.bytes.get(self.content_at..).unwrap_or_default(), self.sent)
    }
}
