//! Who may do what: users, API tokens and sessions, in `accounts.sqlite` beside the readings.
//!
//! Never sees a password, a token or a session id: callers give a password's PHC string and the others' SHA-256. Never reads
//! the clock. The running hub and the command line may have it open at the same time. Read next: [`sessions`].

mod error;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod writes;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

pub use error::AccountError;
pub use sessions::Session;
pub use tokens::Token;
pub use users::User;
pub use writes::DeviceWrite;

use crate::error::StoreError;
use crate::sqlite::beside;
use crate::sqlite::database::{Schema, Step};

/// The file's name in the store's folder.
pub(crate) const FILE: &str = "accounts.sqlite";

/// SHA-256 of a token or of a session id.
pub type Digest = [u8; 32];

pub(crate) const SCHEMA: Schema = Schema {
    application_id: 0x636d_6163,
    steps: &[
        Step {
            tables: "
        CREATE TABLE user (
            name TEXT PRIMARY KEY NOT NULL,
            role TEXT NOT NULL,
            password_hash TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE token (
            name TEXT PRIMARY KEY NOT NULL,
            role TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE session (
            digest BLOB PRIMARY KEY NOT NULL,
            user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            last_used_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_by_user ON session (user);
        CREATE INDEX session_by_end ON session (expires_at);
    ",
            then: None,
        },
        Step {
            tables: "
        CREATE TABLE device_write (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            by TEXT NOT NULL,
            point TEXT NOT NULL,
            value REAL NOT NULL,
            outcome TEXT
        ) STRICT;
        CREATE INDEX device_write_by_point ON device_write (point);
    ",
            then: None,
        },
        // How a write ended is told in both languages; those from before have it in English only.
        Step { tables: "ALTER TABLE device_write ADD COLUMN outcome_vi TEXT;", then: None },
    ],
};

/// Users, tokens and sessions. Every change is on disk when its method returns.
pub struct Accounts {
    connection: Mutex<Connection>,
}

impl Accounts {
    /// Opens the accounts of the store in `dir`, which is made where it is missing. Takes no lock on the folder.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file is foreign, newer, damaged or emptied.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let connection = beside::open(dir, FILE, &SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Whether nobody asks or changes anything just now, so that a question is answered from the pages that SQLite keeps in memory, at
    /// once. Somebody may begin the next moment.
    pub fn is_idle(&self) -> bool {
        !matches!(self.connection.try_lock(), Err(TryLockError::WouldBlock))
    }

    // A panic while the lock is held leaves the connection usable: a transaction under way is rolled back.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}
