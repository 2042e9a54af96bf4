//! The one place that reads the machine's clock. Everything else takes the time as an argument or asks a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hub_model::Timestamp;

/// Where a part of the hub asks for the time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it: for tests and back-tests.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_millis()))))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::from_millis(system_millis()),
            Source::Manual(ms) => Timestamp::from_millis(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock, and every clone of it, to `moment`. The machine's clock is left alone.
    pub fn set(&self, moment: Timestamp) {
        if let Source::Manual(ms) = &self.0 {
            ms.store(moment.as_millis(), Ordering::SeqCst);
        }
    }
}

/// Milliseconds of a clock that never jumps, counted from when the returned function was made: for measuring spans.
#[expect(clippy::disallowed_methods, reason = "this file is the clock")]
pub fn stopwatch() -> impl Fn() -> u64 + Send + Sync + 'static {
    let start = Instant::now();
    move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this file is the clock")]
fn system_millis() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_until_it_is_set_and_its_clones_follow() {
        let clock = Clock::manual(Timestamp::from_millis(5));
        let copy = clock.clone();
        clock.set(Timestamp::from_millis(9));
        assert_eq!(copy.now().as_millis(), 9);
    }

    #[test]
    fn the_machines_clock_is_past_2020() {
        assert!(Clock::system().now().as_millis() > 1_577_836_800_000);
    }
}
