//! The store's twin in RAM: the same ports, nothing on disk. For tests of what stands on a store, and the model that
//! the store on disk is held against. Keeps everything for ever, so it must not serve a running hub.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub_model::{
    Alarm, AlarmId, Notice, OutOfService, PointId, Reading, RuleId, Timestamp, Tracking, Transition,
};

use crate::VIETNAM_OFFSET_S;
use crate::bucket::{BucketFold, Cut, DayFold, What};
use crate::error::{Closed, StoreError};
use crate::figures::{Bucket, DaySummary, LocalDay, Spans, expected_a_day};
use crate::head::{Head, renewed, without_nan};
use crate::memory_outbox::KeptOutbox;
use crate::outbox::{KeptSecret, Message, MessageFilter, MessageId, Outbox, Queue};
use crate::port::{
    AlarmFilter, Append, Batch, CommitSeq, Correction, History, Latest, OnCommit, StoredReading,
};

/// A store in RAM, its days cut at Vietnam's offset from UTC. Clones share what is in it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    kept: Kept,
    closed: bool,
    told: VecDeque<(CommitSeq, OnCommit)>,
    telling: bool,
    expected: BTreeMap<PointId, Option<u32>>,
    repeats: u64,
}

#[derive(Default)]
struct Kept {
    readings: BTreeMap<(PointId, Timestamp), Reading>,
    audit: Vec<Correction>,
    head: Head,
    alarms: BTreeMap<AlarmId, Alarm>,
    transitions: BTreeMap<AlarmId, Vec<Transition>>,
    tracking: BTreeMap<(RuleId, String), Tracking>,
    out_of_service: BTreeMap<(Timestamp, String), OutOfService>,
    outbox: KeptOutbox,
    commits: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes nothing more; what is in it can still be read.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// A new, open store with what is in this one, as if the hub had been started again.
    pub fn reopen(&self) -> Self {
        let kept = std::mem::take(&mut self.lock().kept);
        self.close();
        Self { inner: Arc::new(Mutex::new(Inner { kept, ..Inner::default() })) }
    }

    /// Lets all readings go that were measured before `before`, as retention does.
    pub fn let_go(&self, before: Timestamp) {
        self.lock().kept.readings.retain(|(_, measured_at), _| *measured_at >= before);
    }

    /// Says how often each point should be read; the days' `expected` follows from it.
    pub fn expect(&self, intervals: Vec<(PointId, Duration)>) {
        self.lock().expected =
            intervals.into_iter().map(|(point, interval)| (point, expected_a_day(interval))).collect();
    }

    /// How many readings took the place of one of the same moment without being a correction, since it was opened.
    pub fn repeats(&self) -> u64 {
        self.lock().repeats
    }

    // A panic elsewhere leaves at worst a batch half applied in a test that has failed already.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what is to be told, in order, without holding the lock; whoever is telling already tells ours, too.
    fn tell(&self) {
        let mut inner = self.lock();
        if inner.telling {
            return;
        }
        inner.telling = true;
        while let Some((seq, on_commit)) = inner.told.pop_front() {
            drop(inner);
            on_commit(seq);
            inner = self.lock();
        }
        inner.telling = false;
    }
}

impl Inner {
    fn apply(&mut self, batch: Batch) -> CommitSeq {
        for stored in &batch.readings {
            self.repeats += u64::from(self.kept.put(stored).is_some());
        }
        self.kept.apply_rest(batch)
    }
}

impl Kept {
    /// Keeps a reading; gives back the one of the same moment that it took the place of.
    fn put(&mut self, stored: &StoredReading) -> Option<Reading> {
        let reading = without_nan(stored.reading.clone());
        if stored.latest {
            let latest = renewed(self.head.get(&reading.point), reading.clone());
            self.head.insert(reading.point.clone(), latest);
        }
        self.readings.insert((reading.point.clone(), reading.measured_at), reading)
    }

    fn apply_rest(&mut self, batch: Batch) -> CommitSeq {
        for mut correction in batch.corrections {
            correction.replaced = self.put(&correction.reading);
            correction.reading.reading = without_nan(correction.reading.reading);
            self.audit.push(correction);
        }
        self.alarms.extend(batch.alarms.into_iter().map(|alarm| (alarm.id, alarm)));
        for transition in batch.transitions {
            self.transitions.entry(transition.alarm).or_default().push(transition);
        }
        for tracking in batch.tracking {
            let key = (tracking.rule.clone(), tracking.subject.as_str().to_owned());
            if is_idle(&tracking) {
                self.tracking.remove(&key);
            } else {
                self.tracking.insert(key, tracking);
            }
        }
        for one in batch.out_of_service {
            self.out_of_service.insert((one.since, one.scope.as_str().to_owned()), one);
        }
        batch.notices.into_iter().for_each(|notice| self.outbox.add(notice));
        for change in batch.outbox {
            self.outbox.change(change, &self.alarms);
        }
        self.commits += 1;
        CommitSeq(self.commits)
    }
}

/// Whether there is nothing to remember of it.
pub(crate) fn is_idle(tracking: &Tracking) -> bool {
    let is_quiet = tracking.raising_since.is_none() && tracking.clearing_since.is_none();
    is_quiet && tracking.alarm.is_none() && tracking.raises.is_empty()
}

impl Append for MemoryStore {
    fn append(&self, batch: Batch, on_commit: OnCommit) -> Result<(), Closed> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Closed);
        }
        let seq = inner.apply(batch);
        inner.told.push_back((seq, on_commit));
        drop(inner);
        self.tell();
        Ok(())
    }
}

impl History for MemoryStore {
    fn latest(&self) -> Result<Vec<Latest>, StoreError> {
        Ok(self.lock().kept.head.values().cloned().collect())
    }

    fn latest_of(&self, point: &PointId) -> Result<Option<Latest>, StoreError> {
        Ok(self.lock().kept.head.get(point).cloned())
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        let span = (point.clone(), from)..(point.clone(), to);
        let found: Vec<Reading> = self.lock().kept.readings.range(span).map(|(_, r)| r.clone()).collect();
        let _ = found.into_iter().try_for_each(visit);
        Ok(())
    }

    fn all_buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError> {
        let cut = Cut::new(spans)?;
        let mut fold = BucketFold::new(&cut);
        self.readings(point, from, to, &mut |reading| fold.take(reading.measured_at, What::of(&reading)))?;
        fold.finish()
    }

    fn days(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<DaySummary>, StoreError> {
        let Some((from, to)) = LocalDay::whole(from, to, VIETNAM_OFFSET_S) else { return Ok(Vec::new()) };
        let expected = self.lock().expected.get(point).copied().flatten();
        let mut fold = DayFold::new(VIETNAM_OFFSET_S, expected);
        self.readings(point, from, to, &mut |reading| {
            fold.take(reading.measured_at, What::of(&reading));
            ControlFlow::Continue(())
        })?;
        Ok(fold.finish())
    }

    fn audit(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<Correction>, StoreError> {
        let is_asked_for = |correction: &&Correction| {
            let reading = &correction.reading.reading;
            reading.point == *point && (from..to).contains(&reading.measured_at)
        };
        Ok(self.lock().kept.audit.iter().filter(is_asked_for).cloned().collect())
    }

    fn alarms(&self, filter: &AlarmFilter) -> Result<Vec<Alarm>, StoreError> {
        let mut found: Vec<Alarm> =
            self.lock().kept.alarms.values().filter(|alarm| filter.accepts(alarm)).cloned().collect();
        found.sort_by_key(|alarm| std::cmp::Reverse((alarm.raised_at, alarm.id)));
        found.truncate(filter.limit);
        Ok(found)
    }

    fn alarm(&self, id: AlarmId) -> Result<Option<(Alarm, Vec<Transition>)>, StoreError> {
        let inner = self.lock();
        let steps = inner.kept.transitions.get(&id).cloned().unwrap_or_default();
        Ok(inner.kept.alarms.get(&id).map(|alarm| (alarm.clone(), steps)))
    }

    fn tracking(&self) -> Result<Vec<Tracking>, StoreError> {
        Ok(self.lock().kept.tracking.values().cloned().collect())
    }

    fn out_of_service(&self, ended: bool) -> Result<Vec<OutOfService>, StoreError> {
        let inner = self.lock();
        let asked = inner.kept.out_of_service.values().filter(|one| ended || one.ended.is_none());
        Ok(asked.cloned().collect())
    }

    fn next_alarm_id(&self) -> Result<AlarmId, StoreError> {
        let last = self.lock().kept.alarms.last_key_value().map_or(0, |(id, _)| id.0);
        Ok(AlarmId(last + 1))
    }

    fn last_commit(&self) -> CommitSeq {
        CommitSeq(self.lock().kept.commits)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("commits", &self.last_commit()).finish_non_exhaustive()
    }
}

impl Outbox for MemoryStore {
    fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        Ok(self.lock().kept.outbox.queues())
    }

    fn pending(&self) -> Result<Vec<Message>, StoreError> {
        Ok(self.lock().kept.outbox.pending())
    }

    fn message(&self, id: MessageId, limit: usize) -> Result<Option<(Message, Vec<Notice>)>, StoreError> {
        Ok(self.lock().kept.outbox.message(id, limit))
    }

    fn messages(&self, filter: &MessageFilter) -> Result<Vec<Message>, StoreError> {
        Ok(self.lock().kept.outbox.messages(filter))
    }

    fn next_message_id(&self) -> Result<MessageId, StoreError> {
        Ok(self.lock().kept.outbox.next_message_id())
    }

    fn kept(&self, name: &str) -> Result<Option<KeptSecret>, StoreError> {
        Ok(self.lock().kept.outbox.secrets.get(name).cloned())
    }
}
