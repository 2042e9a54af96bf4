//! The field as integrators see it: the buses and their devices, what went over the wire, and what people ask of a device.
//!
//! A port: the API knows no protocol, the server fills it with what the adapters tell. Read next: `routes/field.rs`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use hub_model::{DeviceId, LocalText, Point, PointId, Reason, Timestamp};

/// An answer that takes its time.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the adapters let integrators see and do.
pub trait Field: Send + Sync {
    /// Every bus as it is now; must not block.
    fn buses(&self) -> Vec<Bus>;

    /// The last frames of the bus with this id, the oldest first; `None` when there is no such bus. Must not block.
    fn frames(&self, bus: &str) -> Option<Vec<Frame>>;

    /// Writes a point's raw number (before scale and offset) and reads it back. Resolves within a minute.
    fn write(&self, point: &PointId, raw: f64) -> Pending<Result<(), WriteRefused>>;

    /// Reads every point of a device once that is in no file, given as the TOML of a site's file with one `[[device]]`. Resolves
    /// within a minute or two.
    fn try_device(&self, toml: String) -> Pending<Result<TriedDevice, Vec<LocalText>>>;

    /// Reads registers live and ranks the ways to read them. Resolves within a minute.
    fn probe(&self, ask: ProbeAsk) -> Pending<Result<Probed, LocalText>>;
}

/// A bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Bus {
    /// Its name in addresses.
    pub id: String,
    /// Where it is reached.
    pub endpoint: String,
    /// Whether there is a connection.
    pub connected: bool,
    /// Since when no connection can be made.
    pub down_since: Option<Timestamp>,
    /// The last thing that went wrong.
    pub last_error: Option<BusFault>,
    /// The part of its time that it is busy, in percent.
    pub load_percent: f64,
    /// Requests a second.
    pub requests_per_s: f64,
    /// How many requests it is given at once.
    pub places: usize,
    /// Answers that came after their request was given up.
    pub late_answers: u64,
    /// Answers that nobody asked for.
    pub stray_answers: u64,
    /// Its devices.
    pub devices: Vec<BusDevice>,
}

/// Something that went wrong on a bus.
#[derive(Debug, Clone, PartialEq)]
pub struct BusFault {
    /// When.
    pub at: Timestamp,
    /// The device concerned; `None` when it was the connection.
    pub device: Option<DeviceId>,
    /// What, in words.
    pub text: LocalText,
}

/// A device of a bus. Counts are since the start.
#[derive(Debug, Clone, PartialEq)]
pub struct BusDevice {
    /// The device.
    pub id: DeviceId,
    /// Its number on the bus.
    pub unit_id: u8,
    /// How often it is read, in seconds.
    pub poll_s: f64,
    /// Why it gave nothing at its last poll.
    pub silent: Option<Reason>,
    /// Polls in a row that failed.
    pub failures: u32,
    /// When it last answered.
    pub last_answered: Option<Timestamp>,
    /// Times that it was asked.
    pub polls: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests not answered in time.
    pub timeouts: u64,
    /// Requests answered with an exception.
    pub exceptions: u64,
    /// Answers that were spoilt or did not fit.
    pub bad_answers: u64,
    /// Polls left out.
    pub overruns: u64,
    /// Points whose address it refuses.
    pub refused: Vec<PointId>,
    /// What its text points said last.
    pub texts: BTreeMap<PointId, String>,
}

/// One frame on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// When.
    pub at: Timestamp,
    /// The number of the request that it is or that it answers.
    pub request: Option<u64>,
    /// Whether the hub sent it.
    pub sent: bool,
    /// The unit that it names.
    pub unit_id: u8,
    /// Its bytes, in hexadecimal digits.
    pub bytes: String,
    /// What it says.
    pub words: LocalText,
    /// From the request to its end.
    pub took: Option<Duration>,
    /// What came of it.
    pub outcome: FrameOutcome,
}

/// What came of a request, or what an answer was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameOutcome {
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

/// Why nothing was written, or it is not known that it was.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteRefused {
    /// The point is not for writing, or not with this number.
    NotAllowed(LocalText),
    /// The device did not do it, or it could not be proved.
    Failed(LocalText),
}

/// A device that was read once.
#[derive(Debug, Clone, PartialEq)]
pub struct TriedDevice {
    /// The bus that it was read over.
    pub endpoint: String,
    /// Its number on the bus.
    pub unit_id: u8,
    /// Its points, in the order of the text.
    pub points: Vec<TriedPoint>,
}

/// A point that was read once.
#[derive(Debug, Clone, PartialEq)]
pub struct TriedPoint {
    /// The point as it would be.
    pub point: Point,
    /// The words that were read; bits are 0 and 1.
    pub words: Vec<u16>,
    /// The raw number.
    pub raw: Option<f64>,
    /// The value in the point's unit, or why there would be none.
    pub value: Result<f64, Reason>,
    /// What a text point said.
    pub text: Option<String>,
    /// What went wrong on the way.
    pub trouble: Option<LocalText>,
}

/// A device whose registers are read.
#[derive(Debug, Clone, PartialEq)]
pub enum ProbeTarget {
    /// One of the configuration, with its bus and number.
    Device(DeviceId),
    /// An address.
    Address {
        /// The bus.
        endpoint: String,
        /// The device's number on it.
        unit_id: u8,
    },
}

/// What is to be read live.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeAsk {
    /// Which device.
    pub target: ProbeTarget,
    /// The table: `coil`, `discrete`, `holding`, `input`.
    pub register: String,
    /// The first address, from 0.
    pub address: u16,
    /// How many registers or bits.
    pub count: u16,
    /// What it is said to measure.
    pub quantity: Option<String>,
    /// How many times it is read.
    pub reads: u32,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// The words of each read, the newest last; bits are 0 and 1.
    pub words: Vec<Vec<u16>>,
    /// Every way to read them, the most plausible first.
    pub found: Vec<Interpretation>,
}

/// One way to read a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpretation {
    /// The address, from 0.
    pub address: u16,
    /// The type's word in the configuration.
    pub data_type: String,
    /// The byte order's word.
    pub byte_order: String,
    /// The factor, as a decimal.
    pub scale: String,
    /// The number, scaled; `None` when it is none.
    pub value: Option<f64>,
    /// How plausible it is, the greatest first.
    pub score: i32,
    /// Why.
    pub reasons: Vec<LocalText>,
    /// The point's configuration.
    pub toml: String,
}
