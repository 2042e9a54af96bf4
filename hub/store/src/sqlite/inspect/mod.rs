//! Looks at a store from outside, also while its hub runs: whether all of it is sound, and what it holds. Changes nothing.
//!
//! Chunks are read some hundred at a time, each lot from one committed state, so that the running hub's log does not grow meanwhile.
//! Read next: [`check`] and [`stats`].

mod check;
mod stats;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use hub_model::PointId;
use rusqlite::Connection;

use super::key::ChunkKey;
use super::readers::Fault;
use super::rows::point_of;
use super::{database, schema};
use crate::error::StoreError;

pub use check::{CheckReport, Fault as StoreFault, check};
pub(crate) use check::{quick, unreadable};
pub use stats::{PointStats, StatsReport, stats};

/// Chunks read at once.
const CHUNKS_AT_ONCE: usize = 256;

/// A chunk's row. The blobs are empty where only their sizes were asked for.
struct Chunk {
    key: ChunkKey,
    id: i64,
    summary: Vec<u8>,
    hours: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    /// Of the summary, the hours and the body together.
    bytes: u64,
}

/// A series, as far as looking on needs it.
struct Series {
    point: PointId,
    sealed_seq: i64,
}

/// Opens the store's file in `dir` for looking on.
fn open(dir: &Path) -> Result<Connection, StoreError> {
    let file = dir.join(schema::FILE);
    if !file.exists() {
        return Err(StoreError::Nothing { dir: dir.to_owned() });
    }
    let connection = database::open_ours(&file, &schema::SCHEMA)?;
    let fault = |error| Fault::from(error).while_opening(&file);
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    if usize::try_from(version) != Ok(schema::SCHEMA.steps.len()) {
        let source = "it was written by an older hub; starting this one brings it up to date".into();
        return Err(StoreError::Open { file, source });
    }
    Ok(connection)
}

fn all_series(connection: &Connection) -> Result<HashMap<i64, Series>, Fault> {
    let mut query = connection.prepare("SELECT id, point, sealed_seq FROM series")?;
    let mut rows = query.query([])?;
    let mut series = HashMap::new();
    while let Some(row) = rows.next()? {
        series.insert(row.get(0)?, Series { point: point_of(row.get(1)?)?, sealed_seq: row.get(2)? });
    }
    Ok(series)
}

/// Shows all chunks, with their blobs or without.
fn each_chunk(
    connection: &Connection,
    with_blobs: bool,
    visit: &mut dyn FnMut(Chunk) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let blobs = if with_blobs { "hours, body" } else { "NULL, NULL" };
    let question = format!(
        "SELECT id, summary, {blobs}, length(summary) + ifnull(length(hours), 0) + ifnull(length(body), 0), body IS NULL
         FROM chunk WHERE id > ? ORDER BY id LIMIT {CHUNKS_AT_ONCE}"
    );
    let mut query = connection.prepare(&question)?;
    let mut last = i64::MIN;
    loop {
        let chunk = |row: &rusqlite::Row<'_>| {
            let id = row.get(0)?;
            let body: Option<Vec<u8>> = row.get(3)?;
            Ok(Chunk {
                key: ChunkKey::of(id),
                id,
                summary: row.get(1)?,
                hours: row.get(2)?,
                body: if with_blobs || row.get(5)? { body } else { Some(Vec::new()) },
                bytes: row.get::<_, i64>(4)?.cast_unsigned(),
            })
        };
        let chunks = query.query_map([last], chunk)?.collect::<Result<Vec<_>, _>>()?;
        let is_last = chunks.len() < CHUNKS_AT_ONCE;
        for chunk in chunks {
            last = chunk.id;
            visit(chunk)?;
        }
        if is_last {
            return Ok(());
        }
    }
}
