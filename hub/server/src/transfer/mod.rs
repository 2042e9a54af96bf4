//! History out to a target, in from one, and both sides compared: what `commune-hub influxdb` does.
//!
//! Reads stored readings day by day, so that memory does not grow with the span. Read next: `push.rs`, `verify.rs`, `pull.rs`.

mod pull;
mod push;
mod verify;

use hub_model::Timestamp;
use jiff::ToSpan;
use jiff::tz::TimeZone;

pub use pull::{Pull, pull};
pub use push::push;
pub use verify::verify;

/// A span of time, in the commune's days.
pub struct Span {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last one.
    pub to: Timestamp,
    /// The commune's time zone.
    pub zone: TimeZone,
}

/// A day of a span, or the part of it that is within.
struct Day {
    /// As people write it.
    name: String,
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    /// Its days, the first one first.
    fn days(&self) -> anyhow::Result<Vec<Day>> {
        let mut days = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let local =
                jiff::Timestamp::from_millisecond(from.as_millis())?.to_zoned_datetime(self.zone.clone());
            let next = local.start_of_day()?.checked_add(1.day())?.start_of_day()?;
            let to = Timestamp::from_millis(next.timestamp().as_millisecond()).min(self.to);
            days.push(Day { name: local.date().to_string(), from, to });
            from = to;
        }
        Ok(days)
    }
}
