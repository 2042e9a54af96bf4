//! Files and their lines. The only file access of the configuration.

use std::path::{Path, PathBuf};

use toml::Spanned;

use crate::SimError;

/// A file's text, kept so that faults can name their line.
pub(super) struct Source {
    path: PathBuf,
    pub text: String,
}

impl Source {
    pub fn read(path: PathBuf) -> Result<Self, SimError> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(SimError::Read { path, source }),
        }
    }

    /// A file that comes with the hub.
    pub fn shipped(name: &str, bytes: &[u8]) -> Self {
        Self { path: Path::new("profiles").join(name), text: String::from_utf8_lossy(bytes).into_owned() }
    }

    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, SimError> {
        toml::from_str(&self.text).map_err(|error| SimError::toml(&self.path, &self.text, &error))
    }

    pub fn fault<T>(&self, place: &Spanned<T>, message: impl Into<String>) -> SimError {
        SimError::at(&self.path, &self.text, place.span().start, message)
    }
}

/// The TOML files of a folder in the order of their names; none when the folder is not there.
pub(super) fn toml_files(dir: &Path) -> Result<Vec<PathBuf>, SimError> {
    let fault = |source| SimError::Read { path: dir.to_owned(), source };
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
