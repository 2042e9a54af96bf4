//! Folds an ordered run of readings, or of figures of some, into buckets or days. Pure; keeps one open span and those that are finished.
//!
//! Read next: `figures.rs` for what comes out.

use std::ops::ControlFlow;

use hub_model::{Quality, Reading, Timestamp};

use crate::chunk::Summary;
use crate::error::StoreError;
use crate::figures::{Bucket, DaySummary, LocalDay, MAX_BUCKETS, QualityCounts, Spans, Sum};

/// Takes readings in the order of `measured_at`.
pub(crate) struct BucketFold<'a> {
    cut: &'a Cut<'a>,
    done: Vec<Bucket>,
    open: Option<(Span, Figures)>,
    too_many: bool,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: Timestamp,
    /// Its last millisecond, or that of time.
    last: Timestamp,
}

impl Span {
    /// Whether a moment is in it.
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && at <= self.last
    }
}

/// Which span a moment is in.
pub(crate) enum Cut<'a> {
    Every { width_ms: i128, origin_ms: i128 },
    Edges(&'a [Timestamp]),
}

/// What is known of a span so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub counts: QualityCounts,
    pub n: u64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
    pub sum: Sum,
    /// How many readings there should be, where that was known when they were sealed.
    pub expected: Option<u32>,
}

/// What is added to a span.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// One reading's quality and value.
    Reading(Quality, Option<f64>),
    /// The figures of readings that follow each other.
    Figures(&'a Summary),
}

impl What<'_> {
    /// What a reading adds.
    pub(crate) fn of(reading: &Reading) -> Self {
        Self::Reading(reading.quality, reading.value)
    }
}

impl<'a> Cut<'a> {
    pub(crate) fn new(spans: &'a Spans) -> Result<Self, StoreError> {
        match spans {
            Spans::Every { width, origin } => {
                let width_ms = i128::try_from(width.as_millis()).unwrap_or(i128::MAX);
                if width_ms == 0 {
                    return Err(StoreError::Width { width: *width });
                }
                // Wider than all of time is as good as all of time, and keeps the sums below from overflowing.
                Ok(Self::Every {
                    width_ms: width_ms.min(i128::from(u64::MAX)),
                    origin_ms: origin.as_millis().into(),
                })
            }
            Spans::Edges(edges) => match edges.windows(2).position(|pair| pair[0] >= pair[1]) {
                Some(before) => Err(StoreError::Edges { index: before + 1 }),
                None => Ok(Self::Edges(edges)),
            },
        }
    }

    /// The part of `[from, to)` that can be in a span.
    pub(crate) fn within(&self, from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Edges([first, .., last]) => (from.max(*first), to.min(*last)),
            _ => (from, to),
        }
    }

    /// The span that `at` is in.
    pub(crate) fn span_of(&self, at: Timestamp) -> Option<Span> {
        match self {
            Self::Every { width_ms, origin_ms } => {
                let index = (i128::from(at.as_millis()) - origin_ms).div_euclid(*width_ms);
                let start_ms = origin_ms + index * width_ms;
                // It lies before `at`, so that it can only be too early for a timestamp.
                let start = Timestamp::from_millis(i64::try_from(start_ms).unwrap_or(i64::MIN));
                // And ends after it.
                let last = Timestamp::from_millis(i64::try_from(start_ms + width_ms - 1).unwrap_or(i64::MAX));
                Some(Span { start, last })
            }
            Self::Edges(edges) => {
                let next = edges.partition_point(|edge| *edge <= at);
                let start = *edges.get(next.checked_sub(1)?)?;
                let last = Timestamp::from_millis(edges.get(next)?.as_millis() - 1);
                Some(Span { start, last })
            }
        }
    }
}

impl<'a> BucketFold<'a> {
    pub(crate) fn new(cut: &'a Cut<'a>) -> Self {
        Self { cut, done: Vec::new(), open: None, too_many: false }
    }

    /// Takes what was measured at `at`, or from there on within its span. Breaks off when there are too many buckets.
    pub(crate) fn take(&mut self, at: Timestamp, what: What<'_>) -> ControlFlow<()> {
        if let Some((_, figures)) = self.open.as_mut().filter(|(open, _)| open.holds(at)) {
            figures.add(what);
            return ControlFlow::Continue(());
        }
        let Some(span) = self.cut.span_of(at) else {
            return ControlFlow::Continue(());
        };
        self.shut();
        let mut figures = Figures::default();
        figures.add(what);
        self.open = Some((span, figures));
        if self.too_many { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Bucket>, StoreError> {
        self.shut();
        if self.too_many { Err(StoreError::TooManyBuckets { max: MAX_BUCKETS }) } else { Ok(self.done) }
    }

    fn shut(&mut self) {
        let Some((Span { start, .. }, figures)) = self.open.take() else { return };
        if self.done.len() == MAX_BUCKETS {
            self.too_many = true;
        } else {
            self.done.push(figures.bucket(start));
        }
    }
}

/// Buckets of readings that are kept elsewhere: `feed` shows them in the order of `measured_at`, and stops when it is told to.
///
/// # Errors
/// As for [`crate::History::buckets`].
pub fn buckets_of(
    spans: &Spans,
    feed: impl FnOnce(&mut dyn FnMut(&Reading) -> ControlFlow<()>),
) -> Result<Vec<Bucket>, StoreError> {
    let cut = Cut::new(spans)?;
    let mut fold = BucketFold::new(&cut);
    feed(&mut |reading| fold.take(reading.measured_at, What::of(reading)));
    fold.finish()
}

/// Folds readings, in the order of `measured_at`, into site-local days.
pub(crate) struct DayFold {
    utc_offset_s: i32,
    expected: Option<u32>,
    done: Vec<DaySummary>,
    open: Option<(LocalDay, Figures)>,
}

impl DayFold {
    pub(crate) fn new(utc_offset_s: i32, expected: Option<u32>) -> Self {
        Self { utc_offset_s, expected, done: Vec::new(), open: None }
    }

    /// Takes what was measured at `at`, or from there on within its day.
    pub(crate) fn take(&mut self, at: Timestamp, what: What<'_>) {
        let day = LocalDay::of(at, self.utc_offset_s);
        if self.open.as_ref().is_none_or(|(open, _)| *open != day) {
            self.shut();
            self.open = Some((day, Figures::default()));
        }
        if let Some((_, figures)) = &mut self.open {
            figures.add(what);
        }
    }

    pub(crate) fn finish(mut self) -> Vec<DaySummary> {
        self.shut();
        self.done
    }

    fn shut(&mut self) {
        if let Some((day, figures)) = self.open.take() {
            self.done.push(figures.day(day, self.utc_offset_s, self.expected));
        }
    }
}

impl Figures {
    pub(crate) fn add(&mut self, what: What<'_>) {
        let (quality, value) = match what {
            What::Figures(summary) => return self.add_figures(summary),
            What::Reading(quality, value) => (quality, value),
        };
        let count = &mut self.counts[quality];
        *count = count.saturating_add(1);
        let Some(value) = value.filter(|value| value.is_finite() && quality.is_judged()) else { return };
        (self.min, self.max) =
            if self.n == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.n += 1;
        self.last = value;
        self.sum.add(value);
    }

    fn add_figures(&mut self, summary: &Summary) {
        self.counts += summary.counts;
        self.expected = self.expected.or(summary.expected);
        if summary.n == 0 {
            return;
        }
        (self.min, self.max) = if self.n == 0 {
            (summary.min, summary.max)
        } else {
            (self.min.min(summary.min), self.max.max(summary.max))
        };
        self.n += u64::from(summary.n);
        self.last = summary.last;
        self.sum.add(summary.sum);
    }

    fn bucket(&self, start: Timestamp) -> Bucket {
        let mean =
            if self.n == 0 { 0.0 } else { (self.sum.total() / self.n as f64).clamp(self.min, self.max) };
        let Self { counts, n, min, max, last, .. } = *self;
        Bucket { start, n, min, mean, max, last, counts }
    }

    fn day(&self, day: LocalDay, utc_offset_s: i32, expected: Option<u32>) -> DaySummary {
        let Self { counts, n, min, max, last, sum, expected: sealed } = *self;
        let expected = sealed.or(expected);
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        DaySummary {
            day,
            start: day.start(utc_offset_s),
            counts,
            expected,
            n,
            min,
            max,
            sum: sum.total(),
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::conformance::samples::{at, good, missing, point};
    use hub_model::Reason;

    fn take(fold: &mut BucketFold<'_>, reading: &Reading) -> ControlFlow<()> {
        fold.take(reading.measured_at, What::of(reading))
    }

    fn buckets(width_ms: u64, origin: i64, values: &[(i64, f64)]) -> Vec<Bucket> {
        let spans = Spans::Every { width: Duration::from_millis(width_ms), origin: at(origin) };
        let cut = Cut::new(&spans).unwrap();
        let mut fold = BucketFold::new(&cut);
        for (ms, value) in values {
            assert_eq!(take(&mut fold, &good(&point("a/b/c"), *ms, *value)), ControlFlow::Continue(()));
        }
        fold.finish().unwrap()
    }

    #[test]
    fn buckets_begin_at_the_origin_also_before_it() {
        let starts = |origin| -> Vec<i64> {
            buckets(100, origin, &[(-130, 1.0), (5, 1.0), (95, 1.0), (105, 1.0)])
                .iter()
                .map(|b| b.start.as_millis())
                .collect()
        };
        assert_eq!(starts(0), [-200, 0, 100]);
        assert_eq!(starts(10), [-190, -90, 10]);
    }

    #[test]
    fn the_mean_of_equal_decimals_is_that_decimal() {
        let values: Vec<_> = (0..1_000).map(|at| (at, 0.1)).collect();
        assert_eq!(buckets(1_000, 0, &values)[0].mean, 0.1);
    }

    #[test]
    fn the_mean_of_the_greatest_numbers_is_one_of_them_at_most() {
        let bucket = buckets(10, 0, &[(0, f64::MAX), (1, f64::MAX)])[0];
        assert_eq!((bucket.mean, bucket.max), (f64::MAX, f64::MAX));
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let all = buckets(u64::MAX, i64::MAX, &[(i64::MIN, 1.0), (i64::MAX, 2.0)]);
        assert_eq!(all.iter().map(|b| b.n).sum::<u64>(), 2);
    }

    #[test]
    fn no_width_and_edges_that_do_not_ascend_are_refused() {
        let spans = Spans::Every { width: Duration::from_micros(999), origin: at(0) };
        assert!(matches!(Cut::new(&spans), Err(StoreError::Width { .. })));
        let spans = Spans::Edges(vec![at(0), at(5), at(5)]);
        let error = Cut::new(&spans).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "the edges of spans must ascend; edge 2 (counted from 0) does not");
    }

    #[test]
    fn edges_take_what_is_between_them() {
        let spans = Spans::Edges(vec![at(0), at(10), at(30)]);
        let cut = Cut::new(&spans).unwrap();
        let mut fold = BucketFold::new(&cut);
        for ms in [-1, 0, 9, 10, 29, 30, 99] {
            assert!(take(&mut fold, &good(&point("a/b/c"), ms, ms as f64)).is_continue());
        }
        assert!(take(&mut fold, &missing(&point("a/b/c"), 100, Reason::Timeout)).is_continue());
        let found: Vec<_> =
            fold.finish().unwrap().iter().map(|b| (b.start.as_millis(), b.n, b.last)).collect();
        assert_eq!(found, [(0, 2, 9.0), (10, 2, 29.0)]);
        assert!(Cut::new(&Spans::Edges(vec![at(3)])).unwrap().span_of(at(3)).is_none());
    }
}
