//! The one thread that writes: gathers batches for the commit window, commits them in one transaction, then tells.
//!
//! Never tells of what is not on disk, never drops a batch because the disk refuses it. Read next: `transaction.rs`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, after, select_biased};
use hub_model::PointId;
use rusqlite::Connection;

use super::readers::Fault;
use super::transaction::{self, Written};
use super::{Failing, Shared, query};
use crate::error::NotCommitted;
use crate::port::{Batch, CommitSeq, OnCommit};

/// A transaction takes no further batch once it has so many batches or rows: it stays short, and so does the wait behind it.
const MAX_GROUP_BATCHES: usize = 8_192;
const MAX_GROUP_ROWS: usize = 20_000;

/// The pause after a failed transaction doubles from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Pages in the write-ahead log (16 MiB) before they are brought into the file: an index page that many commits touch is then
/// written there once.
const WAL_PAGES: i64 = 4_000;

/// The log is cut back to this size after it grew beyond, as while somebody reads for long.
const WAL_BYTES_KEPT: i64 = 32 * 1024 * 1024;

/// Page cache of the writer, in KiB: the index pages under way of some thousand series.
const CACHE_KIB: i64 = 8 * 1024;

/// Called before each transaction; a test makes the disk full with it.
pub(super) type BeforeAttempt = Box<dyn FnMut(&Connection) -> rusqlite::Result<()> + Send>;

/// Dropped to cut the pause after a failed transaction short. Nothing is ever sent.
pub(super) type Stop = Sender<Infallible>;

pub(super) struct Queued {
    pub batch: Batch,
    pub on_commit: OnCommit,
}

pub(super) struct Writer {
    connection: Connection,
    series: HashMap<PointId, i64>,
    shared: Arc<Shared>,
    queue: Receiver<Queued>,
    stopped: Receiver<Infallible>,
    commit_window: Duration,
    before_attempt: BeforeAttempt,
    // Held until the last commit is done.
    _lock: File,
}

impl Writer {
    /// Loads what is known now, and is ready to run.
    pub(super) fn new(
        connection: Connection,
        shared: Arc<Shared>,
        queue: Receiver<Queued>,
        stopped: Receiver<Infallible>,
        commit_window: Duration,
        before_attempt: BeforeAttempt,
        lock: File,
    ) -> Result<Self, Fault> {
        connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let series = query::series(&connection)?;
        let (last_commit, last_alarm) = query::counters(&connection)?;
        *shared.head.write().unwrap_or_else(PoisonError::into_inner) = query::head(&connection)?;
        shared.last_commit.store(last_commit, Ordering::Release);
        shared.last_alarm.store(last_alarm, Ordering::Release);
        Ok(Self { connection, series, shared, queue, stopped, commit_window, before_attempt, _lock: lock })
    }

    /// Commits what comes until nobody can append any more and the queue is empty.
    pub(super) fn run(mut self) -> Result<(), NotCommitted> {
        while let Some(group) = self.gather() {
            self.shared.in_hand.store(group.len(), Ordering::Release);
            match self.commit(&group) {
                Ok(written) => self.tell(written, group),
                Err(last_error) => return Err(self.give_up(&group, last_error)),
            }
        }
        Ok(())
    }

    /// Waits for a batch, then takes what else comes within the window.
    fn gather(&self) -> Option<Vec<Queued>> {
        let first = self.queue.recv().ok()?;
        let mut rows = first.batch.rows();
        let mut group = vec![first];
        let window = after(self.commit_window);
        while rows < MAX_GROUP_ROWS && group.len() < MAX_GROUP_BATCHES {
            let next = select_biased! {
                recv(window) -> _ => break,
                recv(self.queue) -> next => next,
            };
            let Ok(next) = next else { break };
            rows += next.batch.rows();
            group.push(next);
        }
        // What is queued already needs no waiting, which makes a window of zero group as well.
        for next in self.queue.try_iter().take(MAX_GROUP_BATCHES.saturating_sub(group.len())) {
            rows += next.batch.rows();
            group.push(next);
            if rows >= MAX_GROUP_ROWS {
                break;
            }
        }
        Some(group)
    }

    /// Tries until the group is on disk. Gives the last error when the store is to be closed and a last attempt failed, too.
    fn commit(&mut self, group: &[Queued]) -> Result<Written, String> {
        let mut attempts = 0;
        let mut pause = FIRST_PAUSE;
        let mut is_last = false;
        loop {
            let error = match self.attempt(group) {
                Ok(written) => {
                    self.note_success(attempts);
                    return Ok(written);
                }
                Err(error) => error.to_string(),
            };
            attempts += 1;
            self.note_failure(attempts, &error);
            if is_last {
                return Err(error);
            }
            is_last = self.stopped.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn attempt(&mut self, group: &[Queued]) -> rusqlite::Result<Written> {
        (self.before_attempt)(&self.connection)?;
        let head = self.shared.head.read().unwrap_or_else(PoisonError::into_inner);
        let commits = self.shared.last_commit.load(Ordering::Acquire) + group.len() as u64;
        let batches = group.iter().map(|queued| &queued.batch);
        transaction::write(&mut self.connection, &self.series, &head, batches, commits)
    }

    fn tell(&mut self, written: Written, group: Vec<Queued>) {
        self.series.extend(written.new_series);
        self.shared.head.write().unwrap_or_else(PoisonError::into_inner).extend(written.latest);
        self.shared.repeats.fetch_add(written.repeats, Ordering::AcqRel);
        self.shared.last_alarm.fetch_max(written.last_alarm, Ordering::AcqRel);
        let before = self.shared.last_commit.fetch_add(group.len() as u64, Ordering::AcqRel);
        self.shared.in_hand.store(0, Ordering::Release);
        for (seq, queued) in (before + 1..).zip(group) {
            // A caller's fault must not end the thread that everybody's readings depend on.
            if catch_unwind(AssertUnwindSafe(|| (queued.on_commit)(CommitSeq(seq)))).is_err() {
                tracing::error!(commit = seq, "what was to be told after a commit broke down");
            }
        }
    }

    fn note_failure(&self, attempts: u32, error: &str) {
        let failing = Failing { attempts, last_error: error.to_owned() };
        let before = self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner).replace(failing);
        if before.is_none_or(|before| before.last_error != error) {
            tracing::error!(error, "readings cannot be committed; devices wait until the disk takes them");
        }
    }

    fn note_success(&self, failed_attempts: u32) {
        if failed_attempts > 0 {
            *self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
            tracing::info!(failed_attempts, "readings are committed again");
        }
    }

    fn give_up(&self, group: &[Queued], last_error: String) -> NotCommitted {
        let readings = |queued: &Queued| queued.batch.readings.len();
        let mut lost =
            NotCommitted { batches: group.len(), readings: group.iter().map(readings).sum(), last_error };
        for queued in self.queue.try_iter() {
            lost.batches += 1;
            lost.readings += readings(&queued);
        }
        lost
    }
}
