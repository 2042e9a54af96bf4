//! A file under way: it has another name until it is whole, and is removed when it never becomes so.
//!
//! Read next: `backup.rs`, `restore.rs`.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file beside `of` that nobody else writes; gone when dropped.
pub(super) struct Partial {
    path: PathBuf,
    of: PathBuf,
}

impl Partial {
    /// Makes it, empty and for its owner alone: accounts will be in it.
    pub(super) fn create(of: &Path, what: &str) -> io::Result<Self> {
        let mut name = OsString::from(of.file_name().unwrap_or_default());
        name.push(format!(".{what}{}.partial", std::process::id()));
        let path = of.with_file_name(name);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, of: of.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Brings it to the disk and gives it its name.
    pub(super) fn keep(self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, &self.of)?;
        sync_folder(&self.of)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `keep` there is none left. SQLite's journal goes with it.
        let _ = fs::remove_file(&self.path);
        let mut journal = self.path.clone().into_os_string();
        journal.push("-journal");
        let _ = fs::remove_file(journal);
    }
}

/// A new name is on disk once its folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
