//! Brings a backup back into a folder that has no store. Checks the copy before it gets its name; overwrites nothing.
//!
//! Read next: `mod.rs` for what a backup is made of.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use hub_model::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::partial::Partial;
use super::{Archive, ArchiveError, cannot_write, cannot_write_file, checked, digest, faults};
use crate::error::StoreError;
use crate::sqlite::database::{self, Schema};
use crate::sqlite::{folder, schema};
use crate::{accounts, records};

/// What the table `backup` says: when, by which version, the accounts, the records.
type Label = (i64, String, Option<Vec<u8>>, Option<Vec<u8>>);

/// Restores the backup `file` as the store in `dir`, which is made where it is missing.
///
/// # Errors
/// When `file` is no backup, damaged or of a newer hub; when `dir` has a store or a hub runs on it; when the disk is full. The
/// folder then has no store, as before.
pub fn restore(file: &Path, dir: &Path) -> Result<Archive, ArchiveError> {
    // Before anything is written: most refusals are found here.
    let (made_at, made_by, accounts, records) = label(file)?;
    folder::make(dir)?;
    let _lock = folder::lock(dir)?;
    let (hub_file, accounts_file) = (dir.join(schema::FILE), dir.join(accounts::FILE));
    let records_file = dir.join(records::FILE);
    for target in [&hub_file, &accounts_file, &records_file] {
        if target.symlink_metadata().is_ok() {
            return Err(ArchiveError::Occupied { file: target.clone() });
        }
    }
    let (sha256, bytes) = digest(file).map_err(cannot_read(file))?;
    let hub = Partial::create(&hub_file, "").map_err(cannot_write_file(&hub_file))?;
    copy(file, hub.path()).map_err(cannot_write_file(&hub_file))?;
    let unreadable = is_sound(hub.path(), file, checked)?;
    let beside = |content: Option<Vec<u8>>, schema, target: &Path| {
        content.map(|content| restored(&content, schema, target, file)).transpose()
    };
    let accounts = beside(accounts, &accounts::SCHEMA, &accounts_file)?;
    let records = beside(records, &records::SCHEMA, &records_file)?;
    without_label(hub.path()).map_err(cannot_write(&hub_file))?;
    // The hub's own file last: with it the folder has a store.
    if let Some(accounts) = accounts {
        accounts.keep().map_err(cannot_write_file(&accounts_file))?;
    }
    if let Some(records) = records {
        records.keep().map_err(cannot_write_file(&records_file))?;
    }
    hub.keep().map_err(cannot_write_file(&hub_file))?;
    Ok(Archive { sha256, bytes, made_at: Timestamp::from_millis(made_at), made_by, unreadable })
}

/// Reads what makes the file a backup that this version can restore.
fn label(file: &Path) -> Result<Label, ArchiveError> {
    if !file.is_file() {
        let missing = File::open(file).err().unwrap_or_else(|| io::Error::other("it is a folder"));
        return Err(cannot_read(file)(missing));
    }
    let connection = match database::open_ours(file, &schema::SCHEMA) {
        Ok(connection) => connection,
        Err(newer @ StoreError::NewerSchema { .. }) => return Err(newer.into()),
        Err(_) => return Err(ArchiveError::NotABackup { file: file.to_owned() }),
    };
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let asked = connection
        .query_row("SELECT made_at, made_by, accounts, records FROM backup", [], columns)
        .optional()
        .map_err(|error| match database::is_damage(&error) {
            true => ArchiveError::Damaged { file: file.to_owned(), found: error.to_string() },
            // A store's own file has no such table.
            false => ArchiveError::NotABackup { file: file.to_owned() },
        });
    asked?.ok_or_else(|| ArchiveError::NotABackup { file: file.to_owned() })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = fs::OpenOptions::new().write(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut target).map(drop)
}

/// What `check` finds, unless the copy is damaged.
fn is_sound<T>(
    copy: &Path,
    file: &Path,
    check: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, String>>,
) -> Result<T, ArchiveError> {
    let damaged = |found: String| ArchiveError::Damaged { file: file.to_owned(), found };
    let found = database::open_reader(copy).and_then(|connection| check(&connection));
    found.map_err(|error| damaged(error.to_string()))?.map_err(damaged)
}

fn restored(content: &[u8], schema: &Schema, target: &Path, file: &Path) -> Result<Partial, ArchiveError> {
    let partial = Partial::create(target, "").map_err(cannot_write_file(target))?;
    fs::write(partial.path(), content).map_err(cannot_write_file(target))?;
    drop(database::open_ours(partial.path(), schema)?);
    is_sound(partial.path(), file, |connection| Ok(faults(connection)?.map_or(Ok(()), Err)))?;
    Ok(partial)
}

/// A store is no backup: what restored it is told by the caller, and the accounts have a file of their own again.
fn without_label(copy: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(copy)?;
    connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON; DROP TABLE backup")
}

fn cannot_read(file: &Path) -> impl Fn(io::Error) -> ArchiveError {
    |source| ArchiveError::Read { file: file.to_owned(), source: source.into() }
}
