//! A few read-only connections that questions take turns with. Each question sees one committed state of the file.
//!
//! Read next: `query.rs` for the questions.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use super::database;
use crate::error::{StoreError, cause};

/// Questions that are answered at once; further ones wait. A question is one short statement, never a whole download.
const READERS: usize = 4;

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Damaged { what: &'static str, found: String },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    /// What is wrong, in one line.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Sqlite(error) => error.to_string(),
            Self::Damaged { what, found } => format!("the {what} \"{found}\" is not known"),
        }
    }

    /// Whether pages of the file are damaged, and not the disk busy or full.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Sqlite(error) if database::is_damage(error))
    }

    pub(super) fn while_reading(self, what: &'static str) -> StoreError {
        match self {
            Self::Sqlite(error) => StoreError::Read { what, source: cause(&error) },
            Self::Damaged { what, found } => StoreError::Damaged { what, found },
        }
    }

    pub(super) fn while_opening(self, file: &Path) -> StoreError {
        match self {
            Self::Sqlite(error) => StoreError::Open { file: file.to_owned(), source: cause(&error) },
            Self::Damaged { what, found } => StoreError::Damaged { what, found },
        }
    }
}

pub(super) struct Readers {
    file: PathBuf,
    // Empty places are opened when first needed, and again after a fault.
    put: Sender<Option<Connection>>,
    take: Receiver<Option<Connection>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        let (put, take) = bounded(READERS);
        for _ in 0..READERS {
            let _ = put.send(None);
        }
        Self { file, put, take }
    }

    /// Answers one question; `ask` must not ask another.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut place = Place { put: &self.put, connection: self.take.recv().ok().flatten() };
        let connection = match place.connection.take() {
            Some(connection) => connection,
            None => database::open_reader(&self.file)?,
        };
        let answer = ask(&connection)?;
        place.connection = Some(connection);
        Ok(answer)
    }
}

/// Gives the place back however the question ends.
struct Place<'a> {
    put: &'a Sender<Option<Connection>>,
    connection: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let _ = self.put.try_send(self.connection.take());
    }
}
