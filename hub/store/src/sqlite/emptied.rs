//! Tells a store that was emptied from one that has never been: an empty file among a used store's others is no new store.
//!
//! Read next: `folder.rs`.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::{database, schema};
use crate::error::StoreError;
use crate::{accounts, records};

/// Refuses a folder whose `file` is missing or holds nothing, while what lies beside it is of a store that was in use.
pub(super) fn refuse(dir: &Path, file: &Path) -> Result<(), StoreError> {
    let Some(found) = emptiness(file) else { return Ok(()) };
    let log = format!("{}-wal", schema::FILE);
    // Accounts, and the deeds of making them, are there before the first start.
    let is_of_a_store = |name: &str| match name {
        schema::FILE | accounts::FILE => false,
        records::FILE => records::is_used(&dir.join(name)),
        other => other.ends_with(".sqlite") || other == log && has_lost_its_file(dir, schema::FILE),
    };
    let entries = fs::read_dir(dir).map_err(|source| StoreError::Folder { dir: dir.to_owned(), source })?;
    let mut beside: Vec<String> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name()).map(OsString::into_string)?.ok())
        .filter(|name| is_of_a_store(name))
        .collect();
    beside.sort_unstable();
    if beside.is_empty() {
        return Ok(());
    }
    Err(StoreError::Emptied { file: file.to_owned(), found, beside: beside.join(", ") })
}

/// Refuses `name`, which lies beside `hub.sqlite`, when it is there and holds nothing, while the store was in use. One that is missing
/// is made: hubs that had none are brought up to date, and whoever takes it away means it.
pub(super) fn refuse_beside(dir: &Path, name: &str) -> Result<(), StoreError> {
    let file = dir.join(name);
    let Some(found) = emptiness(&file) else { return Ok(()) };
    let beside = if has_lost_its_file(dir, name) {
        format!("{name}-wal")
    } else if file.exists() && has_commits(&dir.join(schema::FILE)) {
        schema::FILE.to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::EmptiedBeside { file, found, beside })
}

/// What is wrong with a file that holds nothing.
fn emptiness(file: &Path) -> Option<&'static str> {
    match fs::metadata(file) {
        Err(_) => Some("is missing"),
        Ok(found) if found.len() == 0 => Some("is empty"),
        Ok(_) if has_tables(file) => None,
        Ok(_) => Some("holds no table"),
    }
}

/// Whether a log lies beside a file without content: SQLite would throw it away, and it may hold all that was ever committed.
fn has_lost_its_file(dir: &Path, name: &str) -> bool {
    let length = |name: &str| fs::metadata(dir.join(name)).map_or(0, |found| found.len());
    length(name) == 0 && length(&format!("{name}-wal")) > 0
}

/// Whether a hub has ever committed something to this `hub.sqlite`.
fn has_commits(file: &Path) -> bool {
    let question = "SELECT (SELECT max(commits) FROM progress) > 0 OR EXISTS (SELECT 1 FROM hot)";
    let ask = |connection: rusqlite::Connection| connection.query_row(question, [], |row| row.get(0));
    database::open_reader(file).and_then(ask).unwrap_or(false)
}

/// Whether there is a table in it, or something that opening it will complain of.
fn has_tables(file: &Path) -> bool {
    let count = |connection: rusqlite::Connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    database::open_reader(file).and_then(count).map_or(true, |tables| tables > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Records, Settings, Store};

    #[test]
    fn an_emptied_store_is_not_taken_for_a_new_one() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(schema::FILE);
        drop(Store::open(Settings::new(place.path())).unwrap());
        let told = rusqlite::Connection::open(place.path().join("broker.sqlite")).unwrap();
        told.execute_batch("CREATE TABLE retained (x)").unwrap();
        let refused = |found: &str| {
            let error = Store::open(Settings::new(place.path())).unwrap_err();
            let text = format!(
                "{} {found}, but broker.sqlite beside it is of a store that was in use; restore a backup into a new folder, \
                 or, to begin anew, move what is there away",
                file.display()
            );
            assert_eq!(error.to_string(), text);
        };
        fs::write(&file, "").unwrap();
        refused("is empty");
        assert_eq!(fs::metadata(&file).unwrap().len(), 0, "it is left as it was");
        fs::remove_file(&file).unwrap();
        rusqlite::Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 0; VACUUM").unwrap();
        assert!(fs::metadata(&file).unwrap().len() > 0);
        refused("holds no table");
        fs::remove_file(&file).unwrap();
        refused("is missing");
        assert!(!file.exists());
    }

    #[test]
    fn a_log_beside_an_empty_file_is_not_thrown_away() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(schema::FILE), "").unwrap();
        let log = place.path().join("hub.sqlite-wal");
        fs::write(&log, "all that was committed").unwrap();
        assert!(matches!(Store::open(Settings::new(place.path())), Err(StoreError::Emptied { .. })));
        assert_eq!(fs::read(&log).unwrap(), b"all that was committed");
    }

    #[test]
    fn a_start_that_was_cut_short_and_accounts_are_no_store() {
        let place = tempfile::tempdir().unwrap();
        drop(crate::Accounts::open(place.path()).unwrap());
        drop(Records::open(place.path()).unwrap());
        fs::write(place.path().join(schema::FILE), "").unwrap();
        drop(Store::open(Settings::new(place.path())).unwrap());
    }
}
