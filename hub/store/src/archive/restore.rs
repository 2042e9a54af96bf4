//! Brings a backup back into a folder that has no store. Checks the copy before it gets its name; overwrites nothing.
//!
//! Read next: `mod.rs` for what a backup is made of.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hub_model::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::partial::Partial;
use super::{Archive, ArchiveError, BrokerFile, cannot_write, cannot_write_file, checked, digest, faults};
use crate::error::StoreError;
use crate::sqlite::database;
use crate::sqlite::{folder, schema};
use crate::{accounts, records};

/// What the table `backup` says.
struct Label {
    made_at: i64,
    made_by: String,
    accounts: Option<Vec<u8>>,
    records: Option<Vec<u8>>,
    broker: Option<Vec<u8>>,
}

/// Restores the backup `file` as the store in `dir`, which is made where it is missing.
///
/// # Errors
/// When `file` is no backup, damaged or of a newer hub; when `dir` has a store or a hub runs on it; when the disk is full. The
/// folder then has no store, as before.
pub fn restore(file: &Path, dir: &Path, broker: &BrokerFile) -> Result<Archive, ArchiveError> {
    // Before anything is written: most refusals are found here.
    let label = label(file)?;
    folder::make(dir)?;
    let _lock = folder::lock(dir)?;
    let hub_file = dir.join(schema::FILE);
    for name in [schema::FILE, accounts::FILE, records::FILE, broker.name] {
        let target = dir.join(name);
        if target.symlink_metadata().is_ok() {
            return Err(ArchiveError::Occupied { file: target });
        }
    }
    let (sha256, bytes) = digest(file).map_err(cannot_read(file))?;
    let hub = Partial::create(&hub_file, "").map_err(cannot_write_file(&hub_file))?;
    copy(file, hub.path()).map_err(cannot_write_file(&hub_file))?;
    let unreadable = is_sound(hub.path(), file, checked)?;
    let ours = |schema| move |copy: &Path| database::open_ours(copy, schema);
    let beside = [
        restored(label.accounts, dir.join(accounts::FILE), ours(&accounts::SCHEMA), file)?,
        restored(label.records, dir.join(records::FILE), ours(&records::SCHEMA), file)?,
        restored(label.broker, dir.join(broker.name), |copy: &Path| broker.open(copy), file)?,
    ];
    without_label(hub.path()).map_err(cannot_write(&hub_file))?;
    // The hub's own file last: with it the folder has a store.
    for (partial, target) in beside.into_iter().flatten() {
        partial.keep().map_err(cannot_write_file(&target))?;
    }
    hub.keep().map_err(cannot_write_file(&hub_file))?;
    let made_at = Timestamp::from_millis(label.made_at);
    Ok(Archive { sha256, bytes, made_at, made_by: label.made_by, unreadable })
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
    let columns = |row: &rusqlite::Row<'_>| {
        Ok(Label {
            made_at: row.get(0)?,
            made_by: row.get(1)?,
            accounts: row.get(2)?,
            records: row.get(3)?,
            broker: row.get(4)?,
        })
    };
    let asked = connection
        .query_row("SELECT made_at, made_by, accounts, records, broker FROM backup", [], columns)
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

/// A database beside the readings', checked but without its name, and the name.
fn restored(
    content: Option<Vec<u8>>,
    target: PathBuf,
    open: impl FnOnce(&Path) -> Result<Connection, StoreError>,
    file: &Path,
) -> Result<Option<(Partial, PathBuf)>, ArchiveError> {
    let Some(content) = content else { return Ok(None) };
    let partial = Partial::create(&target, "").map_err(cannot_write_file(&target))?;
    fs::write(partial.path(), content).map_err(cannot_write_file(&target))?;
    drop(open(partial.path())?);
    is_sound(partial.path(), file, |connection| Ok(faults(connection)?.map_or(Ok(()), Err)))?;
    Ok(Some((partial, target)))
}

/// A store is no backup: what restored it is told by the caller, and the others have a file of their own again.
fn without_label(copy: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(copy)?;
    connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON; DROP TABLE backup")
}

fn cannot_read(file: &Path) -> impl Fn(io::Error) -> ArchiveError {
    |source| ArchiveError::Read { file: file.to_owned(), source: source.into() }
}
