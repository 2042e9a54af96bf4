//! When the last backup was made: one line in a file beside the store, for backups are made by another process.
//!
//! Never part of a backup itself. Read next: `../cli/archive.rs`, which writes it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hub_model::Timestamp;

/// The file's name in the store's folder.
pub const NOTE_FILE: &str = "last-backup";

/// What is known of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupNote {
    /// The last one was made then.
    Made(Timestamp),
    /// There was none since this hub has kept watch.
    NoneSince(Timestamp),
}

impl BackupNote {
    /// The note of the store in `dir`; `None` where there is none that can be read.
    pub fn read(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(path(dir)).ok()?;
        let (what, when) = text.trim().split_once(' ')?;
        let at: jiff::Timestamp = when.parse().ok()?;
        let at = Timestamp::from_millis(at.as_millisecond());
        match what {
            "made" => Some(Self::Made(at)),
            "none-since" => Some(Self::NoneSince(at)),
            _ => None,
        }
    }

    /// Puts this note in the place of the one before, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(self, dir: &Path) -> io::Result<()> {
        let (what, at) = match self {
            Self::Made(at) => ("made", at),
            Self::NoneSince(at) => ("none-since", at),
        };
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).map_err(io::Error::other)?;
        let fresh = dir.join(format!("{NOTE_FILE}.partial"));
        fs::write(&fresh, format!("{what} {at}\n"))?;
        fs::rename(fresh, path(dir))
    }

    /// Since when nothing was backed up.
    pub fn since(self) -> Timestamp {
        match self {
            Self::Made(at) | Self::NoneSince(at) => at,
        }
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NOTE_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(BackupNote::read(dir.path()), None);
        let at = Timestamp::from_millis(1_760_000_000_000);
        for note in [BackupNote::NoneSince(at), BackupNote::Made(at)] {
            note.write(dir.path()).unwrap();
            assert_eq!(BackupNote::read(dir.path()), Some(note));
        }
        for damaged in ["", "made", "made yesterday", "lost 2026-01-01T00:00:00Z"] {
            fs::write(path(dir.path()), damaged).unwrap();
            assert_eq!(BackupNote::read(dir.path()), None, "{damaged}");
        }
    }
}
