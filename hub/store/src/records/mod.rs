//! What people write down: calibrations, maintenance, notes, the work that follows from them, and who did what when. In
//! `records.sqlite` beside the readings.
//!
//! Never holds a reading and never reads the clock. Each change is on disk when its method returns, in one transaction with
//! the deed that tells of it and the job that it asks for. The running hub and the command line may have it open at once.
//! Read next: [`calibrations`], [`entries`], [`jobs`], [`deeds`].

mod calibrations;
mod deeds;
mod entries;
mod error;
mod jobs;
mod rules;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use calibrations::{CalibrationRecord, NewCalibration};
pub use deeds::{Deed, DeedFilter, NotedDeed};
pub use entries::{Entry, EntryFilter, EntryKind, NewEntry};
pub use error::{RecordError, RecordKind};
pub use jobs::{Job, JobKind, JobProgress, NewJob};
pub use rules::{NewRuleVersion, RuleVersion};

use crate::error::StoreError;
use crate::sqlite::beside;
use crate::sqlite::database::{self, Schema, Step};

/// The file's name in the store's folder.
pub(crate) const FILE: &str = "records.sqlite";

pub(crate) const SCHEMA: Schema = Schema {
    application_id: 0x636d_7265,
    steps: &[
        Step {
        tables: "
        CREATE TABLE calibration (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            version INTEGER NOT NULL,
            point TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            gain TEXT NOT NULL,
            offset TEXT NOT NULL,
            by TEXT NOT NULL,
            certificate TEXT,
            note TEXT,
            entered_by TEXT NOT NULL,
            entered_at INTEGER NOT NULL,
            UNIQUE (point, from_ms)
        ) STRICT;
        CREATE TABLE configured (point TEXT PRIMARY KEY NOT NULL, calibrations TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE entry (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            version INTEGER NOT NULL,
            kind TEXT NOT NULL,
            scope TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            to_ms INTEGER NOT NULL,
            text TEXT NOT NULL,
            entered_by TEXT NOT NULL,
            entered_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX entry_by_time ON entry (kind, from_ms);
        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            scope TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            to_ms INTEGER,
            number REAL,
            why TEXT NOT NULL,
            by TEXT NOT NULL,
            asked_at INTEGER NOT NULL,
            cursor_point TEXT,
            cursor_ms INTEGER NOT NULL,
            seen INTEGER NOT NULL DEFAULT 0,
            changed INTEGER NOT NULL DEFAULT 0,
            share REAL NOT NULL DEFAULT 0,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX job_open ON job (id) WHERE finished_at IS NULL;
        CREATE TABLE deed (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            by TEXT NOT NULL,
            action TEXT NOT NULL,
            object TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX deed_by_time ON deed (at, id);
    ",
        then: None,
    }, Step {
        tables: "
        CREATE TABLE rule_version (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            rule TEXT NOT NULL,
            source TEXT NOT NULL,
            cases TEXT,
            is_on INTEGER NOT NULL,
            what TEXT NOT NULL,
            at INTEGER NOT NULL,
            by TEXT NOT NULL,
            why TEXT NOT NULL
        ) STRICT;
        CREATE INDEX rule_version_by_rule ON rule_version (rule, id);
    ",
        then: None,
    }, Step { tables: "ALTER TABLE calibration ADD COLUMN next_due_ms INTEGER;", then: None }],
};

/// Calibrations, maintenance, notes, jobs and deeds.
pub struct Records {
    connection: Mutex<Connection>,
}

/// Whether a hub has run on this file: there is more in it than the deeds of the command line.
pub(crate) fn is_used(file: &Path) -> bool {
    let question = "SELECT EXISTS (SELECT 1 FROM calibration) OR EXISTS (SELECT 1 FROM configured)
        OR EXISTS (SELECT 1 FROM entry) OR EXISTS (SELECT 1 FROM job)";
    let ask = |connection: Connection| connection.query_row(question, [], |row| row.get(0));
    database::open_reader(file).and_then(ask).unwrap_or(false)
}

impl Records {
    /// Opens the records of the store in `dir`, which is made where it is missing. Takes no lock on the folder.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file is foreign, newer, damaged or emptied.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let connection = beside::open(dir, FILE, &SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    // A panic while the lock is held leaves the connection usable: a transaction under way is rolled back.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries `change` out with the deed that tells of it, both or neither.
    fn change<T>(
        &self,
        deed: &Deed,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, RecordError>,
    ) -> Result<T, RecordError> {
        let mut connection = self.lock();
        // Immediate: what was read is still so when it is written, whatever another process does.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = change(&transaction)?;
        deeds::insert(&transaction, deed)?;
        transaction.commit()?;
        Ok(done)
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").finish_non_exhaustive()
    }
}
