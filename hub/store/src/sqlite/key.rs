//! The number of a chunk: its site-local day, its series and its part of the day, in this order. Pure.
//!
//! The day comes first, so that the days under way lie side by side in the file: writing touches few pages, old ones stay full, and
//! the oldest can leave as a whole. Read next: `walk.rs`, which finds a series' days by it.

use hub_model::Timestamp;

use crate::figures::LocalDay;

/// Days from here on, in either direction (the year 24,900), share one; order within a chunk is by time, so nothing is lost.
const DAYS: i64 = 1 << 23;
const SERIES_BITS: u32 = 24;
const PART_BITS: u32 = 15;

/// The greatest part of a day.
pub(super) const LAST_PART: i64 = (1 << PART_BITS) - 1;

/// A chunk's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChunkKey {
    pub day: i64,
    pub series: i64,
    pub part: i64,
}

impl ChunkKey {
    pub(super) const fn id(self) -> i64 {
        ((self.day + DAYS) << SERIES_BITS | self.series) << PART_BITS | self.part
    }

    pub(super) const fn of(id: i64) -> Self {
        Self {
            day: (id >> (SERIES_BITS + PART_BITS)) - DAYS,
            series: id >> PART_BITS & ((1 << SERIES_BITS) - 1),
            part: id & LAST_PART,
        }
    }
}

/// The day under which a moment is kept.
pub(super) fn day_of(at_ms: i64, utc_offset_s: i32) -> i64 {
    LocalDay::of(Timestamp::from_millis(at_ms), utc_offset_s).0.clamp(-DAYS, DAYS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_says_its_place_and_keeps_the_order(
            day in -DAYS..DAYS, series in 0..1_i64 << SERIES_BITS, part in 0..=LAST_PART,
            other_day in -DAYS..DAYS, other_part in 0..=LAST_PART,
        ) {
            let key = ChunkKey { day, series, part };
            let other = ChunkKey { day: other_day, series, part: other_part };
            prop_assert!(key.id() >= 0);
            prop_assert_eq!(ChunkKey::of(key.id()), key);
            prop_assert_eq!(key.id().cmp(&other.id()), key.cmp(&other));
        }

        #[test]
        fn later_moments_never_lie_on_earlier_days(one in any::<i64>(), other in any::<i64>()) {
            let (early, late) = (one.min(other), one.max(other));
            prop_assert!(day_of(early, 25_200) <= day_of(late, 25_200));
        }
    }
}
