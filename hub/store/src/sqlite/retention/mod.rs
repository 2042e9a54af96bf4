//! What leaves the store, and when: readings become their hours' figures, those leave later, and the space goes back to the disk.
//!
//! One small step at a time, on the caller's thread and a connection of its own: a commit waits for one short transaction at most.
//! Nothing that is held leaves, unless the size forces it, and that is said. Read next: `leave.rs` (how a day leaves).

mod leave;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use hub_model::Timestamp;
use rusqlite::Connection;

use super::key::{ChunkKey, day_of};
use super::readers::Fault;
use super::{Store, database, feed, schema};
use crate::error::StoreError;
use crate::figures::LocalDay;

/// Warned of from here on, and what the size is brought down to once it was too much, in percent.
const NEAR_PERCENT: u64 = 90;
const RELIEVED_PERCENT: u64 = 95;
/// Readings of so many days leave for want of space only after all older hours have left.
const PRESSED_DAYS: i64 = 31;
/// Pages given back in one step, and free ones that are kept for what comes next.
const PAGES_AT_ONCE: u32 = 128;
const SPARE_PAGES: i64 = 1_024;
const PAGE_BYTES: u64 = 4_096;

/// For how long, and on how much of the disk, a store keeps what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// Readings themselves.
    pub raw: Duration,
    /// Their hours' figures, counted from when the readings were measured; not less than `raw`.
    pub hourly: Duration,
    /// The most that the store's file may hold, in bytes.
    pub max_bytes: Option<u64>,
}

/// How much of its size a store uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Space {
    /// What is in the file, free pages not counted. 0 until the first step of [`Store::let_go`].
    pub used_bytes: u64,
    /// How much may be.
    pub max_bytes: Option<u64>,
    /// Whether it soon is, or already has been: old readings leave early then.
    pub is_near: bool,
    /// Whether there is too much and nothing is left that may leave.
    pub is_over: bool,
    /// Readings measured before this moment have left, as far as was seen since the store was opened.
    pub left_before: Option<Timestamp>,
    /// What had to leave although somebody still needed it; stays until the store is opened again.
    pub forced: Option<Forced>,
}

/// Readings left for want of space although they were held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced {
    /// Who held them.
    pub holders: Vec<String>,
    /// Readings measured before this moment are gone.
    pub before: Timestamp,
}

/// What goes on between two steps.
#[derive(Default)]
pub(super) struct Retention {
    connection: Option<Connection>,
    /// All chunks before it hold no readings any more.
    swept_to: i64,
    /// The day on which sweeping began anew.
    swept_on: Option<i64>,
    /// Whether the size is being brought down.
    is_pressed: bool,
}

impl Store {
    /// Says that `name` still needs the readings measured at or after `from`: they stay while there is space. Replaces what `name`
    /// said before; not remembered beyond [`Store::close`].
    pub fn hold(&self, name: &str, from: Timestamp) {
        self.holds().insert(name.to_owned(), from);
    }

    /// Says that `name` needs nothing any more.
    pub fn release(&self, name: &str) {
        self.holds().remove(name);
    }

    /// Does one small step of letting go of what has been kept for long enough, or is too much. Gives whether there is more to do.
    ///
    /// Call it until there is no more, now and then, and only when the clock can be trusted. A store that is closed has no more to do.
    ///
    /// # Errors
    /// When the file cannot be read or written, as on a full disk: nothing has left then, and it can be tried again.
    pub fn let_go(&self, keeping: &Keeping, now: Timestamp) -> Result<bool, StoreError> {
        let mut retention = self.retention.lock().unwrap_or_else(PoisonError::into_inner);
        if self.intake.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Ok(false);
        }
        let connection = match retention.connection.take() {
            Some(connection) => connection,
            None => {
                open(&self.dir.join(schema::FILE)).map_err(|fault| fault.while_reading("old readings"))?
            }
        };
        let mut holds = self.holds().clone();
        holds.extend(feed::holds(&connection).map_err(|fault| fault.while_reading("old readings"))?);
        let step =
            Step { connection: &connection, keeping, utc_offset_s: self.utc_offset_s, now, holds: &holds };
        let mut space = self.shared.space.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let more = step.take(&mut retention, &mut space).map_err(|fault| {
            self.note(&fault);
            fault.while_reading("old readings")
        })?;
        if retention.swept_to > 0 {
            let day = LocalDay(ChunkKey::of(retention.swept_to).day).start(self.utc_offset_s);
            space.left_before = space.left_before.max(Some(day));
        }
        *self.shared.space.lock().unwrap_or_else(PoisonError::into_inner) = space;
        retention.connection = Some(connection);
        Ok(more)
    }

    /// From when on readings themselves are here, when those measured before `aged` have been kept for long enough: from the
    /// beginning of that day, or later where more had to leave.
    pub fn readings_since(&self, aged: Timestamp) -> Timestamp {
        let day = LocalDay(day_of(aged.as_millis(), self.utc_offset_s)).start(self.utc_offset_s);
        let left = self.shared.space.lock().unwrap_or_else(PoisonError::into_inner).left_before;
        left.map_or(day, |left| left.max(day))
    }

    /// How much of its size is used.
    pub(super) fn space(&self) -> Space {
        self.shared.space.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn holds(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(file: &Path) -> Result<Connection, Fault> {
    let connection = database::open_writer(file)?;
    // The sealer brings the log into the file.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

struct Step<'a> {
    connection: &'a Connection,
    keeping: &'a Keeping,
    utc_offset_s: i32,
    now: Timestamp,
    holds: &'a BTreeMap<String, Timestamp>,
}

impl Step<'_> {
    fn take(&self, retention: &mut Retention, space: &mut Space) -> Result<bool, Fault> {
        let today = self.day(self.now);
        if retention.swept_on != Some(today) {
            // Late readings may have come into days that were done with.
            (retention.swept_on, retention.swept_to) = (Some(today), 0);
        }
        let held = self.holds.values().min().map_or(i64::MAX, |from| self.day(*from));
        let gone_before = self.day(self.now.minus(self.keeping.hourly.max(self.keeping.raw))).min(held);
        if leave::delete_before(self.connection, first_of(gone_before), false)? > 0 {
            return Ok(true);
        }
        let raw_before = self.day(self.now.minus(self.keeping.raw)).min(held);
        if self.sweep(retention, raw_before)? {
            return Ok(true);
        }
        let is_full = self.measure(retention, space)?;
        if retention.is_pressed {
            if self.relieve(retention, today, held)? {
                return Ok(true);
            }
            if is_full && held < today && self.relieve(retention, today, i64::MAX)? {
                self.note_forced(retention, space);
                return Ok(true);
            }
            space.is_over = is_full;
        }
        self.give_back()
    }

    /// Lets readings of days before `before` become figures; gives whether there were any, or may be.
    fn sweep(&self, retention: &mut Retention, before: i64) -> Result<bool, Fault> {
        let end = first_of(before);
        if retention.swept_to >= end {
            return Ok(false);
        }
        retention.swept_to =
            leave::to_hours(self.connection, retention.swept_to, end, self.utc_offset_s)?.unwrap_or(end);
        Ok(true)
    }

    /// Looks how large the store is. Gives whether it is too large.
    fn measure(&self, retention: &mut Retention, space: &mut Space) -> Result<bool, Fault> {
        let pages = self.pragma("page_count")? - self.pragma("freelist_count")?;
        space.used_bytes = u64::try_from(pages).unwrap_or(0) * PAGE_BYTES;
        space.max_bytes = self.keeping.max_bytes;
        let max = self.keeping.max_bytes.unwrap_or(u64::MAX);
        let was_near = space.is_near;
        space.is_near = space.used_bytes > max / 100 * NEAR_PERCENT;
        if space.is_near && !was_near {
            let used_mb = space.used_bytes / 1_000_000;
            tracing::warn!(
                used_mb,
                max_mb = max / 1_000_000,
                "the store is near its max_size: the oldest leave soon"
            );
        }
        let is_full = space.used_bytes > max;
        let limit = if retention.is_pressed { max / 100 * RELIEVED_PERCENT } else { max };
        retention.is_pressed = space.used_bytes > limit;
        space.is_over &= is_full;
        Ok(is_full)
    }

    /// Lets the oldest go that nobody holds: readings older than a month, then the hours, then all but the last two days.
    fn relieve(&self, retention: &mut Retention, today: i64, held: i64) -> Result<bool, Fault> {
        if self.sweep(retention, (today - PRESSED_DAYS).min(held))? {
            return Ok(true);
        }
        if leave::delete_before(self.connection, first_of((today - PRESSED_DAYS).min(held)), true)? > 0 {
            return Ok(true);
        }
        if self.sweep(retention, (today - 1).min(held))? {
            return Ok(true);
        }
        Ok(leave::delete_before(self.connection, first_of((today - 1).min(held)), true)? > 0)
    }

    fn note_forced(&self, retention: &Retention, space: &mut Space) {
        let before = LocalDay(ChunkKey::of(retention.swept_to).day).start(self.utc_offset_s);
        let holders: Vec<String> =
            self.holds.iter().filter(|(_, from)| **from < before).map(|(name, _)| name.clone()).collect();
        if holders.is_empty() {
            return;
        }
        let known = space.forced.as_ref();
        if known.is_none_or(|forced| forced.holders != holders) {
            tracing::error!(
                holders = holders.join(", "),
                "the store is full: readings leave although they are still needed; raise max_size or mend what holds them"
            );
        }
        space.forced = Some(Forced { holders, before });
    }

    /// Gives free pages back to the disk, but for some. Gives whether there are more.
    fn give_back(&self) -> Result<bool, Fault> {
        if self.pragma("freelist_count")? <= SPARE_PAGES {
            return Ok(false);
        }
        // Each row of its answer is a page: it must be read to its end.
        let mut pages = self.connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
        let mut rows = pages.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(self.pragma("auto_vacuum")? == 2 && self.pragma("freelist_count")? > SPARE_PAGES)
    }

    fn day(&self, at: Timestamp) -> i64 {
        day_of(at.as_millis(), self.utc_offset_s)
    }

    fn pragma(&self, name: &str) -> Result<i64, Fault> {
        Ok(self.connection.pragma_query_value(None, name, |row| row.get(0))?)
    }
}

/// The least number that a chunk of a day can have.
fn first_of(day: i64) -> i64 {
    ChunkKey { day, series: 0, part: 0 }.id()
}
