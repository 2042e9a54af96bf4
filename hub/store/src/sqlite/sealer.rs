//! The thread that turns waiting readings into chunks: reads the parts of the days concerned, and prepares what is to be written.
//!
//! It writes nothing itself: the writer does, between two commits. It also brings the write-ahead log into the file, which must not
//! delay a commit either. Read next: `parts.rs` (which parts change), `seal.rs` (when, and how it is written).

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::hot::Entry;
use super::key::{ChunkKey, LAST_PART, day_of};
use super::mirror::merged;
use super::packed::Packed;
use super::parts::{self, Part, Written};
use super::readers::Fault;
use crate::chunk::{Row, decode, decode_summary};

/// What the sealer is asked for.
pub(super) enum Work {
    Seal(Vec<Waiting>),
    Checkpoint,
}

/// What it answers.
pub(super) enum Done {
    Sealed(Result<Prepared, Fault>),
    /// Pages of the log that are not in the file yet; none where that cannot be told.
    Checkpointed(Option<i64>),
}

/// A series' readings that are to be sealed.
pub(super) struct Waiting {
    pub series: i64,
    pub entries: Arc<Packed>,
    /// How many readings a day should have.
    pub expected: Option<u32>,
    /// When the newest known reading of the series was measured: days before its day are over.
    pub newest_ms: i64,
}

/// What became of a lot. A fault of one series is no other's.
#[derive(Default)]
pub(super) struct Prepared {
    pub sealed: Vec<Sealed>,
    pub failed: Vec<(i64, Fault)>,
}

/// What is to be written of a series.
#[derive(Default)]
pub(super) struct Sealed {
    pub series: i64,
    pub rows: usize,
    pub repeats: u64,
    pub removed: Vec<i64>,
    pub written: Vec<(i64, Written)>,
    /// Chunks that cannot be read, and why.
    pub damaged: Vec<(i64, String)>,
}

/// Does what is asked until nobody asks any more.
pub(super) fn run(file: PathBuf, utc_offset_s: i32, work: Receiver<Work>, done: Sender<Done>) {
    let mut connection = None;
    for work in work {
        let answer = match work {
            Work::Seal(waiting) => Done::Sealed(with(&mut connection, &file, |connection| {
                let mut prepared = Prepared::default();
                for waiting in &waiting {
                    match prepare(connection, waiting, utc_offset_s) {
                        Ok(sealed) => prepared.sealed.push(sealed),
                        Err(fault) => prepared.failed.push((waiting.series, fault)),
                    }
                }
                Ok(prepared)
            })),
            Work::Checkpoint => Done::Checkpointed(with(&mut connection, &file, checkpoint).ok()),
        };
        if done.send(answer).is_err() {
            return;
        }
    }
}

/// Brings what is committed from the log into the file, as far as nobody reads it; gives how many pages are left.
pub(super) fn checkpoint(connection: &Connection) -> Result<i64, Fault> {
    let left = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(row.get::<_, i64>(1)?.saturating_sub(row.get(2)?))
    })?;
    Ok(left)
}

/// Runs with a connection of its own, which is opened when first needed, and again after a fault.
fn with<T>(
    kept: &mut Option<Connection>,
    file: &PathBuf,
    run: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let connection = match kept.take() {
        Some(connection) => connection,
        None => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(file, flags)?;
            // The log is synced before it is brought into the file, and the file after.
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection
        }
    };
    let answer = run(&connection)?;
    *kept = Some(connection);
    Ok(answer)
}

/// What sealing these readings writes.
pub(super) fn prepare(
    connection: &Connection,
    waiting: &Waiting,
    utc_offset_s: i32,
) -> Result<Sealed, Fault> {
    let mut sealed = Sealed { series: waiting.series, rows: waiting.entries.len(), ..Sealed::default() };
    let day = |entry: &Entry| day_of(entry.measured_at, utc_offset_s);
    let newest_day = day_of(waiting.newest_ms, utc_offset_s);
    let mut done_day = None;
    let entries: Vec<Entry> = waiting.entries.iter().collect();
    for entries in entries.chunk_by(|one, other| day(one) == day(other)) {
        let Some(first) = entries.first() else { continue };
        let day = Day { connection, series: waiting.series, day: day(first), utc_offset_s };
        let parts = day.parts(&mut sealed.damaged)?;
        // The day before has become one that is over, if nothing of it is left to seal.
        if day.day == newest_day && done_day != Some(day.day - 1) && parts.0.is_empty() {
            let before = Day { day: day.day - 1, ..day };
            let parts = before.parts(&mut sealed.damaged)?;
            before.seal(parts, &[], true, waiting.expected, &mut sealed)?;
        }
        day.seal(parts, entries, day.day < newest_day, waiting.expected, &mut sealed)?;
        done_day = Some(day.day);
    }
    Ok(sealed)
}

/// A series' day in the file.
#[derive(Clone, Copy)]
struct Day<'a> {
    connection: &'a Connection,
    series: i64,
    day: i64,
    utc_offset_s: i32,
}

impl Day<'_> {
    /// Seals entries into the day, of which there are these [parts](Self::parts).
    fn seal(
        &self,
        (parts, first_free): (Vec<Part>, i64),
        entries: &[Entry],
        is_over: bool,
        expected: Option<u32>,
        sealed: &mut Sealed,
    ) -> Result<(), Fault> {
        let Some(range) = affected(&parts, entries, is_over) else { return Ok(()) };
        let free = parts::numbers(&parts, &range, first_free);
        let mut old = Vec::new();
        for part in parts.get(range).unwrap_or_default() {
            let id = self.id(part.number);
            match decode(&self.body(id)?) {
                Ok(rows) => old.extend(rows),
                Err(damaged) => {
                    sealed.damaged.push((id, damaged.to_string()));
                    continue;
                }
            }
            sealed.removed.push(id);
        }
        let meets = |entry: &&Entry| {
            entry.may_repeat
                && old.binary_search_by_key(&entry.measured_at, |row: &Row| row.measured_at).is_ok()
        };
        sealed.repeats += entries.iter().filter(meets).count() as u64;
        let rows = merged(old, entries.iter().map(Entry::row).collect());
        let expected = expected.or_else(|| parts_expected(&parts));
        sealed.written.extend(free.map(|number| self.id(number)).zip(parts::write(
            &rows,
            expected,
            self.utc_offset_s,
        )));
        Ok(())
    }

    /// The parts that hold rows, and the first number that is surely free before them or in an empty day.
    fn parts(&self, damaged: &mut Vec<(i64, String)>) -> Result<(Vec<Part>, i64), Fault> {
        let mut query = self.connection.prepare_cached(
            "SELECT id, summary, body IS NULL FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id",
        )?;
        let mut rows = query.query([self.id(0), self.id(LAST_PART)])?;
        let (mut parts, mut first_free) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let number = ChunkKey::of(id).part;
            if row.get(2)? {
                first_free = number + 1;
                continue;
            }
            match decode_summary(row.get_ref(1)?.as_blob().unwrap_or_default()) {
                Ok(summary) => parts.push(Part {
                    number,
                    rows: usize::try_from(summary.counts.total()).unwrap_or(usize::MAX),
                    first_at: summary.first_at,
                    last_at: summary.last_at,
                    expected: summary.expected,
                }),
                Err(error) => damaged.push((id, error.to_string())),
            }
        }
        Ok((parts, first_free))
    }

    fn body(&self, id: i64) -> Result<Vec<u8>, Fault> {
        let mut query = self.connection.prepare_cached("SELECT body FROM chunk WHERE id = ?")?;
        Ok(query.query_row([id], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    fn id(&self, part: i64) -> i64 {
        ChunkKey { day: self.day, series: self.series, part }.id()
    }
}

/// The parts to be written anew; none when nothing changes.
fn affected(parts: &[Part], entries: &[Entry], is_over: bool) -> Option<Range<usize>> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        let small = parts::small_at_the_end(parts);
        return (small.len() > 1).then_some(small);
    };
    let range = parts::affected(parts, first.measured_at, last.measured_at, entries.len(), is_over);
    let rows = |range: &Range<usize>| {
        entries.len()
            + parts.get(range.clone()).unwrap_or_default().iter().map(|part| part.rows).sum::<usize>()
    };
    let free = parts::numbers(parts, &range, 0);
    let fits =
        i64::try_from(parts::parts_of(rows(&range))).is_ok_and(|needed| needed <= free.end - free.start);
    Some(if fits { range } else { range.start..parts.len() })
}

fn parts_expected(parts: &[Part]) -> Option<u32> {
    parts.iter().find_map(|part| part.expected)
}
