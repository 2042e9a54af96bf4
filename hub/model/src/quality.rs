//! How far a reading can be trusted, and why. Follows QARTOD: good, not evaluated, suspect, fail, missing; and calibrating.

use std::fmt;
use std::str::FromStr;

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// Every check that is configured has passed.
    Good,
    /// No check is configured for the point.
    NotEvaluated,
    /// Kept and judged by rules, but doubtful.
    Suspect,
    /// Outside of what is physically possible: kept, never judged.
    Fail,
    /// There is no value; the reason says why.
    Missing,
    /// Taken while the sensor is being calibrated: kept, never judged.
    Calibrating,
}

impl Quality {
    /// All of them, in the order of the QARTOD flags.
    pub const ALL: [Quality; 6] =
        [Self::Good, Self::NotEvaluated, Self::Suspect, Self::Fail, Self::Missing, Self::Calibrating];

    /// The word used in the API and on disk.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotEvaluated => "not_evaluated",
            Self::Suspect => "suspect",
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::Calibrating => "calibrating",
        }
    }

    /// Whether rules may judge a value of this quality.
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Good | Self::NotEvaluated | Self::Suspect)
    }
}

impl FromStr for Quality {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|q| q.code() == text).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// Why a reading is not simply good. The codes are stable: the API, the store and the dashboard's words use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The device did not answer in time.
    Timeout,
    /// The device answered with this Modbus exception.
    Exception(u8),
    /// The connection was refused or could not be made.
    Refused,
    /// The connection broke while waiting.
    Disconnected,
    /// The answer was short, or another unit's or transaction's.
    BadAnswer,
    /// The raw value is one that the device uses for "no reading".
    Sentinel,
    /// The raw value is NaN or infinite.
    NotANumber,
    /// The payload held nothing that could be read as a number.
    Undecodable,
    /// The device said, or its last will said, that it is offline.
    Offline,
    /// Nothing came for longer than `expire_after`.
    Expired,
    /// Outside `range`.
    OutOfRange,
    /// Outside `suspect`.
    SuspectRange,
    /// Changed faster than `max_rate`.
    Rate,
    /// The same raw value for `stuck_after`.
    Stuck,
    /// Measured more than five minutes in the future.
    Future,
    /// Older than a reading already received: kept where it belongs, not judged as live.
    Late,
    /// Measured while somebody worked on the instrument.
    Maintenance,
    /// An officer has taken it out of account; its value stays.
    Excluded,
    /// An officer has put another value in its place.
    Corrected,
    /// Kept while the hub's clock could not be trusted: its time is not sure yet.
    Untimed,
    /// Its time was set right once the hub's clock could be trusted. Without a value: what stood here was moved to its time.
    Retimed,
    /// The answer came with a wrong checksum: the line is disturbed.
    BadChecksum,
}

impl Reason {
    /// All but the exceptions. A reason's place never changes: further ones are added at the end.
    pub const PLAIN: [Reason; 21] = [
        Self::Timeout,
        Self::Refused,
        Self::Disconnected,
        Self::BadAnswer,
        Self::Sentinel,
        Self::NotANumber,
        Self::Undecodable,
        Self::Offline,
        Self::Expired,
        Self::OutOfRange,
        Self::SuspectRange,
        Self::Rate,
        Self::Stuck,
        Self::Future,
        Self::Late,
        Self::Maintenance,
        Self::Excluded,
        Self::Corrected,
        Self::Untimed,
        Self::Retimed,
        Self::BadChecksum,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Exception(_) => "exception",
            Self::Refused => "refused",
            Self::Disconnected => "disconnected",
            Self::BadAnswer => "bad_answer",
            Self::Sentinel => "sentinel",
            Self::NotANumber => "not_a_number",
            Self::Undecodable => "undecodable",
            Self::Offline => "offline",
            Self::Expired => "expired",
            Self::OutOfRange => "out_of_range",
            Self::SuspectRange => "suspect_range",
            Self::Rate => "rate",
            Self::Stuck => "stuck",
            Self::Future => "future",
            Self::Late => "late",
            Self::Maintenance => "maintenance",
            Self::Excluded => "excluded",
            Self::Corrected => "corrected",
            Self::Untimed => "untimed",
            Self::Retimed => "retimed",
            Self::BadChecksum => "bad_checksum",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(code) => write!(f, "exception:{code}"),
            other => f.write_str(other.word()),
        }
    }
}

impl FromStr for Reason {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let unknown = || UnknownCode(text.to_owned());
        if let Some(code) = text.strip_prefix("exception:") {
            return code.parse().map(Self::Exception).map_err(|_| unknown());
        }
        Self::PLAIN.into_iter().find(|reason| reason.word() == text).ok_or_else(unknown)
    }
}

/// A code that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCode(pub String);

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown code \"{}\"", self.0)
    }
}

impl std::error::Error for UnknownCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back() {
        for quality in Quality::ALL {
            assert_eq!(quality.code().parse(), Ok(quality));
        }
        for reason in Reason::PLAIN.into_iter().chain([Reason::Exception(2), Reason::Exception(255)]) {
            assert_eq!(reason.to_string().parse(), Ok(reason));
        }
        assert!("exception:x".parse::<Reason>().is_err());
        assert!("fine".parse::<Quality>().is_err());
    }
}
