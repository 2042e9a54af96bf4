//! One payload in one format into samples and, where it says so, times. Pure.
//!
//! The document is parsed once, however many points look into it. Read next: `named.rs` (SenML, line protocol, NetJSON),
//! `text.rs` (numbers in texts).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hub_model::{Reason, Sample, Timestamp};
use serde_json::Value;

use crate::config::{Format, PointSettings};
use crate::named::Named;
use crate::path::Found;
use crate::text::{foreign_sample, text_sample};
use crate::time;
use crate::trails::MAX_HOPS;
use crate::uplinks::Uplink;

/// Why a payload as a whole cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// JSON was wanted.
    #[error("is no JSON document")]
    Json,
    /// A text was wanted.
    #[error("is no UTF-8 text")]
    Text,
    /// A line of collectd was wanted.
    #[error("is no line of collectd: epoch:value[:value]")]
    Collectd,
    /// SenML was wanted, as JSON or CBOR.
    #[error("is no SenML pack")]
    Senml,
    /// Line protocol was wanted.
    #[error("holds no line of line protocol that can be read")]
    Line,
    /// NetJSON was wanted.
    #[error("is no NetJSON DeviceMonitoring document")]
    NetJson,
    /// The hub's own telemetry, without its metrics.
    #[error("has no object \"m\" of metrics")]
    Metrics,
    /// The hub's own telemetry, with a trail of hubs that is none.
    #[error("has a \"via\" that is no list of at most {MAX_HOPS} hubs' ids")]
    Via,
    /// The hub's own status, in other words.
    #[error("is neither \"online\" nor \"offline\"")]
    Status,
}

impl PayloadError {
    /// The word for it in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Collectd => "collectd",
            Self::Senml => "senml",
            Self::Line => "line",
            Self::NetJson => "netjson",
            Self::Metrics => "metrics",
            Self::Via => "via",
            Self::Status => "status",
        }
    }
}

/// What a payload says of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) sample: Sample,
    pub(crate) measured_at: Option<Timestamp>,
    /// The payload named a time that cannot be read.
    pub(crate) bad_time: bool,
}

/// A payload that several points look into: parsed at most once.
pub(crate) struct Payload<'a> {
    bytes: &'a [u8],
    json: Option<Result<Value, PayloadError>>,
    named: Named<'a>,
}

impl<'a> Payload<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, json: None, named: Named::new(bytes) }
    }

    /// The payload as JSON. Nesting is bounded by the parser; a number beyond a double is none.
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

    /// Lines and records of it that could not be read while others could.
    pub(crate) fn bad_lines(&self) -> u64 {
        self.named.bad_lines()
    }

    /// What it says of a point, in its order; nothing when it does not speak of it.
    pub(crate) fn decode(
        &mut self,
        point: &PointSettings,
        received_at: Timestamp,
    ) -> Result<Vec<Decoded>, PayloadError> {
        let only = |decoded: Option<Decoded>| decoded.into_iter().collect();
        match point.format {
            Format::Json => self.decode_json(point).map(only),
            Format::Number => {
                let sample = text_sample(self.text()?, point.unit);
                Ok(vec![Decoded { sample, measured_at: None, bad_time: false }])
            }
            Format::Collectd => decode_collectd(self.text()?, point).map(only),
            Format::Senml => self.named.senml(point, received_at),
            Format::Line => self.named.lines(point),
            Format::NetJson => self.named.netjson(point),
        }
    }

    fn decode_json(&mut self, point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
        let document = self.json()?;
        let found = match &point.path {
            Some(path) => path.find(document),
            None => Some(Found::Value(document)),
        };
        let sample = match found {
            Some(Found::Value(value)) => foreign_sample(value, point.unit),
            Some(Found::Count(count)) => Sample::Raw(count as f64),
            None => match of_bytes(document, point) {
                Some(sample) => sample,
                None => return Ok(None),
            },
        };
        let named_time = point.time_path.as_ref().and_then(|path| path.value(document));
        let measured_at = named_time.and_then(time::from_json);
        let bad_time = named_time.is_some() && measured_at.is_none();
        Ok(Some(Decoded { sample, measured_at, bad_time }))
    }
}

/// What the point's codec reads of the device's own bytes, under the name that the path ends with.
fn of_bytes(document: &Value, point: &PointSettings) -> Option<Sample> {
    let (codec, text) = (point.codec?, Uplink::bytes(document)?);
    let name = point.path.as_ref()?.last_key()?;
    let Ok(bytes) = STANDARD.decode(text) else { return Some(Sample::Missing(Reason::Undecodable)) };
    codec.figure(name, &bytes).map(Sample::Raw)
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
        sample: text_sample(value, None),
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
            ..PointSettings::own(hub_model::Unit::parse("mg/L"))
        }
    }

    fn decode(bytes: &[u8], point: &PointSettings) -> Result<Option<Decoded>, PayloadError> {
        Ok(Payload::new(bytes).decode(point, Timestamp::from_millis(0))?.pop())
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
        assert_eq!(sample(b"\"12\"", &whole), Sample::Raw(12.0));
        assert_eq!(sample(b"{}", &whole), Sample::Missing(Reason::Undecodable));
    }

    #[test]
    fn texts_with_a_unit_come_in_the_points_unit() {
        let whole = point(Format::Json, None, None);
        for (text, expected) in [
            ("12.5 mg/L", Sample::Value(12.5)),
            ("12.5mg/l", Sample::Value(12.5)),
            ("12500 ug/L", Sample::Value(12.5)),
            ("1.25e1 mg/L", Sample::Value(12.5)),
            ("12.5 V", Sample::Missing(Reason::Undecodable)),
            ("mg/L", Sample::Missing(Reason::Undecodable)),
            ("12.5 mg/L?", Sample::Missing(Reason::Undecodable)),
            ("ON", Sample::Raw(1.0)),
            ("closed", Sample::Raw(0.0)),
        ] {
            assert_eq!(sample(format!("\"{text}\"").as_bytes(), &whole), expected, "{text}");
            assert_eq!(sample(text.as_bytes(), &point(Format::Number, None, None)), expected, "{text}");
        }
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
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(decode(deep(1_000).as_bytes(), &whole), Err(PayloadError::Json));
        assert_eq!(decode(b"1e999", &whole), Err(PayloadError::Json));
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
