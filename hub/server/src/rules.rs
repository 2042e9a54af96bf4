//! Where rules come from: the folder that the configuration names, else those that come with the hub.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// Largest rule or cases file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// The rules' files: (name, text), in the order of their names.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn files(folder: Option<&Path>) -> anyhow::Result<Vec<(String, String)>> {
    match folder {
        None => {
            let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
            Ok(hub_logic::embedded_rules().into_iter().map(|rule| owned(rule.rule)).collect())
        }
        Some(folder) => texts(folder, "rhai"),
    }
}

/// The files of `folder` with this ending: (name, text), in the order of their names.
///
/// # Errors
/// When the folder or a file in it cannot be read, or a file is too large.
pub fn texts(folder: &Path, ending: &str) -> anyhow::Result<Vec<(String, String)>> {
    let unreadable = || format!("[rules] dir: {} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_none_or(|found| found != ending) {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unreadable = || format!("{}: cannot be read", path.display());
        let size = fs::metadata(&path).with_context(unreadable)?.len();
        anyhow::ensure!(
            size <= MAX_FILE_BYTES,
            "{}: has {size} bytes, allowed: {MAX_FILE_BYTES}",
            path.display()
        );
        files.push((name, fs::read_to_string(&path).with_context(unreadable)?));
    }
    files.sort();
    Ok(files)
}
