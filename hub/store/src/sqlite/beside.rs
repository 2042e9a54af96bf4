//! The files that lie beside `hub.sqlite` and are opened by whoever changes them: checked, and not taken for new once a store is in use.
//!
//! Read next: `emptied.rs`, which does the same for `hub.sqlite` itself.

use std::path::Path;

use rusqlite::Connection;

use super::database::{self, Schema};
use super::{emptied, folder, inspect};
use crate::error::{StoreError, cause};

/// Opens `name` in the store's folder, which is made where it is missing, and brings it to its schema. Takes no lock on the folder.
pub(crate) fn open(dir: &Path, name: &str, schema: &Schema) -> Result<Connection, StoreError> {
    folder::make(dir)?;
    let file = dir.join(name);
    emptied::refuse_beside(dir, name)?;
    let connection = database::open(dir, &file, schema, 0)?;
    match inspect::quick(&connection) {
        Ok(None) => Ok(connection),
        Ok(Some(found)) => Err(StoreError::Unsound { file, found }),
        Err(error) => Err(StoreError::Open { file, source: cause(&error) }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::schema;
    use crate::{Accounts, Append, Batch, Records, Settings, Store, StoreError};

    fn open_both(dir: &std::path::Path) -> [Result<(), StoreError>; 2] {
        [Accounts::open(dir).map(drop), Records::open(dir).map(drop)]
    }

    #[test]
    fn an_emptied_file_beside_a_store_in_use_is_not_taken_for_a_new_one() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path();
        drop(Store::open(Settings::new(dir)).unwrap());
        for name in ["accounts.sqlite", "records.sqlite"] {
            fs::write(dir.join(name), "").unwrap();
        }
        assert!(open_both(dir).iter().all(Result::is_ok), "a first start that was cut short is begun again");
        let store = Store::open(Settings::new(dir)).unwrap();
        store.append(Batch::default(), Box::new(|_| ())).unwrap();
        store.close().unwrap();
        for name in ["accounts.sqlite", "records.sqlite"] {
            fs::write(dir.join(name), "").unwrap();
            let found = open_both(dir).into_iter().find_map(Result::err).unwrap().to_string();
            let told = format!(
                "{} is empty, but {} beside it is of a store that was in use; restore a backup into a new folder, \
                 or move the empty file away to go on without what it held",
                dir.join(name).display(),
                schema::FILE
            );
            assert_eq!(found, told);
            assert_eq!(fs::metadata(dir.join(name)).unwrap().len(), 0, "it is left as it was");
            fs::remove_file(dir.join(name)).unwrap();
            assert!(open_both(dir).iter().all(Result::is_ok), "one that was moved away is made anew");
        }
    }

    #[test]
    fn a_log_beside_an_emptied_file_is_not_thrown_away() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("accounts.sqlite"), "").unwrap();
        let log = place.path().join("accounts.sqlite-wal");
        fs::write(&log, "all that was committed").unwrap();
        let error = Accounts::open(place.path()).unwrap_err();
        assert!(matches!(error, StoreError::EmptiedBeside { .. }), "{error}");
        assert_eq!(fs::read(&log).unwrap(), b"all that was committed");
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let place = tempfile::tempdir().unwrap();
        assert!(open_both(place.path()).iter().all(Result::is_ok));
        for name in ["accounts.sqlite", "records.sqlite"] {
            let file = place.path().join(name);
            let whole = fs::read(&file).unwrap();
            for length in [100, 4_096, whole.len() - 4_096] {
                fs::write(&file, &whole[..length]).unwrap();
                let found = open_both(place.path()).into_iter().find_map(Result::err);
                let found = crate::error::in_one_line(&found.unwrap_or_else(|| panic!("{name}, {length}")));
                assert!(found.starts_with(&file.display().to_string()), "{found}");
                assert_eq!(fs::read(&file).unwrap(), &whole[..length], "it is left as it was");
            }
            fs::write(&file, &whole).unwrap();
        }
    }
}
