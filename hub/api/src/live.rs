//! The live stream's memory: the newest commits, kept for those who listen and for those who come back after a break.
//!
//! There is one bounded ring for all listeners and a cursor for each, so a slow listener costs nothing and can hold up
//! nobody: when the ring has gone past its cursor it is told to load everything again, never left with a silent gap.
//! Read next: `routes/stream.rs`, which writes the events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hub_model::{Alarm, PointId, Timestamp};
use hub_store::{CommitSeq, Latest};
use tokio::sync::watch;

use crate::local::Zone;
use crate::wire;

/// Commits kept; the oldest goes when there are more, and who has not heard it is told to load again.
const RING_COMMITS: usize = 2048;
/// Events kept over all commits (about 300 bytes each, once somebody listens); the same happens beyond.
const RING_EVENTS: usize = 16_384;
/// Commits that are handed out at once.
const MAX_COMMITS_AT_ONCE: usize = 64;

/// What one commit changed for those who watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Its number: each published one is greater than the one before.
    pub seq: CommitSeq,
    /// Readings that became a point's latest (late ones are none).
    pub readings: Vec<Latest>,
    /// Alarms as they stand now, where something changed.
    pub alarms: Vec<Alarm>,
}

/// The live stream. Clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    ring: Arc<Mutex<Ring>>,
    progress: watch::Sender<Progress>,
}

/// How far the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The newest commit.
    pub newest: CommitSeq,
    /// Nothing comes any more: the hub stops.
    pub closed: bool,
    /// How often the configuration was renewed.
    pub renewals: u64,
    /// Since when the store takes nothing.
    pub failing_since: Option<Timestamp>,
}

#[derive(Debug)]
struct Ring {
    commits: VecDeque<Arc<Commit>>,
    events: usize,
    /// All that was committed after this is in the ring.
    floor: CommitSeq,
}

/// A commit and its events' JSON, made when the first listener asks for it and then shared.
#[derive(Debug)]
pub(crate) struct Commit {
    committed: Committed,
    events: OnceLock<Vec<LiveEvent>>,
}

/// One event as it is sent.
#[derive(Debug)]
pub(crate) struct LiveEvent {
    /// The point of a reading; none for an alarm.
    pub point: Option<PointId>,
    /// The event's data.
    pub json: String,
}

/// What a listener gets next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Commits after its cursor; none when it is up to date.
    Commits(Vec<Arc<Commit>>),
    /// Its cursor is older than the ring (or of another store): it must load all again and go on after this.
    Behind(CommitSeq),
}

impl Live {
    /// A stream that goes on after the last commit of the store, `History::last_commit`.
    pub fn starting_after(last_commit: CommitSeq) -> Self {
        let ring = Ring { commits: VecDeque::new(), events: 0, floor: last_commit };
        let (progress, _) =
            watch::channel(Progress { newest: last_commit, closed: false, renewals: 0, failing_since: None });
        Self { ring: Arc::new(Mutex::new(ring)), progress }
    }

    /// Tells the listeners of a commit. Returns at once, whoever listens: call it in the order of the commits, after each.
    pub fn publish(&self, committed: Committed) {
        let seq = committed.seq;
        let mut ring = self.lock();
        ring.events += committed.events();
        ring.commits.push_back(Arc::new(Commit { committed, events: OnceLock::new() }));
        while ring.commits.len() > RING_COMMITS || ring.events > RING_EVENTS {
            let Some(oldest) = ring.commits.pop_front() else { break };
            ring.events -= oldest.committed.events();
            ring.floor = oldest.seq();
        }
        drop(ring);
        self.progress.send_modify(|progress| progress.newest = seq);
    }

    /// Ends all streams: the hub stops.
    pub fn close(&self) {
        self.progress.send_modify(|progress| progress.closed = true);
    }

    /// Tells all listeners to load everything again, from the API of another configuration, and ends their streams.
    pub fn renew(&self) {
        self.progress.send_modify(|progress| progress.renewals += 1);
    }

    /// Tells all listeners that the store takes nothing since then, or takes everything again. Needs no commit, for there
    /// can be none.
    pub fn tell_failing(&self, since: Option<Timestamp>) {
        self.progress.send_if_modified(|progress| {
            let changed = progress.failing_since != since;
            progress.failing_since = since;
            changed
        });
    }

    /// Watches how far the stream is.
    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// How many listen now.
    pub fn listeners(&self) -> usize {
        self.progress.receiver_count()
    }

    /// What comes after a cursor.
    pub(crate) fn after(&self, cursor: CommitSeq) -> Next {
        let ring = self.lock();
        let newest = ring.commits.back().map_or(ring.floor, |commit| commit.seq());
        if cursor < ring.floor || cursor > newest {
            return Next::Behind(newest);
        }
        let first = ring.commits.partition_point(|commit| commit.seq() <= cursor);
        Next::Commits(ring.commits.iter().skip(first).take(MAX_COMMITS_AT_ONCE).cloned().collect())
    }

    // A panic while the lock is held leaves at worst a count that is off; the stream goes on.
    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Committed {
    fn events(&self) -> usize {
        self.readings.len() + self.alarms.len()
    }
}

impl Commit {
    /// Its number.
    pub(crate) fn seq(&self) -> CommitSeq {
        self.committed.seq
    }

    /// Its events, readings first.
    pub(crate) fn events(&self, zone: &Zone) -> &[LiveEvent] {
        self.events.get_or_init(|| {
            let readings = self.committed.readings.iter().map(|latest| LiveEvent {
                point: Some(latest.reading.point.clone()),
                json: json(&wire::ReadingEvent::of(latest, zone)),
            });
            let alarms = self
                .committed
                .alarms
                .iter()
                .map(|alarm| LiveEvent { point: None, json: json(&wire::Alarm::of(alarm, zone)) });
            readings.chain(alarms).collect()
        })
    }
}

/// These shapes hold nothing that JSON cannot say.
fn json(event: &impl serde::Serialize) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::{Quality, Reading};

    fn commit(seq: u64, readings: usize) -> Committed {
        let at = Timestamp::from_millis(seq as i64);
        let reading = Reading {
            point: PointId::parse("a/b/c").unwrap(),
            measured_at: at,
            received_at: at,
            raw: Some(1.0),
            value: Some(1.0),
            quality: Quality::Good,
            reason: None,
        };
        let latest = Latest { reading, last_good: Some((1.0, at)) };
        Committed { seq: CommitSeq(seq), readings: vec![latest; readings], alarms: Vec::new() }
    }

    fn seqs(next: Next) -> Result<Vec<u64>, u64> {
        match next {
            Next::Commits(commits) => Ok(commits.iter().map(|commit| commit.seq().0).collect()),
            Next::Behind(newest) => Err(newest.0),
        }
    }

    #[test]
    fn a_listener_gets_what_came_after_its_cursor() {
        let live = Live::starting_after(CommitSeq(10));
        assert_eq!(seqs(live.after(CommitSeq(10))), Ok(vec![]));
        for seq in [11, 13, 14] {
            live.publish(commit(seq, 1));
        }
        assert_eq!(seqs(live.after(CommitSeq(10))), Ok(vec![11, 13, 14]));
        assert_eq!(seqs(live.after(CommitSeq(12))), Ok(vec![13, 14]));
        assert_eq!(seqs(live.after(CommitSeq(14))), Ok(vec![]));
    }

    #[test]
    fn a_cursor_from_before_the_start_or_of_another_store_must_load_again() {
        let live = Live::starting_after(CommitSeq(10));
        assert_eq!(seqs(live.after(CommitSeq(9))), Err(10));
        assert_eq!(seqs(live.after(CommitSeq(11))), Err(10));
    }

    #[test]
    fn the_ring_is_bounded_by_commits_and_by_events() {
        let live = Live::starting_after(CommitSeq(0));
        for seq in 1..=(RING_COMMITS as u64 + 1) {
            live.publish(commit(seq, 0));
        }
        assert_eq!(seqs(live.after(CommitSeq(0))), Err(RING_COMMITS as u64 + 1));
        assert_eq!(seqs(live.after(CommitSeq(1))).unwrap().len(), MAX_COMMITS_AT_ONCE);

        let live = Live::starting_after(CommitSeq(0));
        live.publish(commit(1, RING_EVENTS));
        live.publish(commit(2, 1));
        assert_eq!(seqs(live.after(CommitSeq(0))), Err(2));
        assert_eq!(seqs(live.after(CommitSeq(1))), Ok(vec![2]));
    }

    #[test]
    fn a_commit_larger_than_the_ring_makes_everybody_load_again() {
        let live = Live::starting_after(CommitSeq(0));
        live.publish(commit(1, RING_EVENTS + 1));
        assert_eq!(seqs(live.after(CommitSeq(0))), Err(1));
        assert_eq!(seqs(live.after(CommitSeq(1))), Ok(vec![]));
    }
}
