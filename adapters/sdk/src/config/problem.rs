//! Faults of a configuration, each with its place.

use hub_model::LocalText;
use hub_model::text::Told;
use std::fmt;
use std::sync::Arc;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the configuration folder.
    pub file: Arc<str>,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
}

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The key with its path, such as `device[plc].point[ph].type`; empty where the file as a whole is meant.
    pub key: String,
    /// What was found and what is allowed, in words.
    pub message: LocalText,
}

/// A key's place, kept for faults that are found once the key is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Where the key stands; the beginning of its table when it is not there.
    pub place: Place,
    /// Its path below the file.
    pub key: String,
}

impl At {
    /// A fault of the key, to be put into [`Problems`].
    pub fn fault(&self, message: impl Into<LocalText>) -> Problem {
        Problem { place: self.place.clone(), key: self.key.clone(), message: message.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.place, self.message.en);
        }
        write!(f, "{}: {}: {}", self.place, self.key, self.message.en)
    }
}

impl Told for Problem {
    fn told(&self) -> LocalText {
        let Self { place, key, message: LocalText { vi, .. } } = self;
        let line = if place.line == 0 { String::new() } else { format!(", dòng {}", place.line) };
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        LocalText { vi: format!("{}{line}: {key}{vi}", place.file), en: self.to_string() }
    }
}

/// All faults found so far.
#[derive(Debug, Default)]
pub struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault that stops the start.
    pub fn error(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Notes something that should be mended but stops nothing.
    pub fn warning(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// Faults that stop the start, in the order of files and lines.
    pub fn errors(&self) -> Vec<&Problem> {
        let mut sorted: Vec<_> = self.errors.iter().collect();
        sorted.sort();
        sorted
    }

    /// What should be mended, in the order of files and lines.
    pub fn warnings(&self) -> Vec<&Problem> {
        let mut sorted: Vec<_> = self.warnings.iter().collect();
        sorted.sort();
        sorted
    }
}
