//! Records as JSON, RFC 8428 §5.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

use super::SenmlError;
use super::resolve::Written;
use crate::taken::MAX_READINGS;

/// A record's labels. What is not known is ignored, unless its name ends in `_`; so is
/// `ut`, since the hub has `expire_after` for that.
#[derive(Deserialize)]
struct Labels {
    bver: Option<i64>,
    bn: Option<String>,
    bt: Option<f64>,
    bu: Option<String>,
    bv: Option<f64>,
    bs: Option<f64>,
    n: Option<String>,
    u: Option<String>,
    v: Option<f64>,
    vb: Option<bool>,
    vs: Option<String>,
    vd: Option<String>,
    s: Option<f64>,
    t: Option<f64>,
    #[serde(flatten)]
    others: BTreeMap<String, IgnoredAny>,
}

pub(super) fn records(body: &[u8]) -> Result<Vec<Written>, SenmlError> {
    let pack: Vec<&serde_json::value::RawValue> =
        serde_json::from_slice(body).map_err(|error| SenmlError::NoPack { detail: format!("; {error}") })?;
    if pack.len() > MAX_READINGS {
        return Err(SenmlError::TooMany);
    }
    pack.iter().enumerate().map(|(index, record)| read(index + 1, record.get())).collect()
}

fn read(number: usize, text: &str) -> Result<Written, SenmlError> {
    let labels: Labels = serde_json::from_str(text)
        .map_err(|error| SenmlError::Record { number, problem: error.to_string() })?;
    Ok(Written {
        base_version: labels.bver,
        base_name: labels.bn,
        base_time: labels.bt,
        base_unit: labels.bu,
        base_value: labels.bv,
        base_sum: labels.bs,
        name: labels.n,
        unit: labels.u,
        value: labels.v,
        switch: labels.vb,
        has_other: labels.vs.is_some() || labels.vd.is_some(),
        sum: labels.s,
        time: labels.t,
        must_understand: labels.others.into_keys().find(|label| label.ends_with('_')),
    })
}
