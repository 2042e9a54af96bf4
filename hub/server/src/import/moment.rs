//! Times as spreadsheets write them, in the zone that they were written in.

use adapters_push::line::Precision;
use adapters_push::time::believable;
use hub_model::{LocalText, Timestamp, local};
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// How a file writes its times.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Format {
    /// RFC 3339, with its offset.
    Rfc3339,
    /// A number since 1970 in this unit.
    Epoch(Precision),
    /// A spreadsheet's day number: 1 is 1900-01-01, the part is that of the day.
    Serial,
    /// A pattern such as `%d/%m/%Y %H:%M`.
    Pattern(String),
}

/// Why there is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoMoment {
    /// It cannot be read, or there is no such day.
    Unreadable,
    /// It can be read and cannot be true.
    OutOfRange,
}

impl Format {
    /// The format that a mapping names.
    pub(super) fn parse(text: &str) -> Result<Self, LocalText> {
        match text {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch_s" => Ok(Self::Epoch(Precision::S)),
            "epoch_ms" => Ok(Self::Epoch(Precision::Ms)),
            "serial" => Ok(Self::Serial),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned())),
            other => Err(local!(
                "có \"{other}\", được phép: rfc3339, epoch_s, epoch_ms, serial, hoặc mẫu như %d/%m/%Y %H:%M",
                "found \"{other}\", allowed: rfc3339, epoch_s, epoch_ms, serial, or a pattern such as %d/%m/%Y %H:%M"
            )),
        }
    }

    /// The moment that `text` stands for.
    pub(super) fn read(&self, text: &str, zone: &TimeZone) -> Result<Timestamp, NoMoment> {
        let text = text.trim();
        let ms = match self {
            Self::Rfc3339 => text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond()),
            Self::Epoch(unit) => {
                let number = text.parse().map_err(|_| NoMoment::Unreadable)?;
                return unit.moment(number).ok_or(NoMoment::OutOfRange);
            }
            Self::Serial => serial(text).and_then(|at| local(at, zone)),
            Self::Pattern(pattern) => pattern_ms(pattern, text, zone),
        };
        believable(ms.ok_or(NoMoment::Unreadable)?).ok_or(NoMoment::OutOfRange)
    }
}

/// An hour that a zone leaves out or has twice is taken as zones usually resolve it: Viet Nam has had none since 1975.
fn local(at: DateTime, zone: &TimeZone) -> Option<i64> {
    zone.to_timestamp(at).ok().map(|at| at.as_millisecond())
}

fn pattern_ms(pattern: &str, text: &str, zone: &TimeZone) -> Option<i64> {
    // What a Vietnamese spreadsheet writes for AM and PM.
    let english;
    let text = match text {
        text if pattern.contains("%p") => {
            english = text.replace("SA", "AM").replace("CH", "PM");
            &english
        }
        text => text,
    };
    let read = strtime::parse(pattern, text).ok()?;
    if let Ok(at) = read.to_timestamp() {
        return Some(at.as_millisecond());
    }
    let at = read
        .to_datetime()
        .or_else(|_| read.to_date().map(|day| day.to_datetime(jiff::civil::Time::midnight())));
    local(at.ok()?, zone)
}

fn serial(text: &str) -> Option<DateTime> {
    let number: f64 = text.replace(',', ".").parse().ok().filter(|n| (1.0..100_000.0).contains(n))?;
    // Spreadsheets count a 29 February 1900 that never was, so days from March 1900 on are counted from one day earlier.
    let start = Date::constant(1899, 12, 30).to_datetime(jiff::civil::Time::midnight());
    // Seconds are rounded: a day's part in a double is a little beside them.
    let seconds = (number * 86_400.0).round() as i64;
    start.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_zone() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let expected = Ok(Timestamp::from_millis(1_787_185_800_000));
        for (format, text) in [
            ("%d/%m/%Y %H:%M", "20/08/2026 07:30"),
            ("%d/%m/%Y %H:%M:%S", " 20/8/2026 7:30:00 "),
            ("%d/%m/%Y %I:%M %p", "20/08/2026 07:30 SA"),
            ("%Y-%m-%d %H:%M:%S %z", "2026-08-20 00:30:00 +0000"),
            ("rfc3339", "2026-08-20T07:30:00+07:00"),
            ("epoch_s", "1787185800"),
            ("epoch_ms", "1787185800000"),
            ("serial", "46254.3125"),
            ("serial", "46254,3125"),
        ] {
            assert_eq!(Format::parse(format).unwrap().read(text, &zone), expected, "{format}: {text}");
        }
        let day = Format::parse("%d/%m/%Y").unwrap().read("20/08/2026", &zone);
        assert_eq!(day, Ok(Timestamp::from_millis(1_787_158_800_000)));
        let evening = Format::parse("%d/%m/%Y %I:%M %p").unwrap().read("20/08/2026 07:30 CH", &zone);
        assert_eq!(evening, Ok(Timestamp::from_millis(1_787_185_800_000 + 12 * 3_600_000)));
    }

    #[test]
    fn what_is_no_time_is_told_from_one_that_cannot_be_true() {
        let zone = TimeZone::UTC;
        let dates = Format::parse("%d/%m/%Y").unwrap();
        assert_eq!(dates.read("30/02/2026", &zone), Err(NoMoment::Unreadable));
        assert_eq!(dates.read("2026-08-20", &zone), Err(NoMoment::Unreadable));
        assert_eq!(dates.read("20/08/1926", &zone), Err(NoMoment::OutOfRange));
        assert_eq!(Format::parse("epoch_s").unwrap().read("0", &zone), Err(NoMoment::OutOfRange));
        assert!(Format::parse("dd/mm/yyyy").unwrap_err().en.contains("%d/%m/%Y"));
    }
}
