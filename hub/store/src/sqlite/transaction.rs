//! Writes a group of batches in one transaction. Changes nothing in RAM: what has changed is given back for after the commit.
//!
//! Read next: `hot.rs` for the readings' row, `rows.rs` for the others.

use std::collections::HashMap;

use hub_model::{OutOfService, PointId, Reading, Tracking};
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior, params, params_from_iter};

use super::codes::{entry_of, number, quality_code, reading_of_row, reason_code};
use super::hot::{self, Record};
use super::mirror::Mirror;
use super::outbox;
use super::readers::Fault;
use super::rows::{INSERT_ALARM, INSERT_TRANSITION, alarm_row, raises_text, transition_row};
use super::walk;
use crate::chunk::Row;
use crate::memory::is_idle;
use crate::port::{Batch, Correction, Latest, StoredReading};

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
    /// The commit that they are in: the group's last.
    pub seq: u64,
    pub records: Vec<Record>,
    pub new_series: HashMap<PointId, i64>,
    pub last_alarm: u64,
    /// The size of the hot row.
    pub hot_bytes: usize,
}

/// Commits `batches`; `seq` is the number of the last. On an error nothing of it is on disk.
pub(super) fn write<'a>(
    connection: &mut Connection,
    mirror: &Mirror,
    utc_offset_s: i32,
    batches: impl Iterator<Item = &'a Batch> + Clone,
    seq: u64,
) -> Result<Written, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let readings = batches.clone().map(|batch| batch.readings.len()).sum();
    let written = Written { seq, records: Vec::with_capacity(readings), ..Written::default() };
    let mut group = Group { transaction: &transaction, mirror, utc_offset_s, written, next: 0 };
    for batch in batches {
        for StoredReading { reading, latest } in &batch.readings {
            group.add(reading, *latest, false)?;
        }
        group.write_corrections(&batch.corrections)?;
        group.write_alarms(batch)?;
        group.write_tracking(&batch.tracking)?;
        group.write_out_of_service(&batch.out_of_service)?;
        outbox::write_notices(&transaction, &batch.notices)?;
        outbox::write_changes(&transaction, &batch.outbox)?;
    }
    let mut written = group.written;
    let body = hot::encode(written.records.iter());
    written.hot_bytes = body.len();
    // A row for each commit, also one without readings: the count of commits goes on from the last.
    transaction
        .prepare_cached("INSERT INTO hot (seq, body) VALUES (?, ?)")?
        .execute(params![seq.cast_signed(), body])?;
    transaction.commit()?;
    Ok(written)
}

struct Group<'a> {
    transaction: &'a Transaction<'a>,
    mirror: &'a Mirror,
    utc_offset_s: i32,
    written: Written,
    /// Where the next reading's series is likely to stand.
    next: usize,
}

impl Group<'_> {
    fn add(&mut self, reading: &Reading, is_latest: bool, is_correction: bool) -> rusqlite::Result<()> {
        let series = self.series_of(&reading.point)?;
        let entry = entry_of(reading, is_correction);
        self.written.records.push(Record { series, is_latest, entry });
        Ok(())
    }

    fn write_corrections(&mut self, corrections: &[Correction]) -> Result<(), Fault> {
        for correction in corrections {
            let StoredReading { reading, latest } = &correction.reading;
            let series = self.series_of(&reading.point)?;
            let was = self.standing(series, reading.measured_at.as_millis())?;
            let was = match was {
                Some(was) => columns(&reading_of_row(&was, reading.point.clone())?),
                None => [const { Value::Null }; 6],
            };
            self.add(reading, *latest, true)?;
            let told = [
                correction.at.as_millis().into(),
                correction.by.clone().into(),
                correction.why.clone().into(),
            ];
            let row = std::iter::once(series.into()).chain(columns(reading));
            let row = row.chain([i64::from(*latest).into()]).chain(was).chain(told);
            self.transaction.prepare_cached(INSERT_AUDIT)?.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    /// What stands at a moment: of this group, still in RAM, or in a chunk.
    fn standing(&self, series: i64, at_ms: i64) -> Result<Option<Row>, Fault> {
        let is_it = |record: &&Record| record.series == series && record.entry.measured_at == at_ms;
        if let Some(record) = self.written.records.iter().rev().find(is_it) {
            return Ok(Some(record.entry.row()));
        }
        if let Some(entry) = self.mirror.of_id(series).and_then(|series| series.standing(at_ms)) {
            return Ok(Some(entry.row()));
        }
        walk::standing(self.transaction, series, at_ms, self.utc_offset_s)
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
                "INSERT OR REPLACE INTO tracking (rule, subject, raising_since, clearing_since, alarm, raises)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            replace.execute(params![
                rule,
                subject,
                tracking.raising_since.map(|at| at.as_millis()),
                tracking.clearing_since.map(|at| at.as_millis()),
                tracking.alarm.map(|id| id.0.cast_signed()),
                raises_text(&tracking.raises),
            ])?;
        }
        Ok(())
    }

    fn write_out_of_service(&self, all: &[OutOfService]) -> rusqlite::Result<()> {
        for one in all {
            let mut replace = self.transaction.prepare_cached(
                "INSERT OR REPLACE INTO out_of_service (scope, since, until, by_user, reason, ended_at, ended_by)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            replace.execute(params![
                one.scope.as_str(),
                one.since.as_millis(),
                one.until.map(|at| at.as_millis()),
                one.by,
                one.reason,
                one.ended.as_ref().map(|(at, _)| at.as_millis()),
                one.ended.as_ref().and_then(|(_, by)| by.as_ref()),
            ])?;
        }
        Ok(())
    }

    fn series_of(&mut self, point: &PointId) -> rusqlite::Result<i64> {
        if let Some((at, series)) = self.mirror.place_of(point, self.next) {
            self.next = at + 1;
            return Ok(series);
        }
        if let Some(series) = self.written.new_series.get(point) {
            return Ok(*series);
        }
        let mut insert = self.transaction.prepare_cached("INSERT INTO series (point) VALUES (?)")?;
        let series = insert.insert([point.as_str()])?;
        self.written.new_series.insert(point.clone(), series);
        Ok(series)
    }
}

/// Replaces what is kept of a series' latest reading.
pub(super) fn write_latest(
    transaction: &Transaction<'_>,
    series: i64,
    latest: &Latest,
) -> rusqlite::Result<()> {
    let good_value = number(latest.last_good.map(|(value, _)| value));
    let good_at = latest.last_good.map(|(_, at)| at.as_millis()).into();
    let row = std::iter::once(series.into()).chain(columns(&latest.reading)).chain([good_value, good_at]);
    transaction.prepare_cached(REPLACE_LATEST)?.execute(params_from_iter(row))?;
    Ok(())
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
