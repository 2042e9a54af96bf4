//! A clock that is watched: whether it can be trusted, and how far it has jumped.
//!
//! A gateway without a battery clock starts in 1970, or where it was switched off. Until its clock is past what is known for
//! sure, time goes on from there by the monotonic clock, so that readings keep their order and spans their length. Nothing
//! here is decided twice: everybody reads one time, and only [`Guard::look`] lets a jump in. Read next: [`crate::clock`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub_model::Timestamp;

use crate::clock::Clock;

/// A step of the machine's clock beyond this is a jump; smaller ones are what keeps a clock right.
pub const JUMP: Duration = Duration::from_secs(10);
/// A clock that is past the program's date, yet behind what was kept, is believed after so long: it was ahead before, or
/// nobody will ever know better.
pub const BELIEVED_AFTER: Duration = Duration::from_secs(3_600);

/// What has become of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// It was set by so many milliseconds.
    Jumped {
        /// Forward when above 0.
        by_ms: i64,
    },
    /// It cannot be trusted any more; time goes on from where it was.
    Lost,
    /// It can be trusted again.
    Found {
        /// When it was lost, by the time that was kept meanwhile.
        since: Timestamp,
        /// Until when, by that time.
        until: Timestamp,
        /// How far that time was from the right one.
        by_ms: i64,
    },
}

/// A clock and what is known of it.
#[derive(Debug)]
pub(crate) struct Guard {
    source: Clock,
    /// No right clock is before this.
    sure_ms: i64,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// The time that was told at `mono_ms`, and goes on from there.
    told_ms: i64,
    mono_ms: i64,
    /// While it is lost: from when on, by both clocks, and what a clock must have reached to be believed at once.
    lost: Option<Lost>,
}

#[derive(Debug, Clone, Copy)]
struct Lost {
    since_ms: i64,
    mono_ms: i64,
    floor_ms: i64,
}

impl Guard {
    /// Watches `source`, which is right when it is past `sure` (the program's date) and `kept` (the last that was kept).
    pub(crate) fn new(source: Clock, sure: Timestamp, kept: Timestamp) -> Self {
        let (wall_ms, mono_ms, floor_ms) =
            (source.now().as_millis(), source.monotonic_ms(), sure.max(kept).as_millis());
        let lost = (wall_ms < floor_ms).then_some(Lost { since_ms: floor_ms, mono_ms, floor_ms });
        let state = State { told_ms: wall_ms.max(floor_ms), mono_ms, lost };
        Self { source, sure_ms: sure.as_millis(), state: Mutex::new(state) }
    }

    /// The time: the machine's own while it can be trusted, else what has gone by since.
    pub(crate) fn now(&self) -> Timestamp {
        let state = *self.state();
        let (wall_ms, expected_ms) = (self.source.now().as_millis(), self.expected_ms(&state));
        let follows = state.lost.is_none() && !is_jump(wall_ms - expected_ms);
        Timestamp::from_millis(if follows { wall_ms } else { expected_ms })
    }

    /// Whether it can be trusted.
    pub(crate) fn is_trusted(&self) -> bool {
        self.state().lost.is_none()
    }

    /// Compares the clocks, and lets a jump in.
    pub(crate) fn look(&self) -> Option<ClockChange> {
        let mut state = self.state();
        let (wall_ms, mono_ms) = (self.source.now().as_millis(), self.source.monotonic_ms());
        let expected_ms = self.expected_ms(&state);
        let by_ms = wall_ms.saturating_sub(expected_ms);
        if let Some(lost) = state.lost {
            let waited = mono_ms.saturating_sub(lost.mono_ms) >= BELIEVED_AFTER.as_millis() as i64;
            if wall_ms < lost.floor_ms && !(waited && wall_ms >= self.sure_ms) {
                return None;
            }
            *state = State { told_ms: wall_ms, mono_ms, lost: None };
            let (since, until) = (Timestamp::from_millis(lost.since_ms), Timestamp::from_millis(expected_ms));
            return Some(ClockChange::Found { since, until, by_ms });
        }
        if is_jump(by_ms) && wall_ms < self.sure_ms {
            let lost = Lost { since_ms: expected_ms, mono_ms, floor_ms: expected_ms };
            *state = State { told_ms: expected_ms, mono_ms, lost: Some(lost) };
            return Some(ClockChange::Lost);
        }
        *state = State { told_ms: wall_ms, mono_ms, lost: None };
        is_jump(by_ms).then_some(ClockChange::Jumped { by_ms })
    }

    fn expected_ms(&self, state: &State) -> i64 {
        state.told_ms.saturating_add(self.source.monotonic_ms().saturating_sub(state.mono_ms))
    }

    // Plain numbers are never left half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_jump(by_ms: i64) -> bool {
    by_ms.unsigned_abs() > JUMP.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: i64 = 1_000_000_000;
    const KEPT: i64 = 2_000_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn pair(start_ms: i64) -> (Clock, Clock) {
        let machine = Clock::manual(at(start_ms));
        let watched = machine.guarded(at(SURE), at(KEPT));
        (machine, watched)
    }

    #[test]
    fn a_right_clock_is_followed_step_by_step() {
        let (machine, watched) = pair(KEPT + 5);
        assert!(watched.is_trusted());
        machine.set(at(KEPT + 60_000));
        assert_eq!((watched.look(), watched.now()), (None, at(KEPT + 60_000)));
        machine.jump(at(KEPT + 63_000));
        assert_eq!((watched.look(), watched.now()), (None, at(KEPT + 63_000)), "kept right");
    }

    #[test]
    fn a_clock_of_1970_goes_on_from_what_was_kept_until_it_is_set() {
        let (machine, watched) = pair(0);
        assert_eq!((watched.is_trusted(), watched.now()), (false, at(KEPT)));
        machine.set(at(90_000));
        assert_eq!((watched.look(), watched.now()), (None, at(KEPT + 90_000)));
        machine.jump(at(KEPT + 7_000_000));
        assert_eq!(watched.now(), at(KEPT + 90_000), "nobody sees the jump before it is let in");
        let found = ClockChange::Found { since: at(KEPT), until: at(KEPT + 90_000), by_ms: 6_910_000 };
        assert_eq!(watched.look(), Some(found));
        assert_eq!((watched.is_trusted(), watched.now()), (true, at(KEPT + 7_000_000)));
    }

    #[test]
    fn a_clock_behind_what_was_kept_is_believed_in_the_end() {
        let (machine, watched) = pair(SURE + 5);
        machine.set(at(SURE + 5 + 3_599_000));
        assert_eq!((watched.look(), watched.is_trusted()), (None, false));
        machine.set(at(SURE + 5 + 3_600_000));
        assert!(matches!(watched.look(), Some(ClockChange::Found { by_ms, .. }) if by_ms < 0));
        assert_eq!(watched.now(), at(SURE + 5 + 3_600_000));
        // One of 1970 never is.
        let (machine, watched) = pair(0);
        machine.set(at(10 * 3_600_000));
        assert_eq!((watched.look(), watched.is_trusted()), (None, false));
    }

    #[test]
    fn a_jump_is_let_in_once_and_one_to_1970_is_not() {
        let (machine, watched) = pair(KEPT);
        machine.jump(at(KEPT + 3_600_000));
        assert_eq!(watched.now(), at(KEPT));
        assert_eq!(watched.look(), Some(ClockChange::Jumped { by_ms: 3_600_000 }));
        assert_eq!((watched.look(), watched.now()), (None, at(KEPT + 3_600_000)));
        machine.jump(at(KEPT));
        assert_eq!(watched.look(), Some(ClockChange::Jumped { by_ms: -3_600_000 }));
        machine.jump(at(0));
        assert_eq!((watched.look(), watched.now()), (Some(ClockChange::Lost), at(KEPT)));
        machine.jump(at(KEPT + 1_000));
        assert!(matches!(watched.look(), Some(ClockChange::Found { by_ms: 1_000, .. })));
    }
}
