//! When the hub looks at itself: a thread that hands its readings over like any adapter, slowly, and changes at once.
//!
//! It never waits for the pipeline: behind a store that takes nothing it keeps the time of what it saw, so that the alarm,
//! once it can be committed, is as old as the failure. Read next: `looks.rs`.

use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use adapters_sdk::{Committed, Delivery, Intake};
use anyhow::Context;
use hub_api::Live;
use hub_model::{Observation, PointId, Sample, Timestamp, own};

use super::looks::{Found, Looks};

/// How often everything is read.
pub const READ_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked whether something has changed that should be told at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The thread at work.
pub struct Watcher {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Begins to watch. Listeners of `live` are told at once when the store takes nothing: an alarm cannot be, until it
    /// can be committed.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(looks: Looks, intake: Intake, live: Live) -> anyhow::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let work = move || {
            let elapsed_ms = stopwatch();
            let mut said = Said::default();
            let mut failure = Failure::default();
            let mut read_at = None;
            loop {
                let (now, running) = (looks.clock.now(), Duration::from_millis(elapsed_ms()));
                let (news, since) = failure.look(looks.store_failing_since(now, running));
                let is_due = read_at.is_none_or(|at| running.saturating_sub(at) >= READ_EVERY);
                let mut found: Vec<(Found, Timestamp)> = Vec::new();
                if is_due {
                    read_at = Some(running);
                    found.extend(looks.slow(now).into_iter().map(|one| (one, now)));
                }
                let quick = looks.quick().into_iter().filter(|one| is_due || said.differs(one));
                found.extend(quick.map(|one| (one, now)));
                let is_failing = since.is_some();
                let store_failing = ("store_failing", f64::from(u8::from(is_failing)));
                if news || is_due {
                    found.push((store_failing, if news { since.unwrap_or(now) } else { now }));
                }
                let observations: Vec<_> =
                    found.iter().filter_map(|((point, value), at)| observation(point, *value, *at)).collect();
                // The intake is full only behind a pipeline that stands still: it is said once there is room again.
                if !observations.is_empty()
                    && intake.try_send(Delivery { observations, committed: Committed::unheard() }).is_ok()
                {
                    found.iter().for_each(|(one, _)| said.note(one));
                    failure.is_said(is_failing);
                }
                live.tell_failing(since);
                // Nothing is ever sent: it ends when the sender is dropped.
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("own".to_owned()).spawn(work);
        Ok(Self { stop, thread: thread.context("the hub's watch on itself cannot be started")? })
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the hub's watch on itself broke down; it begins anew at the next start");
        }
    }
}

fn observation(point: &str, value: f64, at: Timestamp) -> Option<Observation> {
    let point = PointId::parse(&format!("{}/{point}", own::MACHINE)).ok()?;
    Some(Observation { point, sample: Sample::Value(value), measured_at: None, received_at: at })
}

/// What was said last of each point.
#[derive(Default)]
struct Said(HashMap<&'static str, f64>);

impl Said {
    fn differs(&self, (point, value): &Found) -> bool {
        self.0.get(point) != Some(value)
    }

    fn note(&mut self, (point, value): &Found) {
        self.0.insert(point, *value);
    }
}

/// Since when the store has failed, and what was said of it.
#[derive(Default)]
struct Failure {
    since: Option<Timestamp>,
    said: Option<bool>,
}

impl Failure {
    /// Takes a look that found since when it fails: whether there is news, and since when it has failed in all.
    fn look(&mut self, found: Option<Timestamp>) -> (bool, Option<Timestamp>) {
        self.since = found.map(|since| self.since.unwrap_or(since));
        (self.said != Some(found.is_some()), self.since)
    }

    fn is_said(&mut self, is_failing: bool) {
        self.said = Some(is_failing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_failure_that_cannot_be_handed_over_is_said_later_and_stays_as_old_as_it_is() {
        let mut failure = Failure::default();
        assert_eq!(failure.look(None), (true, None));
        failure.is_said(false);
        assert_eq!(failure.look(None), (false, None));
        assert_eq!(failure.look(Some(at(3))), (true, Some(at(3))));
        assert_eq!(failure.look(Some(at(4))), (true, Some(at(3))));
        failure.is_said(true);
        assert_eq!(failure.look(Some(at(5))), (false, Some(at(3))));
        assert_eq!(failure.look(None), (true, None));
    }
}
