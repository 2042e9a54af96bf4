//! Whether a store is sound: its pages, every chunk, the hot log, the accounts. Everything is read; nothing is mended.
//!
//! Read next: `mod.rs`.

use std::path::Path;

use hub_model::{PointId, Timestamp};
use rusqlite::Connection;

use super::{Chunk, Series, all_series, each_chunk, open};
use crate::chunk::{decode, decode_hours, decode_summary, summarise};
use crate::error::StoreError;
use crate::figures::LocalDay;
use crate::sqlite::key::{ChunkKey, day_of};
use crate::sqlite::{database, hot, parts, readers};
use crate::{accounts, records};

/// At most so many faults are told.
const MOST_FAULTS: usize = 1_000;
/// Before this schema each reading was a row.
const FIRST_WITH_CHUNKS: i64 = 2;
/// SQLite's own faults, of each file.
const MOST_PAGES: u32 = 20;

/// What checking has found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckReport {
    /// Chunks read.
    pub chunks: u64,
    /// Readings in them.
    pub readings: u64,
    /// Readings in the hot log, those that have been sealed meanwhile included.
    pub waiting: u64,
    /// What is wrong; at most a thousand.
    pub faults: Vec<Fault>,
    /// What was set aside earlier, because it could not be read.
    pub set_aside: Vec<Fault>,
}

/// Something that cannot be read, or is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Whose day it concerns, and when that day begins; none where it concerns the file.
    pub day: Option<(Option<PointId>, Timestamp)>,
    /// What was found.
    pub found: String,
}

/// Reads all of the store in `dir`, whether its hub runs or not.
///
/// # Errors
/// When there is no store, or it cannot be opened at all.
pub fn check(dir: &Path) -> Result<CheckReport, StoreError> {
    let mut report = CheckReport::default();
    let connection = open(dir)?;
    pages(&connection, "the store", &mut report);
    for (name, known, what) in [
        (accounts::FILE, &accounts::SCHEMA, "the accounts"),
        (records::FILE, &records::SCHEMA, "the records"),
    ] {
        if !dir.join(name).exists() {
            continue;
        }
        match database::open_ours(&dir.join(name), known) {
            Ok(connection) => pages(&connection, what, &mut report),
            Err(error) => report.note(None, crate::error::in_one_line(&error)),
        }
    }
    if let Err(fault) = contents(&connection, &mut report) {
        report.note(None, format!("the rest cannot be read: {}", fault.text()));
    }
    Ok(report)
}

/// What is looked at each time that the store is opened: all pages but those of chunks, which are checked as they are read.
pub(crate) fn quick(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('chunk', 'damaged')",
    )?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    for name in names {
        let question = format!("PRAGMA quick_check(\"{name}\")");
        let mut lines = connection.prepare(&question)?;
        let found: String = lines.query_row([], |row| row.get(0))?;
        if found != "ok" {
            return Ok(Some(found.replace('\n', "; ")));
        }
    }
    Ok(None)
}

/// How many chunks and commits of a sound file cannot be read.
pub(crate) fn unreadable(connection: &Connection) -> rusqlite::Result<u64> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < FIRST_WITH_CHUNKS {
        return Ok(0);
    }
    let mut report = CheckReport::default();
    match contents(connection, &mut report) {
        Ok(()) => Ok(report.faults.len() as u64),
        Err(readers::Fault::Sqlite(error)) => Err(error),
        Err(readers::Fault::Damaged { .. }) => Ok(report.faults.len() as u64 + 1),
    }
}

impl CheckReport {
    fn note(&mut self, day: Option<(Option<PointId>, Timestamp)>, found: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { day, found });
        }
    }
}

fn pages(connection: &Connection, what: &str, report: &mut CheckReport) {
    let ask = || -> rusqlite::Result<Vec<String>> {
        let mut query = connection.prepare(&format!("PRAGMA integrity_check({MOST_PAGES})"))?;
        query.query_map([], |row| row.get(0))?.collect()
    };
    match ask() {
        Ok(lines) => {
            for line in lines.iter().filter(|line| *line != "ok").flat_map(|line| line.lines()) {
                report.note(None, format!("{what}: {line}"));
            }
        }
        Err(error) => report.note(None, format!("{what}: {error}")),
    }
}

fn contents(connection: &Connection, report: &mut CheckReport) -> Result<(), readers::Fault> {
    let series = all_series(connection)?;
    let offset: Option<i32> =
        connection.query_row("SELECT utc_offset_s FROM progress", [], |row| row.get(0))?;
    let offset = offset.unwrap_or(crate::VIETNAM_OFFSET_S);
    let day = |key: ChunkKey| {
        let point = series.get(&key.series).map(|series: &Series| series.point.clone());
        Some((point, LocalDay(key.day).start(offset)))
    };
    let chunks = each_chunk(connection, true, &mut |chunk| {
        report.chunks += 1;
        match of_chunk(&chunk, offset) {
            Ok(readings) => report.readings += readings,
            Err(found) => report.note(day(chunk.key), found),
        }
        if !series.contains_key(&chunk.key.series) {
            report.note(day(chunk.key), "a chunk of a series that is not known".to_owned());
        }
        Ok(())
    });
    if let Err(fault) = chunks {
        let found = format!("the chunks that follow cannot be read: {}", fault.text());
        let hint = "the hub moves what can be read to sound pages, as soon as it meets the damage";
        report.note(None, format!("{found}; {hint}"));
    }
    let mut query = connection.prepare("SELECT seq, body FROM hot ORDER BY seq")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        match hot::decode(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            Ok(records) => report.waiting += records.len() as u64,
            Err(error) => report.note(None, format!("commit {}: {error}", row.get::<_, i64>(0)?)),
        }
    }
    let mut query = connection.prepare("SELECT was_in, was_id, why FROM damaged ORDER BY id LIMIT ?")?;
    let mut rows = query.query([MOST_FAULTS as i64])?;
    while let Some(row) = rows.next()? {
        let (was_in, id, found): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let of = match was_in.as_str() {
            "chunk" => day(ChunkKey::of(id)),
            // Of several points.
            "page" => Some((None, LocalDay(ChunkKey::of(id).day).start(offset))),
            _ => None,
        };
        report.set_aside.push(Fault { day: of, found });
    }
    Ok(())
}

/// How many readings a sound chunk holds, or what is wrong with it.
fn of_chunk(chunk: &Chunk, utc_offset_s: i32) -> Result<u64, String> {
    let text = |error: crate::chunk::Damaged| error.to_string();
    let summary = decode_summary(&chunk.summary).map_err(text)?;
    let hours = chunk.hours.as_deref().map(decode_hours).transpose().map_err(text)?;
    let Some(body) = &chunk.body else { return Ok(0) };
    let rows = decode(body).map_err(text)?;
    let is_of_day = |at: i64| day_of(at, utc_offset_s) == chunk.key.day;
    if !rows.iter().all(|row| is_of_day(row.measured_at)) {
        return Err("readings of another day".to_owned());
    }
    // Recomputed, they are the same to the last bit.
    if summarise(&rows, summary.expected) != summary {
        return Err("its figures are not those of its readings".to_owned());
    }
    if hours.is_some() && hours != parts::hours(&rows, utc_offset_s) {
        return Err("its hours' figures are not those of its readings".to_owned());
    }
    Ok(rows.len() as u64)
}
