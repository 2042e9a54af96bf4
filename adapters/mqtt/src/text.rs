//! Numbers in JSON values and in texts: plain, as words of a switch, or with a unit behind them.

use adapters_push::units;
use hub_model::{Reason, Sample, Unit};
use serde_json::Value;

/// What switches and contacts say in words.
const SWITCHES: [(&str, f64); 6] =
    [("true", 1.0), ("false", 0.0), ("on", 1.0), ("off", 0.0), ("open", 1.0), ("closed", 0.0)];

/// A value of the hub's own telemetry: a number, a switch, or null for none.
pub(crate) fn json_sample(value: &Value) -> Sample {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(number) => Sample::Raw(number),
            None => Sample::Missing(Reason::NotANumber),
        },
        Value::Bool(flag) => Sample::Raw(f64::from(u8::from(*flag))),
        Value::Null => Sample::Missing(Reason::Sentinel),
        Value::String(_) | Value::Array(_) | Value::Object(_) => Sample::Missing(Reason::Undecodable),
    }
}

/// A value of a foreign document: as [`json_sample`], and texts, whose unit is converted to the point's.
pub(crate) fn foreign_sample(value: &Value, unit: Option<Unit>) -> Sample {
    match value {
        Value::String(text) => text_sample(text, unit),
        other => json_sample(other),
    }
}

/// A number, a switch's word, or a number with its unit.
pub(crate) fn text_sample(text: &str, unit: Option<Unit>) -> Sample {
    let text = text.trim();
    if let Some((_, number)) = SWITCHES.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
        return Sample::Raw(*number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Sample::Raw(number),
        Ok(_) => Sample::Missing(Reason::NotANumber),
        Err(_) => with_unit(text, unit).unwrap_or(Sample::Missing(Reason::Undecodable)),
    }
}

fn with_unit(text: &str, target: Option<Unit>) -> Option<Sample> {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let (number, unit) = match text.split_once(char::is_whitespace) {
        Some(parts) => parts,
        None => text.split_at(text.find(|c| !is_of_number(c))?),
    };
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite())?;
    units::convert(number, unit.trim(), target?).ok().map(Sample::Value)
}
