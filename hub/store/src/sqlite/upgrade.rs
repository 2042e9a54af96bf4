//! Brings what an earlier version wrote into the form of this one. Runs within the transaction that changes the tables.
//!
//! Read next: `schema.rs`, whose steps these are part of.

use rusqlite::{Transaction, params};

use super::codes::entry_of;
use super::key::{ChunkKey, day_of};
use super::parts;
use super::readers::Fault;
use super::rows::{point_of, reading_of};
use super::seal::write_part;
use crate::chunk::Row;
use crate::error::{Cause, cause};

/// Version 1 kept a row for each reading; of those of the same moment the highest rowid counts: with a sole max(), SQLite takes the other
/// columns from that row.
const READINGS: &str =
    "SELECT measured_at, received_after_ms, raw, value, quality, reason, max(rowid) FROM reading
    WHERE series = ? GROUP BY measured_at ORDER BY measured_at";

/// Seals all rows of version 1 into chunks.
pub(super) fn rows_to_chunks(transaction: &Transaction<'_>, utc_offset_s: i32) -> Result<(), Cause> {
    seal_all(transaction, utc_offset_s).map_err(|fault| Cause::from(fault.text()))?;
    transaction.execute_batch("DROP TABLE reading").map_err(|error| cause(&error))
}

fn seal_all(transaction: &Transaction<'_>, utc_offset_s: i32) -> Result<(), Fault> {
    let mut query = transaction.prepare("SELECT id, point FROM series ORDER BY id")?;
    let all: Vec<(i64, String)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (series, point) in all {
        let point = point_of(point)?;
        let mut query = transaction.prepare_cached(READINGS)?;
        let mut readings =
            query.query_and_then(params![series], |row| reading_of(row, 0, point.clone()))?.peekable();
        while let Some(reading) = readings.next() {
            let first = entry_of(&reading?, false).row();
            let day = day_of(first.measured_at, utc_offset_s);
            let mut rows: Vec<Row> = vec![first];
            while let Some(next) = readings.next_if(|next| {
                next.as_ref().is_ok_and(|next| day_of(next.measured_at.as_millis(), utc_offset_s) == day)
            }) {
                rows.push(entry_of(&next?, false).row());
            }
            for (part, written) in (0..).zip(parts::write(&rows, None, utc_offset_s)) {
                write_part(transaction, ChunkKey { day, series, part }.id(), &written)?;
            }
        }
    }
    Ok(())
}
