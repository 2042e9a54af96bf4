//! Times as devices write them: RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since the epoch. One that
//! cannot be true (a clock that was never set says 1970) is none.

use adapters_push::time::believable;
use hub_model::Timestamp;
use serde_json::Value;

/// Epoch numbers below this are seconds: as milliseconds they would lie before 1973.
const SECONDS_BELOW: f64 = 1e11;
/// Epoch numbers below this are milliseconds.
const MILLISECONDS_BELOW: f64 = 1e14;
/// Epoch numbers below this are microseconds.
const MICROSECONDS_BELOW: f64 = 1e17;
/// Epoch numbers below this are nanoseconds; nothing above is a time.
const NANOSECONDS_BELOW: f64 = 1e20;

/// Reads a time from JSON; `None` when it is none.
pub(crate) fn from_json(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => from_text(text),
        Value::Number(number) => from_epoch(number.as_f64()?),
        _ => None,
    }
}

/// Reads an epoch number of whatever unit; `None` when it is not positive or too large.
pub(crate) fn from_epoch(number: f64) -> Option<Timestamp> {
    let millis = match number {
        n if !n.is_finite() || n <= 0.0 => return None,
        n if n < SECONDS_BELOW => n * 1_000.0,
        n if n < MILLISECONDS_BELOW => n,
        n if n < MICROSECONDS_BELOW => n / 1_000.0,
        n if n < NANOSECONDS_BELOW => n / 1_000_000.0,
        _ => return None,
    };
    believable(millis.round() as i64)
}

fn from_text(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.trim().parse().ok()?;
    believable(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_of_writing_a_moment_is_read() {
        let expected = Some(Timestamp::from_millis(1_787_185_800_000));
        for value in [
            json!("2026-08-20T07:30:00+07:00"),
            json!("2026-08-20T00:30:00Z"),
            json!("2026-08-20T00:30:00.000000Z"),
            json!(1_787_185_800),
            json!(1_787_185_800_000_i64),
            json!(1_787_185_800_000_000_i64),
            json!(1_787_185_800_000_000_000_i64),
        ] {
            assert_eq!(from_json(&value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            json!("yesterday"),
            json!("2026-08-20T07:30:00"),
            json!(0),
            json!(3_600),
            json!("1970-01-01T00:10:00Z"),
            json!("2100-01-01T00:00:00Z"),
            json!(-5),
            json!(1e30),
            json!(null),
            json!(true),
        ] {
            assert_eq!(from_json(&value), None, "{value}");
        }
    }
}
