//! What every store must do, as examples that run: the store on disk, its twin in RAM, and whatever comes later.
//!
//! A check panics, with what was expected, when a store does not. Every answer is asked for twice: as committed, and again after
//! the store was closed and opened. Read next: [`samples`] for what is stored, then `commits`, `readings`,
//! `corrections`, `figures`, `alarms`, `outbox` for the checks.

mod alarms;
mod commits;
mod corrections;
mod figures;
mod outbox;
mod readings;
pub mod samples;

use std::time::Duration;

use crossbeam_channel::bounded;
use hub_model::PointId;

use crate::memory::MemoryStore;
use crate::outbox::Outbox;
use crate::port::{Append, Batch, CommitSeq, History, StoredReading};
use crate::sqlite::Store;

/// How long a commit may take before a check fails.
const COMMIT_BOUND: Duration = Duration::from_secs(30);

/// All ports of one store, and what a store has beside them. Its days are cut at Vietnam's offset from UTC.
pub trait Backend: Append + History + Outbox {
    /// As `Store::expect`.
    fn expect(&self, intervals: Vec<(PointId, Duration)>);

    /// As `Store::repeats`.
    fn repeats(&self) -> u64;
}

impl Backend for Store {
    fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        self.expect(intervals);
    }

    fn repeats(&self) -> u64 {
        self.repeats()
    }
}

impl Backend for MemoryStore {
    fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        self.expect(intervals);
    }

    fn repeats(&self) -> u64 {
        self.repeats()
    }
}

/// Opens the store of one place. The one that it gave before is dropped first, which must commit what that had queued.
pub type Open = Box<dyn FnMut() -> Box<dyn Backend>>;

/// One thing that a store must do.
pub type Check = fn(&mut Place);

/// All checks by name.
pub fn checks() -> Vec<(&'static str, Check)> {
    [commits::CHECKS, readings::CHECKS, corrections::CHECKS, figures::CHECKS, alarms::CHECKS, outbox::CHECKS]
        .concat()
}

/// Runs every check, each in an empty place of its own.
///
/// # Panics
/// When the store fails one.
pub fn run(new_place: &dyn Fn() -> Open) {
    for (name, check) in checks() {
        tracing::info!(check = name, "store conformance");
        check(&mut Place::new(new_place()));
    }
}

/// An empty place and the store in it.
pub struct Place {
    open: Open,
    store: Option<Box<dyn Backend>>,
}

impl Place {
    /// Opens the store of an empty place.
    pub fn new(mut open: Open) -> Self {
        let store = Some(open());
        Self { open, store }
    }

    /// The store.
    ///
    /// # Panics
    /// Never, unless opening it has.
    pub fn store(&self) -> &dyn Backend {
        self.store.as_deref().expect("a place has a store but while it is reopened")
    }

    /// Closes the store and opens it again.
    pub fn reopen(&mut self) {
        self.store = None;
        self.store = Some((self.open)());
    }

    /// Appends a batch and waits until it is committed.
    ///
    /// # Panics
    /// When it is refused or not committed in time.
    pub fn append(&self, batch: Batch) -> CommitSeq {
        let (told, committed) = bounded(1);
        let on_commit = Box::new(move |seq| {
            let _ = told.send(seq);
        });
        self.store().append(batch, on_commit).expect("an open store takes batches");
        committed.recv_timeout(COMMIT_BOUND).expect("on_commit runs in time")
    }

    /// Appends readings that are news, and waits until they are committed.
    pub fn append_live(&self, readings: impl IntoIterator<Item = hub_model::Reading>) {
        let live = |reading| StoredReading { reading, latest: true };
        self.append(Batch { readings: readings.into_iter().map(live).collect(), ..Batch::default() });
    }

    /// Appends readings that came late, and waits until they are committed.
    pub fn append_late(&self, readings: impl IntoIterator<Item = hub_model::Reading>) {
        let late = |reading| StoredReading { reading, latest: false };
        self.append(Batch { readings: readings.into_iter().map(late).collect(), ..Batch::default() });
    }

    /// Looks at the store as it is, and again after it was closed and opened.
    pub fn look_twice(&mut self, look: impl Fn(&dyn Backend)) {
        look(self.store());
        self.reopen();
        look(self.store());
    }
}
