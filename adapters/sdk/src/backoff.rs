//! Waiting longer after each failure, with jitter so that devices behind one gateway do not all come back at once.

use std::time::Duration;

use rand::RngExt;

/// Doubles from `first` to `most`; each wait is shortened by up to a quarter at random.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// How long to wait after one more failure.
    pub fn failed(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(2u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.most).mul_f64(rand::rng().random_range(0.75..=1.0))
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Starts again from the first wait.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_start_again() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for expected_ms in [100, 200, 400, 800, 1000, 1000] {
            let wait = backoff.failed();
            let full = Duration::from_millis(expected_ms);
            assert!(wait <= full && wait >= full.mul_f64(0.75), "{wait:?} for {full:?}");
        }
        backoff.succeeded();
        assert!(backoff.failed() <= Duration::from_millis(100));
        assert_eq!(backoff.failures(), 1);
    }
}
