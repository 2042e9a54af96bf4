//! Reads history from InfluxDB 2 with Flux: one page of rows at a time, in annotated CSV.
//!
//! Read next: `history.rs` for the port.

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use hub_model::{Quality, Reading, Timestamp};

use crate::client::{Client, Question};
use crate::history::{Remote, RemoteError, Series};

/// A question is of so many milliseconds at most: pivoting takes the server memory for each row of it.
const PAGE_MS: i64 = 7 * 86_400_000;

/// The reader for InfluxDB 2.
#[derive(Debug, Clone)]
pub struct Flux {
    client: Client,
}

impl Flux {
    /// Reads through this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    fn page(
        &self,
        series: &Series<'_>,
        (from, to): (i64, i64),
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RemoteError> {
        let script = script(self.client.target().bucket.as_deref().unwrap_or_default(), series, from, to);
        let answer = self.client.ask("/api/v2/query", &Question::Flux(&script))?;
        let mut columns: Option<Columns> = None;
        for line in BufReader::new(answer).lines() {
            let line = line.map_err(|error| RemoteError::Unreadable(error.to_string()))?;
            let line = line.trim_end_matches('\r');
            if line.is_empty() {
                columns = None;
                continue;
            }
            let cells = cells(line);
            let Some(columns) = &columns else {
                columns = Some(Columns::of(&cells)?);
                continue;
            };
            if visit(columns.reading(&cells, series)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Remote for Flux {
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
            if self.page(series, (begin, end), visit)?.is_break() {
                return Ok(());
            }
            begin = end;
        }
        Ok(())
    }
}

/// The unit is no part of what a series is: a point whose unit was changed stays one.
fn script(bucket: &str, series: &Series<'_>, from: i64, to: i64) -> String {
    let Series { commune, quantity, point } = series;
    let (site, device, name) = (point.site(), point.device(), point.name());
    // Nanoseconds, as far as they reach.
    let (from, to) = (from.saturating_mul(1_000_000), to.saturating_mul(1_000_000));
    format!(
        r#"from(bucket: {bucket:?})
  |> range(start: time(v: {from}), stop: time(v: {to}))
  |> filter(fn: (r) => r._measurement == {quantity:?} and r.commune == {commune:?} and r.site == "{site}" and r.device == "{device}" and r.point == "{name}" and not exists r.mean)
  |> filter(fn: (r) => r._field == "value" or r._field == "raw" or r._field == "quality" or r._field == "reason")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> sort(columns: ["_time"])"#,
        device = device.name(),
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
        if let (Some(error), None) = (place("error"), place("_time")) {
            return Err(RemoteError::Unreadable(header.get(error).cloned().unwrap_or_default()));
        }
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
        let unreadable = |what: &str| RemoteError::Unreadable(format!("{what} in {cells:?}"));
        let number = |place| match cell(place) {
            None => Ok(None),
            Some(text) => text.parse::<f64>().map(Some).map_err(|_| unreadable("no number")),
        };
        let time: jiff::Timestamp =
            cell(Some(self.time)).and_then(|text| text.parse().ok()).ok_or_else(|| unreadable("no time"))?;
        let quality: Quality = match cell(self.quality) {
            // Written by somebody else.
            None => Quality::NotEvaluated,
            Some(text) => text.parse().map_err(|_| unreadable("an unknown quality"))?,
        };
        let reason = match cell(self.reason) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| unreadable("an unknown reason"))?),
        };
        let at = Timestamp::from_millis(time.as_millisecond());
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
