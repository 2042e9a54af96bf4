//! How many bytes may still be sent over a mobile link. Time is an argument.
//!
//! What comes now may use all that is left; catching up leaves half of it, so that it never starves what comes now.

use std::time::Duration;

/// An allowance that fills up evenly. A request that is larger than what is left is paid back by waiting.
#[derive(Debug, Clone)]
pub struct Budget {
    per_hour: Option<u64>,
    /// Bytes that may be sent; below zero after a large request.
    left: f64,
    /// When it was last filled up, in ms of the caller's stopwatch.
    at_ms: u64,
}

/// So much of an hour's bytes may be sent at once.
const BURST: f64 = 1.0 / 12.0;

impl Budget {
    /// Begins with what may be sent at once; without a bound there is always enough.
    pub fn new(per_hour: Option<u64>, now_ms: u64) -> Self {
        let mut budget = Self { per_hour, left: 0.0, at_ms: now_ms };
        budget.left = budget.most();
        budget
    }

    fn most(&self) -> f64 {
        self.per_hour.map_or(f64::INFINITY, |bytes| bytes as f64 * BURST)
    }

    /// Notes what was sent.
    pub fn spent(&mut self, bytes: u64) {
        if self.per_hour.is_some() {
            self.left -= bytes as f64;
        }
    }

    /// How long to wait before something may be sent; catching up waits until half is left.
    pub fn wait(&mut self, now_ms: u64, is_catching_up: bool) -> Duration {
        let Some(per_hour) = self.per_hour else { return Duration::ZERO };
        // The burst is part of the hour's bytes.
        let per_ms = per_hour as f64 * (1.0 - BURST) / 3_600_000.0;
        self.left = (self.left + now_ms.saturating_sub(self.at_ms) as f64 * per_ms).min(self.most());
        self.at_ms = now_ms;
        let needed = if is_catching_up { self.most() / 2.0 } else { 0.0 };
        if self.left > needed {
            return Duration::ZERO;
        }
        Duration::from_millis(((needed - self.left) / per_ms).ceil().min(3_600_000.0) as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_never_takes_more_than_it_may_and_live_data_goes_first() {
        let mut budget = Budget::new(Some(120_000), 0);
        let (mut now_ms, mut sent) = (0_u64, 0_u64);
        while now_ms < 3_600_000 {
            let wait = budget.wait(now_ms, false);
            if wait.is_zero() {
                budget.spent(1_000);
                sent += 1_000;
            }
            now_ms += wait.as_millis().max(1) as u64;
        }
        assert!((110_000..=121_000).contains(&sent), "{sent}");
        let mut budget = Budget::new(Some(120_000), 0);
        budget.spent(6_000);
        assert!(budget.wait(0, false).is_zero());
        assert!(!budget.wait(0, true).is_zero(), "catching up leaves half for what comes now");
    }

    #[test]
    fn without_a_bound_nothing_waits() {
        let mut budget = Budget::new(None, 0);
        budget.spent(u64::MAX);
        assert!(budget.wait(0, true).is_zero());
    }
}
