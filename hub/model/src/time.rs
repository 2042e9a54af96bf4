//! Points in time, as milliseconds since 1970-01-01T00:00:00Z. Never reads a clock: a caller passes the time in.

use std::fmt;
use std::time::Duration;

/// A moment, in whole milliseconds since the Unix epoch (UTC, no leap seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `ms` milliseconds after the Unix epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment and `span`, saturating at the ends of time.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// `span` before this moment, saturating.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_added_and_taken_away() {
        let noon = Timestamp::from_millis(1_000_000);
        assert_eq!(noon.plus(Duration::from_secs(2)).as_millis(), 1_002_000);
        assert_eq!(noon.minus(Duration::from_secs(2)).as_millis(), 998_000);
    }

    #[test]
    fn a_span_back_in_time_is_zero() {
        let noon = Timestamp::from_millis(1_000);
        assert_eq!(noon.since(Timestamp::from_millis(400)), Duration::from_millis(600));
        assert_eq!(Timestamp::from_millis(400).since(noon), Duration::ZERO);
    }

    #[test]
    fn the_ends_of_time_saturate() {
        assert_eq!(Timestamp::from_millis(i64::MAX).plus(Duration::MAX).as_millis(), i64::MAX);
        assert_eq!(Timestamp::from_millis(i64::MIN).minus(Duration::MAX).as_millis(), i64::MIN);
    }
}
