//! What a calendar says of the hub's moments. Pure; where people are shown a time in their own words is `adapters/notify` and the
//! dashboard.
//!
//! A moment that no calendar has, as at the ends of time, is told by its number. Read next: `cli/readable.rs`, which reads moments.

use hub_model::Timestamp;
use jiff::tz::TimeZone;

/// The moment in UTC, as RFC 3339 writes it.
pub fn utc(at: Timestamp) -> String {
    instant(at).map_or_else(|| at.to_string(), |at| at.to_string())
}

/// The moment as the clock on the wall shows it, to the minute.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    let print =
        |at: jiff::Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    instant(at).map_or_else(|| at.to_string(), print)
}

/// How many seconds east of UTC the zone is at a moment.
pub fn utc_offset_s(zone: &TimeZone, at: Timestamp) -> i32 {
    instant(at).map_or(0, |at| zone.to_offset(at).seconds())
}

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(at.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_utc_and_on_the_wall_and_by_its_number_beyond_the_calendar() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let at = Timestamp::from_millis(1_795_396_500_250);
        assert_eq!(utc(at), "2026-11-23T01:15:00.25Z");
        assert_eq!(local(at, &zone), "2026-11-23 08:15");
        assert_eq!(utc_offset_s(&zone, at), 7 * 3_600);
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(utc(end), end.to_string());
        assert_eq!(local(end, &zone), end.to_string());
        assert_eq!(utc_offset_s(&zone, end), 0);
    }
}
