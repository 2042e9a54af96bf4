//! Times as people and programs write them: RFC 3339 with the commune's offset, or milliseconds since 1970.
//!
//! Never reads a clock. See [`hub_model::Timestamp`].

use hub_model::{LocalText, Timestamp, local};
use jiff::tz::TimeZone;

/// Least and greatest moment that is taken and printed: the years 1970 to 9998.
const BOUNDS_MS: (i64, i64) = (0, 253_370_764_800_000);

/// The commune's time zone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this IANA name; UTC when the name is unknown, which `commune-hub check` does not let happen.
    pub fn named(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or_else(|_| {
            tracing::error!(timezone = name, "unknown time zone, times are printed in UTC");
            TimeZone::UTC
        }))
    }

    /// The moment as it is in the zone; `None` beyond the calendar.
    pub fn zoned(&self, moment: Timestamp) -> Option<jiff::ZonedDateTime> {
        let instant = jiff::Timestamp::from_millisecond(moment.as_millis()).ok()?;
        Some(instant.to_zoned_datetime(self.0.clone()))
    }

    /// Seconds that the zone is east of UTC at a moment.
    pub fn offset_s(&self, moment: Timestamp) -> i32 {
        self.zoned(moment).map_or(0, |zoned| zoned.offset().seconds())
    }

    /// The offset of a moment, and between which moments it holds: the zone's changes before and after it.
    pub fn offset_span(&self, moment: Timestamp) -> (i32, Option<i64>, Option<i64>) {
        let Ok(instant) = jiff::Timestamp::from_millisecond(moment.as_millis()) else {
            return (0, None, None);
        };
        // A change at the very moment has happened.
        let next = instant.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(instant);
        let change =
            |found: Option<jiff::tz::TimeZoneTransition<'_>>| found.map(|at| at.timestamp().as_millisecond());
        (
            self.offset_s(moment),
            change(self.0.preceding(next).next()),
            change(self.0.following(instant).next()),
        )
    }

    /// The beginning of a day such as `2026-03-01`; `None` when the text is none.
    pub fn day(&self, text: &str) -> Option<Timestamp> {
        let day: jiff::civil::Date = text.parse().ok().filter(|_| !text.contains(['T', ' ']))?;
        let start = day.to_zoned_datetime(self.0.clone()).ok()?;
        from_millis(start.timestamp().as_millisecond())
    }

    /// RFC 3339 with the zone's offset; milliseconds only where they are not zero.
    pub fn print(&self, moment: Timestamp) -> String {
        let ms = moment.as_millis().clamp(BOUNDS_MS.0, BOUNDS_MS.1);
        let instant = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
        instant.to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
    }
}

/// Reads RFC 3339 or a whole number of milliseconds since 1970.
pub fn parse(text: &str) -> Result<Timestamp, LocalText> {
    let refused = || {
        local!(
            "có \"{text}\", được phép: RFC 3339 như 2026-03-01T08:00:00+07:00, hoặc mili giây từ 1970",
            "found \"{text}\", allowed: RFC 3339 such as 2026-03-01T08:00:00+07:00, or epoch ms"
        )
    };
    if let Ok(ms) = text.parse::<i64>() {
        return from_millis(ms).ok_or_else(refused);
    }
    // A plus sign that was not escaped in an address arrives as a space.
    let instant: jiff::Timestamp = text.trim().replace(' ', "+").parse().map_err(|_| refused())?;
    from_millis(instant.as_millisecond()).ok_or_else(refused)
}

/// The moment, when it lies within what can be printed.
pub fn from_millis(ms: i64) -> Option<Timestamp> {
    (BOUNDS_MS.0..BOUNDS_MS.1).contains(&ms).then(|| Timestamp::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_with_the_communes_offset() {
        let zone = Zone::named("Asia/Ho_Chi_Minh");
        // The offset of the time, not of today: in 1970 clocks in Saigon were eight hours ahead.
        assert_eq!(zone.print(Timestamp::from_millis(0)), "1970-01-01T08:00:00+08:00");
        assert_eq!(zone.print(Timestamp::from_millis(1_772_330_400_250)), "2026-03-01T09:00:00.25+07:00");
        assert_eq!(zone.print(Timestamp::from_millis(i64::MAX)), "9999-01-01T07:00:00+07:00");
        assert_eq!(Zone::named("Nowhere/Else").print(Timestamp::from_millis(0)), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn an_offset_is_told_with_the_changes_around_it() {
        let moment = Timestamp::from_millis(1_772_330_400_000);
        let (offset_s, from, until) = Zone::named("Asia/Ho_Chi_Minh").offset_span(moment);
        // Since 13 June 1975, and no change is in sight.
        assert_eq!((offset_s, from, until), (25_200, Some(171_820_800_000), None));
        let summer = Timestamp::from_millis(1_774_746_000_000);
        let (offset_s, from, until) = Zone::named("Europe/Berlin").offset_span(summer);
        assert_eq!((offset_s, from, until), (7_200, Some(summer.as_millis()), Some(1_792_890_000_000)));
        assert_eq!(Zone::named("UTC").offset_span(moment), (0, None, None));
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        let expected = Ok(Timestamp::from_millis(1_772_330_400_250));
        for text in [
            "1772330400250",
            "2026-03-01T09:00:00.25+07:00",
            "2026-03-01T09:00:00.25 07:00",
            "2026-03-01T02:00:00.25Z",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_was_found() {
        for text in ["", "yesterday", "2026-03-01", "2026-13-01T00:00:00Z", "-5", "99999999999999999", "1e12"]
        {
            assert!(parse(text).unwrap_err().en.contains(text), "{text}");
        }
    }
}
