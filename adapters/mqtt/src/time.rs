//! Times as devices write them: RFC 3339, or seconds, milliseconds or microseconds since the epoch.

use hub_model::Timestamp;
use serde_json::Value;

/// Epoch numbers below this are seconds: as milliseconds they would lie before 1973.
const SECONDS_BELOW: f64 = 1e11;
/// Epoch numbers below this are milliseconds.
const MILLISECONDS_BELOW: f64 = 1e14;
/// Epoch numbers below this are microseconds; nothing above is a time.
const MICROSECONDS_BELOW: f64 = 1e17;

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
        _ => return None,
    };
    Some(Timestamp::from_millis(millis.round() as i64))
}

fn from_text(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
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
            json!(-5),
            json!(1e30),
            json!(null),
            json!(true),
        ] {
            assert_eq!(from_json(&value), None, "{value}");
        }
    }
}
