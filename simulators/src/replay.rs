//! Recorded values instead of modelled ones: a CSV file with the columns `time` and `value`, and `point` where it holds
//! several, as the hub's own export does. After its end it begins anew. Pure but for reading the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hub_model::{PointId, Timestamp};

use crate::SimError;

/// Rows of one file; more are refused, since all are kept in memory.
pub const MAX_ROWS: usize = 10_000_000;

/// A point's recorded values, the oldest first. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// (ms after the first, value).
    rows: Vec<(i64, f64)>,
    /// After so many ms it begins anew.
    span_ms: i64,
}

impl Replay {
    /// The values of `point` in the file `path`. Rows without a value are left out: the value before them lasts on.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column or has no value of the point, or a row is none; with its line.
    pub fn load(path: &Path, point: &PointId) -> Result<Self, SimError> {
        let fault = |line: u64, message: String| SimError::File {
            path: path.to_owned(),
            line: usize::try_from(line).unwrap_or(usize::MAX),
            message,
        };
        let unreadable = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            fault(line, error.to_string())
        };
        let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
        let headers = reader.headers().map_err(unreadable)?.clone();
        let column = |name: &str| headers.iter().position(|header| header.trim() == name);
        let needed = |name: &str| {
            let found = headers.iter().collect::<Vec<_>>().join(", ");
            column(name).ok_or_else(|| fault(1, format!("no column \"{name}\", found: {found}")))
        };
        let (time, value, named) = (needed("time")?, needed("value")?, column("point"));
        let mut rows = Vec::new();
        // The header is the first line, and no field of such a file holds a line break.
        for (line, record) in (2..).zip(reader.records()) {
            let record = record.map_err(unreadable)?;
            let field = |at: usize| record.get(at).unwrap_or_default().trim();
            if named.is_some_and(|at| field(at) != point.as_str()) || field(value).is_empty() {
                continue;
            }
            if rows.len() == MAX_ROWS {
                return Err(fault(line, format!("more than {MAX_ROWS} rows")));
            }
            let moment = moment(field(time)).ok_or_else(|| {
                fault(line, format!("time: found \"{}\", allowed: RFC 3339 or ms since 1970", field(time)))
            })?;
            let number: f64 =
                field(value).parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
                    fault(line, format!("value: found \"{}\", allowed: a number", field(value)))
                })?;
            rows.push((moment, number));
        }
        Self::new(rows).ok_or_else(|| fault(1, format!("no value of {point}")))
    }

    /// Values at times; `None` when there are none.
    pub fn new(mut rows: Vec<(i64, f64)>) -> Option<Self> {
        rows.sort_by_key(|(moment, _)| *moment);
        let (first, last) = (rows.first()?.0, rows.last()?.0);
        rows.iter_mut().for_each(|(moment, _)| *moment -= first);
        // The last value lasts as long as one does on the average.
        let usual = (last - first) / i64::try_from(rows.len().max(2) - 1).unwrap_or(i64::MAX);
        Some(Self { rows, span_ms: (last - first).saturating_add(usual.max(1)) })
    }

    /// The value so long after the replay's start: the last one recorded by then. Before its start it is the end of the
    /// round before.
    pub fn value(&self, start: Timestamp, time: Timestamp) -> f64 {
        let after_ms = time.as_millis().saturating_sub(start.as_millis()).rem_euclid(self.span_ms);
        let next = self.rows.partition_point(|(moment, _)| *moment <= after_ms);
        self.rows[next.saturating_sub(1)].1
    }

    /// How long one round takes.
    pub fn span(&self) -> Duration {
        Duration::from_millis(self.span_ms.unsigned_abs())
    }
}

fn moment(text: &str) -> Option<i64> {
    let written = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    text.parse().ok().or_else(written)
}

/// A point that replays a file, as a scenario names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The point.
    pub point: PointId,
    /// The file.
    pub file: PathBuf,
    /// Its values.
    pub replay: Replay,
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(replay: &Replay, after_ms: i64) -> f64 {
        replay.value(START, Timestamp::from_millis(1_000_000 + after_ms))
    }

    #[test]
    fn a_value_lasts_until_the_next_and_the_file_begins_anew() {
        let replay = Replay::new(vec![(70_000, 3.0), (50_000, 1.0), (60_000, 2.0)]).unwrap();
        assert_eq!([0, 9_999, 10_000, 25_000, 30_000].map(|ms| at(&replay, ms)), [1.0, 1.0, 2.0, 3.0, 1.0]);
        assert_eq!(at(&replay, -1), 3.0, "the past is the round before");
        assert_eq!(Replay::new(vec![]), None);
    }

    #[test]
    fn an_export_of_the_hub_is_read_and_faults_name_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.csv");
        let point = PointId::parse("s/d/p").unwrap();
        let head = "point,time,value,unit,quality,reason\r\n";
        let rows = "s/d/p,2026-08-20T07:30:00+07:00,0.5,mg/L,good,\r\ns/d/q,2026-08-20T07:30:00+07:00,9,mg/L,good,\r\n\
                    s/d/p,2026-08-20T07:30:10+07:00,,mg/L,missing,timeout\r\ns/d/p,2026-08-20T07:30:20+07:00,0.7,mg/L,good,\r\n";
        std::fs::write(&file, format!("{head}{rows}")).unwrap();
        let replay = Replay::load(&file, &point).unwrap();
        assert_eq!([0, 15_000, 20_000].map(|ms| at(&replay, ms)), [0.5, 0.5, 0.7]);
        for (text, told) in [
            ("time,v\n1,2\n".to_owned(), ":1: no column \"value\", found: time, v"),
            (format!("{head}s/d/p,yesterday,1,,good,\n"), ":2: time: found \"yesterday\""),
            (format!("{head}s/d/p,1000,1e999,,good,\n"), ":2: value: found \"1e999\""),
            (format!("{head}s/d/other,1000,1,,good,\n"), ":1: no value of s/d/p"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Replay::load(&file, &point).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
