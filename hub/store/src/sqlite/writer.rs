//! The one thread that writes: gathers batches for the commit window, commits them in one transaction, then tells.
//!
//! Never tells of what is not on disk, never drops a batch because the disk refuses it. Read next: `transaction.rs`.

use std::convert::Infallible;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, after, never, select_biased};
use rusqlite::Connection;

use super::inspect::quick;
use super::mend;
use super::pause::Pause;
use super::readers::Fault;
use super::seal::{Seals, log_damaged, set_aside};
use super::sealer::Done;
use super::transaction::{self, Written};
use super::{Failing, Shared};
use crate::chunk::{decode, decode_summary};
use crate::error::NotCommitted;
use crate::port::{Batch, CommitSeq, OnCommit};

/// A transaction takes no further batch once it has so many batches or rows: it stays short, and so does the wait behind it.
const MAX_GROUP_BATCHES: usize = 8_192;
const MAX_GROUP_ROWS: usize = 20_000;

/// So many rows are worth a commit of their own: it does not wait for the end of its window.
pub(super) const ENOUGH_ROWS: usize = 2_000;

/// Pages in the write-ahead log (64 MiB) before a commit brings them into the file. Before that the sealer's thread does it.
const WAL_PAGES: i64 = 16_000;

/// The log is cut back to this size after it grew beyond, as while somebody reads for long.
const WAL_BYTES_KEPT: i64 = 32 * 1024 * 1024;

/// Page cache of the writer, in KiB: the index pages under way of some thousand series.
const CACHE_KIB: i64 = 8 * 1024;

/// How long closing waits for somebody who still reads, before what is committed stays in the log beside the file.
const LAST_CHECKPOINT_WAITS: Duration = Duration::from_secs(1);

/// Called before each transaction; a test makes the disk full with it.
pub(super) type BeforeAttempt = Box<dyn FnMut(&Connection) -> rusqlite::Result<()> + Send>;

/// Dropped to cut the pause after a failed transaction short. Nothing is ever sent.
pub(super) type Stop = Sender<Infallible>;

pub(super) struct Queued {
    pub batch: Batch,
    pub on_commit: OnCommit,
}

/// What the writer is asked for.
pub(super) enum Message {
    Append(Queued),
    /// Seal all that has been committed, then say so.
    SealEverything(Sender<()>),
    /// A chunk could not be read.
    SetAside(i64, String),
    /// Pages of the file could not be read.
    Mend,
}

pub(super) struct Writer {
    pub connection: Connection,
    pub file: PathBuf,
    pub shared: Arc<Shared>,
    pub queue: Receiver<Message>,
    pub stopped: Receiver<Infallible>,
    pub commit_window: Duration,
    pub utc_offset_s: i32,
    pub before_attempt: BeforeAttempt,
    pub seals: Seals,
    pub sealer: JoinHandle<()>,
    /// Whether moving chunks to sound pages was no help: it is not done again before the next start.
    pub mended_in_vain: bool,
    /// How many steps it has begun.
    pub steps: u64,
    // Held until the last commit is done.
    pub _lock: File,
}

impl Writer {
    /// How the writer's connection is to behave.
    pub(super) fn prepare(connection: &Connection) -> Result<(), Fault> {
        connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(())
    }

    /// Commits what comes until nobody can append any more and the queue is empty; seals in between.
    pub(super) fn run(mut self) -> Result<(), NotCommitted> {
        let result = self.commit_all();
        drop(self.seals);
        if self.sealer.join().is_err() {
            tracing::error!(
                "the thread that seals readings broke down; they are sealed after the next start"
            );
        }
        if let Err(fault) = bring_into_the_file(&self.connection) {
            tracing::warn!(
                error = fault.text(),
                "the log beside the database was not brought into it; the next start reads both"
            );
        }
        result
    }

    fn commit_all(&mut self) -> Result<(), NotCommitted> {
        loop {
            self.seals.start(&self.shared, self.last_commit());
            self.shared.step.store(0, Ordering::Release);
            let message = select_biased! {
                recv(self.seals.done) -> done => {
                    let Ok(done) = done else {
                        // It broke down. Readings wait in the hot log until the next start.
                        self.seals.done = never();
                        continue;
                    };
                    self.take_sealed(done);
                    continue;
                }
                recv(self.seals.again) -> _ => {
                    self.seal_again();
                    continue;
                }
                recv(self.queue) -> message => message,
            };
            let Ok(message) = message else { return Ok(()) };
            self.begin_step();
            let mut others = Vec::new();
            let group = match message {
                Message::Append(first) => self.gather(first, &mut others),
                other => {
                    others.push(other);
                    Vec::new()
                }
            };
            if !group.is_empty() {
                self.shared.in_hand.store(group.len(), Ordering::Release);
                match self.commit(&group) {
                    Ok(written) => self.tell(written, group),
                    Err(last_error) => return Err(self.give_up(&group, last_error)),
                }
            }
            for other in others {
                self.answer(other);
            }
            self.wait_for_the_sealer();
        }
    }

    /// Whoever asks for the health sees that the writer goes on, or that it does not.
    fn begin_step(&mut self) {
        self.steps += 1;
        self.shared.step.store(self.steps, Ordering::Release);
    }

    fn last_commit(&self) -> u64 {
        self.shared.last_commit.load(Ordering::Acquire)
    }

    fn take_sealed(&mut self, done: Done) {
        self.begin_step();
        let commit = self.last_commit();
        self.seals.take(done, &mut self.connection, &self.shared, commit);
        self.mend_for_seals();
    }

    fn seal_again(&mut self) {
        self.begin_step();
        let commit = self.last_commit();
        self.seals.try_again(&mut self.connection, &self.shared, commit);
        self.mend_for_seals();
    }

    /// When sealing met a damaged page: without it, no day on that page would ever be sealed again.
    fn mend_for_seals(&mut self) {
        let Some(found) = self.seals.unsound.take() else { return };
        self.shared.note_unsound(Some(found));
        if self.mend() {
            let commit = self.last_commit();
            self.seals.write(&mut self.connection, &self.shared, commit);
        }
    }

    /// Moves chunks from damaged pages to sound ones, where somebody has met such pages. Gives whether it helped.
    fn mend(&mut self) -> bool {
        let Some(found) = self.shared.unsound().filter(|_| !self.mended_in_vain) else { return false };
        tracing::error!(
            error = found,
            "pages of the store are damaged: what can be read is moved to sound ones, and commits wait meanwhile"
        );
        match mend::mend(&mut self.connection, &self.file)
            .and_then(|gaps| Ok((gaps, quick(&self.connection)?)))
        {
            Ok((gaps, None)) => {
                // Nothing was found: it was somebody's view of a moment that is over.
                self.mended_in_vain = gaps == 0;
                self.shared.damaged.fetch_add(gaps, Ordering::AcqRel);
                self.shared.note_unsound(None);
                tracing::error!(gaps, "the store is sound again; store check tells what could not be read");
                gaps > 0
            }
            Ok((gaps, Some(beyond))) => {
                self.shared.damaged.fetch_add(gaps, Ordering::AcqRel);
                self.mended_in_vain(beyond)
            }
            Err(fault) => self.mended_in_vain(fault.text()),
        }
    }

    fn mended_in_vain(&mut self, found: String) -> bool {
        tracing::error!(error = found, "the store stays damaged; restore a backup into a new folder");
        self.mended_in_vain = true;
        self.shared.note_unsound(Some(found));
        false
    }

    fn answer(&mut self, message: Message) {
        match message {
            Message::Append(_) => {}
            Message::SealEverything(sealed) => self.seals.seal_everything(self.last_commit(), sealed),
            Message::Mend => drop(self.mend()),
            Message::SetAside(chunk, why) => {
                if let Err(fault) = self.set_aside(chunk, &why) {
                    tracing::warn!(chunk, error = fault.text(), "a damaged chunk could not be set aside");
                }
            }
        }
    }

    /// Sets a chunk aside unless it is gone, or can be read by now.
    fn set_aside(&mut self, chunk: i64, why: &str) -> Result<(), Fault> {
        let transaction = self.connection.transaction()?;
        let bodies = transaction
            .prepare_cached("SELECT summary, body FROM chunk WHERE id = ?")?
            .query_map([chunk], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let is_damaged = |(summary, body): &(Vec<u8>, Option<Vec<u8>>)| {
            decode_summary(summary).is_err() || body.as_deref().is_some_and(|body| decode(body).is_err())
        };
        if bodies.iter().any(is_damaged) {
            set_aside(&transaction, chunk, why)?;
            transaction.commit()?;
            self.shared.damaged.fetch_add(1, Ordering::AcqRel);
            log_damaged(chunk, why);
        }
        Ok(())
    }

    /// Keeps what is in RAM bounded: while there is too much, the next commit waits until some of it is sealed. It does not wait for
    /// what cannot be: a day on a part of the disk that cannot be read would else keep everybody's readings out.
    fn wait_for_the_sealer(&mut self) {
        while self.seals.is_overrun(&self.shared) {
            let Ok(done) = self.seals.done.recv() else { return };
            self.take_sealed(done);
            self.seals.start(&self.shared, self.last_commit());
        }
    }

    /// Takes what else comes within the window of the first batch, or until that is enough; what is no batch goes to `others`.
    fn gather(&self, first: Queued, others: &mut Vec<Message>) -> Vec<Queued> {
        let mut rows = first.batch.rows();
        let mut group = vec![first];
        let window = after(self.commit_window);
        while rows < MAX_GROUP_ROWS && group.len() + others.len() < MAX_GROUP_BATCHES {
            // What is queued already needs no waiting, which makes a window of zero group as well.
            let next = match self.queue.try_recv() {
                Ok(next) => next,
                Err(_) if rows >= ENOUGH_ROWS => break,
                Err(_) => select_biased! {
                    recv(window) -> _ => break,
                    recv(self.queue) -> next => match next {
                        Ok(next) => next,
                        Err(_) => break,
                    },
                },
            };
            match next {
                Message::Append(next) => {
                    rows += next.batch.rows();
                    group.push(next);
                }
                other => others.push(other),
            }
        }
        group
    }

    /// Tries until the group is on disk. Gives the last error when the store is to be closed and a last attempt failed, too.
    fn commit(&mut self, group: &[Queued]) -> Result<Written, String> {
        let mut attempts = 0;
        let mut pause = Pause::default();
        let mut is_last = false;
        loop {
            let error = match self.attempt(group) {
                Ok(written) => {
                    self.note_success(attempts);
                    return Ok(written);
                }
                Err(fault) => {
                    self.shared.note_read_error(&fault);
                    if fault.is_damage() {
                        self.shared.note_unsound(Some(fault.text()));
                        if self.mend() {
                            continue;
                        }
                    }
                    fault.text()
                }
            };
            attempts += 1;
            self.note_failure(attempts, &error);
            if is_last {
                return Err(error);
            }
            is_last = self.stopped.recv_timeout(pause.next()) == Err(RecvTimeoutError::Disconnected);
        }
    }

    fn attempt(&mut self, group: &[Queued]) -> Result<Written, Fault> {
        self.begin_step();
        (self.before_attempt)(&self.connection)?;
        let commit = self.last_commit() + group.len() as u64;
        let batches = group.iter().map(|queued| &queued.batch);
        transaction::write(&mut self.connection, &self.shared.mirror(), self.utc_offset_s, batches, commit)
    }

    fn tell(&mut self, written: Written, group: Vec<Queued>) {
        // As they were met first: the points of a device stand side by side, where the next readings look for them.
        let mut new_series: Vec<_> = written.new_series.into_iter().collect();
        new_series.sort_unstable_by_key(|(_, series)| *series);
        let mut mirror = self.shared.mirror_mut();
        for (point, series) in new_series {
            mirror.add(series, point, 0, None);
        }
        match mirror.take(written.seq, &written.records) {
            Ok(repeats) => drop(self.shared.repeats.fetch_add(repeats, Ordering::AcqRel)),
            // Its series are known: the transaction has just used them.
            Err(fault) => {
                tracing::error!(error = fault.text(), "readings of a commit are not shown until a restart")
            }
        }
        drop(mirror);
        self.seals.note_commit(written.seq, written.hot_bytes);
        self.shared.hot_bytes.fetch_add(written.hot_bytes as u64, Ordering::AcqRel);
        self.shared.readings.fetch_add(written.records.len() as u64, Ordering::AcqRel);
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
        for message in self.queue.try_iter() {
            let Message::Append(queued) = message else { continue };
            lost.batches += 1;
            lost.readings += readings(&queued);
        }
        lost
    }
}

/// Leaves one file that holds everything: who copies it after a clean stop has it all. Connections of readers outlive the writer's,
/// so that SQLite itself does not do it when the writer's is closed. Without effect while somebody reads for long.
fn bring_into_the_file(connection: &Connection) -> Result<(), Fault> {
    connection.busy_timeout(LAST_CHECKPOINT_WAITS)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
