//! Folds an ordered run of readings into buckets. Pure; keeps one open bucket and those that are finished.
//!
//! Read next: `port.rs`, whose `History::buckets` uses it.

use std::ops::ControlFlow;
use std::time::Duration;

use hub_model::{Reading, Timestamp};

use crate::error::StoreError;
use crate::port::{Bucket, MAX_BUCKETS};

/// Takes readings in the order of `measured_at`.
pub(crate) struct BucketFold {
    width_ms: i128,
    origin_ms: i128,
    done: Vec<Bucket>,
    open: Option<Open>,
    too_many: bool,
}

/// The bucket being filled. The sum carries what rounding lost, so that the mean of equal values is that value.
struct Open {
    index: i128,
    bucket: Bucket,
    sum: f64,
    lost: f64,
}

impl BucketFold {
    pub(crate) fn new(width: Duration, origin: Timestamp) -> Result<Self, StoreError> {
        let width_ms = i128::try_from(width.as_millis()).unwrap_or(i128::MAX);
        if width_ms == 0 {
            return Err(StoreError::Width { width });
        }
        // Wider than all of time is as good as all of time, and keeps the sums below from overflowing.
        let width_ms = width_ms.min(i128::from(u64::MAX));
        Ok(Self {
            width_ms,
            origin_ms: origin.as_millis().into(),
            done: Vec::new(),
            open: None,
            too_many: false,
        })
    }

    pub(crate) fn take(&mut self, reading: &Reading) -> ControlFlow<()> {
        let Some(value) = reading.value.filter(|v| v.is_finite() && reading.quality.is_judged()) else {
            return ControlFlow::Continue(());
        };
        let index = (i128::from(reading.measured_at.as_millis()) - self.origin_ms).div_euclid(self.width_ms);
        if let Some(open) = self.open.as_mut().filter(|open| open.index == index) {
            open.add(value);
            return ControlFlow::Continue(());
        }
        self.shut();
        if self.done.len() == MAX_BUCKETS {
            self.too_many = true;
            return ControlFlow::Break(());
        }
        let start_ms = (self.origin_ms + index * self.width_ms).max(i64::MIN.into());
        let start = Timestamp::from_millis(i64::try_from(start_ms).unwrap_or(i64::MAX));
        let bucket = Bucket { start, n: 1, min: value, mean: value, max: value, last: value };
        self.open = Some(Open { index, bucket, sum: value, lost: 0.0 });
        ControlFlow::Continue(())
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Bucket>, StoreError> {
        self.shut();
        if self.too_many { Err(StoreError::TooManyBuckets { max: MAX_BUCKETS }) } else { Ok(self.done) }
    }

    fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            self.done.push(open.finished());
        }
    }
}

impl Open {
    fn add(&mut self, value: f64) {
        self.bucket.n += 1;
        self.bucket.min = self.bucket.min.min(value);
        self.bucket.max = self.bucket.max.max(value);
        self.bucket.last = value;
        // Neumaier's sum.
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    fn finished(mut self) -> Bucket {
        self.bucket.mean =
            ((self.sum + self.lost) / self.bucket.n as f64).clamp(self.bucket.min, self.bucket.max);
        self.bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::{PointId, Quality};

    fn buckets(width_ms: u64, origin: i64, values: &[(i64, f64)]) -> Vec<Bucket> {
        let mut fold =
            BucketFold::new(Duration::from_millis(width_ms), Timestamp::from_millis(origin)).unwrap();
        for (at, value) in values {
            let at = Timestamp::from_millis(*at);
            let reading = Reading {
                point: PointId::parse("a/b/c").unwrap(),
                measured_at: at,
                received_at: at,
                raw: None,
                value: Some(*value),
                quality: Quality::Good,
                reason: None,
            };
            assert_eq!(fold.take(&reading), ControlFlow::Continue(()));
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
    fn the_ends_of_time_do_not_overflow() {
        let all = buckets(u64::MAX, i64::MAX, &[(i64::MIN, 1.0), (i64::MAX, 2.0)]);
        assert_eq!(all.iter().map(|b| b.n).sum::<u64>(), 2);
    }

    #[test]
    fn no_width_is_refused() {
        assert!(matches!(
            BucketFold::new(Duration::from_micros(999), Timestamp::default()),
            Err(StoreError::Width { .. })
        ));
    }
}
