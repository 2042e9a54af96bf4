//! The store's folder: made private, its files made private, held by one hub at a time. Never looks into a file.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::StoreError;

/// Its lock is held by the running hub. It stays when the hub is gone: only the lock counts, not the file.
const LOCK_FILE: &str = "hub.lock";

/// Makes the folder, where it is missing, for the owner alone.
pub(crate) fn make(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| unwritable(dir, source))
}

/// Makes the file, where it is missing, for the owner alone. SQLite gives the files that it adds the same mode.
pub(crate) fn make_private_file(dir: &Path, file: &Path) -> Result<(), StoreError> {
    private(file).map(drop).map_err(|source| unwritable(dir, source))
}

/// Holds the folder for this hub until the file is dropped or the process ends, however it ends.
pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    let file = private(&dir.join(LOCK_FILE)).map_err(|source| unwritable(dir, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unwritable(dir, source)),
    }
}

fn private(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(file)
}

fn unwritable(dir: &Path, source: io::Error) -> StoreError {
    StoreError::Folder { dir: dir.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_the_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("deep/data");
        make(&dir).unwrap();
        let lock = lock(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(LOCK_FILE)), 0o600);
        drop(lock);
    }

    #[test]
    fn a_folder_that_cannot_be_is_said_in_one_sentence() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = make(&file.join("data")).unwrap_err();
        assert!(error.to_string().ends_with("file/data cannot be written"), "{error}");
        assert!(make_private_file(&file, &file.join("hub.sqlite")).is_err());
    }

    #[test]
    fn one_hub_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let first = lock(place.path()).unwrap();
        let second = lock(place.path()).unwrap_err();
        assert_eq!(second.to_string(), format!("store {} is in use by another hub", place.path().display()));
        drop(first);
        lock(place.path()).unwrap();
    }
}
