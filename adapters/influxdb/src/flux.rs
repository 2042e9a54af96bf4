//! Reads history from InfluxDB 2 with Flux: one page of rows at a time, in annotated CSV.
//!
//! Read next: `history.rs` for the port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use hub_model::{Quality, Reading, Timestamp};

use crate::client::{Client, Question};
use crate::history::{Remote, RemoteError, Series};
use crate::rows::{Asked, Gathered, Row};

/// A question is of so many milliseconds at most: pivoting takes the server memory for each row of it.
const PAGE_MS: i64 = 7 * 86_400_000;

/// The reader for InfluxDB 2.
#[derive(Debug, Clone)]
pub struct Flux {
    client: Client,
}

/// Whether more lines of an answer are wanted.
type Taken = Result<ControlFlow<()>, RemoteError>;

impl Flux {
    /// Reads through this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    fn bucket(&self) -> &str {
        self.client.target().bucket.as_deref().unwrap_or_default()
    }

    /// Shows `take` each line of an answer: the header of its table, and its cells.
    fn ask(
        &self,
        script: &str,
        take: &mut dyn FnMut(&[String], &[String]) -> Taken,
    ) -> Result<ControlFlow<()>, RemoteError> {
        let answer = self.client.ask("/api/v2/query", &Question::Flux(script))?;
        let mut header: Option<Vec<String>> = None;
        for line in BufReader::new(answer).lines() {
            let line = line.map_err(|error| RemoteError::Unreadable(error.to_string()))?;
            let line = line.trim_end_matches('\r');
            if line.is_empty() {
                header = None;
                continue;
            }
            let cells = cells(line);
            let Some(header) = &header else {
                refuse_error(&cells)?;
                header = Some(cells);
                continue;
            };
            if take(header, &cells)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Rows of a script whose columns are tags, `_measurement`, `_field`, `_value` and `_time`.
    fn gather(&self, script: &str, is_by_moment: bool) -> Result<Vec<Row>, RemoteError> {
        let mut gathered = Gathered::default();
        let _ = self.ask(script, &mut |header, cells| {
            let cell = |name: &str| {
                let place = header.iter().position(|column| column == name)?;
                cells.get(place).map(String::as_str)
            };
            let at = moment(cell("_time")).ok_or_else(|| unreadable("no time", cells))?;
            let named = header.iter().zip(cells);
            let tags = named.filter(|(name, cell)| {
                !(name.is_empty()
                    || name.starts_with('_')
                    || cell.is_empty()
                    || OF_FLUX.contains(&name.as_str()))
            });
            let tags = tags.map(|(name, cell)| (name.clone(), cell.clone())).collect();
            let series = (cell("_measurement").unwrap_or_default(), tags, is_by_moment.then_some(at));
            let value = cell("_value").unwrap_or_default().to_owned();
            gathered.add(series, (cell("_field").unwrap_or_default(), value, at));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(gathered.rows())
    }
}

impl Remote for Flux {
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
        let script = script(self.bucket(), series, from, to);
        self.ask(&script, &mut |header, cells| Ok(visit(Columns::of(header)?.reading(cells, series)?)))
    }

    fn newest(&self, asked: Asked<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Row>, RemoteError> {
        let of = match asked {
            Asked::Readings => format!(
                "{READINGS} and (r._field == \"value\" or r._field == \"quality\" or r._field == \"reason\")"
            ),
            Asked::Measurement(name) => format!("r._measurement == {name:?}"),
        };
        let script =
            format!("{}\n  |> filter(fn: (r) => {of})\n  |> last()", within(self.bucket(), from, to));
        self.gather(&script, false)
    }

    fn rows(
        &self,
        measurement: &str,
        commune: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Row>, RemoteError> {
        let of_commune = commune.map_or_else(String::new, |commune| format!(" and r.commune == {commune:?}"));
        let script = format!(
            "{}\n  |> filter(fn: (r) => r._measurement == {measurement:?}{of_commune})",
            within(self.bucket(), from, to)
        );
        self.gather(&script, true)
    }

    fn counts(&self, from: Timestamp, to: Timestamp) -> Result<BTreeMap<String, u64>, RemoteError> {
        let script = format!(
            "{}\n  |> filter(fn: (r) => {READINGS} and r._field == \"value\")\n  |> count()\n  |> group(columns: [\"commune\"])\n  |> sum()",
            within(self.bucket(), from, to)
        );
        let mut counts = BTreeMap::new();
        let _ = self.ask(&script, &mut |header, cells| {
            let place = |name: &str| header.iter().position(|column| column == name);
            let cell = |name: &str| place(name).and_then(|place| cells.get(place));
            let count = cell("_value").and_then(|cell| cell.parse::<u64>().ok());
            let (Some(commune), Some(count)) = (cell("commune"), count) else {
                return Err(unreadable("no count", cells));
            };
            counts.insert(commune.clone(), count);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(counts)
    }
}

/// Series that are readings, not means, alarms or what there is.
const READINGS: &str = "exists r.point and exists r.unit and not exists r.mean and not exists r.quantity";
/// Columns of every answer that are no tags.
const OF_FLUX: [&str; 2] = ["result", "table"];

fn within(bucket: &str, from: Timestamp, to: Timestamp) -> String {
    // Nanoseconds, as far as they reach.
    let [from, to] = [from, to].map(|at| at.as_millis().saturating_mul(1_000_000));
    format!("from(bucket: {bucket:?})\n  |> range(start: time(v: {from}), stop: time(v: {to}))")
}

fn unreadable(what: &str, cells: &[String]) -> RemoteError {
    RemoteError::Unreadable(format!("{what} in {cells:?}"))
}

fn moment(cell: Option<&str>) -> Option<Timestamp> {
    let time: jiff::Timestamp = cell?.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// An error that comes after the status 200 is a table of its own.
fn refuse_error(header: &[String]) -> Result<(), RemoteError> {
    match header.iter().any(|cell| cell == "error") && header.iter().all(|cell| !cell.starts_with('_')) {
        true => Err(RemoteError::Unreadable(format!("the engine broke it off: {header:?}"))),
        false => Ok(()),
    }
}

/// The unit is no part of what a series is: a point whose unit was changed stays one.
fn script(bucket: &str, series: &Series<'_>, from: Timestamp, to: Timestamp) -> String {
    let Series { commune, quantity, point } = series;
    let (site, device, name) = (point.site(), point.device(), point.name());
    format!(
        r#"{within}
  |> filter(fn: (r) => r._measurement == {quantity:?} and r.commune == {commune:?} and r.site == "{site}" and r.device == "{device}" and r.point == "{name}" and not exists r.mean)
  |> filter(fn: (r) => r._field == "value" or r._field == "raw" or r._field == "quality" or r._field == "reason")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> sort(columns: ["_time"])"#,
        device = device.name(),
        within = within(bucket, from, to),
    )
}

/// Where each column stands.
struct Columns {
    time: usize,
    value: Option<usize>,
    raw: Option<usize>,
    quality: Option<usize>,
    reason: Option<usize>,
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, RemoteError> {
        let place = |name: &str| header.iter().position(|cell| cell == name);
        let time = place("_time")
            .ok_or_else(|| RemoteError::Unreadable(format!("a table without _time: {header:?}")))?;
        Ok(Self {
            time,
            value: place("value"),
            raw: place("raw"),
            quality: place("quality"),
            reason: place("reason"),
        })
    }

    fn reading(&self, cells: &[String], series: &Series<'_>) -> Result<Reading, RemoteError> {
        let cell = |place: Option<usize>| {
            place.and_then(|place| cells.get(place)).map(String::as_str).filter(|cell| !cell.is_empty())
        };
        let number = |place| match cell(place) {
            None => Ok(None),
            Some(text) => text.parse::<f64>().map(Some).map_err(|_| unreadable("no number", cells)),
        };
        let at = moment(cell(Some(self.time))).ok_or_else(|| unreadable("no time", cells))?;
        let quality: Quality = match cell(self.quality) {
            // Written by somebody else.
            None => Quality::NotEvaluated,
            Some(text) => text.parse().map_err(|_| unreadable("an unknown quality", cells))?,
        };
        let reason = match cell(self.reason) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| unreadable("an unknown reason", cells))?),
        };
        Ok(Reading {
            point: series.point.clone(),
            measured_at: at,
            received_at: at,
            raw: number(self.raw)?,
            // A value that was taken back cannot be erased by writing a line without it.
            value: if quality == Quality::Missing { None } else { number(self.value)? },
            quality,
            reason,
        })
    }
}

/// The cells of a line of CSV.
pub fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                if let Some(cell) = cells.last_mut() {
                    cell.push('"');
                }
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_at_commas_outside_of_quotes() {
        assert_eq!(cells("a,\"b,\"\"c\",,d"), ["a", "b,\"c", "", "d"]);
    }
}
