//! From the wall clock to the simulated time. Never reads a clock by itself: the caller hands in a function that does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hub_model::Timestamp;

/// The longest single wait; whoever waits looks at the time again after it.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How simulated time follows the wall clock: at `speed` from the start on, at its own pace before it, so that back-filled
/// history covers real hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeline {
    wall_start: Timestamp,
    sim_start: Timestamp,
    speed: f64,
}

impl Timeline {
    /// Simulated `sim_start` is the wall clock's `wall_start`; a second of the wall clock is `speed` simulated ones.
    pub fn new(wall_start: Timestamp, sim_start: Timestamp, speed: f64) -> Self {
        Self { wall_start, sim_start, speed }
    }

    /// The simulated time at which the scenario starts.
    pub fn start(&self) -> Timestamp {
        self.sim_start
    }

    /// The simulated time at `wall`.
    pub fn simulated(&self, wall: Timestamp) -> Timestamp {
        let since_ms = wall.as_millis().saturating_sub(self.wall_start.as_millis());
        let simulated_ms = if since_ms <= 0 { since_ms } else { (since_ms as f64 * self.speed) as i64 };
        Timestamp::from_millis(self.sim_start.as_millis().saturating_add(simulated_ms))
    }

    /// How long the wall clock takes for `span` of simulated time after the start.
    pub fn wall_span(&self, span: Duration) -> Duration {
        Duration::try_from_secs_f64(span.as_secs_f64() / self.speed).unwrap_or(LONGEST_WAIT)
    }
}

/// The wall clock and the timeline that follows it. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    timeline: Timeline,
}

impl Clock {
    /// A clock that asks `now` for the wall clock's time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static, timeline: Timeline) -> Self {
        Self { now: Arc::new(now), timeline }
    }

    /// The wall clock's time: what a device stamps its messages with.
    pub fn wall(&self) -> Timestamp {
        (self.now)()
    }

    /// The simulated time: what the models follow.
    pub fn simulated(&self) -> Timestamp {
        self.timeline.simulated(self.wall())
    }

    /// The timeline.
    pub fn timeline(&self) -> Timeline {
        self.timeline
    }

    /// Wall time until simulated `moment`, at least a millisecond and bounded, so that the waiter looks again.
    pub(crate) fn wait_for(&self, moment: Timestamp) -> Duration {
        let span = moment.since(self.simulated());
        self.timeline.wall_span(span).clamp(Duration::from_millis(1), LONGEST_WAIT)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("timeline", &self.timeline).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_at_its_speed_after_the_start_and_plainly_before_it() {
        let ms = Timestamp::from_millis;
        let timeline = Timeline::new(ms(1_000_000), ms(50_000), 60.0);
        assert_eq!(timeline.simulated(ms(1_001_000)), ms(110_000));
        assert_eq!(timeline.simulated(ms(990_000)), ms(40_000));
        assert_eq!(timeline.wall_span(Duration::from_secs(60)), Duration::from_secs(1));
    }

    #[test]
    fn waits_are_bounded() {
        let ms = Timestamp::from_millis;
        let clock = Clock::new(move || ms(0), Timeline::new(ms(0), ms(0), 1.0));
        assert_eq!(clock.wait_for(ms(i64::MAX)), LONGEST_WAIT);
        assert_eq!(clock.wait_for(ms(-5)), Duration::from_millis(1));
        assert_eq!(clock.wait_for(ms(2_000)), Duration::from_secs(2));
    }
}
