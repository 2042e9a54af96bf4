//! Hours, days, weeks and months of the commune, for buckets that people read: they begin at local midnight, weeks on Monday.
//!
//! Never reads a clock. Read next: [`crate::routes`]' readings.

use hub_model::Timestamp;
use jiff::civil::Date;
use jiff::{Span, ToSpan, ZonedDateTime};

use crate::local::Zone;

/// How wide a bucket of the calendar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// From the full hour.
    Hour,
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first.
    Month,
}

impl Width {
    /// The words of the API.
    pub const WORDS: [&str; 4] = ["hour", "day", "week", "month"];

    /// The width with this word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Hour, Self::Day, Self::Week, Self::Month];
        Self::WORDS.iter().zip(all).find(|(known, _)| **known == word).map(|(_, width)| width)
    }

    fn span(self) -> Span {
        match self {
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
        }
    }
}

/// The edges of the buckets that `[from, to)` touches: the first begins at or before `from`, the last ends at or after `to`.
/// `None` when there are over `most` buckets, or the calendar does not reach so far.
pub fn edges(
    zone: &Zone,
    from: Timestamp,
    to: Timestamp,
    width: Width,
    most: usize,
) -> Option<Vec<Timestamp>> {
    let mut next = begin(&zone.zoned(from)?, width)?;
    let end = to.as_millis();
    let mut edges = vec![of(&next)];
    while edges.last().is_some_and(|last| last.as_millis() < end) {
        if edges.len() > most {
            return None;
        }
        next = next.checked_add(width.span()).ok()?;
        edges.push(of(&next));
    }
    Some(edges)
}

fn begin(at: &ZonedDateTime, width: Width) -> Option<ZonedDateTime> {
    let date: Date = at.date();
    let first = match width {
        Width::Hour => return date.at(at.hour(), 0, 0, 0).to_zoned_datetime(at.time_zone().clone()).ok(),
        Width::Day => date,
        Width::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok()?,
        Width::Month => date.first_of_month(),
    };
    first.to_zoned_datetime(at.time_zone().clone()).ok()
}

fn of(at: &ZonedDateTime) -> Timestamp {
    Timestamp::from_millis(at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(from: &str, to: &str, width: Width) -> Vec<String> {
        let zone = Zone::named("Asia/Ho_Chi_Minh");
        let (from, to) = (crate::local::parse(from).unwrap(), crate::local::parse(to).unwrap());
        let edges = edges(&zone, from, to, width, 100).unwrap();
        edges.into_iter().map(|edge| zone.print(edge).replace(":00:00+07:00", "")).collect()
    }

    #[test]
    fn buckets_begin_where_people_begin_them() {
        let (from, to) = ("2026-02-27T09:30:00+07:00", "2026-03-03T00:00:00+07:00");
        let days = printed(from, to, Width::Day);
        assert_eq!(
            days,
            ["2026-02-27T00", "2026-02-28T00", "2026-03-01T00", "2026-03-02T00", "2026-03-03T00"]
        );
        assert_eq!(printed(from, to, Width::Week), ["2026-02-23T00", "2026-03-02T00", "2026-03-09T00"]);
        assert_eq!(printed(from, to, Width::Month), ["2026-02-01T00", "2026-03-01T00", "2026-04-01T00"]);
        let hours = printed(from, "2026-02-27T11:00:00+07:00", Width::Hour);
        assert_eq!(hours, ["2026-02-27T09", "2026-02-27T10", "2026-02-27T11"]);
    }

    #[test]
    fn too_many_buckets_are_none() {
        let zone = Zone::named("Asia/Ho_Chi_Minh");
        let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(50 * 365 * 86_400_000));
        assert_eq!(edges(&zone, from, to, Width::Day, 5_000), None);
        assert_eq!(edges(&zone, from, to, Width::Month, 5_000).unwrap().len(), 601);
        assert_eq!(edges(&zone, Timestamp::from_millis(i64::MAX), to, Width::Day, 5), None);
    }
}
