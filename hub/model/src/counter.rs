//! Counters: numbers of a device that only grow until they pass their end or begin anew, and the total that they stand for.
//!
//! Pure: what was last kept is an argument, so a restart counts on as a hub that never stopped. Read next:
//! `hub/logic/src/judge.rs`.

/// What a counter's number does when it does not grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// After 65,535 comes 0.
    Wrap16,
    /// After 4,294,967,295 comes 0.
    Wrap32,
    /// It begins anew at 0, as after a power cut.
    Reset,
}

impl Counter {
    /// All of them, with the words of the configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("wrap16", Self::Wrap16), ("wrap32", Self::Wrap32), ("reset", Self::Reset)];

    /// How many numbers it has, from 0, before it begins again; `None` where it has no end.
    pub fn span(self) -> Option<f64> {
        match self {
            Self::Wrap16 => Some(65_536.0),
            Self::Wrap32 => Some(4_294_967_296.0),
            Self::Reset => None,
        }
    }

    /// How much was counted from the number `before` to the number `now`; never below 0.
    ///
    /// A counter that wraps and would have moved by more than half of its range between two readings was rather set back, as
    /// when its device is exchanged: then it counts from 0, as one that is reset.
    pub fn step(self, before: f64, now: f64) -> f64 {
        if now >= before {
            return now - before;
        }
        let wrapped = self.span().map(|span| (now + span - before, span / 2.0));
        let passed = wrapped.filter(|(step, most)| step <= most).map(|(step, _)| step);
        passed.unwrap_or(now).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_never_below_nothing() {
        for (counter, before, now, step) in [
            (Counter::Wrap32, 10.0, 25.0, 15.0),
            (Counter::Wrap32, 4_294_967_290.0, 4.0, 10.0),
            (Counter::Wrap16, 65_530.0, 4.0, 10.0),
            (Counter::Wrap16, 65_530.0, 65_530.0, 0.0),
            // Set back, not passed: it would have been nearly the whole range.
            (Counter::Wrap32, 1_000.0, 3.0, 3.0),
            (Counter::Wrap16, 1_000.0, 3.0, 3.0),
            (Counter::Reset, 1_000.0, 3.0, 3.0),
            (Counter::Reset, 1_000.0, 0.0, 0.0),
            (Counter::Reset, 1_000.0, -5.0, 0.0),
        ] {
            assert_eq!(counter.step(before, now), step, "{counter:?} {before} {now}");
        }
    }
}
