//! Durations as people write them: `"500ms"`, `"10s"`, `"5m"`, `"2h"`, `"400d"`, `"10y"` (a year is 365 days).

use std::fmt;
use std::time::Duration;

use crate::text::{LocalText, Told};

const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("y", 31_536_000_000)];

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationError {
    /// What was found.
    pub found: String,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "found \"{}\", allowed: a whole number and ms, s, m, h, d or y, such as \"10s\"",
            self.found
        )
    }
}

impl std::error::Error for DurationError {}

impl Told for DurationError {
    fn told(&self) -> LocalText {
        let found = &self.found;
        let vi = format!("có \"{found}\", được phép: số nguyên kèm ms, s, m, h, d hoặc y, ví dụ \"10s\"");
        LocalText { vi, en: self.to_string() }
    }
}

/// Reads a duration.
///
/// # Errors
/// When the text is not a whole number followed by one of the units, or does not fit.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError { found: text.to_owned() };
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
    let (digits, unit) = text.split_at(split);
    let count: u64 = digits.parse().map_err(|_| error())?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
    count.checked_mul(*millis).map(Duration::from_millis).ok_or_else(error)
}

/// Writes a duration in the largest unit that divides it: the inverse of [`parse`] for whole milliseconds.
pub fn format(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let (name, size) = UNITS.iter().rev().find(|(_, size)| millis % size == 0).unwrap_or(&UNITS[0]);
    format!("{}{name}", millis / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for text in ["500ms", "10s", "5m", "2h", "400d", "10y"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_what_was_found() {
        for text in
            ["", "10", "s", "1.5s", "-1s", "10 s", "10x", "99999999999999999999s", "9999999999999999999y"]
        {
            assert_eq!(parse(text).unwrap_err().found, text);
        }
    }
}
