//! Times of the day: quiet hours, and when the next digest goes out. Pure; the zone is the commune's.
//!
//! A day that is shorter or longer than others, where a zone keeps summer time, shifts nothing: times are those of the clock on the wall.

use std::time::Duration;

use hub_model::{LocalText, Timestamp, duration};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

/// Hours in which only critical alarms are told, such as 22:00 to 06:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    from: Time,
    to: Time,
}

impl Quiet {
    /// Reads `22:00-06:00`.
    ///
    /// # Errors
    /// What was found and what is allowed.
    pub fn parse(text: &str) -> Result<Self, LocalText> {
        let refused = || {
            hub_model::local!(
                "có \"{text}\", được phép: hai giờ khác nhau như \"22:00-06:00\"",
                "found \"{text}\", allowed: two different times such as \"22:00-06:00\""
            )
        };
        let (from, to) = text.split_once('-').ok_or_else(refused)?;
        let (from, to) = (time(from.trim()).ok_or_else(refused)?, time(to.trim()).ok_or_else(refused)?);
        if from == to { Err(refused()) } else { Ok(Self { from, to }) }
    }

    /// When the quiet hours that `moment` lies in are over; `None` when it lies in none.
    pub fn ends(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let now = local(moment, zone);
        let time = now.time();
        let is_within = match self.from < self.to {
            true => (self.from..self.to).contains(&time),
            false => time >= self.from || time < self.to,
        };
        is_within.then(|| next(&now, self.to)).flatten()
    }
}

/// When what was gathered is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// Once a day at this time.
    At(Time),
    /// So often, counted from midnight.
    Every(Duration),
}

/// Digests come at least so far apart.
const LEAST_BETWEEN: Duration = Duration::from_secs(60);
/// And at most.
const MOST_BETWEEN: Duration = Duration::from_secs(24 * 3600);

impl Digest {
    /// Reads `07:00` or `4h`.
    ///
    /// # Errors
    /// What was found and what is allowed.
    pub fn parse(text: &str) -> Result<Self, LocalText> {
        let refused = || {
            hub_model::local!(
                "có \"{text}\", được phép: giờ trong ngày như \"07:00\", hoặc \"1m\" đến \"24h\"",
                "found \"{text}\", allowed: a time of the day such as \"07:00\", or \"1m\" to \"24h\""
            )
        };
        if let Some(time) = time(text) {
            return Ok(Self::At(time));
        }
        let every = duration::parse(text).map_err(|_| refused())?;
        if (LEAST_BETWEEN..=MOST_BETWEEN).contains(&every) { Ok(Self::Every(every)) } else { Err(refused()) }
    }

    /// The first digest after `moment`.
    pub fn next(&self, moment: Timestamp, zone: &TimeZone) -> Timestamp {
        let now = local(moment, zone);
        let found = match self {
            Self::At(time) => next(&now, *time),
            Self::Every(every) => {
                let midnight = now.start_of_day().map(|start| stamp(&start)).unwrap_or(moment);
                let passed = moment.since(midnight).as_millis() / every.as_millis().max(1);
                let next = midnight.plus(every.saturating_mul(u32::try_from(passed + 1).unwrap_or(u32::MAX)));
                // The last span of a day is cut short, so that the next day begins as every day does.
                Some(self::next(&now, Time::midnight()).map_or(next, |end| end.min(next)))
            }
        };
        found.unwrap_or(moment)
    }
}

/// A moment on the wall's clock.
pub(crate) fn local(moment: Timestamp, zone: &TimeZone) -> ZonedDateTime {
    jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default().to_zoned_datetime(zone.clone())
}

pub(crate) fn stamp(moment: &ZonedDateTime) -> Timestamp {
    Timestamp::from_millis(moment.timestamp().as_millisecond())
}

/// Reads `06:00`, and `24:00` as midnight.
pub(crate) fn time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let is_written_out = hours.len() == 2 && minutes.len() == 2;
    if !is_written_out {
        return None;
    }
    match (hours.parse().ok()?, minutes.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hours, minutes) => Time::new(hours, minutes, 0, 0).ok(),
    }
}

/// The first moment after `now` at which the clock shows `time`.
fn next(now: &ZonedDateTime, time: Time) -> Option<Timestamp> {
    let today = now.date().to_datetime(time).to_zoned_datetime(now.time_zone().clone()).ok()?;
    if today.timestamp() > now.timestamp() {
        return Some(stamp(&today));
    }
    let tomorrow = now.date().checked_add(1.day()).ok()?;
    Some(stamp(&tomorrow.to_datetime(time).to_zoned_datetime(now.time_zone().clone()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn quiet_hours_cross_midnight_and_end_in_the_morning() {
        let quiet = Quiet::parse("22:00-06:00").unwrap();
        let vietnam = zone("Asia/Ho_Chi_Minh");
        for (moment, ends) in [
            ("2026-03-01T21:59:59+07:00", None),
            ("2026-03-01T22:00:00+07:00", Some("2026-03-02T06:00:00+07:00")),
            ("2026-03-02T05:59:59+07:00", Some("2026-03-02T06:00:00+07:00")),
            ("2026-03-02T06:00:00+07:00", None),
        ] {
            assert_eq!(quiet.ends(at(moment), &vietnam), ends.map(at), "{moment}");
        }
        let noon = Quiet::parse("11:30-13:00").unwrap();
        assert_eq!(
            noon.ends(at("2026-03-01T12:00:00+07:00"), &vietnam),
            Some(at("2026-03-01T13:00:00+07:00"))
        );
        assert_eq!(noon.ends(at("2026-03-01T14:00:00+07:00"), &vietnam), None);
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_by_the_clock() {
        let quiet = Quiet::parse("22:00-06:00").unwrap();
        let berlin = zone("Europe/Berlin");
        let ends = quiet.ends(at("2026-03-28T23:00:00+01:00"), &berlin);
        assert_eq!(ends, Some(at("2026-03-29T06:00:00+02:00")));
        let back = quiet.ends(at("2026-10-24T23:00:00+02:00"), &berlin);
        assert_eq!(back, Some(at("2026-10-25T06:00:00+01:00")));
    }

    #[test]
    fn a_digest_goes_out_at_its_time() {
        let vietnam = zone("Asia/Ho_Chi_Minh");
        let daily = Digest::parse("07:00").unwrap();
        assert_eq!(daily.next(at("2026-03-01T06:59:00+07:00"), &vietnam), at("2026-03-01T07:00:00+07:00"));
        assert_eq!(daily.next(at("2026-03-01T07:00:00+07:00"), &vietnam), at("2026-03-02T07:00:00+07:00"));
        let often = Digest::parse("7h").unwrap();
        assert_eq!(often.next(at("2026-03-01T08:00:00+07:00"), &vietnam), at("2026-03-01T14:00:00+07:00"));
        assert_eq!(often.next(at("2026-03-01T22:00:00+07:00"), &vietnam), at("2026-03-02T00:00:00+07:00"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["22:00", "22-6", "22:00-22:00", "25:00-06:00", "22:60-06:00", ""] {
            assert!(Quiet::parse(text).is_err(), "{text}");
        }
        for text in ["7:00", "daily", "25h", "10s", ""] {
            assert!(Digest::parse(text).unwrap_err().en.contains("allowed"), "{text}");
        }
    }
}
