//! From records as written to records that stand for themselves.

use super::{Record, SenmlError, VERSION};

/// Names and units may be so long, in bytes: those of the base are in each record that follows.
const MAX_NAME_BYTES: usize = 256;

/// A record as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Written {
    pub(super) base_version: Option<i64>,
    pub(super) base_name: Option<String>,
    pub(super) base_time: Option<f64>,
    pub(super) base_unit: Option<String>,
    pub(super) base_value: Option<f64>,
    pub(super) base_sum: Option<f64>,
    pub(super) name: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) value: Option<f64>,
    pub(super) switch: Option<bool>,
    /// Whether it holds a text or data.
    pub(super) has_other: bool,
    pub(super) sum: Option<f64>,
    pub(super) time: Option<f64>,
    /// A label that must be understood and is not.
    pub(super) must_understand: Option<String>,
}

/// Resolves a whole pack.
pub(super) fn all(written: Vec<Written>) -> Result<Vec<Record>, SenmlError> {
    let mut base = Base::default();
    let mut records = Vec::new();
    for (index, record) in written.into_iter().enumerate() {
        let resolved =
            base.resolve(record).map_err(|problem| SenmlError::Record { number: index + 1, problem })?;
        records.extend(resolved);
    }
    Ok(records)
}

#[derive(Default)]
struct Base {
    name: String,
    time: f64,
    unit: Option<String>,
    value: f64,
    sum: f64,
}

impl Base {
    /// `None` for a record that only sets the base.
    fn resolve(&mut self, record: Written) -> Result<Option<Record>, String> {
        if let Some(label) = record.must_understand {
            return Err(format!("the label \"{label}\" must be understood and is not"));
        }
        if let Some(version) = record.base_version.filter(|version| *version > VERSION) {
            return Err(format!("found version {version}, allowed: up to {VERSION}"));
        }
        if record.base_unit.iter().chain(&record.unit).any(|unit| unit.len() > MAX_NAME_BYTES) {
            return Err(format!("the unit is longer than {MAX_NAME_BYTES} bytes"));
        }
        let sets_base = record.base_name.is_some()
            || record.base_time.is_some()
            || record.base_unit.is_some()
            || record.base_value.is_some()
            || record.base_sum.is_some()
            || record.base_version.is_some();
        self.name = record.base_name.unwrap_or(std::mem::take(&mut self.name));
        self.time = record.base_time.unwrap_or(self.time);
        self.unit = record.base_unit.or(self.unit.take());
        self.value = record.base_value.unwrap_or(self.value);
        self.sum = record.base_sum.unwrap_or(self.sum);
        let values = usize::from(record.value.is_some())
            + usize::from(record.switch.is_some())
            + usize::from(record.has_other);
        if values > 1 {
            return Err("holds several values, allowed: one of v, vs, vb and vd".to_owned());
        }
        if values == 0 && record.sum.is_none() {
            return if sets_base { Ok(None) } else { Err("holds neither a value nor a sum".to_owned()) };
        }
        let local_name = record.name.unwrap_or_default();
        check_name(&self.name, &local_name)?;
        let switch = record.switch.map(|on| f64::from(u8::from(on)));
        let sum = record.sum.filter(|_| values == 0).map(|sum| sum + self.sum);
        let number = record.value.map(|value| value + self.value).or(switch).or(sum);
        if number.is_some_and(|number| !number.is_finite()) {
            return Err("the value is not finite".to_owned());
        }
        let unit = record.unit.or_else(|| self.unit.clone()).filter(|_| record.switch.is_none());
        let time_s = self.time + record.time.unwrap_or(0.0);
        Ok(Some(Record { base_name: self.name.clone(), local_name, unit, number, time_s }))
    }
}

/// RFC 8428 §4.5.1: letters, digits and `-:./_`, beginning with a letter or digit.
fn check_name(base: &str, local: &str) -> Result<(), String> {
    let mut whole = base.bytes().chain(local.bytes());
    let begins_well = whole.next().is_some_and(|first| first.is_ascii_alphanumeric());
    let goes_on_well = whole.all(|byte| byte.is_ascii_alphanumeric() || b"-:./_".contains(&byte));
    if begins_well && goes_on_well && base.len() + local.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    let allowed = "up to 256 of A-Z, a-z, 0-9 and -:./_, beginning with a letter or digit";
    Err(format!("the name is not well formed, allowed: {allowed}"))
}
