//! One payload in one format into a sample and, where it says so, a time. Pure.

use hub_model::{Reason, Sample, Timestamp};
use serde_json::Value;

use crate::config::{Format, PointSettings};
use crate::time;

/// Why a payload as a whole cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error("is no JSON document")]
    Json,
    #[error("is no UTF-8 text")]
    Text,
    #[error("is no line of collectd: epoch:value[:value]")]
    Collectd,
}

/// What a payload says of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) sample: Sample,
    pub(crate) measured_at: Option<Timestamp>,
    /// The payload named a time that cannot be read.
    pub(crate) bad_time: bool,
}

/// A payload that several points look into: parsed as JSON at most once.
pub(crate) struct Payload<'a> {
    bytes: &'a [u8],
    json: Option<Result<Value, PayloadError>>,
}

impl<'a> Payload<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, json: None }
    }

    /// The payload as JSON.
    pub(crate) fn json(&mut self) -> Result<&Value, PayloadError> {
        let bytes = self.bytes;
        let parsed =
            self.json.get_or_insert_with(|| serde_json::from_slice(bytes).map_err(|_| PayloadError::Json));
        parsed.as_ref().map_err(|error| *error)
    }

    /// The payload as text, without the NUL that some senders end it with.
    pub(crate) fn text(&self) -> Result<&'a str, PayloadError> {
        let text = std::str::from_utf8(self.bytes).map_err(|_| PayloadError::Text)?;
        Ok(text.trim_end_matches('\0').trim())
    }

    /// What it says of a point; `None` when it does not speak of it.
    pub(crate) fn decode(&mut self, point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
        match point.format {
            Format::Json => self.decode_json(point),
            Format::Number => {
                Ok(Some(Decoded { sample: text_sample(self.text()?), measured_at: None, bad_time: false }))
            }
            Format::Collectd => decode_collectd(self.text()?, point),
        }
    }

    fn decode_json(&mut self, point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
        let document = self.json()?;
        let found = match &point.path {
            Some(path) => path.find(document),
            None => Some(document),
        };
        let Some(value) = found else { return Ok(None) };
        let named_time = point.time_path.as_ref().and_then(|path| path.find(document));
        let measured_at = named_time.and_then(time::from_json);
        let bad_time = named_time.is_some() && measured_at.is_none();
        Ok(Some(Decoded { sample: json_sample(value), measured_at, bad_time }))
    }
}

/// A JSON value as a sample.
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

fn text_sample(text: &str) -> Sample {
    match text {
        "true" => Sample::Raw(1.0),
        "false" => Sample::Raw(0.0),
        other => match other.parse::<f64>() {
            Ok(number) if number.is_finite() => Sample::Raw(number),
            Ok(_) => Sample::Missing(Reason::NotANumber),
            Err(_) => Sample::Missing(Reason::Undecodable),
        },
    }
}

fn decode_collectd(text: &str, point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
    let mut fields = text.split(':');
    let epoch = fields.next().and_then(|field| field.parse::<f64>().ok()).ok_or(PayloadError::Collectd)?;
    let values: Vec<&str> = fields.collect();
    if values.is_empty() {
        return Err(PayloadError::Collectd);
    }
    let wanted = point.path.as_ref().and_then(|path| path.as_index()).unwrap_or(0);
    let measured_at = time::from_epoch(epoch);
    Ok(values.get(wanted).map(|value| Decoded {
        sample: text_sample(value),
        measured_at,
        bad_time: measured_at.is_none(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Path;

    fn point(format: Format, path: Option<&str>, time_path: Option<&str>) -> PointSettings {
        let parse = |text: &str| Path::parse(text).unwrap();
        PointSettings {
            topic: Some("t".to_owned()),
            format,
            path: path.map(parse),
            time_path: time_path.map(parse),
        }
    }

    fn decode(bytes: &[u8], point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
        Payload::new(bytes).decode(point)
    }

    fn sample(bytes: &[u8], point: &PointSettings) -> Sample {
        decode(bytes, point).unwrap().unwrap().sample
    }

    #[test]
    fn json_numbers_keep_every_decimal() {
        let whole = point(Format::Json, None, None);
        for text in ["0.1", "9007199254740993", "1e-7", "123456.789012", "-0.05", "2.2250738585072014e-308"] {
            assert_eq!(sample(text.as_bytes(), &whole), Sample::Raw(text.parse().unwrap()));
        }
        assert_eq!(sample(b"true", &whole), Sample::Raw(1.0));
        assert_eq!(sample(b"null", &whole), Sample::Missing(Reason::Sentinel));
        assert_eq!(sample(b"\"12\"", &whole), Sample::Missing(Reason::Undecodable));
    }

    #[test]
    fn a_path_that_is_not_there_says_nothing() {
        let distance = point(Format::Json, Some("object.distance"), Some("time"));
        assert_eq!(decode(br#"{"object":{}}"#, &distance), Ok(None));
        let found = decode(br#"{"time":"soon","object":{"distance":5}}"#, &distance).unwrap().unwrap();
        assert_eq!((found.sample, found.measured_at, found.bad_time), (Sample::Raw(5.0), None, true));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let whole = point(Format::Json, None, None);
        for bytes in [&b"NaN"[..], b"{", b"", b"\xFF", b"[NaN]"] {
            assert_eq!(decode(bytes, &whole), Err(PayloadError::Json));
        }
        assert_eq!(decode("[".repeat(10_000).as_bytes(), &whole), Err(PayloadError::Json));
    }

    #[test]
    fn collectd_lines_may_hold_several_values_and_end_with_a_nul() {
        let first = point(Format::Collectd, None, None);
        let second = point(Format::Collectd, Some("[1]"), None);
        let line = b"1760000000:1421451:9681874\0";
        assert_eq!(sample(line, &first), Sample::Raw(1_421_451.0));
        assert_eq!(sample(line, &second), Sample::Raw(9_681_874.0));
        assert_eq!(
            decode(line, &first).unwrap().unwrap().measured_at,
            Some(Timestamp::from_millis(1_760_000_000_000))
        );
        assert_eq!(sample(b"1760000000.5:nan", &first), Sample::Missing(Reason::NotANumber));
        assert_eq!(decode(b"1760000000:1", &second), Ok(None));
        for bytes in [&b"12"[..], b"x:1", b""] {
            assert_eq!(decode(bytes, &first), Err(PayloadError::Collectd));
        }
    }

    #[test]
    fn plain_numbers_are_read() {
        let plain = point(Format::Number, None, None);
        assert_eq!(sample(b" 12.5\n", &plain), Sample::Raw(12.5));
        assert_eq!(sample(b"inf", &plain), Sample::Missing(Reason::NotANumber));
        assert_eq!(sample(b"12,5", &plain), Sample::Missing(Reason::Undecodable));
        assert_eq!(decode(b"\xFF", &plain), Err(PayloadError::Text));
    }
}
