//! What can go wrong with a store, in words for the person who runs the hub. No secret and no statement is ever in them.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// The error beneath, whatever the store is made of.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The store is closed: it takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the store is closed")]
pub struct Closed;

/// A store was closed while its disk refused to take what was queued. None of it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{batches} batches with {readings} readings were not committed: {last_error}")]
pub struct NotCommitted {
    /// How many batches.
    pub batches: usize,
    /// How many readings are in them.
    pub readings: usize,
    /// Why the last attempt failed.
    pub last_error: String,
}

/// A store cannot be opened or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder is missing and cannot be made, or cannot be written.
    #[error("store folder {} cannot be written", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error("store {} is in use by another hub", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no store where one was to be looked at.
    #[error("{} holds no store; has the hub run yet?", dir.display())]
    Nothing {
        /// The folder.
        dir: PathBuf,
    },
    /// The file holds nothing, although there was a store.
    #[error(
        "{} {found}, but {beside} beside it is of a store that was in use; restore a backup into a new folder, or, to begin anew, move what is there away",
        file.display()
    )]
    Emptied {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: &'static str,
        /// The files that say so.
        beside: String,
    },
    /// A file beside the readings holds nothing, although there was a store.
    #[error(
        "{} {found}, but {beside} beside it is of a store that was in use; restore a backup into a new folder, or move the empty file away to go on without what it held",
        file.display()
    )]
    EmptiedBeside {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: &'static str,
        /// The file that says so.
        beside: String,
    },
    /// The file is damaged where nothing can do without it.
    #[error("{} is damaged ({found}); restore a backup into a new folder", file.display())]
    Unsound {
        /// The file.
        file: PathBuf,
        /// The first thing that is wrong.
        found: String,
    },
    /// A later version of the hub has written the file.
    #[error(
        "{} was written by a newer hub (schema {found}, this one knows up to {known}); run that version or restore an older backup",
        file.display()
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// The file holds somebody else's data.
    #[error("{} is a database, but not one of this hub; move it away", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be opened, or its schema not be brought up to date.
    #[error("{} cannot be opened", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A question could not be answered.
    #[error("{what} cannot be read from the store")]
    Read {
        /// What was asked for.
        what: &'static str,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The store holds something that this version cannot have written.
    #[error("the store holds the {what} \"{found}\", which this hub does not know")]
    Damaged {
        /// What it should have been.
        what: &'static str,
        /// What was found.
        found: String,
    },
    /// Buckets of no width were asked for.
    #[error("a bucket must be at least 1 ms wide, not {width:?}")]
    Width {
        /// The width asked for.
        width: Duration,
    },
    /// Edges of spans that do not ascend.
    #[error("the edges of spans must ascend; edge {index} (counted from 0) does not")]
    Edges {
        /// The first edge that is not after the one before it.
        index: usize,
    },
    /// Too narrow buckets for the span.
    #[error("the answer has over {max} buckets; ask for wider ones")]
    TooManyBuckets {
        /// How many are allowed.
        max: usize,
    },
    /// What was asked for is kept by another engine, which is not to be had just now.
    #[error("what is kept elsewhere cannot be read just now: {why}")]
    Elsewhere {
        /// Why.
        why: String,
    },
    /// The system gave no thread for the writer.
    #[error("the store's thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// The text of a database error, once: what lies beneath one says the same in other words.
pub(crate) fn cause(error: &rusqlite::Error) -> Cause {
    error.to_string().into()
}

/// An error and all beneath it in one line, for logs and health.
pub(crate) fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}
