//! Writes a backup while the hub runs, from any process. Never writes to the store.
//!
//! One read transaction sees the whole store at one moment; the hub goes on committing beside it. Read next: `restore.rs`.

use std::fs;
use std::path::Path;

use hub_model::Timestamp;
use rusqlite::{Connection, params};

use super::partial::Partial;
use super::{Archive, ArchiveError, BrokerFile, TABLE, cannot_write, cannot_write_file, checked, digest};
use crate::error::{StoreError, cause};
use crate::sqlite::database;
use crate::sqlite::schema;
use crate::{accounts, records};

/// Backs the store in `dir` up to `file`, which must not be there yet, and reads it again to check it.
///
/// # Errors
/// When there is no store, it cannot be read, or the file cannot be written whole and sound; then it is not there.
pub fn backup(
    dir: &Path,
    file: &Path,
    broker: &BrokerFile,
    now: Timestamp,
    version: &str,
) -> Result<Archive, ArchiveError> {
    if file.symlink_metadata().is_ok() {
        return Err(ArchiveError::Exists { file: file.to_owned() });
    }
    if !dir.join(schema::FILE).exists() {
        return Err(ArchiveError::NoStore { dir: dir.to_owned() });
    }
    let partial = Partial::create(file, "").map_err(cannot_write_file(file))?;
    let ours = |schema| move |source: &Path| database::open_ours(source, schema);
    // Before the readings: a job that goes on meanwhile is then done again after a restore, not taken for done.
    let records = beside(dir, records::FILE, ours(&records::SCHEMA), "", file)?;
    copy(&ours(&schema::SCHEMA)(&dir.join(schema::FILE))?, partial.path(), file)?;
    let accounts = beside(dir, accounts::FILE, ours(&accounts::SCHEMA), "", file)?;
    let broker = beside(dir, broker.name, |source| broker.open(source), broker.forget, file)?;
    let connection = Connection::open(partial.path()).map_err(cannot_write(file))?;
    // In RAM: what is under way has no value, so it needs no journal.
    connection.execute_batch("PRAGMA journal_mode = MEMORY").map_err(cannot_write(file))?;
    connection
        .execute_batch(TABLE)
        .and_then(|()| {
            let row = params![now.as_millis(), version, accounts, records, broker];
            connection.execute("INSERT INTO backup VALUES (?, ?, ?, ?, ?)", row)
        })
        .map_err(cannot_write(file))?;
    drop(connection);
    let (sha256, bytes, unreadable) = check(partial.path(), file)?;
    partial.keep().map_err(cannot_write_file(file))?;
    Ok(Archive { sha256, bytes, made_at: now, made_by: version.to_owned(), unreadable })
}

/// A database beside the readings' as the bytes of a file, without what is to be forgotten.
fn beside(
    dir: &Path,
    name: &str,
    open: impl FnOnce(&Path) -> Result<Connection, StoreError>,
    forget: &str,
    file: &Path,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    let source = dir.join(name);
    if !source.exists() {
        return Ok(None);
    }
    let partial = Partial::create(file, &format!("{name}.")).map_err(cannot_write_file(file))?;
    copy(&open(&source)?, partial.path(), file)?;
    if !forget.is_empty() {
        let connection = Connection::open(partial.path()).map_err(cannot_write(file))?;
        connection
            .execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY")
            .and_then(|()| connection.execute_batch(forget))
            .and_then(|()| connection.execute_batch("VACUUM"))
            .map_err(cannot_write(file))?;
    }
    fs::read(partial.path()).map(Some).map_err(cannot_write_file(file))
}

/// Copies a database, compacted, into an empty file.
fn copy(connection: &Connection, to: &Path, file: &Path) -> Result<(), ArchiveError> {
    let to = to.to_str().ok_or_else(|| {
        let source = "its name is not in Unicode".into();
        ArchiveError::Write { file: file.to_owned(), source }
    })?;
    match connection.execute("VACUUM INTO ?", [to]) {
        Ok(_) => Ok(()),
        Err(error) if database::is_damage(&error) => {
            Err(StoreError::Read { what: "a page", source: cause(&error) }.into())
        }
        Err(error) => Err(cannot_write(file)(error)),
    }
}

/// Reads the whole file again, from the disk where the system lets go of its copy.
fn check(partial: &Path, file: &Path) -> Result<(String, u64, u64), ArchiveError> {
    let reader = database::open_reader(partial).map_err(cannot_write(file))?;
    let unreadable = checked(&reader)
        .map_err(cannot_write(file))?
        .map_err(|found| ArchiveError::Damaged { file: file.to_owned(), found })?;
    let (sha256, bytes) = digest(partial).map_err(cannot_write_file(file))?;
    Ok((sha256, bytes, unreadable))
}
