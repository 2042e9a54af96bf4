//! Reads history from VictoriaMetrics by MetricsQL's selectors: exports each field's samples and lays them side by side by their time.
//!
//! Read next: `history.rs` for the port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use hub_model::{Quality, Reading, Timestamp};
use serde::Deserialize;

use crate::client::{Client, Question};
use crate::history::{Remote, RemoteError, Series};
use crate::line::{quality_code, reason_of};

/// A question is of so many milliseconds at most: its answer is held in RAM.
const PAGE_MS: i64 = 86_400_000;

/// The reader for VictoriaMetrics.
#[derive(Debug, Clone)]
pub struct MetricsQl {
    client: Client,
}

#[derive(Deserialize)]
struct Exported {
    metric: Metric,
    values: Vec<Option<f64>>,
    timestamps: Vec<i64>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(rename = "__name__")]
    name: String,
}

/// A moment's fields.
#[derive(Default, Clone, Copy)]
struct Fields {
    value: Option<f64>,
    raw: Option<f64>,
    quality: Option<f64>,
    reason: Option<f64>,
}

impl MetricsQl {
    /// Reads through this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    fn page(&self, series: &Series<'_>, from: i64, to: i64) -> Result<BTreeMap<i64, Fields>, RemoteError> {
        // The end is part of what is exported.
        let form = [("match[]", selector(series)), ("start", seconds(from)), ("end", seconds(to - 1))];
        let answer = self.client.ask("/api/v1/export", &Question::Form(&form))?;
        let mut moments: BTreeMap<i64, Fields> = BTreeMap::new();
        for line in BufReader::new(answer).lines() {
            let unreadable = |why: String| RemoteError::Unreadable(why);
            let line = line.map_err(|error| unreadable(error.to_string()))?;
            let exported: Exported =
                serde_json::from_str(&line).map_err(|error| unreadable(error.to_string()))?;
            for (at, value) in exported.timestamps.iter().zip(&exported.values) {
                let fields = moments.entry(*at).or_default();
                match exported.metric.name.rsplit('_').next() {
                    Some("value") => fields.value = *value,
                    Some("raw") => fields.raw = *value,
                    Some("quality") => fields.quality = *value,
                    Some("reason") => fields.reason = *value,
                    _ => {}
                }
            }
        }
        Ok(moments)
    }
}

impl Remote for MetricsQl {
    fn readings(
        &self,
        series: &Series<'_>,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), RemoteError> {
        let mut begin = from.as_millis();
        while begin < to.as_millis() {
            let end = begin.saturating_add(PAGE_MS).min(to.as_millis());
            for (at, fields) in self.page(series, begin, end)? {
                if visit(fields.reading(at, series)?).is_break() {
                    return Ok(());
                }
            }
            begin = end;
        }
        Ok(())
    }
}

impl Fields {
    fn reading(self, at: i64, series: &Series<'_>) -> Result<Reading, RemoteError> {
        let quality = match self.quality {
            None => Quality::NotEvaluated,
            Some(code) => Quality::ALL
                .into_iter()
                .find(|quality| quality_code(*quality) as f64 == code)
                .ok_or_else(|| RemoteError::Unreadable(format!("the unknown quality {code}")))?,
        };
        let at = Timestamp::from_millis(at);
        Ok(Reading {
            point: series.point.clone(),
            measured_at: at,
            received_at: at,
            raw: self.raw,
            // A value that was taken back cannot be erased by writing a line without it.
            value: if quality == Quality::Missing { None } else { self.value },
            quality,
            reason: self.reason.and_then(|code| reason_of(code as i64)),
        })
    }
}

fn selector(series: &Series<'_>) -> String {
    let Series { commune, quantity, point } = series;
    format!(
        r#"{{__name__=~"{quantity}_(value|raw|quality|reason)",commune={commune:?},site="{site}",device="{device}",point="{name}",mean=""}}"#,
        site = point.site(),
        device = point.device().name(),
        name = point.name(),
    )
}

/// Seconds with the milliseconds behind the point.
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_seconds() {
        assert_eq!(seconds(1_700_000_000_005), "1700000000.005");
        assert_eq!(seconds(-1), "-1.999");
    }
}
