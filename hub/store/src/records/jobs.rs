//! Work on stored readings that is done bit by bit in the background, and how far it is: a hub that was stopped in the
//! middle goes on where it was.

use hub_model::{PointId, Scope, Timestamp, quality::UnknownCode};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::calibrations::unreadable;
use super::{Deed, RecordError, RecordKind, Records};

/// What a job does with each reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Judges it once more with the calibrations and windows as they are.
    Rejudge,
    /// Takes it out of account.
    Exclude,
    /// Puts a value in its place.
    Set,
    /// Takes officers' changes back.
    Restore,
    /// Moves readings whose time was not sure to their time.
    Retime,
}

impl JobKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rejudge, Self::Exclude, Self::Set, Self::Restore, Self::Retime];

    /// The word on disk and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rejudge => "rejudge",
            Self::Exclude => "exclude",
            Self::Set => "set",
            Self::Restore => "restore",
            Self::Retime => "retime",
        }
    }
}

/// A job as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What it does.
    pub kind: JobKind,
    /// Whose readings.
    pub scope: Scope,
    /// Measured from this moment on,
    pub from: Timestamp,
    /// and before this one; `None` for all that there are.
    pub to: Option<Timestamp>,
    /// The value to set, or the milliseconds to move by.
    pub number: Option<f64>,
    /// Why.
    pub why: String,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub asked_at: Timestamp,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobProgress {
    /// The point that it is at; `None` before the first.
    pub point: Option<PointId>,
    /// The next moment of that point to look at.
    pub next: Timestamp,
    /// How many readings were looked at.
    pub seen: u64,
    /// How many were changed.
    pub changed: u64,
    /// The share that is done, 0 to 1.
    pub share: f64,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// What was asked for.
    pub asked: NewJob,
    /// How far it is.
    pub progress: JobProgress,
    /// When it was done; `None` until then.
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, kind, scope, from_ms, to_ms, number, why, by, asked_at, cursor_point, cursor_ms, seen, \
     changed, share, finished_at";

impl Records {
    /// Asks for a job, and notes the deed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_job(&self, new: &NewJob, deed: &Deed) -> Result<Job, RecordError> {
        self.change(deed, |transaction| insert(transaction, new))
    }

    /// The job with this number.
    ///
    /// # Errors
    /// When there is none or the file cannot be read.
    pub fn job(&self, id: u64) -> Result<Job, RecordError> {
        found(&self.lock(), id)
    }

    /// The job to go on with: the first that is not done.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_job(&self) -> Result<Option<Job>, RecordError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM job WHERE finished_at IS NULL ORDER BY id LIMIT 1"
        ))?;
        Ok(query.query_row([], job_of).optional()?)
    }

    /// The newest jobs, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn jobs(&self, limit: usize) -> Result<Vec<Job>, RecordError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM job ORDER BY id DESC LIMIT ?"))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let jobs = query.query_map([limit], job_of)?.collect::<Result<_, _>>()?;
        Ok(jobs)
    }

    /// Notes how far a job is, and when it was done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn advance_job(
        &self,
        id: u64,
        progress: &JobProgress,
        finished_at: Option<Timestamp>,
    ) -> Result<(), RecordError> {
        let connection = self.lock();
        let mut update = connection.prepare_cached(
            "UPDATE job SET cursor_point = ?2, cursor_ms = ?3, seen = ?4, changed = ?5, share = ?6, finished_at = ?7
             WHERE id = ?1",
        )?;
        update.execute(params![
            id.cast_signed(),
            progress.point.as_ref().map(PointId::as_str),
            progress.next.as_millis(),
            progress.seen.cast_signed(),
            progress.changed.cast_signed(),
            progress.share,
            finished_at.map(Timestamp::as_millis),
        ])?;
        Ok(())
    }
}

pub(super) fn insert(connection: &Connection, new: &NewJob) -> Result<Job, RecordError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO job (kind, scope, from_ms, to_ms, number, why, by, asked_at, cursor_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let id = insert.insert(params![
        new.kind.code(),
        new.scope.as_str(),
        new.from.as_millis(),
        new.to.map(Timestamp::as_millis),
        new.number,
        new.why,
        new.by,
        new.asked_at.as_millis(),
        new.from.as_millis(),
    ])?;
    found(connection, id.cast_unsigned())
}

fn found(connection: &Connection, id: u64) -> Result<Job, RecordError> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM job WHERE id = ?"))?;
    let job = query.query_row([id.cast_signed()], job_of).optional()?;
    job.ok_or(RecordError::Unknown { kind: RecordKind::Job, id })
}

fn job_of(row: &Row<'_>) -> rusqlite::Result<Job> {
    let (kind, scope): (String, String) = (row.get(1)?, row.get(2)?);
    let found = JobKind::ALL.into_iter().find(|known| known.code() == kind);
    let point: Option<String> = row.get(9)?;
    let point = point.map(|id| PointId::parse(&id).map_err(|error| unreadable(9, error))).transpose()?;
    Ok(Job {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        asked: NewJob {
            kind: found.ok_or_else(|| unreadable(1, UnknownCode(kind)))?,
            scope: Scope::parse(&scope).ok_or_else(|| unreadable(2, UnknownCode(scope)))?,
            from: Timestamp::from_millis(row.get(3)?),
            to: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
            number: row.get(5)?,
            why: row.get(6)?,
            by: row.get(7)?,
            asked_at: Timestamp::from_millis(row.get(8)?),
        },
        progress: JobProgress {
            point,
            next: Timestamp::from_millis(row.get(10)?),
            seen: row.get::<_, i64>(11)?.cast_unsigned(),
            changed: row.get::<_, i64>(12)?.cast_unsigned(),
            share: row.get(13)?,
        },
        finished_at: row.get::<_, Option<i64>>(14)?.map(Timestamp::from_millis),
    })
}
