//! Backup and restore: the whole store, all its databases, as one file that any SQLite tool opens.
//!
//! A backup is the hub's database as it stood at one moment, compacted, with a table more: `backup`, which says when it was made
//! and holds the other databases: accounts, records, and the broker's, of which its owner says what stays. Neither half ever overwrites anything, and what either leaves behind after a fault has
//! a name of its own that ends in `.partial`. Read next: [`backup()`], [`restore()`].

mod backup;
mod partial;
mod restore;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hub_model::Timestamp;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::error::{Cause, StoreError, cause};
use crate::sqlite::{database, inspect};

pub use backup::backup;
pub use restore::restore;

/// The table that makes a store's file a backup. What the hub had not made yet is null.
const TABLE: &str = "
    CREATE TABLE backup (made_at INTEGER NOT NULL, made_by TEXT NOT NULL, accounts BLOB, records BLOB, broker BLOB);
";

/// The broker's database beside the store's. Its tables are the broker's own.
#[derive(Debug, Clone, Copy)]
pub struct BrokerFile {
    /// Its name in the store's folder.
    pub name: &'static str,
    /// The newest layout that is known, as in `PRAGMA user_version`; a newer one is refused.
    pub layout: i64,
    /// Statements that take out of a copy what must not come back with a backup.
    pub forget: &'static str,
}

impl BrokerFile {
    /// Opens it for reading only, and refuses what is not the broker's or of a newer hub.
    fn open(&self, file: &Path) -> Result<Connection, StoreError> {
        let cannot =
            |source: rusqlite::Error| StoreError::Open { file: file.to_owned(), source: cause(&source) };
        let connection = database::open_reader(file).map_err(cannot)?;
        let ask =
            |what| connection.pragma_query_value(None, what, |row| row.get::<_, i64>(0)).map_err(cannot);
        let (owner, found) = (ask("application_id")?, ask("user_version")?);
        if owner != 0 || found == 0 {
            return Err(StoreError::Foreign { file: file.to_owned() });
        }
        if found > self.layout {
            return Err(StoreError::NewerSchema { file: file.to_owned(), found, known: self.layout });
        }
        Ok(connection)
    }
}

/// A backup that was written or read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The SHA-256 of the file, in hexadecimal digits, as `sha256sum` prints it.
    pub sha256: String,
    /// The size of the file.
    pub bytes: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of the hub that made it.
    pub made_by: String,
    /// Days of points in it that cannot be read: they could not in the store that it was made of. All else is sound.
    pub unreadable: u64,
}

/// A backup was not made, or not brought back. Nothing that was there before has been changed.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The file to be written is there already.
    #[error("{} is there already; a backup overwrites nothing", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// There is no store to back up.
    #[error("{} holds no store; has the hub run yet?", dir.display())]
    NoStore {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder to be restored into has a store.
    #[error("{} is there already; restore into a new folder, or move it away", file.display())]
    Occupied {
        /// What is in the way.
        file: PathBuf,
    },
    /// The file is no backup.
    #[error("{} is no backup of a hub", file.display())]
    NotABackup {
        /// The file.
        file: PathBuf,
    },
    /// The file is damaged; so is a copy that was just written when its disk does not keep what it was given.
    #[error("{} is damaged: {found}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The first things that are wrong with it.
        found: String,
    },
    /// The file cannot be written: mostly a full disk.
    #[error("{} cannot be written; nothing is left of it", file.display())]
    Write {
        /// The file that was to be.
        file: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The store is in use, newer, foreign or cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What checking a file has found: faults of its pages, in one line, or how many days of points in it cannot be read.
fn checked(connection: &Connection) -> rusqlite::Result<Result<u64, String>> {
    match faults(connection)? {
        Some(found) => Ok(Err(found)),
        None => inspect::unreadable(connection).map(Ok),
    }
}

/// Runs SQLite's own check over every page. Gives the first faults in one line.
fn faults(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(3)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let is_sound = lines.iter().all(|line| line == "ok");
    Ok((!is_sound).then(|| lines.join("; ").replace('\n', "; ")))
}

/// The file's SHA-256 and size.
fn digest(file: &Path) -> io::Result<(String, u64)> {
    let mut reader = File::open(file)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
    let mut digits = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok((digits, bytes))
}

fn cannot_write(file: &Path) -> impl Fn(rusqlite::Error) -> ArchiveError {
    |source| ArchiveError::Write { file: file.to_owned(), source: cause(&source) }
}

fn cannot_write_file(file: &Path) -> impl Fn(io::Error) -> ArchiveError {
    |source| ArchiveError::Write { file: file.to_owned(), source: source.into() }
}
