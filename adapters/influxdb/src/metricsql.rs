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
use crate::rows::{Asked, Gathered, Row};

/// A question is of so many milliseconds at most: its answer is held in RAM.
const PAGE_MS: i64 = 86_400_000;

/// The reader for VictoriaMetrics.
#[derive(Debug, Clone)]
pub struct MetricsQl {
    client: Client,
}

type Labels = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Exported {
    metric: Labels,
    values: Vec<Option<f64>>,
    timestamps: Vec<i64>,
}

#[derive(Deserialize)]
struct Answered {
    data: Results,
}

#[derive(Deserialize)]
struct Results {
    result: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    metric: Labels,
    /// The moment, and the number as text.
    value: (f64, String),
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

    /// Shows `take` each series that a selector exports.
    fn export(
        &self,
        selector: String,
        from: Timestamp,
        to: Timestamp,
        take: &mut dyn FnMut(Exported),
    ) -> Result<(), RemoteError> {
        // The end is part of what is exported.
        let form = [
            ("match[]", selector),
            ("start", seconds(from.as_millis())),
            ("end", seconds(to.as_millis() - 1)),
        ];
        let answer = self.client.ask("/api/v1/export", &Question::Form(&form))?;
        for line in BufReader::new(answer).lines() {
            let line = line.map_err(|error| RemoteError::Unreadable(error.to_string()))?;
            take(serde_json::from_str(&line).map_err(|error| RemoteError::Unreadable(error.to_string()))?);
        }
        Ok(())
    }

    /// What an expression gives at a moment: each series' labels and its number.
    fn query(&self, query: String, at: Timestamp) -> Result<Vec<Found>, RemoteError> {
        let form = [("query", query), ("time", seconds(at.as_millis() - 1))];
        let answer = self.client.ask("/api/v1/query", &Question::Form(&form))?;
        let answered: Answered = serde_json::from_reader(BufReader::new(answer))
            .map_err(|error| RemoteError::Unreadable(error.to_string()))?;
        Ok(answered.data.result)
    }
}

impl Remote for MetricsQl {
    fn page_ms(&self) -> i64 {
        PAGE_MS
    }

    fn page(
        &self,
        series: &Series<'_>,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RemoteError> {
        let mut moments: BTreeMap<i64, Fields> = BTreeMap::new();
        self.export(selector(series), from, to, &mut |exported| {
            let field =
                exported.metric.get(NAME).and_then(|name| name.rsplit('_').next()).unwrap_or_default();
            for (at, value) in exported.timestamps.iter().zip(&exported.values) {
                let fields = moments.entry(*at).or_default();
                match field {
                    "value" => fields.value = *value,
                    "raw" => fields.raw = *value,
                    "quality" => fields.quality = *value,
                    "reason" => fields.reason = *value,
                    _ => {}
                }
            }
        })?;
        for (at, fields) in moments {
            if visit(fields.reading(at, series)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn newest(&self, asked: Asked<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Row>, RemoteError> {
        let selector = match asked {
            Asked::Readings => format!(r#"{{__name__=~".+_(value|quality|reason)",{READINGS}}}"#),
            Asked::Measurement(name) => format!(r#"{{__name__=~"{name}_.+"}}"#),
        };
        let span = to.since(from).as_secs();
        let of =
            |function: &str| self.query(format!("{function}({selector}[{span}s]) keep_metric_names"), to);
        let (values, times) = (of("last_over_time")?, of("tlast_over_time")?);
        let times: BTreeMap<_, _> = times.into_iter().map(|found| (found.metric, found.value.1)).collect();
        let mut gathered = Gathered::default();
        for Found { metric, value } in values {
            let at = times.get(&metric).and_then(|text| text.parse::<f64>().ok());
            let at = at.map_or(to, |seconds| Timestamp::from_millis((seconds * 1_000.0).round() as i64));
            let (measurement, field, tags) = taken_apart(metric, asked);
            gathered.add((&measurement, tags, None), (&field, value.1, at));
        }
        Ok(gathered.rows())
    }

    fn rows(
        &self,
        measurement: &str,
        commune: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Row>, RemoteError> {
        let of_commune = commune.map_or_else(String::new, |commune| format!(",commune={commune:?}"));
        let selector = format!(r#"{{__name__=~"{measurement}_.+"{of_commune}}}"#);
        let mut gathered = Gathered::default();
        self.export(selector, from, to, &mut |exported| {
            let (measurement, field, tags) = taken_apart(exported.metric, Asked::Measurement(measurement));
            let samples = exported.timestamps.iter().zip(&exported.values);
            for (at, value) in
                samples.filter_map(|(at, value)| Some((Timestamp::from_millis(*at), (*value)?)))
            {
                gathered.add((&measurement, tags.clone(), Some(at)), (&field, value.to_string(), at));
            }
        })?;
        Ok(gathered.rows())
    }

    fn counts(&self, from: Timestamp, to: Timestamp) -> Result<BTreeMap<String, u64>, RemoteError> {
        let span = to.since(from).as_secs();
        let query =
            format!(r#"sum(count_over_time({{__name__=~".+_value",{READINGS}}}[{span}s])) by (commune)"#);
        let found = self.query(query, to)?.into_iter();
        let count = |mut found: Found| {
            Some((found.metric.remove("commune")?, found.value.1.parse::<f64>().ok()? as u64))
        };
        Ok(found.filter_map(count).collect())
    }
}

/// Labels of series that are readings, not means, alarms or what there is.
const READINGS: &str = r#"point!="",unit!="",mean="",quantity="""#;
/// The label that holds a series' name.
const NAME: &str = "__name__";

/// Measurement, field and tags of a series.
fn taken_apart(mut labels: Labels, asked: Asked<'_>) -> (String, String, Vec<(String, String)>) {
    let name = labels.remove(NAME).unwrap_or_default();
    let (measurement, field) = match asked {
        Asked::Readings => name.rsplit_once('_').unwrap_or_default(),
        Asked::Measurement(asked) => {
            (asked, name.strip_prefix(asked).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default())
        }
    };
    (measurement.to_owned(), field.to_owned(), labels.into_iter().collect())
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
