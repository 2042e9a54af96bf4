//! Since when the store's writer has been at the same step: a disk that hangs, or is dying, fails nothing and finishes nothing.
//!
//! Told by whoever looks again and again; never asks the disk itself. Read next: `watcher.rs`, which looks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hub_model::Timestamp;

/// A step that takes longer is told. A commit takes some hundredths of a second, on a slow card a second.
const LONG: Duration = Duration::from_secs(5);

/// What the last look found, shared by all clones.
#[derive(Debug, Clone, Default)]
pub struct Stall(Arc<Mutex<Option<Step>>>);

#[derive(Debug, Clone, Copy)]
struct Step {
    number: u64,
    since: Timestamp,
    began: Duration,
    is_long: bool,
}

impl Stall {
    /// Takes a look `running` after the start: the writer is at step `number`, or idle. Gives since when a step has taken too long.
    pub fn look(&self, number: Option<u64>, now: Timestamp, running: Duration) -> Option<Timestamp> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = number.map(|number| {
            let same = seen.filter(|seen| seen.number == number);
            let step = same.unwrap_or(Step { number, since: now, began: running, is_long: false });
            Step { is_long: running.saturating_sub(step.began) >= LONG, ..step }
        });
        seen.filter(|step| step.is_long).map(|step| step.since)
    }

    /// What the last look gave.
    pub fn since(&self) -> Option<Timestamp> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.filter(|step| step.is_long).map(|step| step.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_does_not_end_is_told_with_its_beginning_whatever_becomes_of_the_clock() {
        let stall = Stall::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let look = |step, seconds: u64, now| stall.look(step, now, Duration::from_secs(seconds));
        assert_eq!(look(Some(1), 0, at(100)), None);
        assert_eq!(look(Some(2), 4, at(104)), None, "another step");
        assert_eq!(look(Some(2), 8, at(1)), None);
        assert_eq!(look(Some(2), 9, at(2)), Some(at(104)));
        assert_eq!(stall.since(), Some(at(104)));
        assert_eq!(look(None, 10, at(3)), None);
        assert_eq!(stall.since(), None);
        assert_eq!(look(Some(2), 60, at(4)), None);
    }
}
