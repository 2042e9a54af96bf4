//! What callers see of a store: the ports `Append` and `History` and the types that cross them.
//!
//! Nothing here knows of tables, files or threads, so that a store with other insides fits behind it. Read next:
//! `conformance` for what the words below mean in examples, `sqlite` for the store on disk, `memory` for its twin in RAM.

use std::fmt;
use std::ops::ControlFlow;

use hub_model::{
    Alarm, AlarmId, AlarmState, Notice, OutOfService, PointId, Reading, SiteId, Timestamp, Tracking,
    Transition,
};

use crate::error::{Closed, StoreError};
use crate::figures::{Bucket, DaySummary, Spans};
use crate::outbox::OutboxChange;

/// What is to be remembered together: after a crash either all of it is there or none.
///
/// Every batch can be stored: there is none that a store refuses, since a refused one would hold up all that follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Readings, in the order in which they were judged. A later one replaces an earlier one of the same point and `measured_at`.
    pub readings: Vec<StoredReading>,
    /// Readings that take the place of others by somebody's will. They come after the batch's readings.
    pub corrections: Vec<Correction>,
    /// Alarms, whole: each replaces what was known of its id.
    pub alarms: Vec<Alarm>,
    /// Steps of alarms' lives, added to their histories in this order.
    pub transitions: Vec<Transition>,
    /// Rules' timers: each replaces what was known of its rule and subject; one without timer and alarm is forgotten.
    pub tracking: Vec<Tracking>,
    /// What was taken out of service, or is in service again: each replaces what was known of its scope and beginning.
    pub out_of_service: Vec<OutOfService>,
    /// Whom to tell of the batch's steps. One whose key is known already is left as it is: nobody is told the same twice.
    pub notices: Vec<Notice>,
    /// What becomes of notices, in this order, after the batch's own.
    pub outbox: Vec<OutboxChange>,
}

impl Batch {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// How many things are in it.
    pub fn rows(&self) -> usize {
        self.readings.len()
            + self.corrections.len()
            + self.alarms.len()
            + self.transitions.len()
            + self.tracking.len()
            + self.out_of_service.len()
            + self.notices.len()
            + self.outbox.len()
    }
}

/// A reading, and whether it is news.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReading {
    /// The reading. A raw number or value that is NaN is kept as none: the reason says what it was.
    pub reading: Reading,
    /// Whether it becomes the point's latest; false for one that came late.
    pub latest: bool,
}

/// A reading that somebody has put in the place of another one. What stood there is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The new reading.
    pub reading: StoredReading,
    /// What stood there; the store fills it in, whatever is given. `None` when there was nothing.
    pub replaced: Option<Reading>,
    /// When it was corrected.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why, in that person's words.
    pub why: String,
}

/// Numbers the committed batches, in append order, from 1; 0 is "none yet". Goes on after a restart.
///
/// Batches that share a transaction still have numbers of their own, so a stream that stopped after any of them can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitSeq(pub u64);

impl fmt::Display for CommitSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Called once when its batch is on disk; dropped uncalled when the batch never gets there.
///
/// It runs on the store's own thread and delays the next commit for as long: it must neither wait nor append.
pub type OnCommit = Box<dyn FnOnce(CommitSeq) + Send>;

/// The way in.
pub trait Append: Send + Sync {
    /// Queues a batch; blocks while the bounded queue is full, which is how a slow or full disk makes devices wait.
    ///
    /// `on_commit` runs after the transaction is on disk, never before, in append order.
    ///
    /// # Errors
    /// When the store is closed; the batch is then not kept and `on_commit` is dropped.
    fn append(&self, batch: Batch, on_commit: OnCommit) -> Result<(), Closed>;
}

/// What the hub knows of a point right now.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    /// The last reading that did not come late, whatever its quality.
    pub reading: Reading,
    /// Value and measured-at of the last such reading that had a value of judged quality; the reading's own when it has one.
    pub last_good: Option<(f64, Timestamp)>,
}

/// Which alarms are asked for. The default asks for the 1,000 newest.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmFilter {
    /// Only those that are not closed: any state but `normal`.
    pub active_only: bool,
    /// Only those of this site.
    pub site: Option<SiteId>,
    /// Only those that still stood, or were cleared, at or after this moment.
    pub from: Option<Timestamp>,
    /// Only those raised before this moment.
    pub to: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

impl Default for AlarmFilter {
    fn default() -> Self {
        Self { active_only: false, site: None, from: None, to: None, limit: 1_000 }
    }
}

impl AlarmFilter {
    /// Whether it lets `alarm` through (`limit` aside).
    pub fn accepts(&self, alarm: &Alarm) -> bool {
        let ended_before = |from| alarm.cleared_at.is_some_and(|cleared| cleared < from);
        !(self.active_only && alarm.state == AlarmState::Normal
            || self.site.as_ref().is_some_and(|site| *site != alarm.subject.site())
            || self.from.is_some_and(ended_before)
            || self.to.is_some_and(|to| alarm.raised_at >= to))
    }
}

/// The way back: what has been committed, and only that.
pub trait History: Send + Sync {
    /// What is known now of every point that ever had a reading which did not come late, in the order of their ids. From RAM.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn latest(&self) -> Result<Vec<Latest>, StoreError>;

    /// What is known now of one point. From RAM.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn latest_of(&self, point: &PointId) -> Result<Option<Latest>, StoreError>;

    /// Shows `visit` the point's readings measured in `[from, to)`, in the order of `measured_at`, until it breaks off.
    ///
    /// Needs the same memory for any span, and holds nothing while `visit` runs: it may be as slow as its receiver, and may ask
    /// the store itself.
    ///
    /// # Errors
    /// When the store cannot be read; `visit` may have seen some readings by then.
    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// The point's readings measured in `[from, to)`, span by span, also those that are no values: such a span has `n` 0 and
    /// its counts. A span without readings is left out.
    ///
    /// # Errors
    /// When a span is under a millisecond, [`Spans::Edges`] do not ascend, the answer has over [`MAX_BUCKETS`] buckets, or the
    /// store cannot be read.
    ///
    /// [`MAX_BUCKETS`]: crate::MAX_BUCKETS
    fn all_buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError>;

    /// As [`History::all_buckets`], without those that have no value.
    ///
    /// # Errors
    /// As there.
    fn buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut buckets = self.all_buckets(point, from, to, spans)?;
        buckets.retain(|bucket| bucket.n > 0);
        Ok(buckets)
    }

    /// The point's site-local days that `[from, to)` touches and that hold readings, each day whole, the first day first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn days(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<DaySummary>, StoreError>;

    /// What was corrected of the point's readings measured in `[from, to)`, in the order in which it was.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<Correction>, StoreError>;

    /// The alarms that `filter` lets through, the newest (last raised, then highest id) first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarms(&self, filter: &AlarmFilter) -> Result<Vec<Alarm>, StoreError>;

    /// One alarm and its steps, the first step first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarm(&self, id: AlarmId) -> Result<Option<(Alarm, Vec<Transition>)>, StoreError>;

    /// All timers and open alarms of rules, in the order of rule and subject.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn tracking(&self) -> Result<Vec<Tracking>, StoreError>;

    /// What is out of service, and with `ended` also what was, in the order of its beginning and scope.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn out_of_service(&self, ended: bool) -> Result<Vec<OutOfService>, StoreError>;

    /// A number greater than that of every committed alarm, at least 1.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn next_alarm_id(&self) -> Result<AlarmId, StoreError>;

    /// The last committed batch.
    fn last_commit(&self) -> CommitSeq;
}
