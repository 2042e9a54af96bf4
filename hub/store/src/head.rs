//! The RAM head: what is known now of every point. Only what is committed is ever in it.
//!
//! Read next: `sqlite/writer.rs`, which renews it after each commit.

use std::collections::BTreeMap;

use hub_model::{PointId, Reading, Timestamp};

use crate::port::Latest;

/// Latest of all points, in the order of their ids.
pub(crate) type Head = BTreeMap<PointId, Latest>;

/// What is known of a point once `reading` has become its latest and `before` was.
pub(crate) fn renewed(before: Option<&Latest>, reading: Reading) -> Latest {
    Latest { last_good: last_good(before.and_then(|latest| latest.last_good), &reading), reading }
}

/// The last good value once `reading` has become the latest and `before` was the last good one.
pub(crate) fn last_good(before: Option<(f64, Timestamp)>, reading: &Reading) -> Option<(f64, Timestamp)> {
    let good =
        reading.value.filter(|_| reading.quality.is_judged()).map(|value| (value, reading.measured_at));
    // A change of the very reading that was the last good one may have taken its value away.
    good.or(before.filter(|(_, at)| *at != reading.measured_at))
}

/// The reading as every store keeps it: what is not a number is no number.
pub(crate) fn without_nan(mut reading: Reading) -> Reading {
    reading.raw = reading.raw.filter(|raw| !raw.is_nan());
    reading.value = reading.value.filter(|value| !value.is_nan());
    reading
}
