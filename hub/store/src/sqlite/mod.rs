//! The store on disk: SQLite in a folder of its own, written by one thread, read by a few connections.
//!
//! Nothing is told before it is committed: the RAM head, the commit counter and `on_commit` follow the transaction. Read next:
//! `writer.rs` (one batch's way to disk), `query.rs` (the way back), `schema.rs` (the tables).

mod codes;
pub(crate) mod database;
pub(crate) mod folder;
mod query;
mod readers;
mod rows;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod transaction;
mod writer;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use hub_model::PointId;

use self::readers::Readers;
use self::writer::{BeforeAttempt, Queued, Stop, Writer};
use crate::error::{Closed, NotCommitted, StoreError, in_one_line};
use crate::figures::expected_a_day;
use crate::head::Head;
use crate::port::{Append, Batch, CommitSeq, OnCommit};

/// How many batches may wait for the writer. When they are that many `append` blocks.
const QUEUE_BATCHES: usize = 2_048;

/// Where a store is and how it commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its folder; made, for the owner alone, where it is missing.
    pub dir: PathBuf,
    /// How long the first batch waits for others to share its transaction. Longer spares the disk, shorter answers sooner.
    pub commit_window: Duration,
    /// How many seconds east of UTC the days are cut.
    pub utc_offset_s: i32,
}

impl Settings {
    /// The store in `dir` with a window of 100 ms and Vietnam's days.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            commit_window: Duration::from_millis(100),
            utc_offset_s: crate::VIETNAM_OFFSET_S,
        }
    }
}

/// How a store fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// The last committed batch.
    pub last_commit: CommitSeq,
    /// Batches that wait for their commit.
    pub queued: usize,
    /// Set while the disk refuses to take them.
    pub failing: Option<Failing>,
}

/// A transaction that is tried again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// How often it has failed.
    pub attempts: u32,
    /// Why, the last time.
    pub last_error: String,
}

/// The store on disk. Dropping it closes it.
pub struct Store {
    shared: Arc<Shared>,
    readers: Readers,
    utc_offset_s: i32,
    intake: RwLock<Option<Sender<Queued>>>,
    thread: Mutex<Option<Running>>,
}

/// The writer at work.
struct Running {
    stop: Stop,
    thread: JoinHandle<Result<(), NotCommitted>>,
}

/// What the writer tells and everybody may read.
#[derive(Default)]
struct Shared {
    head: RwLock<Head>,
    last_commit: AtomicU64,
    last_alarm: AtomicU64,
    in_hand: AtomicUsize,
    failing: Mutex<Option<Failing>>,
    repeats: AtomicU64,
    expected: RwLock<HashMap<PointId, Option<u32>>>,
}

impl Store {
    /// Opens the store in a folder, makes it where it is missing, and holds it against any other hub until it is closed.
    ///
    /// # Errors
    /// When the folder cannot be written or is in use, or the file is newer, foreign or damaged.
    pub fn open(settings: Settings) -> Result<Self, StoreError> {
        Self::open_with(settings, Box::new(|_| Ok(())))
    }

    /// As [`Store::open`]; `before_attempt` is called before each transaction and may make it fail.
    fn open_with(settings: Settings, before_attempt: BeforeAttempt) -> Result<Self, StoreError> {
        let dir = &settings.dir;
        folder::make(dir)?;
        let lock = folder::lock(dir)?;
        let file = dir.join(schema::FILE);
        let connection = database::open(dir, &file, &schema::SCHEMA)?;
        let shared = Arc::new(Shared::default());
        let (intake, queue) = bounded(QUEUE_BATCHES);
        let (stop, stopped) = bounded(0);
        let writer = Writer::new(
            connection,
            shared.clone(),
            queue,
            stopped,
            settings.commit_window,
            before_attempt,
            lock,
        )
        .map_err(|fault| fault.while_opening(&file))?;
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(StoreError::Thread)?;
        Ok(Self {
            shared,
            readers: Readers::new(file),
            utc_offset_s: settings.utc_offset_s,
            intake: RwLock::new(Some(intake)),
            thread: Mutex::new(Some(Running { stop, thread })),
        })
    }

    /// How it fares.
    pub fn health(&self) -> StoreHealth {
        let queued =
            self.intake.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, Sender::len);
        StoreHealth {
            last_commit: CommitSeq(self.shared.last_commit.load(Ordering::Acquire)),
            queued: queued + self.shared.in_hand.load(Ordering::Acquire),
            failing: self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Says how often each point should be read; the days' `expected` follows from it. Replaces what was said before.
    pub fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        *self.shared.expected.write().unwrap_or_else(PoisonError::into_inner) =
            intervals.into_iter().map(|(point, interval)| (point, expected_a_day(interval))).collect();
    }

    /// How many readings took the place of one of the same moment without being a correction, since it was opened.
    pub fn repeats(&self) -> u64 {
        self.shared.repeats.load(Ordering::Acquire)
    }

    /// Takes nothing more, commits what is queued, ends the writer and frees the folder. History can still be read; closing
    /// again does nothing.
    ///
    /// # Errors
    /// When the disk refuses the last attempt: says how much was not committed.
    pub fn close(&self) -> Result<(), NotCommitted> {
        drop(self.intake.write().unwrap_or_else(PoisonError::into_inner).take());
        let Some(Running { stop, thread }) =
            self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
        else {
            return Ok(());
        };
        drop(stop);
        if thread.thread().id() == std::thread::current().id() {
            // The last handle was in an `on_commit`: the writer ends by itself once it has told.
            return Ok(());
        }
        thread.join().unwrap_or_else(|_| {
            Err(NotCommitted {
                batches: 0,
                readings: 0,
                last_error: "the store's thread broke down".to_owned(),
            })
        })
    }
}

impl Append for Store {
    fn append(&self, batch: Batch, on_commit: OnCommit) -> Result<(), Closed> {
        // Cloned, so that a call that blocks on a full queue does not hold up `close`.
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Closed)?;
        intake.send(Queued { batch, on_commit }).map_err(|_| Closed)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(error = in_one_line(&error), "the store was closed with readings uncommitted");
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("health", &self.health()).finish_non_exhaustive()
    }
}
