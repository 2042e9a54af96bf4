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
    let bytes = fs::metadata(file).map(|found| found.len()).ok();
    let found = match bytes {
        None => "is missing",
        Some(0) => "is empty",
        Some(_) if has_tables(file) => return Ok(()),
        Some(_) => "holds no table",
    };
    // Without content SQLite would throw its log away, which may hold all that was ever committed.
    let log = format!("{}-wal", schema::FILE);
    let is_used_log = |name: &str| {
        name == log
            && bytes.unwrap_or(0) == 0
            && fs::metadata(dir.join(name)).is_ok_and(|found| found.len() > 0)
    };
    // Accounts, and the deeds of making them, are there before the first start.
    let is_of_a_store = |name: &str| match name {
        schema::FILE | accounts::FILE => false,
        records::FILE => records::is_used(&dir.join(name)),
        other => other.ends_with(".sqlite") || is_used_log(other),
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
