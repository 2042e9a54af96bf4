//! Why a request brought no values, by the protocol's codes and in words. Pure.
//!
//! A device's exception is never taken for a failure of the transport. Read next: `bus/mod.rs`.

use std::time::Duration;

use hub_model::Reason;

/// Gateways answer with these for a unit that does not answer them.
const GATEWAY_PATH_UNAVAILABLE: u8 = 10;
const GATEWAY_TARGET_SILENT: u8 = 11;
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_DATA_ADDRESS: u8 = 2;
const BUSY: u8 = 6;

/// Why a request brought no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The device or a gateway refused.
    #[error("exception {code} ({})", exception_words(*code))]
    Exception {
        /// The protocol's code.
        code: u8,
    },
    /// Nothing came.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection ended while the answer was waited for.
    #[error("the connection broke: {0}")]
    Disconnected(String),
    /// A whole frame that does not fit the request.
    #[error("the answer has {found} bytes of data instead of {expected}")]
    WrongLength {
        /// Bytes found.
        found: usize,
        /// Bytes that the request asked for.
        expected: usize,
    },
    /// What came is no answer to the request.
    #[error("wrong answer: {0}")]
    BadAnswer(String),
    /// There is no connection, and none could be made.
    #[error("no connection: {text}")]
    Unreachable {
        /// The cause that points are missing with.
        cause: Reason,
        /// What the system says.
        text: String,
    },
}

impl Failure {
    /// The cause that the points concerned are missing with.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Exception { code } => Reason::Exception(*code),
            Self::Timeout(_) => Reason::Timeout,
            Self::Disconnected(_) => Reason::Disconnected,
            Self::WrongLength { .. } | Self::BadAnswer(_) => Reason::BadAnswer,
            Self::Unreachable { cause, .. } => *cause,
        }
    }

    /// Whether the unit itself said this: then it is alive.
    pub(crate) fn is_from_the_unit(&self) -> bool {
        matches!(self, Self::Exception { code } if !is_gateways(*code))
    }

    /// Whether asking the unit for more would only cost time.
    pub(crate) fn ends_the_poll(&self) -> bool {
        match self {
            Self::Exception { code } => is_gateways(*code),
            Self::WrongLength { .. } | Self::BadAnswer(_) => false,
            Self::Timeout(_) | Self::Disconnected(_) | Self::Unreachable { .. } => true,
        }
    }

    /// Whether a part of the batch may be readable all the same.
    pub(crate) fn asks_for_a_split(&self) -> bool {
        matches!(self, Self::Exception { code: ILLEGAL_DATA_ADDRESS })
    }

    /// Whether the device does not know the function at all.
    pub(crate) fn is_illegal_function(&self) -> bool {
        matches!(self, Self::Exception { code: ILLEGAL_FUNCTION })
    }

    /// Whether it may come of asking too much at once.
    pub(crate) fn may_be_of_crowding(&self) -> bool {
        match self {
            Self::Exception { code } => matches!(*code, BUSY | GATEWAY_TARGET_SILENT),
            Self::Timeout(_) | Self::BadAnswer(_) | Self::Disconnected(_) => true,
            Self::WrongLength { .. } | Self::Unreachable { .. } => false,
        }
    }
}

/// What a protocol's exception code says, in words.
pub(crate) fn exception_words(code: u8) -> &'static str {
    match code {
        ILLEGAL_FUNCTION => "the device does not know this function",
        ILLEGAL_DATA_ADDRESS => "the device has no such address",
        3 => "the device does not take this count or value",
        4 => "the device failed while it did this",
        5 => "accepted, but it takes the device long",
        BUSY => "the device is busy",
        8 => "the device found its memory damaged",
        GATEWAY_PATH_UNAVAILABLE => "the gateway has no way to the unit",
        GATEWAY_TARGET_SILENT => "the unit does not answer the gateway",
        _ => "not one of the protocol's own",
    }
}

fn is_gateways(code: u8) -> bool {
    matches!(code, GATEWAY_PATH_UNAVAILABLE | GATEWAY_TARGET_SILENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_exception_is_told_from_a_gateways() {
        let exception = |code| Failure::Exception { code };
        assert!(exception(2).is_from_the_unit() && !exception(2).ends_the_poll());
        assert!(!exception(11).is_from_the_unit() && exception(11).ends_the_poll());
        assert_eq!(exception(0x63).reason(), Reason::Exception(0x63));
        assert_eq!(exception(2).to_string(), "exception 2 (the device has no such address)");
    }
}
