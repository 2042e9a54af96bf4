//! Which times of measuring can be true. A device without a clock says 1970 (or 1980, as a GPS receiver without a fix); a
//! wrong precision says the year 50,000. Neither is ever stored.

use hub_model::Timestamp;

/// 1990-01-01T00:00:00Z: nothing that a hub keeps was measured before.
pub const EARLIEST: Timestamp = Timestamp::from_millis(631_152_000_000);
/// 2100-01-01T00:00:00Z: nothing was measured then or later.
pub const END: Timestamp = Timestamp::from_millis(4_102_444_800_000);

/// The moment `ms` after the epoch, where it can be true.
pub fn believable(ms: i64) -> Option<Timestamp> {
    (EARLIEST.as_millis()..END.as_millis()).contains(&ms).then(|| Timestamp::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_of_clocks_that_were_never_set_are_not_believed() {
        assert_eq!(believable(0), None);
        // 1980-01-06: where GPS begins to count.
        assert_eq!(believable(315_964_800_000), None);
        assert_eq!(believable(END.as_millis()), None);
        assert_eq!(believable(1_787_185_800_000), Some(Timestamp::from_millis(1_787_185_800_000)));
    }
}
