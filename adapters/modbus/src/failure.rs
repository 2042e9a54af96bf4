//! Why a request brought no values, by the protocol's codes and in words. Pure.
//!
//! A device's exception is never taken for a failure of the transport. Read next: `bus/mod.rs`.

use std::time::Duration;

use hub_model::{LocalText, Reason};

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
    #[error("exception {code} ({})", exception_words(*code).en)]
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
    /// A whole frame whose checksum is wrong: the line is disturbed, the device may be well.
    #[error("the answer's checksum is wrong")]
    BadChecksum,
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
            Self::BadChecksum => Reason::BadChecksum,
            Self::Unreachable { cause, .. } => *cause,
        }
    }

    /// What happened, for people.
    pub fn words(&self) -> LocalText {
        let vi = match self {
            Self::Exception { code } => format!("lỗi {code} ({})", exception_words(*code).vi),
            Self::Timeout(patience) => format!("không trả lời trong {patience:?}"),
            Self::Disconnected(why) => format!("mất kết nối: {why}"),
            Self::WrongLength { found, expected } => {
                format!("câu trả lời có {found} byte dữ liệu thay vì {expected}")
            }
            Self::BadAnswer(why) => format!("trả lời sai: {why}"),
            Self::BadChecksum => "câu trả lời sai mã kiểm tra (CRC)".to_owned(),
            Self::Unreachable { text, .. } => format!("không kết nối được: {text}"),
        };
        LocalText::new(vi, self.to_string())
    }

    /// Whether the unit itself said this: then it is alive.
    pub(crate) fn is_from_the_unit(&self) -> bool {
        matches!(self, Self::Exception { code } if !is_gateways(*code))
    }

    /// Whether asking the unit for more would only cost time.
    pub(crate) fn ends_the_poll(&self) -> bool {
        match self {
            Self::Exception { code } => is_gateways(*code),
            Self::WrongLength { .. } | Self::BadAnswer(_) | Self::BadChecksum => false,
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
            Self::Timeout(_) | Self::BadAnswer(_) | Self::BadChecksum | Self::Disconnected(_) => true,
            Self::WrongLength { .. } | Self::Unreachable { .. } => false,
        }
    }
}

/// A text in both languages that is known beforehand.
pub(crate) struct Words {
    pub(crate) vi: &'static str,
    pub(crate) en: &'static str,
}

/// What a protocol's exception code says, in words.
pub(crate) fn exception_words(code: u8) -> Words {
    let (vi, en) = match code {
        ILLEGAL_FUNCTION => ("thiết bị không biết chức năng này", "the device does not know this function"),
        ILLEGAL_DATA_ADDRESS => ("thiết bị không có địa chỉ này", "the device has no such address"),
        3 => {
            ("thiết bị không nhận số lượng hoặc giá trị này", "the device does not take this count or value")
        }
        4 => ("thiết bị gặp sự cố khi thực hiện", "the device failed while it did this"),
        5 => ("đã nhận nhưng cần nhiều thời gian", "accepted, but it takes the device long"),
        BUSY => ("thiết bị đang bận", "the device is busy"),
        8 => ("thiết bị thấy bộ nhớ của nó bị hỏng", "the device found its memory damaged"),
        GATEWAY_PATH_UNAVAILABLE => {
            ("bộ chuyển đổi không có đường tới thiết bị", "the gateway has no way to the unit")
        }
        GATEWAY_TARGET_SILENT => {
            ("thiết bị không trả lời bộ chuyển đổi", "the unit does not answer the gateway")
        }
        _ => ("không thuộc giao thức", "not one of the protocol's own"),
    };
    Words { vi, en }
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
