//! What can go wrong with accounts. Names are told, secrets and digests never.

use thiserror::Error;

use crate::error::{Cause, cause};

/// An account could not be read or changed.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The name is taken.
    #[error("there is already a {kind} \"{name}\"")]
    Duplicate {
        /// `user`, `token` or `session`.
        kind: &'static str,
        /// The name; empty for a session.
        name: String,
    },
    /// Nothing has this name.
    #[error("there is no {kind} \"{name}\"")]
    Unknown {
        /// `user` or `token`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The file could not be read or written.
    #[error("the accounts cannot be read or written")]
    Storage(#[source] Cause),
}

impl From<rusqlite::Error> for AccountError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(cause(&error))
    }
}

/// What a refused insert says: that the name is taken, or what else went wrong.
pub(super) fn taken(error: rusqlite::Error, kind: &'static str, name: &str) -> AccountError {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    match error.sqlite_error().map(|e| e.extended_code) {
        Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) => {
            AccountError::Duplicate { kind, name: name.to_owned() }
        }
        _ => error.into(),
    }
}

/// Whether a change met something.
pub(super) fn met(changed: usize, kind: &'static str, name: &str) -> Result<(), AccountError> {
    if changed == 0 { Err(AccountError::Unknown { kind, name: name.to_owned() }) } else { Ok(()) }
}
