//! Readings that are sent in, and how a time is written. Each reading is read on its own, so that all that is wrong can
//! be said at once.

use hub_model::{LocalText, Timestamp, local};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::local;

/// Readings that are sent in. All of them are taken, or none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReadings {
    /// The readings.
    #[schema(value_type = Vec<NewReading>, min_items = 1, max_items = 10000)]
    pub readings: Vec<Value>,
}

/// A reading that is sent in.
#[derive(Debug, Clone, PartialEq, ToSchema)]
pub struct NewReading {
    /// The point's full id.
    pub point: String,
    /// When it was measured: RFC 3339 or epoch ms.
    #[schema(value_type = Moment)]
    pub t: Timestamp,
    /// The value in the point's unit; a switch is true or false.
    #[schema(value_type = NewValue)]
    pub v: f64,
}

/// A time that is sent in: RFC 3339 or epoch ms.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Moment {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    Millis(i64),
    /// RFC 3339.
    Text(String),
}

/// A value that is sent in: a number in the point's unit, or a switch (true is 1, false is 0).
#[derive(ToSchema)]
#[schema(as = NewValue)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: values are read by hand to say well what is wrong")]
enum NewValue {
    /// A number in the point's unit.
    Number(f64),
    /// A switch.
    Switch(bool),
}

/// A field's name (empty for the whole reading) and what is wrong with it.
pub type WrongField = (String, LocalText);

/// Longest piece of what was sent that is said back, in characters.
const MAX_SHOWN: usize = 60;

impl NewReading {
    /// The reading that an entry stands for, or all that is wrong with it. Whether the point exists is not looked at.
    pub fn read(entry: &Value) -> Result<Self, Vec<WrongField>> {
        let Value::Object(fields) = entry else {
            return Err(vec![(
                String::new(),
                found(Some(entry), local!("một đối tượng có point, t và v", "an object with point, t and v")),
            )]);
        };
        let unknown = fields.keys().filter(|key| !matches!(key.as_str(), "point" | "t" | "v"));
        let mut wrong: Vec<WrongField> = unknown.map(|key| (key.clone(), unknown_field())).collect();
        let (point, t, v) = (point(fields.get("point")), time(fields.get("t")), value(fields.get("v")));
        let errors = [("point", point.as_ref().err()), ("t", t.as_ref().err()), ("v", v.as_ref().err())];
        wrong.extend(
            errors.into_iter().filter_map(|(field, error)| Some((field.to_owned(), error?.to_owned()))),
        );
        match (point, t, v) {
            (Ok(point), Ok(t), Ok(v)) if wrong.is_empty() => Ok(Self { point, t, v }),
            _ => Err(wrong),
        }
    }
}

impl Moment {
    /// The time that was sent.
    pub fn read(&self) -> Result<Timestamp, LocalText> {
        match self {
            Self::Millis(ms) => local::parse(&ms.to_string()),
            Self::Text(text) => local::parse(text),
        }
    }
}

fn point(field: Option<&Value>) -> Result<String, LocalText> {
    let text = field.and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| {
        found(
            field,
            local!(
                "id đầy đủ của một điểm đo, địa điểm/thiết bị/điểm đo",
                "the full id of a point, site/device/point"
            ),
        )
    })
}

fn time(field: Option<&Value>) -> Result<Timestamp, LocalText> {
    match field {
        Some(Value::String(text)) => local::parse(text),
        Some(Value::Number(number)) => local::parse(&number.to_string()),
        other => Err(found(other, local!("RFC 3339 hoặc mili giây từ 1970", "RFC 3339 or epoch ms"))),
    }
}

fn value(field: Option<&Value>) -> Result<f64, LocalText> {
    match field {
        Some(Value::Bool(on)) => Ok(f64::from(u8::from(*on))),
        Some(Value::Number(number)) => {
            let number = number.as_f64().filter(|number| number.is_finite());
            number.ok_or_else(|| found(field, local!("một số vừa 64 bit", "a number that fits 64 bits")))
        }
        other => Err(found(
            other,
            local!(
                "một số, true hoặc false; số nào không đo được thì bỏ đi",
                "a number, true or false; leave out what was not measured"
            ),
        )),
    }
}

fn unknown_field() -> LocalText {
    local!("không có mục này, được phép: point, t, v", "unknown field, allowed: point, t, v")
}

fn found(field: Option<&Value>, LocalText { vi, en }: LocalText) -> LocalText {
    let Some(value) = field else { return local!("thiếu, được phép: {vi}", "missing, allowed: {en}") };
    let shown: String = value.to_string().chars().take(MAX_SHOWN).collect();
    local!("có {shown}, được phép: {vi}", "found {shown}, allowed: {en}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn readings_are_read_as_people_write_them() {
        let reading =
            NewReading::read(&json!({"point": "a/b/c", "t": 1_772_330_400_000_i64, "v": 7.12})).unwrap();
        assert_eq!((reading.t.as_millis(), reading.v), (1_772_330_400_000, 7.12));
        let reading =
            NewReading::read(&json!({"point": "a/b/c", "t": "2026-03-01T09:00:00+07:00", "v": true}))
                .unwrap();
        assert_eq!((reading.t.as_millis(), reading.v), (1_772_330_400_000, 1.0));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = NewReading::read(&json!({"point": 5, "t": "noon", "v": null, "x": 1})).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["x", "point", "t", "v"]);
        for entry in [json!(null), json!([1]), json!("x")] {
            assert_eq!(NewReading::read(&entry).unwrap_err().len(), 1);
        }
        for v in [json!("7.1"), json!([]), json!(null)] {
            let wrong = NewReading::read(&json!({"point": "a/b/c", "t": 0, "v": v})).unwrap_err();
            assert_eq!(wrong[0].0, "v");
        }
        assert_eq!(NewReading::read(&json!({})).unwrap_err().len(), 3);
    }

    #[test]
    fn what_is_said_back_is_short() {
        let wrong =
            NewReading::read(&json!({"point": "a/b/c", "t": 0, "v": "x".repeat(10_000)})).unwrap_err();
        assert!(wrong[0].1.en.len() < 200);
    }
}
