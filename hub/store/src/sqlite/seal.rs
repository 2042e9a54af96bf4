//! When readings are sealed, and how what the sealer has prepared is written: by the writer, few series at a time, between two commits.
//!
//! A reading leaves RAM and the hot log only after the transaction that put it into a chunk. Read next: `sealer.rs`.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, after, never};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::Shared;
use super::feed;
use super::mirror::{Mirror, Series};
use super::parts::Written;
use super::pause::Pause;
use super::readers::Fault;
use super::sealer::{self, Done, Sealed, Waiting, Work};
use super::transaction::write_latest;

/// Series written in one transaction, which a commit may have to wait for.
const SERIES_AT_ONCE: usize = 64;

/// Lots under way: one with the sealer, one on its way there or back.
const LOTS: usize = 2;

/// The hot log is kept shorter than this: it is what opening the store reads. Series that have few readings are then sealed early. Where
/// there are very many series it may have more bytes, so that some sixty readings of each come together: what sealing a series costs hardly
/// depends on how many there are.
const HOT_BYTES: usize = 6 * 1024 * 1024;
const HOT_BYTES_A_SERIES: usize = 512;
const HOT_COMMITS: usize = 50_000;

/// As many bytes of readings as this wait in RAM before series are sealed early, and before commits wait for the sealer.
const WAITING_BYTES: usize = 24 * 1024 * 1024;
const MOST_WAITING_BYTES: usize = 36 * 1024 * 1024;

/// Rows of the hot log that are deleted in one transaction, and how many bytes.
const HOT_ROWS_AT_ONCE: usize = 2_048;
const HOT_BYTES_AT_ONCE: usize = 2 * 1024 * 1024;

/// Pages written to the log before it is brought into the file; and so few that the writer brings the last ones there itself, after
/// which the log begins anew.
const LOG_PAGES: usize = 1_000;
const LAST_PAGES: i64 = 300;
const PAGE_BYTES: usize = 4_096;

/// The sealing side of the writer.
pub(super) struct Seals {
    pub work: Sender<Work>,
    pub done: Receiver<Done>,
    /// The series of the lots under way, in the order in which they are answered.
    lots: VecDeque<Vec<i64>>,
    is_checkpointing: bool,
    log_pages: usize,
    hot: VecDeque<(u64, usize)>,
    hot_bytes: usize,
    /// Prepared, but the disk refused it.
    unwritten: VecDeque<Vec<Sealed>>,
    /// Series that the sealer failed on.
    failed: HashSet<i64>,
    /// Those of them whose pause is over.
    due: HashSet<i64>,
    /// Tells when the pause is over after which what failed is tried again.
    pub again: Receiver<Instant>,
    pause: Pause,
    /// What the log said last of what failed.
    told: Option<String>,
    /// What was found where pages of the file could not be read.
    pub unsound: Option<String>,
    /// Who waits until all that was committed up to a commit is sealed.
    waiting: Vec<(u64, Sender<()>)>,
}

impl Seals {
    pub(super) fn new(work: Sender<Work>, done: Receiver<Done>, hot: VecDeque<(u64, usize)>) -> Self {
        let hot_bytes = hot.iter().map(|(_, bytes)| bytes).sum();
        Self {
            work,
            done,
            lots: VecDeque::new(),
            is_checkpointing: false,
            log_pages: 0,
            hot,
            hot_bytes,
            unwritten: VecDeque::new(),
            failed: HashSet::new(),
            due: HashSet::new(),
            again: never(),
            pause: Pause::default(),
            told: None,
            unsound: None,
            waiting: Vec::new(),
        }
    }

    /// Notes a row of the hot log.
    pub(super) fn note_commit(&mut self, seq: u64, bytes: usize) {
        self.hot.push_back((seq, bytes));
        self.hot_bytes += bytes;
        self.log_pages += bytes / PAGE_BYTES + 2;
    }

    /// Tells `sealed` once nothing up to `seq` waits any more.
    pub(super) fn seal_everything(&mut self, seq: u64, sealed: Sender<()>) {
        self.waiting.push((seq, sealed));
    }

    /// Whether commits should wait: there is too much in RAM, and some of it on its way to disk.
    pub(super) fn is_overrun(&self, shared: &Shared) -> bool {
        !self.lots.is_empty() && shared.mirror().bytes() > MOST_WAITING_BYTES
    }

    /// Gives the sealer something to do, where there is.
    pub(super) fn start(&mut self, shared: &Shared, commit: u64) {
        if !self.waiting.is_empty() {
            let needed = shared.mirror().needed_since(&HashSet::new()).unwrap_or(u64::MAX);
            // Whoever has stopped waiting does not hear it.
            self.waiting.retain(|(seq, sealed)| {
                let is_sealed = *seq < needed;
                if is_sealed {
                    let _ = sealed.send(());
                }
                !is_sealed
            });
        }
        while self.lots.len() < LOTS && self.unwritten.is_empty() {
            let lot = self.next_lot(&shared.mirror());
            let waiting = freeze(shared, &lot, commit);
            if waiting.is_empty() || self.work.try_send(Work::Seal(waiting)).is_err() {
                break;
            }
            self.due.retain(|series| !lot.contains(series));
            self.lots.push_back(lot);
        }
        if self.log_pages >= LOG_PAGES && !self.is_checkpointing {
            self.is_checkpointing = self.work.try_send(Work::Checkpoint).is_ok();
        }
    }

    /// The series to be sealed next, in the order in which their chunks lie.
    fn next_lot(&self, mirror: &Mirror) -> Vec<i64> {
        let hot_bytes = HOT_BYTES.max(mirror.all().len() * HOT_BYTES_A_SERIES);
        let is_long =
            self.hot_bytes > hot_bytes || self.hot.len() > HOT_COMMITS || mirror.bytes() > WAITING_BYTES;
        let upto = self.waiting.iter().map(|(seq, _)| *seq).max();
        let id = |series: &Series| (!series.is_sealing()).then_some(series.id);
        let again = self.due.iter().copied();
        let mut lot: Vec<i64> = if is_long || upto.is_some() {
            let upto = if is_long { u64::MAX } else { upto.unwrap_or(0) };
            let held = mirror.by_need().take_while(|(since, _)| *since <= upto);
            again.chain(held.filter_map(|(_, series)| id(series))).take(SERIES_AT_ONCE).collect()
        } else {
            again.chain(mirror.full().filter_map(id)).take(SERIES_AT_ONCE).collect()
        };
        lot.sort_unstable();
        lot
    }

    /// Takes the sealer's answer, writes what it prepared, and what could not be written before.
    pub(super) fn take(&mut self, done: Done, connection: &mut Connection, shared: &Shared, commit: u64) {
        match done {
            Done::Sealed(answer) => {
                let lot = self.lots.pop_front().unwrap_or_default();
                match answer {
                    Ok(prepared) => {
                        for (series, fault) in &prepared.failed {
                            self.fail(&[*series], fault, shared);
                        }
                        if !prepared.failed.is_empty() {
                            self.again = after(self.pause.next());
                        }
                        self.unwritten.push_back(prepared.sealed);
                    }
                    Err(fault) => {
                        self.fail(&lot, &fault, shared);
                        self.again = after(self.pause.next());
                    }
                }
                self.write(connection, shared, commit);
            }
            Done::Checkpointed(left) => {
                self.is_checkpointing = false;
                self.log_pages = 0;
                match left {
                    Some(left) if left <= LAST_PAGES => drop(sealer::checkpoint(connection)),
                    _ => self.log_pages = LOG_PAGES / 2,
                }
            }
        }
    }

    /// Tries again what failed before the pause that is over.
    pub(super) fn try_again(&mut self, connection: &mut Connection, shared: &Shared, commit: u64) {
        self.again = never();
        self.due.extend(self.failed.drain());
        self.write(connection, shared, commit);
    }

    /// Writes what is prepared. What the disk refuses is kept, and tried again after a pause.
    pub(super) fn write(&mut self, connection: &mut Connection, shared: &Shared, commit: u64) {
        while let Some(lot) = self.unwritten.pop_front() {
            if let Err(fault) = self.write_lot(&lot, connection, shared, commit) {
                tracing::debug!(
                    error = fault.text(),
                    "sealed readings could not be written; it is tried again"
                );
                self.note(&fault, shared);
                self.unwritten.push_front(lot);
                self.again = after(self.pause.next());
                return;
            }
        }
        if self.failed.is_empty() && self.due.is_empty() && self.lots.is_empty() {
            self.pause = Pause::default();
            self.told = None;
        }
    }

    /// Notes that series could not be sealed. The log says each reason once, however often it is tried again.
    fn fail(&mut self, series: &[i64], fault: &Fault, shared: &Shared) {
        let error = fault.text();
        if self.told.as_ref() != Some(&error) {
            tracing::warn!(error, "readings could not be sealed; it is tried again");
            self.told = Some(error);
        }
        self.note(fault, shared);
        self.failed.extend(series);
    }

    fn note(&mut self, fault: &Fault, shared: &Shared) {
        shared.note_read_error(fault);
        if fault.is_damage() {
            self.unsound = Some(fault.text());
        }
    }

    /// How many rows of the hot log can be deleted now, when commits from `needed` on are needed.
    fn unneeded(&self, needed: u64) -> usize {
        let mut bytes = 0;
        let fits = |(seq, size): &&(u64, usize)| {
            bytes += size;
            *seq < needed && bytes <= HOT_BYTES_AT_ONCE
        };
        self.hot.iter().take(HOT_ROWS_AT_ONCE).take_while(fits).count()
    }

    fn write_lot(
        &mut self,
        lot: &[Sealed],
        connection: &mut Connection,
        shared: &Shared,
        commit: u64,
    ) -> Result<(), Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut bytes = 0;
        let mirror = shared.mirror();
        for sealed in lot {
            bytes += write_series(&transaction, sealed, &mirror)?;
        }
        let gone = lot.iter().map(|sealed| sealed.series).collect();
        let needed = mirror.needed_since(&gone).unwrap_or(u64::MAX);
        drop(mirror);
        let rows = self.unneeded(needed);
        if let Some((last, _)) = rows.checked_sub(1).and_then(|last| self.hot.get(last)) {
            feed::note_unsent(&transaction, *last)?;
            transaction.prepare_cached("DELETE FROM hot WHERE seq <= ?")?.execute([last.cast_signed()])?;
            transaction.prepare_cached("UPDATE progress SET commits = ?")?.execute([commit.cast_signed()])?;
        }
        transaction.commit()?;
        self.hot_bytes -= self.hot.drain(..rows).map(|(_, bytes)| bytes).sum::<usize>();
        self.log_pages += bytes / PAGE_BYTES + 2 * lot.len() + rows / 64;
        let mut mirror = shared.mirror_mut();
        for sealed in lot {
            mirror.let_go(sealed.series);
            shared.repeats.fetch_add(sealed.repeats, Ordering::AcqRel);
            shared.sealed_readings.fetch_add(sealed.rows as u64, Ordering::AcqRel);
            shared.damaged.fetch_add(sealed.damaged.len() as u64, Ordering::AcqRel);
        }
        shared.chunk_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
        for (chunk, why) in lot.iter().flat_map(|sealed| &sealed.damaged) {
            log_damaged(*chunk, why);
        }
        Ok(())
    }
}

/// Sets the series' readings aside for the sealer.
fn freeze(shared: &Shared, lot: &[i64], commit: u64) -> Vec<Waiting> {
    if lot.is_empty() {
        return Vec::new();
    }
    let mut mirror = shared.mirror_mut();
    let waiting = lot.iter().filter_map(|id| {
        let entries = mirror.freeze(*id, commit)?;
        let series = mirror.of_id(*id)?;
        let newest = entries.last_at().unwrap_or(i64::MIN);
        let latest = series.latest.as_ref().map_or(i64::MIN, |latest| latest.reading.measured_at.as_millis());
        Some(Waiting {
            series: *id,
            entries,
            expected: shared.expected(&series.point),
            newest_ms: newest.max(latest),
        })
    });
    waiting.collect()
}

/// Gives how many bytes were written.
fn write_series(transaction: &Transaction<'_>, sealed: &Sealed, mirror: &Mirror) -> Result<usize, Fault> {
    for (chunk, why) in &sealed.damaged {
        set_aside(transaction, *chunk, why)?;
    }
    let mut delete = transaction.prepare_cached("DELETE FROM chunk WHERE id = ?")?;
    for chunk in &sealed.removed {
        if sealed.written.iter().all(|(written, _)| written != chunk) {
            delete.execute([chunk])?;
        }
    }
    let mut bytes = 0;
    for (chunk, part) in &sealed.written {
        write_part(transaction, *chunk, part)?;
        bytes += part.summary.len() + part.hours.as_ref().map_or(0, Vec::len) + part.body.len();
    }
    let Some(series) = mirror.of_id(sealed.series) else { return Ok(bytes) };
    transaction
        .prepare_cached("UPDATE series SET sealed_seq = ? WHERE id = ?")?
        .execute([series.frozen_at.cast_signed(), sealed.series])?;
    // The hot log is about to lose what it was known from.
    if let Some(latest) = &series.latest {
        write_latest(transaction, sealed.series, latest)?;
    }
    Ok(bytes)
}

/// Writes a chunk, also in the place of another one.
pub(super) fn write_part(transaction: &Transaction<'_>, id: i64, part: &Written) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO chunk (id, summary, hours, body) VALUES (?, ?, ?, ?)")?
        .execute(params![id, part.summary, part.hours, part.body])?;
    Ok(())
}

/// Moves a chunk to where it disturbs nobody.
pub(super) fn set_aside(transaction: &Transaction<'_>, id: i64, why: &str) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO damaged (was_in, was_id, why, summary, hours, body)
         SELECT 'chunk', id, ?, summary, hours, body FROM chunk WHERE id = ?",
        params![why, id],
    )?;
    transaction.execute("DELETE FROM chunk WHERE id = ?", [id])?;
    Ok(())
}

/// Said once, when it is set aside.
pub(super) fn log_damaged(id: i64, why: &str) {
    let key = super::key::ChunkKey::of(id);
    tracing::error!(
        series = key.series,
        day = key.day,
        part = key.part,
        why,
        "a chunk of readings cannot be read and is set aside; the rest is as it was"
    );
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::super::hot::{Entry, Record};
    use super::super::sealer::Prepared;
    use super::*;
    use crate::conformance::samples::point;

    const BOUND: Duration = Duration::from_secs(30);

    fn refused() -> Fault {
        Fault::Damaged { what: "part of the disk", found: "refused".to_owned() }
    }

    fn record(series: i64) -> Record {
        let entry = Entry {
            measured_at: 5,
            received_at: 5,
            raw: 1.0,
            value: 1.0,
            reason: 0,
            quality: 1,
            may_repeat: false,
            is_correction: false,
        };
        Record { series, is_latest: true, entry }
    }

    fn asked(work: &Receiver<Work>) -> Vec<i64> {
        let Ok(Work::Seal(waiting)) = work.try_recv() else { return Vec::new() };
        waiting.iter().map(|waiting| waiting.series).collect()
    }

    #[test]
    fn what_the_sealer_fails_on_is_tried_again_after_a_pause_and_holds_up_nothing_else() {
        let shared = Shared { mirror: Mirror::sealing_at(1).into(), ..Shared::default() };
        let add = |series, name| shared.mirror_mut().add(series, point(name), 0, None);
        add(1, "a/plc/ph");
        add(2, "a/plc/flow");
        shared.mirror_mut().take(1, &[record(1), record(2)]).unwrap();
        let (work, given) = bounded(8);
        let (_answers, done) = bounded(8);
        let mut seals = Seals::new(work, done, VecDeque::new());
        let mut connection = Connection::open_in_memory().unwrap();
        seals.start(&shared, 1);
        assert_eq!(asked(&given), [1, 2]);

        let failed = Prepared { failed: vec![(1, refused())], ..Prepared::default() };
        seals.take(Done::Sealed(Ok(failed)), &mut connection, &shared, 1);
        shared.mirror_mut().let_go(2);
        seals.start(&shared, 1);
        assert_eq!(asked(&given), [0; 0], "not at once");
        assert!(!seals.is_overrun(&shared), "and nobody waits for it meanwhile");
        shared.mirror_mut().take(2, &[record(2)]).unwrap();
        seals.start(&shared, 2);
        assert_eq!(asked(&given), [2], "others go on");

        seals.take(Done::Sealed(Ok(Prepared::default())), &mut connection, &shared, 2);

        for _ in 0..2 {
            seals.again.recv_timeout(BOUND).unwrap();
            seals.try_again(&mut connection, &shared, 2);
            seals.start(&shared, 2);
            assert_eq!(asked(&given), [1]);
            seals.take(Done::Sealed(Err(refused())), &mut connection, &shared, 2);
            seals.start(&shared, 2);
            assert_eq!(asked(&given), [0; 0], "nor the next time");
        }
    }
}
