//! The texts that a site's file held: one file each in `sites/.versions`, which begins with who put it in force, when and why.
//!
//! They may hold passwords, as the site's own file may: nobody but the hub's user can read them. Read next: `mod.rs`.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use hub_api::SiteVersion;
use hub_model::Timestamp;
use serde_json::{Value, json};

use crate::whole_file::{self, PRIVATE};

/// Versions kept of one file; the oldest go first.
const MOST: usize = 50;
/// Longest first line that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 64 * 1024;
/// The folder below that of the sites. Hidden: the files in it are no sites.
pub const FOLDER: &str = ".versions";
const ENDING: &str = ".toml";

/// The versions of one file.
pub struct Versions {
    folder: PathBuf,
}

impl Versions {
    /// Of the site's file at `path`.
    pub fn of(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default();
        Self { folder: path.with_file_name(FOLDER).join(stem) }
    }

    /// All of them, the newest first. A file that the hub has not written is left out.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<SiteVersion>> {
        let mut ids = self.ids()?;
        ids.reverse();
        Ok(ids.into_iter().filter_map(|id| self.head(id)).collect())
    }

    /// One of them with its text.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(&self, id: u64) -> io::Result<(SiteVersion, String)> {
        let version = self.head(id).ok_or(io::ErrorKind::NotFound)?;
        let text = fs::read_to_string(self.path(id))?;
        let (_, text) = text.split_once('\n').unwrap_or_default();
        Ok((version, text.to_owned()))
    }

    /// The newest text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn newest(&self) -> io::Result<Option<(SiteVersion, String)>> {
        let newest = self.ids()?.into_iter().rev().find(|id| self.head(*id).is_some());
        newest.map(|id| self.read(id)).transpose()
    }

    /// Keeps a text, and lets the oldest go. The version's number is given here.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, version: &SiteVersion, text: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let ids = self.ids()?;
        let SiteVersion { what, device, at, by, why, .. } = version;
        let head = json!({"what": what, "device": device, "at": at.as_millis(), "by": by, "why": why});
        let id = ids.last().map_or(1, |last| last + 1);
        whole_file::replace(&self.path(id), &format!("# {head}\n{text}"), PRIVATE)?;
        let surplus = (ids.len() + 1).saturating_sub(MOST);
        ids.into_iter().take(surplus).try_for_each(|id| whole_file::remove(&self.path(id)))
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id:06}{ENDING}"))
    }

    /// Their numbers, rising.
    fn ids(&self) -> io::Result<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            ids.extend(name.strip_suffix(ENDING).and_then(|number| number.parse::<u64>().ok()));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn head(&self, id: u64) -> Option<SiteVersion> {
        let mut line = String::new();
        let file = File::open(self.path(id)).ok()?;
        BufReader::new(file.take(MAX_HEAD_BYTES)).read_line(&mut line).ok()?;
        let head: Value = serde_json::from_str(line.strip_prefix('#')?).ok()?;
        let text = |key: &str| head[key].as_str().map(str::to_owned);
        Some(SiteVersion {
            id,
            what: text("what")?,
            device: text("device"),
            at: Timestamp::from_millis(head["at"].as_i64()?),
            by: text("by"),
            why: text("why")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_newest_fifty_are_kept_word_for_word_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let versions = Versions::of(&dir.path().join("sites/a.toml"));
        assert!(versions.newest().unwrap().is_none());
        let version = |number: i64| SiteVersion {
            id: 0,
            what: "added".to_owned(),
            device: Some("plc".to_owned()),
            at: Timestamp::from_millis(number),
            by: Some("lan".to_owned()),
            why: "hai\ndòng".to_owned(),
        };
        (1..=52).for_each(|number| versions.add(&version(number), &format!("text {number}\r\n")).unwrap());
        let listed = versions.list().unwrap();
        assert_eq!((listed.len(), listed[0].id, listed[49].id), (50, 52, 3));
        let (newest, text) = versions.newest().unwrap().unwrap();
        assert_eq!((newest, text.as_str()), (SiteVersion { id: 52, ..version(52) }, "text 52\r\n"));
        assert_eq!(versions.read(1).unwrap_err().kind(), io::ErrorKind::NotFound);
        let file = dir.path().join("sites/.versions/a/000052.toml");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, PRIVATE);
        fs::write(dir.path().join("sites/.versions/a/000099.toml"), "not ours").unwrap();
        assert_eq!(versions.list().unwrap()[0].id, 52);
    }
}
