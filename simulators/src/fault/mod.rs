//! What can go wrong with a simulated device, and to which device or point it can happen. Pure; times are kept by [`board`].

mod board;
mod keys;

use std::time::Duration;

pub use hub_model::Subject as Target;

use crate::SimError;
use crate::config::{Link, SimCommune};
pub(crate) use board::{Board, Span};
pub use board::{FaultControl, FaultId};
pub(crate) use keys::FaultKeys;

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// It takes requests and never answers; an MQTT device stays connected and publishes nothing.
    Silence,
    /// It answers, but only after `delay` of wall time.
    Timeout {
        /// How late.
        delay: Duration,
    },
    /// It answers every read with this Modbus exception.
    Exception {
        /// 1 to 255; 2 is an illegal address, 4 a device failure.
        code: u8,
    },
    /// Values stay what they were when the fault began.
    Frozen,
    /// Words are swapped, as after a wrong setting of the device.
    ByteOrder,
    /// A process upset: so much is added, in the point's unit.
    Offset {
        /// How much.
        value: f64,
        /// How long it takes to get there.
        ramp: Duration,
    },
    /// A process upset: the value goes to this, in the point's unit.
    Level {
        /// Where to.
        value: f64,
        /// How long it takes to get there.
        ramp: Duration,
    },
    /// The sensor has nothing to say: its raw number for "no reading", or NaN, or JSON's null.
    NoReading,
    /// Its connections break and new ones are refused; the broker publishes the last will of an MQTT device.
    Disconnect,
    /// Answers carry the number of another request.
    WrongTransaction,
    /// Answers carry the id of another unit.
    WrongUnit,
    /// Answers hold fewer registers than were asked for.
    ShortAnswer,
    /// Answers come in pieces.
    SplitAnswer,
    /// Answers on a serial line carry a wrong checksum.
    WrongCrc,
    /// A serial line says something senseless before each answer.
    Noise,
    /// The connection is broken off at each request.
    Reset,
    /// Counters begin again at zero when the fault begins, as after a change of the meter.
    CounterReset,
    /// Every message is sent twice.
    Duplicate,
    /// Every second message is kept back and sent after the next one.
    OutOfOrder,
    /// The device's clock is wrong by so many seconds; a minus is behind.
    ClockWrong {
        /// How many.
        seconds: f64,
    },
}

impl FaultKind {
    /// The words for them in a scenario.
    pub const WORDS: [&str; 20] = [
        "silence",
        "timeout",
        "exception",
        "frozen",
        "byte_order",
        "offset",
        "level",
        "no_reading",
        "disconnect",
        "wrong_transaction",
        "wrong_unit",
        "short_answer",
        "split_answer",
        "wrong_crc",
        "noise",
        "reset",
        "counter_reset",
        "duplicate",
        "out_of_order",
        "clock_wrong",
    ];

    /// Its word in a scenario.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Timeout { .. } => "timeout",
            Self::Exception { .. } => "exception",
            Self::Frozen => "frozen",
            Self::ByteOrder => "byte_order",
            Self::Offset { .. } => "offset",
            Self::Level { .. } => "level",
            Self::NoReading => "no_reading",
            Self::Disconnect => "disconnect",
            Self::WrongTransaction => "wrong_transaction",
            Self::WrongUnit => "wrong_unit",
            Self::ShortAnswer => "short_answer",
            Self::SplitAnswer => "split_answer",
            Self::WrongCrc => "wrong_crc",
            Self::Noise => "noise",
            Self::Reset => "reset",
            Self::CounterReset => "counter_reset",
            Self::Duplicate => "duplicate",
            Self::OutOfOrder => "out_of_order",
            Self::ClockWrong { .. } => "clock_wrong",
        }
    }

    /// Whether a device with it delivers nothing that can be used.
    pub(crate) fn hides_values(&self) -> bool {
        !matches!(
            self,
            Self::Frozen
                | Self::Offset { .. }
                | Self::Level { .. }
                | Self::NoReading
                | Self::SplitAnswer
                | Self::CounterReset
                | Self::Duplicate
                | Self::OutOfOrder
                | Self::ClockWrong { .. }
        )
    }

    /// Whether it can happen to `target`.
    pub(crate) fn check(&self, target: &Target, commune: &SimCommune) -> Result<(), SimError> {
        let (device, is_point) = match target {
            Target::Line(_) | Target::Site(_) => (None, false),
            Target::Device(id) => (commune.device(id), false),
            Target::Point(id) => {
                let device = commune.device(&id.device());
                (device.filter(|device| device.points.iter().any(|point| point.id == *id)), true)
            }
        };
        let device = device.ok_or_else(|| SimError::UnknownTarget { target: target.as_str().to_owned() })?;
        let is_modbus = matches!(device.link, Link::Modbus { .. });
        let needs_modbus = matches!(
            self,
            Self::Timeout { .. }
                | Self::Exception { .. }
                | Self::ByteOrder
                | Self::WrongTransaction
                | Self::WrongUnit
                | Self::ShortAnswer
                | Self::SplitAnswer
                | Self::Reset
        );
        let needs_mqtt = matches!(self, Self::Duplicate | Self::OutOfOrder | Self::ClockWrong { .. });
        let needs_serial = matches!(self, Self::WrongCrc | Self::Noise);
        let is_serial =
            matches!(&device.link, Link::Modbus { endpoint, .. } if !endpoint.starts_with("tcp://"));
        let reason = match self {
            Self::Offset { .. } | Self::Level { .. } if !is_point => "needs a point, not a device",
            _ if needs_modbus && !is_modbus => "only happens to Modbus devices",
            _ if needs_mqtt && is_modbus => "only happens to MQTT devices",
            _ if needs_serial && !is_serial => "only happens to Modbus devices on serial lines",
            Self::Frozen
            | Self::ByteOrder
            | Self::NoReading
            | Self::CounterReset
            | Self::Offset { .. }
            | Self::Level { .. } => return Ok(()),
            _ if is_point => "needs a device, not a point",
            _ => return Ok(()),
        };
        Err(SimError::FaultDoesNotApply { target: target.as_str().to_owned(), kind: self.word(), reason })
    }
}
