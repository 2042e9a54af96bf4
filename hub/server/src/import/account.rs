//! What became of every value of a file: how many were taken, of which points, and what was dropped and why.

use std::collections::BTreeMap;
use std::io::{self, Write};

use hub_model::{PointId, Timestamp};

use crate::calendar::utc;

/// Examples that are told of each reason.
const MAX_EXAMPLES: usize = 3;
/// Longest piece of a value that is told, in characters.
const MAX_SHOWN: usize = 40;

/// Counts of an import.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Rows or lines read.
    pub(super) rows: u64,
    /// Readings taken.
    pub(super) taken: u64,
    /// Values that the file itself says are missing.
    pub(super) missing: u64,
    dropped: BTreeMap<Why, Dropped>,
    points: BTreeMap<String, Series>,
}

/// Why a value or row was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// The row cannot be read at all.
    Row,
    /// Its time cannot be read, or does not exist.
    Time,
    /// Nothing can have been measured then.
    TimeRange,
    /// It is no number.
    Number,
    /// No point has it.
    Unknown,
    /// The point is not there, or the line says something that cannot be kept.
    Refused,
}

#[derive(Debug, Default)]
struct Dropped {
    count: u64,
    examples: Vec<String>,
}

#[derive(Debug)]
struct Series {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    min: f64,
    max: f64,
}

impl Account {
    /// Counts a reading.
    pub(super) fn take(&mut self, point: &PointId, at: Timestamp, value: f64) {
        self.taken += 1;
        match self.points.get_mut(point.as_str()) {
            Some(series) => {
                series.count += 1;
                (series.first, series.last) = (series.first.min(at), series.last.max(at));
                (series.min, series.max) = (series.min.min(value), series.max.max(value));
            }
            None => {
                let series = Series { count: 1, first: at, last: at, min: value, max: value };
                self.points.insert(point.to_string(), series);
            }
        }
    }

    /// Counts what was dropped; `told` says where and what, and is only asked for the first ones.
    pub(super) fn drop(&mut self, why: Why, line: u64, told: impl FnOnce() -> String) {
        let dropped = self.dropped.entry(why).or_default();
        dropped.count += 1;
        if dropped.examples.len() < MAX_EXAMPLES {
            dropped.examples.push(format!("line {line}: {}", told()));
        }
    }

    /// Counts more of what was dropped without an example.
    pub(super) fn drop_more(&mut self, why: Why, count: u64) {
        self.dropped.entry(why).or_default().count += count;
    }

    /// All that was dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.values().map(|dropped| dropped.count).sum()
    }

    /// Tells all of it.
    pub(super) fn tell(&self, dry_run: bool, out: &mut impl Write) -> io::Result<()> {
        let verb = if dry_run { "would be taken" } else { "taken" };
        writeln!(
            out,
            "{} rows: {} readings {verb}, {} missing, {} dropped",
            self.rows,
            self.taken,
            self.missing,
            self.dropped()
        )?;
        for (point, series) in &self.points {
            let (first, last) = (utc(series.first), utc(series.last));
            writeln!(
                out,
                "{point}: {} from {first} to {last}, {} to {}",
                series.count, series.min, series.max
            )?;
        }
        for (why, dropped) in &self.dropped {
            writeln!(out, "dropped {}: {}", dropped.count, why.text())?;
            for example in &dropped.examples {
                writeln!(out, "  {example}")?;
            }
        }
        Ok(())
    }
}

impl Why {
    fn text(self) -> &'static str {
        match self {
            Self::Row => "rows that cannot be read",
            Self::Time => "times that cannot be read",
            Self::TimeRange => "times before 1990 or after 2099",
            Self::Number => "values that are no numbers",
            Self::Unknown => "fields that no point is mapped to",
            Self::Refused => "readings that cannot be kept",
        }
    }
}

/// A piece of the file as it is told: short and on one line.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() { format!("\"{short}…\"") } else { format!("\"{short}\"") }
}
