//! Puts the table of chunks right when pages of it are damaged: what can be read moves to new pages, what cannot is noted.
//!
//! Run by the writer, between two commits, once somebody has met such a page; commits wait meanwhile. All or nothing: on a fault the
//! file is as it was. Read next: `writer.rs`, which calls it; `seal.rs` for chunks whose page is sound and whose content is not.

use std::path::Path;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::key::ChunkKey;
use super::readers::Fault;
use super::{database, schema};

/// The damaged table once its rows are moved.
const OLD: &str = "chunk_unsound";
/// The first leap over what cannot be read: as far as the next series of the day.
const LEAP: i64 = 1 << 15;

/// Chunks that lay on damaged pages.
struct Gap {
    /// The numbers that they had: from the first to the last that is not known to be another's.
    first: i64,
    last: i64,
    why: String,
}

/// Moves all chunks that can be read to sound pages. Gives over how many stretches nothing could be read, each of which is noted; when
/// there are none nothing has been changed.
pub(super) fn mend(connection: &mut Connection, file: &Path) -> Result<u64, Fault> {
    // Read on a connection of its own: one that has met a damaged page refuses to write.
    let reader = database::open_reader(file)?;
    // Damage is found on the page where it is, rather than by what follows from it.
    reader.pragma_update(None, "cell_size_check", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!("ALTER TABLE chunk RENAME TO {OLD}; {}", schema::CHUNK))?;
    let gaps = move_chunks(&*reader.unchecked_transaction()?, &transaction)?;
    if gaps.is_empty() {
        return Ok(0);
    }
    for Gap { first, last, why } in &gaps {
        let days = ChunkKey::of(*last).day - ChunkKey::of(*first).day + 1;
        let why = format!("chunks of {days} days lay on pages that cannot be read: {why}");
        transaction.execute(
            "INSERT INTO damaged (was_in, was_id, why) VALUES ('page', ?, ?)",
            params![first, why],
        )?;
    }
    // Dropping the table would read its pages. Forgotten, they belong to nobody, until the file is written anew.
    transaction.pragma_update(None, "writable_schema", true)?;
    transaction.execute("DELETE FROM sqlite_schema WHERE name = ?", [OLD])?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    if let Err(error) = connection.execute_batch("VACUUM") {
        tracing::warn!(%error, "damaged pages stay in the store's file, unused: it could not be written anew");
    }
    Ok(gaps.len() as u64)
}

fn move_chunks(reader: &Connection, transaction: &Transaction<'_>) -> Result<Vec<Gap>, Fault> {
    let mut gaps = Vec::new();
    let mut next = 0;
    while let Err((first, fault)) = move_from(reader, transaction, next)? {
        let why = fault.text();
        let (end, is_last) = match next_readable(reader, first)? {
            Some(readable) => (readable, false),
            None => (i64::MAX, true),
        };
        gaps.push(Gap { first, last: end - 1, why });
        if is_last {
            break;
        }
        next = end;
    }
    Ok(gaps)
}

/// Moves the chunks from number `from` on. The inner error is the number of the first that cannot be read, at least, and why.
fn move_from(
    reader: &Connection,
    transaction: &Transaction<'_>,
    from: i64,
) -> Result<Result<(), (i64, Fault)>, Fault> {
    let mut insert = transaction
        .prepare_cached("INSERT OR IGNORE INTO chunk (id, summary, hours, body) VALUES (?, ?, ?, ?)")?;
    let mut query =
        reader.prepare_cached("SELECT id, summary, hours, body FROM chunk WHERE id >= ? ORDER BY id")?;
    let mut rows = query.query([from])?;
    let mut next = from;
    loop {
        let row = match rows.next().map_err(Fault::from) {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Ok(())),
            Err(fault) if fault.is_damage() => return Ok(Err((next, fault))),
            Err(fault) => return Err(fault),
        };
        let id: i64 = row.get(0)?;
        let blob = |column| row.get_ref(column).map(ToSqlOutput::Borrowed);
        insert.execute(params![id, blob(1)?, blob(2)?, blob(3)?])?;
        next = id.saturating_add(1);
    }
}

/// The number from which on chunks can be read again, after that of one that cannot.
fn next_readable(reader: &Connection, unreadable: i64) -> Result<Option<i64>, Fault> {
    let mut query = reader
        .prepare_cached("SELECT id, summary, hours, body FROM chunk WHERE id >= ? ORDER BY id LIMIT 1")?;
    let mut can_be_read = |from: i64| -> Result<bool, Fault> {
        let blobs = |row: &rusqlite::Row<'_>| (1..4).try_for_each(|column| row.get_ref(column).map(drop));
        match query.query_row([from], blobs).optional().map_err(Fault::from) {
            Ok(_) => Ok(true),
            Err(fault) if fault.is_damage() => Ok(false),
            Err(fault) => Err(fault),
        }
    };
    let (mut last_unreadable, mut leap) = (unreadable, LEAP);
    let mut readable = loop {
        let Some(tried) = last_unreadable.checked_add(leap) else { return Ok(None) };
        if can_be_read(tried)? {
            break tried;
        }
        (last_unreadable, leap) = (tried, leap.saturating_mul(2));
    };
    while last_unreadable + 1 < readable {
        let middle = last_unreadable + (readable - last_unreadable) / 2;
        if can_be_read(middle)? {
            readable = middle;
        } else {
            last_unreadable = middle;
        }
    }
    Ok(Some(readable))
}
