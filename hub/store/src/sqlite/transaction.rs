//! Writes a group of batches in one transaction. Changes nothing in RAM: what has changed is given back for after the commit.
//!
//! Read next: `rows.rs` for how each thing lies in its row.

use std::collections::HashMap;

use hub_model::{PointId, Reading, Timestamp, Tracking};
use rusqlite::types::Value;
use rusqlite::{
    Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params, params_from_iter,
};

use super::codes::{number, quality_code, reason_code};
use super::rows::{INSERT_ALARM, INSERT_TRANSITION, alarm_row, transition_row};
use crate::head::{Head, renewed, without_nan};
use crate::memory::is_idle;
use crate::port::{Batch, Correction, Latest, StoredReading};

const INSERT_READING: &str =
    "INSERT INTO reading (series, measured_at, received_after_ms, raw, value, quality, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?)";
const STANDING: &str = "SELECT measured_at, received_after_ms, raw, value, quality, reason FROM reading
    WHERE series = ? AND measured_at = ? ORDER BY rowid DESC LIMIT 1";
const INSERT_AUDIT: &str =
    "INSERT INTO audit (series, measured_at, received_after_ms, raw, value, quality, reason, latest,
    was_measured_at, was_received_after_ms, was_raw, was_value, was_quality, was_reason, at, by_user, why)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const REPLACE_LATEST: &str = "INSERT OR REPLACE INTO latest
    (series, measured_at, received_after_ms, raw, value, quality, reason, good_value, good_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What a committed transaction has changed.
#[derive(Default)]
pub(super) struct Written {
    pub new_series: HashMap<PointId, i64>,
    pub latest: HashMap<PointId, Latest>,
    pub last_alarm: u64,
    pub repeats: u64,
}

/// Commits `batches`; `commits` is the counter after them. On an error nothing of it is on disk.
pub(super) fn write<'a>(
    connection: &mut Connection,
    series: &HashMap<PointId, i64>,
    head: &Head,
    batches: impl Iterator<Item = &'a Batch>,
    commits: u64,
) -> rusqlite::Result<Written> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut group = Group { transaction: &transaction, series, head, written: Written::default() };
    let mut readings = Vec::new();
    for batch in batches {
        for stored in &batch.readings {
            readings.push((group.series_of(&stored.reading.point)?, stored));
        }
        if !batch.corrections.is_empty() {
            // What they replace must be in its place first.
            group.write_readings(std::mem::take(&mut readings))?;
            group.write_corrections(&batch.corrections)?;
        }
        group.write_alarms(batch)?;
        group.write_tracking(&batch.tracking)?;
    }
    group.write_readings(readings)?;
    let written = group.written;
    transaction.prepare_cached("UPDATE progress SET commits = ?")?.execute([commits.cast_signed()])?;
    transaction.commit()?;
    Ok(written)
}

struct Group<'a> {
    transaction: &'a Transaction<'a>,
    series: &'a HashMap<PointId, i64>,
    head: &'a Head,
    written: Written,
}

impl Group<'_> {
    /// Series by series, each in append order: neighbours in the index are written, and later read, together.
    fn write_readings(&mut self, mut readings: Vec<(i64, &StoredReading)>) -> rusqlite::Result<()> {
        readings.sort_by_key(|(series, _)| *series);
        let mut insert = self.transaction.prepare_cached(INSERT_READING)?;
        for of_series in readings.chunk_by(|(one, _), (other, _)| one == other) {
            let mut latest = None;
            for (series, StoredReading { reading, latest: is_latest }) in of_series {
                self.written.repeats += u64::from(self.standing(*series, reading.measured_at)?.is_some());
                let [measured_at, received_after, raw, value, quality, reason] = columns(reading);
                insert.execute(params![series, measured_at, received_after, raw, value, quality, reason])?;
                if *is_latest {
                    let before = latest.as_ref().or_else(|| self.latest_of(&reading.point));
                    latest = Some(renewed(before, without_nan(reading.clone())));
                }
            }
            if let (Some(latest), Some((series, _))) = (latest, of_series.first()) {
                self.write_latest(*series, latest)?;
            }
        }
        Ok(())
    }

    fn write_corrections(&mut self, corrections: &[Correction]) -> rusqlite::Result<()> {
        for correction in corrections {
            let StoredReading { reading, latest } = &correction.reading;
            let series = self.series_of(&reading.point)?;
            let was = self.standing(series, reading.measured_at)?.unwrap_or([const { Value::Null }; 6]);
            let new = columns(reading);
            let [measured_at, received_after, raw, value, quality, reason] = &new;
            let mut insert = self.transaction.prepare_cached(INSERT_READING)?;
            insert.execute(params![series, measured_at, received_after, raw, value, quality, reason])?;
            if *latest {
                let renewed = renewed(self.latest_of(&reading.point), without_nan(reading.clone()));
                self.write_latest(series, renewed)?;
            }
            let told = [
                correction.at.as_millis().into(),
                correction.by.clone().into(),
                correction.why.clone().into(),
            ];
            let row = std::iter::once(series.into()).chain(new);
            let row = row.chain([i64::from(*latest).into()]).chain(was).chain(told);
            self.transaction.prepare_cached(INSERT_AUDIT)?.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    /// The columns of the reading that stands at a moment.
    fn standing(&self, series: i64, at: Timestamp) -> rusqlite::Result<Option<[Value; 6]>> {
        let columns = |row: &Row<'_>| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?])
        };
        self.transaction.prepare_cached(STANDING)?.query_row([series, at.as_millis()], columns).optional()
    }

    fn latest_of(&self, point: &PointId) -> Option<&Latest> {
        self.written.latest.get(point).or_else(|| self.head.get(point))
    }

    fn write_alarms(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        for alarm in &batch.alarms {
            self.transaction.prepare_cached(INSERT_ALARM)?.execute(alarm_row(alarm))?;
            self.written.last_alarm = self.written.last_alarm.max(alarm.id.0);
        }
        for transition in &batch.transitions {
            self.transaction.prepare_cached(INSERT_TRANSITION)?.execute(transition_row(transition))?;
        }
        Ok(())
    }

    fn write_tracking(&self, all: &[Tracking]) -> rusqlite::Result<()> {
        for tracking in all {
            let (rule, subject) = (&*tracking.rule, tracking.subject.as_str());
            if is_idle(tracking) {
                let mut delete =
                    self.transaction.prepare_cached("DELETE FROM tracking WHERE rule = ? AND subject = ?")?;
                delete.execute([rule, subject])?;
                continue;
            }
            let mut replace = self.transaction.prepare_cached(
                "INSERT OR REPLACE INTO tracking (rule, subject, raising_since, clearing_since, alarm)
                 VALUES (?, ?, ?, ?, ?)",
            )?;
            replace.execute(params![
                rule,
                subject,
                tracking.raising_since.map(|at| at.as_millis()),
                tracking.clearing_since.map(|at| at.as_millis()),
                tracking.alarm.map(|id| id.0.cast_signed()),
            ])?;
        }
        Ok(())
    }

    /// Once a series and transaction, however many readings there were.
    fn write_latest(&mut self, series: i64, latest: Latest) -> rusqlite::Result<()> {
        let [measured_at, received_after, raw, value, quality, reason] = columns(&latest.reading);
        let good_value = number(latest.last_good.map(|(value, _)| value));
        let good_at = latest.last_good.map(|(_, at)| at.as_millis());
        let mut replace = self.transaction.prepare_cached(REPLACE_LATEST)?;
        replace.execute(params![
            series,
            measured_at,
            received_after,
            raw,
            value,
            quality,
            reason,
            good_value,
            good_at
        ])?;
        self.written.latest.insert(latest.reading.point.clone(), latest);
        Ok(())
    }

    fn series_of(&mut self, point: &PointId) -> rusqlite::Result<i64> {
        if let Some(series) = self.series.get(point).or_else(|| self.written.new_series.get(point)) {
            return Ok(*series);
        }
        let mut insert = self.transaction.prepare_cached("INSERT INTO series (point) VALUES (?)")?;
        let series = insert.insert([point.as_str()])?;
        self.written.new_series.insert(point.clone(), series);
        Ok(series)
    }
}

/// A reading's columns but the series; `rows::reading_of` reads them back.
fn columns(reading: &Reading) -> [Value; 6] {
    let (measured_at, received_at) = (reading.measured_at.as_millis(), reading.received_at.as_millis());
    [
        Value::Integer(measured_at),
        // Wrapping loses nothing: it is taken back when read.
        Value::Integer(received_at.wrapping_sub(measured_at)),
        number(reading.raw.filter(|raw| !raw.is_nan())),
        number(reading.value.filter(|value| !value.is_nan())),
        Value::Integer(quality_code(reading.quality)),
        reading.reason.map_or(Value::Null, |reason| Value::Integer(reason_code(reason))),
    ]
}
