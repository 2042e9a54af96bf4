//! Maintenance windows and notes: a text on a moment or a span of a site, a device or a point.

use hub_model::{Scope, Timestamp, quality::UnknownCode};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::calibrations::unreadable;
use super::jobs::{self, Job, JobKind, NewJob};
use super::{Deed, RecordError, Records};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Somebody works there: readings are not judged.
    Maintenance,
    /// Somebody noted something.
    Note,
}

impl EntryKind {
    /// The word on disk and in messages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Note => "note",
        }
    }
}

/// An entry as somebody makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it is.
    pub kind: EntryKind,
    /// What it is about.
    pub scope: Scope,
    /// First moment.
    pub from: Timestamp,
    /// First moment after it; equal to `from` for a moment.
    pub to: Timestamp,
    /// What there is to say.
    pub text: String,
}

/// An entry that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// Counted up by each change.
    pub version: u64,
    /// What was entered.
    pub entered: NewEntry,
    /// Who entered or last changed it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
}

/// Which entries are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of this kind.
    pub kind: EntryKind,
    /// Those that concern this: about it, about something within it, or about what it lies in.
    pub about: Option<Scope>,
    /// Those that were not over at this moment.
    pub from: Option<Timestamp>,
    /// Those that had begun before this moment.
    pub to: Option<Timestamp>,
    /// At most so many, the newest.
    pub limit: usize,
}

const COLUMNS: &str = "id, version, kind, scope, from_ms, to_ms, text, entered_by, entered_at";

impl Records {
    /// The entries that `filter` lets through, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<Entry>, RecordError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entry WHERE kind = ?1 AND from_ms < ?2 AND (to_ms > ?3 OR from_ms >= ?3)
             ORDER BY from_ms DESC, id DESC"
        ))?;
        let all = params![
            filter.kind.code(),
            filter.to.map_or(i64::MAX, Timestamp::as_millis),
            filter.from.map_or(i64::MIN, Timestamp::as_millis),
        ];
        let mut entries = Vec::new();
        for entry in query.query_map(all, entry_of)? {
            let entry = entry?;
            let concerns = |about: &Scope| {
                about.covers(entry.entered.scope.as_str()) || entry.entered.scope.covers(about.as_str())
            };
            if filter.about.as_ref().is_none_or(concerns) {
                entries.push(entry);
                if entries.len() == filter.limit {
                    break;
                }
            }
        }
        Ok(entries)
    }

    /// Makes an entry. Maintenance asks for a job: what was measured then is judged once more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_entry(&self, new: &NewEntry, deed: &Deed) -> Result<(Entry, Option<Job>), RecordError> {
        self.change(deed, |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entry (version, kind, scope, from_ms, to_ms, text, entered_by, entered_at)
                 VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            let id = insert.insert(params![
                new.kind.code(),
                new.scope.as_str(),
                new.from.as_millis(),
                new.to.as_millis(),
                new.text,
                deed.by,
                deed.at.as_millis(),
            ])?;
            let job = rejudge(transaction, new, (new.from, new.to), deed)?;
            Ok((found(transaction, new.kind, id.cast_unsigned())?, job))
        })
    }

    /// Changes span and text of an entry of which `version` was read last; what it is about stays.
    ///
    /// # Errors
    /// When it is gone or was changed since, or the file cannot be written.
    pub fn change_entry(
        &self,
        id: u64,
        version: u64,
        new: &NewEntry,
        deed: &Deed,
    ) -> Result<(Entry, Option<Job>), RecordError> {
        self.change(deed, |transaction| {
            let before = current(transaction, new.kind, id, version)?.entered;
            let mut update = transaction.prepare_cached(
                "UPDATE entry SET version = version + 1, from_ms = ?2, to_ms = ?3, text = ?4, entered_by = ?5,
                    entered_at = ?6 WHERE id = ?1",
            )?;
            update.execute(params![
                id.cast_signed(),
                new.from.as_millis(),
                new.to.as_millis(),
                new.text,
                deed.by,
                deed.at.as_millis(),
            ])?;
            let span = (before.from.min(new.from), before.to.max(new.to));
            let job = rejudge(transaction, &before, span, deed)?;
            Ok((found(transaction, new.kind, id)?, job))
        })
    }

    /// Removes an entry of which `version` was read last.
    ///
    /// # Errors
    /// When it is gone or was changed since, or the file cannot be written.
    pub fn remove_entry(
        &self,
        kind: EntryKind,
        id: u64,
        version: u64,
        deed: &Deed,
    ) -> Result<Option<Job>, RecordError> {
        self.change(deed, |transaction| {
            let before = current(transaction, kind, id, version)?.entered;
            transaction.execute("DELETE FROM entry WHERE id = ?", [id.cast_signed()])?;
            rejudge(transaction, &before, (before.from, before.to), deed)
        })
    }

    /// The entry of this kind and number.
    ///
    /// # Errors
    /// When there is none or the file cannot be read.
    pub fn entry(&self, kind: EntryKind, id: u64) -> Result<Entry, RecordError> {
        found(&self.lock(), kind, id)
    }
}

fn rejudge(
    connection: &Connection,
    of: &NewEntry,
    (from, to): (Timestamp, Timestamp),
    deed: &Deed,
) -> Result<Option<Job>, RecordError> {
    if of.kind == EntryKind::Note {
        return Ok(None);
    }
    let job = NewJob {
        kind: JobKind::Rejudge,
        scope: of.scope.clone(),
        from,
        to: Some(to),
        number: None,
        why: deed.action.clone(),
        by: deed.by.clone(),
        asked_at: deed.at,
    };
    jobs::insert(connection, &job).map(Some)
}

fn found(connection: &Connection, kind: EntryKind, id: u64) -> Result<Entry, RecordError> {
    let mut query =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM entry WHERE id = ? AND kind = ?"))?;
    let entry = query.query_row(params![id.cast_signed(), kind.code()], entry_of).optional()?;
    entry.ok_or(RecordError::Unknown { kind: kind.into(), id })
}

fn current(connection: &Connection, kind: EntryKind, id: u64, version: u64) -> Result<Entry, RecordError> {
    let entry = found(connection, kind, id)?;
    if entry.version == version {
        return Ok(entry);
    }
    Err(RecordError::Stale { kind: kind.into(), by: entry.entered_by, at: entry.entered_at })
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (kind, scope): (String, String) = (row.get(2)?, row.get(3)?);
    let kinds = [EntryKind::Maintenance, EntryKind::Note];
    let kind = kinds.into_iter().find(|known| known.code() == kind);
    Ok(Entry {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        version: row.get::<_, i64>(1)?.cast_unsigned(),
        entered: NewEntry {
            kind: kind.ok_or_else(|| unreadable(2, UnknownCode("kind of entry".to_owned())))?,
            scope: Scope::parse(&scope).ok_or_else(|| unreadable(3, UnknownCode(scope)))?,
            from: Timestamp::from_millis(row.get(4)?),
            to: Timestamp::from_millis(row.get(5)?),
            text: row.get(6)?,
        },
        entered_by: row.get(7)?,
        entered_at: Timestamp::from_millis(row.get(8)?),
    })
}
