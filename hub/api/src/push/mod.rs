//! Bodies of readings in other formats than our own: who reads them, how large they may be, what InfluxDB's clients expect.
//!
//! Knows no format: the server hands in a [`PushReader`]. Read next: `body.rs` (bounds), `influx.rs` (answers).

pub(crate) mod body;
pub(crate) mod influx;

use hub_model::{Observation, Timestamp};

/// How a body is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushFormat {
    /// Influx line protocol, times in this unit.
    Line(TimeUnit),
    /// A SenML pack as JSON.
    SenmlJson,
    /// A SenML pack as CBOR.
    SenmlCbor,
    /// A NetJSON DeviceMonitoring document.
    NetJson {
        /// The device that it is of, where the request names one.
        device: Option<String>,
    },
}

/// The unit of times that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// What was read of a body.
#[derive(Debug, Default, PartialEq)]
pub struct Pushed {
    /// What it says, all of known points.
    pub observations: Vec<Observation>,
    /// How many of them were committed; the reader leaves it at zero.
    pub written: usize,
    /// The first of the lines or records that were refused.
    pub refused: Vec<PushRefusal>,
    /// How many were refused.
    pub refused_count: usize,
}

/// A line or record that was refused; the others are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRefusal {
    /// Its number, from 1.
    pub number: usize,
    /// What sort of fault it is.
    pub kind: RefusalKind,
    /// What was found and what is allowed.
    pub problem: String,
}

/// What sort of fault a refused line or record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// It cannot be read.
    Malformed,
    /// It can be read and not be kept.
    Conflict,
    /// The caller's role is too low for the point.
    Forbidden,
}

/// Why a body as a whole was refused. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushError {
    /// It holds too much; the text says how much is allowed.
    TooLarge(String),
    /// It cannot be read, or names a device that is not there; the text says what was found.
    Unreadable(String),
}

/// Reads bodies that are pushed.
pub trait PushReader: Send + Sync {
    /// Reads `body`. `any_point` says whether the caller may write points of devices that do not push. It may take its time: it
    /// is called on a thread that may block.
    ///
    /// # Errors
    /// When the body as a whole is refused.
    fn read(
        &self,
        body: &[u8],
        format: &PushFormat,
        any_point: bool,
        received_at: Timestamp,
    ) -> Result<Pushed, PushError>;
}

impl TimeUnit {
    /// All of them, by the words of `precision=`.
    pub(crate) const WORDS: [(&'static str, Self); 4] =
        [("ns", Self::Ns), ("us", Self::Us), ("ms", Self::Ms), ("s", Self::S)];
}
