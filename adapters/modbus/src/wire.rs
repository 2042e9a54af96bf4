//! Our batches and causes in the words of the protocol library. Pure; the library does the framing.
//!
//! Its `Reader` methods assert the length of an answer and are not used: a device that answers short must not end a task.
//! Read next: [`crate::bus`].

use std::io;
use std::time::Duration;

use hub_model::Reason;
use tokio_modbus::{Error, ExceptionCode, Request, Response};

use crate::batch::Batch;
use crate::register::Register;

/// Gateways answer with these for a unit that does not answer them.
const GATEWAY_PATH_UNAVAILABLE: u8 = 10;
const GATEWAY_TARGET_SILENT: u8 = 11;
const ILLEGAL_DATA_ADDRESS: u8 = 2;

/// Why a request brought no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("exception {code} ({words})")]
    Exception { code: u8, words: String },
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the connection broke: {0}")]
    Disconnected(String),
    /// A whole frame that does not fit the request: the next one can be read from the same connection.
    #[error("the answer has {found} entries instead of {expected}")]
    WrongLength { found: usize, expected: u16 },
    /// The connection's bytes cannot be trusted any more.
    #[error("wrong answer: {0}")]
    BadAnswer(String),
    /// There is no connection, and none could be made.
    #[error("no connection: {text}")]
    Unreachable { cause: Reason, text: String },
}

impl Failure {
    /// The cause that the points concerned are missing with.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Exception { code, .. } => Reason::Exception(*code),
            Self::Timeout(_) => Reason::Timeout,
            Self::Disconnected(_) => Reason::Disconnected,
            Self::WrongLength { .. } | Self::BadAnswer(_) => Reason::BadAnswer,
            Self::Unreachable { cause, .. } => *cause,
        }
    }

    /// Whether the unit itself said this: then it is alive.
    pub(crate) fn is_from_the_unit(&self) -> bool {
        matches!(self, Self::Exception { code, .. } if !is_gateways(*code))
    }

    /// Whether asking the unit for more would only cost time.
    pub(crate) fn ends_the_poll(&self) -> bool {
        match self {
            Self::Exception { code, .. } => is_gateways(*code),
            Self::WrongLength { .. } | Self::BadAnswer(_) => false,
            Self::Timeout(_) | Self::Disconnected(_) | Self::Unreachable { .. } => true,
        }
    }

    /// Whether a part of the batch may be readable all the same.
    pub(crate) fn asks_for_a_split(&self) -> bool {
        matches!(self, Self::Exception { code: ILLEGAL_DATA_ADDRESS, .. })
    }

    /// Whether the connection can be used for the next request. After a time-out it cannot: the late answer would be taken
    /// for the next one's.
    pub(crate) fn spares_the_connection(&self) -> bool {
        matches!(self, Self::Exception { .. } | Self::WrongLength { .. })
    }
}

/// The request for a batch.
pub(crate) fn request(batch: &Batch) -> Request<'static> {
    match batch.register {
        Register::Coil => Request::ReadCoils(batch.start, batch.count),
        Register::Discrete => Request::ReadDiscreteInputs(batch.start, batch.count),
        Register::Holding => Request::ReadHoldingRegisters(batch.start, batch.count),
        Register::Input => Request::ReadInputRegisters(batch.start, batch.count),
    }
}

/// The batch's entries in an answer; bits as words of 0 and 1.
pub(crate) fn words(
    answer: Result<Result<Response, ExceptionCode>, Error>,
    batch: &Batch,
) -> Result<Vec<u16>, Failure> {
    let response = answer
        .map_err(failure)?
        .map_err(|code| Failure::Exception { words: code.to_string(), code: u8::from(code) })?;
    match response {
        Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits) => {
            // Bits come in whole bytes.
            check_length(bits.len(), batch.count.next_multiple_of(8))?;
            Ok(bits.into_iter().take(usize::from(batch.count)).map(u16::from).collect())
        }
        Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words) => {
            check_length(words.len(), batch.count)?;
            Ok(words)
        }
        other => Err(Failure::BadAnswer(format!("an answer to another function: {other:?}"))),
    }
}

fn check_length(found: usize, expected: u16) -> Result<(), Failure> {
    if found == usize::from(expected) { Ok(()) } else { Err(Failure::WrongLength { found, expected }) }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Protocol(mismatch) => Failure::BadAnswer(mismatch.to_string()),
        Error::Transport(error) if is_malformed(&error) => Failure::BadAnswer(error.to_string()),
        Error::Transport(error) if is_a_broken_connection(&error) => Failure::Disconnected(error.to_string()),
        // The library reports an orderly end of the connection as whatever error the thread saw last.
        Error::Transport(_) => Failure::Disconnected("closed by the other side".to_owned()),
    }
}

/// The library's decoder makes errors of these kinds itself; the system's have a number.
fn is_malformed(error: &io::Error) -> bool {
    let kind = matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
    kind && error.raw_os_error().is_none()
}

fn is_a_broken_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected
            | Kind::TimedOut
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
    )
}

fn is_gateways(code: u8) -> bool {
    matches!(code, GATEWAY_PATH_UNAVAILABLE | GATEWAY_TARGET_SILENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(register: Register, count: u16) -> Batch {
        Batch { register, start: 0, count, slots: Vec::new() }
    }

    #[test]
    fn bits_are_cut_to_what_was_asked_and_counted_in_whole_bytes() {
        let answer = |bits| words(Ok(Ok(Response::ReadCoils(bits))), &batch(Register::Coil, 3));
        assert_eq!(answer(vec![true, false, true, true, true, true, true, true]), Ok(vec![1, 0, 1]));
        assert_eq!(answer(vec![true; 16]), Err(Failure::WrongLength { found: 16, expected: 8 }));
    }

    #[test]
    fn a_short_answer_and_another_functions_are_bad_answers() {
        let asked = batch(Register::Holding, 2);
        let short = words(Ok(Ok(Response::ReadHoldingRegisters(vec![1]))), &asked).unwrap_err();
        let other = words(Ok(Ok(Response::WriteSingleRegister(0, 1))), &asked).unwrap_err();
        assert_eq!((short.reason(), other.reason()), (Reason::BadAnswer, Reason::BadAnswer));
        assert!(short.spares_the_connection() && !other.spares_the_connection());
    }

    #[test]
    fn a_units_exception_is_told_from_a_gateways_and_from_a_broken_connection() {
        let asked = batch(Register::Holding, 1);
        let exception = |code| words(Ok(Err(ExceptionCode::new(code))), &asked).unwrap_err();
        assert!(exception(2).is_from_the_unit() && !exception(2).ends_the_poll());
        assert!(!exception(11).is_from_the_unit() && exception(11).ends_the_poll());
        assert_eq!(exception(0x63).reason(), Reason::Exception(0x63));
        assert_eq!(exception(2).to_string(), "exception 2 (Illegal data address)");
        let reset = io::Error::from_raw_os_error(104);
        assert_eq!(failure(Error::Transport(reset)).reason(), Reason::Disconnected);
        let malformed = io::Error::new(io::ErrorKind::InvalidData, "too short");
        assert_eq!(failure(Error::Transport(malformed)).reason(), Reason::BadAnswer);
    }
}
