//! The store on disk: SQLite in a folder of its own, written by one thread, read by a few connections.
//!
//! Nothing is told before it is committed: the RAM head, the commit counter and `on_commit` follow the transaction. Read next:
//! `writer.rs` (one batch's way to disk), `query.rs` (the way back), `schema.rs` (the tables).

pub(crate) mod beside;
mod codes;
pub(crate) mod database;
mod emptied;
mod feed;
pub(crate) mod folder;
mod hot;
pub mod inspect;
mod key;
#[cfg(test)]
mod layout_tests;
mod load;
mod mend;
#[cfg(test)]
mod mend_tests;
mod mirror;
mod outbox;
mod packed;
mod parts;
mod pause;
mod query;
mod readers;
mod retention;
mod rows;
pub(crate) mod schema;
mod seal;
mod sealer;
#[cfg(test)]
mod tests;
mod transaction;
mod upgrade;
mod walk;
mod writer;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use hub_model::{PointId, Timestamp};
use rusqlite::Connection;

use self::mirror::Mirror;
use self::readers::{Fault, Readers};
use self::retention::Retention;
pub use self::retention::{Forced, Keeping, Space};
use self::seal::Seals;
use self::writer::{BeforeAttempt, Message, Queued, Stop, Writer};
use crate::disk::Disk;
use crate::error::{Closed, NotCommitted, StoreError, in_one_line};
use crate::figures::expected_a_day;
use crate::port::{Append, Batch, CommitSeq, OnCommit};

/// How many batches may wait for the writer. When they are that many `append` blocks.
const QUEUE_BATCHES: usize = 2_048;

/// What may be under way between the writer and the sealer: lots of series, and a checkpoint. There are never more.
const SEALER_QUEUE: usize = 8;

/// Where a store is and how it commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its folder; made, for the owner alone, where it is missing.
    pub dir: PathBuf,
    /// How long the first batch waits for others to share its transaction. Longer spares the disk, shorter answers sooner.
    pub commit_window: Duration,
    /// How many seconds east of UTC the days are cut. A store goes on with the offset that it began with.
    pub utc_offset_s: i32,
    /// A point's readings are sealed, compressed, when so many of them wait.
    pub seal_at: usize,
}

impl Settings {
    /// The store in `dir` with a window of 100 ms and Vietnam's days.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            commit_window: Duration::from_millis(100),
            utc_offset_s: crate::VIETNAM_OFFSET_S,
            seal_at: 240,
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
    /// The step that the writer is at: an attempt to commit, or something between two. The same for seconds, it is a disk that hangs.
    pub busy: Option<u64>,
    /// Chunks and commits that could not be read and were set aside, ever; of chunks that lay on damaged pages, the stretches.
    pub damaged: u64,
    /// Set while pages of the file cannot be read: what was found last. The writer moves what can be read to sound ones.
    pub unsound: Option<String>,
    /// Set once the disk has not given back a part of the file, until the store is opened again.
    pub unreadable: Option<Unreadable>,
    /// How much of its size it uses, and what had to leave for want of it.
    pub space: Space,
    /// The disk that it lies on, as it is now; `None` where the system does not tell.
    pub disk: Option<Disk>,
}

/// What a store has done since it was opened, and what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreStats {
    /// Readings committed.
    pub readings: u64,
    /// Bytes of them in the hot log.
    pub hot_bytes: u64,
    /// Readings put into chunks.
    pub sealed_readings: u64,
    /// Bytes of chunks written; a chunk that grows is written several times.
    pub chunk_bytes: u64,
    /// Readings in RAM that wait to be sealed.
    pub waiting_readings: u64,
    /// Points that ever had a reading.
    pub series: u64,
}

/// A transaction that is tried again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// How often it has failed.
    pub attempts: u32,
    /// Why, the last time.
    pub last_error: String,
}

/// Parts of the file that the disk did not give back when they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// How often.
    pub times: u64,
    /// What the system said the last time.
    pub last_error: String,
}

/// The store on disk. Dropping it closes it.
pub struct Store {
    dir: PathBuf,
    shared: Arc<Shared>,
    // Taken before the transaction of a step, never while another lock is held.
    retention: Mutex<Retention>,
    holds: Mutex<BTreeMap<String, Timestamp>>,
    // The connection on which feeds are changed; opened when it is first needed.
    feeds: Mutex<Option<Connection>>,
    readers: Readers,
    utc_offset_s: i32,
    intake: RwLock<Option<Sender<Message>>>,
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
    mirror: RwLock<Mirror>,
    last_commit: AtomicU64,
    last_alarm: AtomicU64,
    in_hand: AtomicUsize,
    /// 0 while the writer is idle.
    step: AtomicU64,
    failing: Mutex<Option<Failing>>,
    repeats: AtomicU64,
    damaged: AtomicU64,
    unsound: Mutex<Option<String>>,
    unreadable: Mutex<Option<Unreadable>>,
    space: Mutex<Space>,
    readings: AtomicU64,
    hot_bytes: AtomicU64,
    sealed_readings: AtomicU64,
    chunk_bytes: AtomicU64,
    expected: RwLock<HashMap<PointId, Option<u32>>>,
}

// A panic elsewhere leaves at worst a commit half shown; what is on disk is whole.
impl Shared {
    fn mirror(&self) -> RwLockReadGuard<'_, Mirror> {
        self.mirror.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn mirror_mut(&self) -> RwLockWriteGuard<'_, Mirror> {
        self.mirror.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that pages of the file cannot be read, or that they can.
    fn note_unsound(&self, found: Option<String>) {
        *self.unsound.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Notes a fault if it says that the disk did not give back a part of the file. The log says the first.
    fn note_read_error(&self, fault: &Fault) {
        if !fault.is_read_error() {
            return;
        }
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        let times = unreadable.as_ref().map_or(0, |before| before.times) + 1;
        *unreadable = Some(Unreadable { times, last_error: fault.text() });
        if times == 1 {
            tracing::error!(
                error = fault.text(),
                "the disk does not give back a part of the store; make a backup and look at the disk"
            );
        }
    }

    fn unsound(&self) -> Option<String> {
        self.unsound.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many readings a day should have.
    fn expected(&self, point: &PointId) -> Option<u32> {
        self.expected.read().unwrap_or_else(PoisonError::into_inner).get(point).copied().flatten()
    }
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
        emptied::refuse(dir, &file)?;
        let connection = database::open(dir, &file, &schema::SCHEMA, settings.utc_offset_s)?;
        let failed = |fault: Fault| fault.while_opening(&file);
        if let Some(found) = inspect::quick(&connection).map_err(|error| failed(error.into()))? {
            return Err(StoreError::Unsound { file, found });
        }
        let utc_offset_s = load::utc_offset_s(&connection, settings.utc_offset_s).map_err(failed)?;
        let loaded = load::load(&connection, Mirror::sealing_at(settings.seal_at)).map_err(failed)?;
        Writer::prepare(&connection).map_err(failed)?;
        let shared = Arc::new(Shared {
            mirror: RwLock::new(loaded.mirror),
            last_commit: loaded.commits.into(),
            last_alarm: loaded.last_alarm.into(),
            damaged: loaded.damaged.into(),
            ..Shared::default()
        });
        let (intake, queue) = bounded(QUEUE_BATCHES);
        let (stop, stopped) = bounded(0);
        let (work, to_be_done) = bounded(SEALER_QUEUE);
        let (answers, done) = bounded(SEALER_QUEUE);
        let of_sealer = file.clone();
        let sealer = std::thread::Builder::new()
            .name("store-sealer".to_owned())
            .spawn(move || sealer::run(of_sealer, utc_offset_s, to_be_done, answers))
            .map_err(StoreError::Thread)?;
        let writer = Writer {
            connection,
            file: file.clone(),
            shared: shared.clone(),
            queue,
            stopped,
            commit_window: settings.commit_window,
            utc_offset_s,
            before_attempt,
            seals: Seals::new(work, done, loaded.hot),
            sealer,
            mended_in_vain: false,
            steps: 0,
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(StoreError::Thread)?;
        Ok(Self {
            dir: settings.dir.clone(),
            shared,
            retention: Mutex::default(),
            holds: Mutex::default(),
            feeds: Mutex::default(),
            readers: Readers::new(file),
            utc_offset_s,
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
            busy: Some(self.shared.step.load(Ordering::Acquire)).filter(|step| *step > 0),
            damaged: self.shared.damaged.load(Ordering::Acquire),
            unsound: self.shared.unsound(),
            unreadable: self.shared.unreadable.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            space: self.space(),
            disk: Disk::of(&self.dir),
        }
    }

    /// What it has done since it was opened.
    pub fn stats(&self) -> StoreStats {
        let mirror = self.shared.mirror();
        StoreStats {
            readings: self.shared.readings.load(Ordering::Acquire),
            hot_bytes: self.shared.hot_bytes.load(Ordering::Acquire),
            sealed_readings: self.shared.sealed_readings.load(Ordering::Acquire),
            chunk_bytes: self.shared.chunk_bytes.load(Ordering::Acquire),
            waiting_readings: mirror.readings() as u64,
            series: mirror.all().len() as u64,
        }
    }

    /// Seals all that has been committed, and returns when it is. Needs not be called: it happens by itself, later.
    ///
    /// # Errors
    /// When the store is closed, or is while this waits.
    pub fn seal_everything(&self) -> Result<(), Closed> {
        let (told, sealed) = bounded(1);
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Closed)?;
        intake.send(Message::SealEverything(told)).map_err(|_| Closed)?;
        drop(intake);
        sealed.recv().map_err(|_| Closed)
    }

    /// Has a chunk that cannot be read set aside. When the queue is full, whoever meets it next reports it again.
    fn report_damaged(&self, chunk: i64, why: String) {
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner);
        let Some(intake) = &*intake else { return };
        if let Err(TrySendError::Disconnected(_)) = intake.try_send(Message::SetAside(chunk, why)) {
            tracing::debug!(chunk, "a damaged chunk is set aside when the store is open again");
        }
    }

    /// Notes a fault that may say that pages of the file are damaged, and has the writer see to it.
    fn note(&self, fault: &Fault) {
        self.shared.note_read_error(fault);
        if !fault.is_damage() {
            return;
        }
        self.shared.note_unsound(Some(fault.text()));
        if let Some(intake) = &*self.intake.read().unwrap_or_else(PoisonError::into_inner) {
            // When the queue is full, whoever meets it next reports it again.
            let _ = intake.try_send(Message::Mend);
        }
    }

    /// Asks the file, on one of the readers' connections.
    fn ask<T>(
        &self,
        what: &'static str,
        ask: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.readers.ask(ask).map_err(|fault| {
            self.note(&fault);
            fault.while_reading(what)
        })
    }

    /// Says how often each point should be read; the days' `expected` follows from it. Replaces what was said before. Readings whose
    /// ids are clones of these find their series fastest.
    pub fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        self.shared.mirror_mut().share(intervals.iter().map(|(point, _)| point.clone()));
        *self.shared.expected.write().unwrap_or_else(PoisonError::into_inner) =
            intervals.into_iter().map(|(point, interval)| (point, expected_a_day(interval))).collect();
    }

    /// How many readings took the place of one of the same moment without being a correction, since it was opened. Those that
    /// took the place of a sealed one are counted when they are sealed themselves.
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
        // A step under way is the last one, and over when the folder is free.
        drop(std::mem::take(&mut *self.retention.lock().unwrap_or_else(PoisonError::into_inner)));
        drop(self.feeds.lock().unwrap_or_else(PoisonError::into_inner).take());
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
        intake.send(Message::Append(Queued { batch, on_commit })).map_err(|_| Closed)
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
