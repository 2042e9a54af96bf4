//! The RAM head: what is known now of every point. Only what is committed is ever in it.
//!
//! Read next: `sqlite/writer.rs`, which renews it after each commit.

use std::collections::BTreeMap;

use hub_model::{PointId, Reading};

use crate::port::Latest;

/// Latest of all points, in the order of their ids.
pub(crate) type Head = BTreeMap<PointId, Latest>;

/// What is known of a point once `reading` has become its latest and `before` was.
pub(crate) fn renewed(before: Option<&Latest>, reading: Reading) -> Latest {
    let good =
        reading.value.filter(|_| reading.quality.is_judged()).map(|value| (value, reading.measured_at));
    // A change of the very reading that was the last good one may have taken its value away.
    let before = before.and_then(|latest| latest.last_good).filter(|(_, at)| *at != reading.measured_at);
    Latest { last_good: good.or(before), reading }
}

/// The reading as every store keeps it: what is not a number is no number.
pub(crate) fn without_nan(mut reading: Reading) -> Reading {
    reading.raw = reading.raw.filter(|raw| !raw.is_nan());
    reading.value = reading.value.filter(|value| !value.is_nan());
    reading
}
