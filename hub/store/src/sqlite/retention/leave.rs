//! How readings leave: a day of a series becomes one chunk without rows, only its figures and its hours' figures. And how those leave.
//!
//! What is to be written is prepared outside of the transaction, and written only where nothing has changed meanwhile. Read next:
//! `walk.rs`, which shows figures where rows are gone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::chunk::{Row, Summary, decode, decode_hours, decode_summary, encode_hours, encode_summary};
use crate::sqlite::key::{ChunkKey, LAST_PART};
use crate::sqlite::parts;
use crate::sqlite::readers::Fault;

/// Days of series that leave in one transaction, chunks looked at for them, and chunks deleted in one.
const DAYS_AT_ONCE: usize = 32;
const LOOKED_AT: i64 = 2_000;
const DELETED_AT_ONCE: i64 = 256;

/// A part of a day as it lies on disk.
struct Part {
    id: i64,
    summary: Vec<u8>,
    hours: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
}

/// A day of a series, and what is to stand in its place.
struct Leaving {
    parts: Vec<Part>,
    summary: Vec<u8>,
    hours: Option<Vec<u8>>,
}

/// Deletes some of the chunks before `end`, the oldest first; those that still have readings only when `but_rows` is false. Gives how
/// many.
pub(super) fn delete_before(connection: &Connection, end: i64, but_rows: bool) -> Result<usize, Fault> {
    let which = if but_rows { "AND body IS NULL" } else { "" };
    let ids = format!("SELECT id FROM chunk WHERE id < ? {which} ORDER BY id LIMIT ?");
    // Looked at first, so that nobody waits for nothing.
    let any: Option<i64> =
        connection.prepare_cached(&ids)?.query_row([end, 1], |row| row.get(0)).optional()?;
    if any.is_none() {
        return Ok(0);
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let deleted = transaction
        .prepare_cached(&format!("DELETE FROM chunk WHERE id IN ({ids})"))?
        .execute([end, DELETED_AT_ONCE])?;
    if !but_rows {
        transaction.execute("DELETE FROM damaged WHERE was_in IN ('chunk', 'page') AND was_id < ?", [end])?;
    }
    transaction.commit()?;
    Ok(deleted)
}

/// Lets some of the days from chunk `from` on, and before `end`, become their hours. Gives where to go on; `None` at the end.
pub(super) fn to_hours(
    connection: &Connection,
    from: i64,
    end: i64,
    utc_offset_s: i32,
) -> Result<Option<i64>, Fault> {
    let (days, next) = days_with_rows(connection, from, end)?;
    let mut leaving = Vec::new();
    for day in days {
        leaving.extend(prepare(parts_of(connection, day)?, utc_offset_s));
    }
    if !leaving.is_empty() {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        leaving.iter().try_for_each(|day| write(&transaction, day))?;
        transaction.commit()?;
    }
    Ok(next)
}

/// The next days of series that have rows, each as its part 0, and the number to go on from.
fn days_with_rows(
    connection: &Connection,
    from: i64,
    end: i64,
) -> Result<(Vec<ChunkKey>, Option<i64>), Fault> {
    let mut query = connection
        .prepare_cached("SELECT id, body IS NULL FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT ?")?;
    let mut rows = query.query([from, end, LOOKED_AT])?;
    let mut days: Vec<ChunkKey> = Vec::new();
    let (mut seen, mut last) = (0, from);
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let day = ChunkKey { part: 0, ..ChunkKey::of(id) };
        let is_new = days.last() != Some(&day);
        if is_new && days.len() == DAYS_AT_ONCE {
            return Ok((days, Some(day.id())));
        }
        if is_new && !row.get::<_, bool>(1)? {
            days.push(day);
        }
        (seen, last) = (seen + 1, id);
    }
    Ok((days, (seen == LOOKED_AT).then_some(last + 1)))
}

fn parts_of(connection: &Connection, day: ChunkKey) -> Result<Vec<Part>, Fault> {
    let mut query = connection
        .prepare_cached("SELECT id, summary, hours, body FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id")?;
    let part = |row: &rusqlite::Row<'_>| {
        Ok(Part { id: row.get(0)?, summary: row.get(1)?, hours: row.get(2)?, body: row.get(3)? })
    };
    let parts = query.query_map([day.id(), ChunkKey { part: LAST_PART, ..day }.id()], part)?;
    Ok(parts.collect::<Result<_, _>>()?)
}

/// The day's figures; `None` while a part cannot be read: it is set aside by whoever asks for it, and its day comes again.
fn prepare(parts: Vec<Part>, utc_offset_s: i32) -> Option<Leaving> {
    let mut day: Option<Summary> = None;
    let mut by_hour: BTreeMap<u8, Summary> = BTreeMap::new();
    let mut are_hours_known = true;
    for part in &parts {
        let summary = decode_summary(&part.summary).ok()?;
        day = Some(day.map_or(summary, |day| day.joined(&summary)));
        let hours = match (&part.body, &part.hours) {
            (Some(body), _) => {
                let rows: Vec<Row> = decode(body).ok()?;
                parts::hours(&rows, utc_offset_s)
            }
            (None, Some(hours)) => decode_hours(hours).ok(),
            (None, None) => None,
        };
        match hours {
            Some(hours) => {
                for (hour, figures) in hours {
                    by_hour
                        .entry(hour)
                        .and_modify(|known| *known = known.joined(&figures))
                        .or_insert(figures);
                }
            }
            // Rows of several days, as at the ends of time: the whole is all that is told of them.
            None => are_hours_known = false,
        }
    }
    let hours: Vec<(u8, Summary)> = by_hour.into_iter().collect();
    Some(Leaving {
        parts,
        summary: encode_summary(&day?),
        hours: are_hours_known.then(|| encode_hours(&hours)),
    })
}

/// Puts the figures in the place of the rows, unless they have changed since they were read.
fn write(transaction: &Transaction<'_>, day: &Leaving) -> Result<(), Fault> {
    let mut is_same = transaction
        .prepare_cached("SELECT summary IS ?2 AND hours IS ?3 AND body IS ?4 FROM chunk WHERE id = ?1")?;
    for part in &day.parts {
        let found: Option<bool> = is_same
            .query_row(params![part.id, part.summary, part.hours, part.body], |row| row.get(0))
            .optional()?;
        if found != Some(true) {
            return Ok(());
        }
    }
    let Some((first, others)) = day.parts.split_first() else { return Ok(()) };
    for part in others {
        transaction.prepare_cached("DELETE FROM chunk WHERE id = ?")?.execute([part.id])?;
    }
    transaction
        .prepare_cached("UPDATE chunk SET summary = ?, hours = ?, body = NULL WHERE id = ?")?
        .execute(params![day.summary, day.hours, first.id])?;
    Ok(())
}
