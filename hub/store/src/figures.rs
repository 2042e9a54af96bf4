//! What a span of time or a site-local day comes down to: the figures that buckets, reports and completeness are made of. Pure.
//!
//! Only finite values of judged quality are counted as values; every reading is counted by its quality. Read next: `bucket.rs`.

use std::ops::{AddAssign, Index, IndexMut};
use std::time::Duration;

use hub_model::{Quality, Timestamp};

/// The most buckets that one question may be answered with.
pub const MAX_BUCKETS: usize = 100_000;

/// Ms in a day. A site-local day has always so many: the store's days keep one offset from UTC.
const DAY_MS: i64 = 86_400_000;

/// How many readings there are of each quality; stays at its greatest rather than beginning again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QualityCounts {
    /// Passed every check.
    pub good: u32,
    /// No check is configured.
    pub not_evaluated: u32,
    /// Doubtful.
    pub suspect: u32,
    /// Physically impossible.
    pub fail: u32,
    /// No value.
    pub missing: u32,
    /// Taken during a calibration.
    pub calibrating: u32,
}

impl QualityCounts {
    /// How many readings.
    pub fn total(&self) -> u64 {
        Quality::ALL.into_iter().map(|quality| u64::from(self[quality])).sum()
    }

    /// How many readings that are not missing.
    pub fn with_value(&self) -> u64 {
        self.total() - u64::from(self.missing)
    }

    /// How many readings whose quality lets rules judge them.
    pub fn judged(&self) -> u32 {
        self.good.saturating_add(self.not_evaluated).saturating_add(self.suspect)
    }

    pub(crate) fn in_order(&self) -> [u32; 6] {
        Quality::ALL.map(|quality| self[quality])
    }

    pub(crate) fn from_order(counts: [u32; 6]) -> Self {
        let [good, not_evaluated, suspect, fail, missing, calibrating] = counts;
        Self { good, not_evaluated, suspect, fail, missing, calibrating }
    }
}

impl Index<Quality> for QualityCounts {
    type Output = u32;

    fn index(&self, quality: Quality) -> &u32 {
        match quality {
            Quality::Good => &self.good,
            Quality::NotEvaluated => &self.not_evaluated,
            Quality::Suspect => &self.suspect,
            Quality::Fail => &self.fail,
            Quality::Missing => &self.missing,
            Quality::Calibrating => &self.calibrating,
        }
    }
}

impl IndexMut<Quality> for QualityCounts {
    fn index_mut(&mut self, quality: Quality) -> &mut u32 {
        match quality {
            Quality::Good => &mut self.good,
            Quality::NotEvaluated => &mut self.not_evaluated,
            Quality::Suspect => &mut self.suspect,
            Quality::Fail => &mut self.fail,
            Quality::Missing => &mut self.missing,
            Quality::Calibrating => &mut self.calibrating,
        }
    }
}

impl AddAssign for QualityCounts {
    fn add_assign(&mut self, other: Self) {
        for quality in Quality::ALL {
            self[quality] = self[quality].saturating_add(other[quality]);
        }
    }
}

/// Values of one span of time. Only finite values of judged quality are in it; where there are none, the figures are 0 and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Where the span begins; it may lie before the asked-for `from`.
    pub start: Timestamp,
    /// How many values.
    pub n: u64,
    /// The least.
    pub min: f64,
    /// Their mean, each value weighing the same.
    pub mean: f64,
    /// The greatest.
    pub max: f64,
    /// The one measured last.
    pub last: f64,
    /// All readings of the span, also those that are no values.
    pub counts: QualityCounts,
}

/// How a period is cut into spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spans {
    /// Spans of equal width, one of which begins at `origin`.
    Every {
        /// How wide; at least a millisecond.
        width: Duration,
        /// Where one of them begins.
        origin: Timestamp,
    },
    /// Span `i` is `[edge i, edge i + 1)`; what lies outside of all belongs to none. Edges ascend.
    Edges(Vec<Timestamp>),
}

/// A day at the store's offset from UTC, in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDay(pub i64);

impl LocalDay {
    /// The day that `at` falls on, `utc_offset_s` seconds east of UTC.
    pub fn of(at: Timestamp, utc_offset_s: i32) -> Self {
        let local_ms = i128::from(at.as_millis()) + i128::from(utc_offset_s) * 1_000;
        // A day's number is 2^26 times smaller than a number of ms.
        Self(local_ms.div_euclid(i128::from(DAY_MS)) as i64)
    }

    /// Its first millisecond; the first of all time for the day that time begins on.
    pub fn start(self, utc_offset_s: i32) -> Timestamp {
        let start_ms = i128::from(self.0) * i128::from(DAY_MS) - i128::from(utc_offset_s) * 1_000;
        Timestamp::from_millis(start_ms.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl LocalDay {
    /// The period that begins and ends with whole days and holds `[from, to)`; none when that is empty.
    pub(crate) fn whole(from: Timestamp, to: Timestamp, utc_offset_s: i32) -> Option<(Timestamp, Timestamp)> {
        let last = Timestamp::from_millis(to.as_millis().checked_sub(1)?);
        let after_last = Self(Self::of(last, utc_offset_s).0 + 1);
        (from < to)
            .then(|| (Self::of(from, utc_offset_s).start(utc_offset_s), after_last.start(utc_offset_s)))
    }
}

/// A site-local day of a point, whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaySummary {
    /// Which day.
    pub day: LocalDay,
    /// When it began.
    pub start: Timestamp,
    /// All its readings.
    pub counts: QualityCounts,
    /// How many readings the whole day should have, where the point's interval is known.
    pub expected: Option<u32>,
    /// How many finite values of judged quality. The figures below are 0, and mean nothing, when there are none.
    pub n: u32,
    /// The least of them.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their sum.
    pub sum: f64,
    /// The one measured last.
    pub last: f64,
}

/// How many readings a day should have of a point that is read each `interval`.
pub(crate) fn expected_a_day(interval: Duration) -> Option<u32> {
    u32::try_from(u128::from(DAY_MS.unsigned_abs()).checked_div(interval.as_millis())?)
        .ok()
        .filter(|n| *n > 0)
}

/// A sum that carries what rounding lost (Neumaier's), so that the mean of equal decimals is that decimal.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    pub(crate) fn total(self) -> f64 {
        // Beyond the greatest number nothing can be carried.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_begins_at_local_midnight() {
        let offset = 7 * 3_600;
        let midnight = Timestamp::from_millis(17 * 3_600_000);
        assert_eq!(LocalDay::of(midnight, offset), LocalDay(1));
        assert_eq!(LocalDay::of(midnight.minus(Duration::from_millis(1)), offset), LocalDay(0));
        assert_eq!(LocalDay(1).start(offset), midnight);
        assert_eq!(LocalDay(-1).start(0).as_millis(), -DAY_MS);
    }

    #[test]
    fn days_at_the_ends_of_time_do_not_overflow() {
        for ms in [i64::MIN, i64::MAX] {
            for offset in [-43_200, 0, 50_400] {
                let (at, day) =
                    (Timestamp::from_millis(ms), LocalDay::of(Timestamp::from_millis(ms), offset));
                assert!(
                    day.start(offset) <= at
                        && day.start(offset).as_millis().abs_diff(ms) <= DAY_MS.unsigned_abs()
                );
            }
        }
    }

    #[test]
    fn what_a_day_should_have_follows_the_interval() {
        assert_eq!(expected_a_day(Duration::from_secs(600)), Some(144));
        assert_eq!(expected_a_day(Duration::from_micros(10)), None);
        assert_eq!(expected_a_day(Duration::from_secs(90_000)), None);
    }

    #[test]
    fn each_quality_has_a_count_of_its_own() {
        let mut counts = QualityCounts::default();
        for (n, quality) in (1..).zip(Quality::ALL) {
            counts[quality] += n;
        }
        assert_eq!((counts.total(), counts.missing, counts.with_value()), (21, 5, 16));
        counts += QualityCounts { good: u32::MAX, ..QualityCounts::default() };
        assert_eq!(counts.good, u32::MAX);
    }
}
