//! The last frames of a bus and counts of what came amiss, for integrators. Bounded; never decides anything.
//!
//! Read next: `health.rs`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::{LocalText, Timestamp};

use crate::failure::Failure;
use crate::frame::{Framed, rtu, tcp};

/// Frames that are kept of each bus; the oldest go.
pub const KEPT_FRAMES: usize = 64;

/// One frame as it went over the wire, or bytes that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedFrame {
    /// When.
    pub at: Timestamp,
    /// The number of the request that it is or that it belongs to, counted up from 1; `None` where it belongs to none.
    pub request: Option<u64>,
    /// Whether the hub sent it.
    pub sent: bool,
    /// The unit that it names.
    pub unit_id: u8,
    /// All of its bytes.
    pub bytes: Box<[u8]>,
    /// What it says, from the function code on, begins at this byte.
    pub content_at: usize,
    /// From the request to its end.
    pub took: Option<Duration>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request, or what an answer was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request whose end is not known yet.
    Waiting,
    /// A right answer.
    Answered,
    /// An exception.
    Exception,
    /// No answer in time.
    Timeout,
    /// An answer that does not fit its request.
    BadAnswer,
    /// A frame with a wrong checksum.
    BadChecksum,
    /// The connection broke.
    Disconnected,
    /// An answer that came after its request was given up.
    Late,
    /// An answer that nobody asked for.
    Stray,
    /// Bytes that are no frame.
    Noise,
}

impl Outcome {
    /// How a request ended.
    pub(crate) fn of(result: &Result<Vec<u16>, Failure>) -> Self {
        match result {
            Ok(_) => Self::Answered,
            Err(Failure::Exception { .. }) => Self::Exception,
            Err(Failure::Timeout(_)) => Self::Timeout,
            Err(Failure::BadAnswer(_) | Failure::WrongLength { .. }) => Self::BadAnswer,
            Err(Failure::BadChecksum) => Self::BadChecksum,
            Err(Failure::Disconnected(_) | Failure::Unreachable { .. }) => Self::Disconnected,
        }
    }
}

/// What went over the wire and came amiss on it since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WireCounts {
    /// Requests sent, those of people too.
    pub requests: u64,
    /// Answers that came after their request was given up.
    pub late: u64,
    /// Answers that nobody asked for.
    pub strays: u64,
}

/// The last frames, the oldest first, and what is counted.
#[derive(Debug, Default)]
struct Traffic {
    frames: VecDeque<TracedFrame>,
    counts: WireCounts,
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

    pub(crate) fn frames(&self) -> Vec<TracedFrame> {
        self.change(|traffic| traffic.frames.iter().cloned().collect())
    }

    pub(crate) fn counts(&self) -> WireCounts {
        self.change(|traffic| traffic.counts)
    }

    /// Returns the request's number.
    pub(crate) fn sent(&self, unit_id: u8, frame: Vec<u8>, content_at: usize) -> u64 {
        let at = self.clock.now();
        self.change(|traffic| {
            traffic.counts.requests += 1;
            traffic.keep(TracedFrame {
                at,
                request: Some(traffic.counts.requests),
                sent: true,
                unit_id,
                bytes: frame.into(),
                content_at,
                took: None,
                outcome: Outcome::Waiting,
            });
            traffic.counts.requests
        })
    }

    /// A request has ended.
    pub(crate) fn ended(&self, request: u64, took: Duration, outcome: Outcome) {
        self.change(|traffic| {
            let is_it = |frame: &&mut TracedFrame| frame.sent && frame.request == Some(request);
            if let Some(frame) = traffic.frames.iter_mut().rev().find(is_it) {
                (frame.took, frame.outcome) = (Some(took), outcome);
            }
        });
    }

    /// A whole frame came; `number` is the transaction's, on TCP, and `asked` the request's with the time that it took.
    pub(crate) fn received(
        &self,
        framed: &Framed,
        number: Option<u16>,
        asked: Option<(u64, Duration)>,
        outcome: Outcome,
    ) {
        let (bytes, content_at) = match number {
            Some(number) => (tcp::encode(number, framed.unit_id, &framed.content), tcp::CONTENT_AT),
            None => (rtu::encode(framed.unit_id, &framed.content), rtu::CONTENT_AT),
        };
        let at = self.clock.now();
        self.change(|traffic| {
            traffic.counts.late += u64::from(outcome == Outcome::Late);
            traffic.counts.strays += u64::from(outcome == Outcome::Stray);
            traffic.keep(TracedFrame {
                at,
                request: asked.map(|(request, _)| request),
                sent: false,
                unit_id: framed.unit_id,
                bytes: bytes.into(),
                content_at,
                took: asked.map(|(_, took)| took),
                outcome,
            });
        });
    }

    /// Bytes came that cannot be taken for a frame.
    pub(crate) fn spoilt(&self, bytes: &[u8], outcome: Outcome) {
        let at = self.clock.now();
        let unit_id = bytes.first().copied().unwrap_or_default();
        self.change(|traffic| {
            traffic.keep(TracedFrame {
                at,
                request: None,
                sent: false,
                unit_id,
                bytes: bytes.into(),
                content_at: rtu::CONTENT_AT,
                took: None,
                outcome,
            });
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Traffic) -> T) -> T {
        // A panic while it was held cannot have left it half changed in a way that matters: it is only shown.
        change(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Traffic {
    fn keep(&mut self, frame: TracedFrame) {
        if self.frames.len() == KEPT_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }
}

impl TracedFrame {
    /// The frame in words, as far as it can be told without its neighbours.
    pub fn words(&self) -> LocalText {
        match self.outcome {
            Outcome::BadChecksum if !self.sent => {
                LocalText::new("khung sai mã kiểm tra (CRC)", "a frame with a wrong checksum")
            }
            Outcome::Noise => LocalText::new("không phải khung Modbus", "no Modbus frame"),
            _ => crate::words::describe(self.bytes.get(self.content_at..).unwrap_or_default(), self.sent),
        }
    }
}
