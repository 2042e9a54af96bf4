//! Lets go of old readings now and then, a small step at a time, on a thread of its own. What leaves is the store's to know.
//!
//! A clock that has just leapt ahead is not believed for a day: it would make everything old at once. Read next:
//! `hub_store::Store::let_go`.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use anyhow::Context;
use hub_model::Timestamp;
use hub_store::{History, Keeping, Store};

/// How often it is looked whether something is to leave.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Between two steps, so that commits and questions have the disk in between.
const PAUSE: Duration = Duration::from_millis(5);
/// Beyond this a clock has leapt: the hub was off for long, or the clock is wrong.
const LEAP: Duration = Duration::from_secs(30 * 86_400);
/// For so long a clock that has leapt is not believed: somebody, or a time server, may set it right.
const DOUBT: Duration = Duration::from_secs(86_400);

/// The thread at work.
pub struct Keeper {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Begins to look after the store.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Arc<Store>, keeping: Keeping, clock: Clock) -> anyhow::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let work = move || {
            let elapsed_ms = stopwatch();
            let mut belief = Belief::since(newest(&store));
            let mut last_error = String::new();
            let mut wait = PAUSE;
            // Nothing is ever sent: it ends when the sender is dropped.
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let now = clock.now();
                wait = LOOK_EVERY;
                if !belief.in_clock(now, Duration::from_millis(elapsed_ms())) {
                    continue;
                }
                match store.let_go(&keeping, now) {
                    Ok(true) => wait = PAUSE,
                    Ok(false) => last_error.clear(),
                    Err(error) => {
                        let error = format!("{:#}", anyhow::Error::new(error));
                        if error != last_error {
                            tracing::warn!(error, "old readings cannot leave; it is tried again");
                            last_error = error;
                        }
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(work);
        Ok(Self { stop, thread: thread.context("the keeper's thread cannot be started")? })
    }

    /// Ends it; a step under way is finished.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!(
                "the keeper of old readings broke down; they leave when the hub is started again"
            );
        }
    }
}

/// When the last reading came in, whichever it was.
fn newest(store: &Store) -> Option<Timestamp> {
    store.latest().ok()?.iter().map(|latest| latest.reading.received_at).max()
}

/// Whether the clock can be believed.
struct Belief {
    /// What it said last, and how long the hub had run then.
    before: Option<(Timestamp, Duration)>,
    /// Not before the hub has run for so long.
    doubted_until: Duration,
}

impl Belief {
    fn since(newest: Option<Timestamp>) -> Self {
        Self { before: newest.map(|newest| (newest, Duration::ZERO)), doubted_until: Duration::ZERO }
    }

    fn in_clock(&mut self, now: Timestamp, running: Duration) -> bool {
        if let Some((before, at)) = self.before.replace((now, running)) {
            let leap = now.since(before).saturating_sub(running.saturating_sub(at));
            if leap > LEAP {
                tracing::warn!(
                    days = leap.as_secs() / 86_400,
                    "the clock is far ahead of the last reading; nothing old leaves for a day, should it be wrong"
                );
                self.doubted_until = running.saturating_add(DOUBT);
            }
        }
        running >= self.doubted_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_clock_that_leaps_ahead_is_not_believed_for_a_day() {
        let start = Timestamp::from_millis(1_760_000_000_000);
        let mut belief = Belief::since(Some(start));
        assert!(belief.in_clock(start.plus(HOUR), Duration::ZERO), "an hour without readings is nothing");
        assert!(belief.in_clock(start.plus(HOUR * 2), HOUR));
        let wrong = start.plus(LEAP * 900);
        assert!(!belief.in_clock(wrong, HOUR * 2));
        assert!(!belief.in_clock(wrong.plus(HOUR), HOUR * 3));
        // It is set right again.
        assert!(!belief.in_clock(start.plus(HOUR * 5), HOUR * 4));
        assert!(belief.in_clock(start.plus(HOUR * 28), HOUR * 27));
    }

    #[test]
    fn a_hub_that_was_off_for_a_year_waits_too_and_a_new_one_does_not() {
        let start = Timestamp::from_millis(1_760_000_000_000);
        let mut belief = Belief::since(Some(start));
        let later = start.plus(LEAP * 12);
        assert!(!belief.in_clock(later, Duration::ZERO));
        assert!(belief.in_clock(later.plus(DOUBT), DOUBT));
        assert!(Belief::since(None).in_clock(later, Duration::ZERO));
    }
}
