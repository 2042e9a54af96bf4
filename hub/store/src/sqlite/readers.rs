//! A few read-only connections that questions take turns with. Each question sees one committed state of the file.
//!
//! Read next: `query.rs` for the questions.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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

    /// Whether the disk did not give back a part of the file.
    pub(super) fn is_read_error(&self) -> bool {
        matches!(self, Self::Sqlite(error) if database::is_read_error(error))
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
    idle: Mutex<Idle>,
    given_back: Condvar,
}

/// Connections that nobody asks. The one that was given back last is taken first: what it has read is still in its cache.
struct Idle {
    connections: Vec<Connection>,
    /// How many questions may be asked at once with these.
    places: usize,
    /// How many questions wait for a place.
    waiting: usize,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        let idle = Idle { connections: Vec::new(), places: READERS, waiting: 0 };
        Self { file, idle: Mutex::new(idle), given_back: Condvar::new() }
    }

    /// Answers one question; `ask` must not ask another. A connection that met a fault is not used again.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut place = self.wait();
        let connection = match place.connection.take() {
            Some(connection) => connection,
            None => database::open_reader(&self.file)?,
        };
        let answer = ask(&connection)?;
        place.connection = Some(connection);
        Ok(answer)
    }

    fn wait(&self) -> Place<'_> {
        let mut idle = self.idle();
        while idle.places == 0 {
            idle.waiting += 1;
            idle = self.given_back.wait(idle).unwrap_or_else(PoisonError::into_inner);
            idle.waiting -= 1;
        }
        idle.places -= 1;
        Place { readers: self, connection: idle.connections.pop() }
    }

    // Nothing that holds it can panic.
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the place back however the question ends.
struct Place<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut idle = self.readers.idle();
        idle.places += 1;
        idle.connections.extend(self.connection.take());
        let somebody_waits = idle.waiting > 0;
        drop(idle);
        // To tell nobody would be a call to the system at each question.
        if somebody_waits {
            self.readers.given_back.notify_one();
        }
    }
}
