//! The one place that reads the machine's clock. Everything else takes the time as an argument or asks a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hub_model::Timestamp;

use crate::guard::{ClockChange, Guard};

/// Where a part of the hub asks for the time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System(Instant),
    Manual(Arc<Manual>),
    Guarded(Arc<Guard>),
}

/// What a clock for tests shows.
#[derive(Debug)]
struct Manual {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicI64,
}

impl Clock {
    /// The machine's own clock.
    #[expect(clippy::disallowed_methods, reason = "this file is the clock")]
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// This clock, watched: right only when it is past `sure` (the program's date) and `kept` (the last that was kept).
    pub fn guarded(&self, sure: Timestamp, kept: Timestamp) -> Self {
        Self(Source::Guarded(Arc::new(Guard::new(self.clone(), sure, kept))))
    }

    /// Lets a jump of a watched clock in, and says so. One that is not watched never tells of any.
    pub fn look(&self) -> Option<ClockChange> {
        if let Source::Guarded(guard) = &self.0 { guard.look() } else { None }
    }

    /// Whether the time can be trusted.
    pub fn is_trusted(&self) -> bool {
        if let Source::Guarded(guard) = &self.0 { guard.is_trusted() } else { true }
    }

    /// Milliseconds since some moment, by a clock that nobody sets.
    pub(crate) fn monotonic_ms(&self) -> i64 {
        match &self.0 {
            Source::System(start) => i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
            Source::Manual(manual) => manual.monotonic_ms.load(Ordering::SeqCst),
            Source::Guarded(guard) => guard.now().as_millis(),
        }
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it: for tests and back-tests.
    pub fn manual(start: Timestamp) -> Self {
        let wall_ms = AtomicI64::new(start.as_millis());
        Self(Source::Manual(Arc::new(Manual { wall_ms, monotonic_ms: AtomicI64::new(0) })))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System(_) => Timestamp::from_millis(system_millis()),
            Source::Manual(manual) => Timestamp::from_millis(manual.wall_ms.load(Ordering::SeqCst)),
            Source::Guarded(guard) => guard.now(),
        }
    }

    /// Lets time pass on a manual clock, and every clone of it, until `moment`. The machine's clock is left alone.
    pub fn set(&self, moment: Timestamp) {
        if let Source::Manual(manual) = &self.0 {
            let passed = moment.as_millis() - manual.wall_ms.swap(moment.as_millis(), Ordering::SeqCst);
            manual.monotonic_ms.fetch_add(passed.max(0), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock to `moment` as somebody would who corrects it: no time passes.
    pub fn jump(&self, moment: Timestamp) {
        if let Source::Manual(manual) = &self.0 {
            manual.wall_ms.store(moment.as_millis(), Ordering::SeqCst);
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
