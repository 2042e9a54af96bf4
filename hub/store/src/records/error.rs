//! What can go wrong with records, in words for the person who changes them.

use hub_model::Timestamp;
use thiserror::Error;

use crate::error::{Cause, cause};

/// A record could not be read or changed. Nothing has changed then.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Nothing has this number, or somebody has removed it.
    #[error("there is no {kind} {id}; somebody may have removed it")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// Its number.
        id: u64,
    },
    /// Somebody has changed it since it was read.
    #[error("{by} has changed this {kind} in the meantime; look at it again before you change it")]
    Stale {
        /// What it is.
        kind: &'static str,
        /// Who changed it last.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The point has another calibration from that moment on.
    #[error("this point has another calibration with this date, entered by {by}; change that one")]
    SameDate {
        /// Who entered it.
        by: String,
    },
    /// The file could not be read or written.
    #[error("the records cannot be read or written")]
    Storage(#[source] Cause),
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(cause(&error))
    }
}
