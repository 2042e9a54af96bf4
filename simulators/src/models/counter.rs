//! What only ever grows: bytes, volumes, hours. The total of any moment is found without adding up the days before it.

use super::moment::{Moment, bell};
use super::noise;

/// Counters stood at zero on this day, 2025-01-01.
pub const FIRST_DAY: i64 = 20_089;
/// The local hour at which a counter's day begins: the quietest of the night.
pub const DAY_START_HOUR: i64 = 4;
/// How far a day's total may lie from the mean at each of its ends.
const WOBBLE: f64 = 0.07;
/// Minutes of the day at which the curve is worked out.
const STEPS: usize = 1440;

/// The course of a day, as a share of the day's mean.
#[derive(Debug, Clone, PartialEq)]
pub struct DayCurve {
    /// The share of the day that has passed at each minute, from 0 to 1.
    passed: Vec<f64>,
}

impl DayCurve {
    /// The curve of `rate` over the local hours, never below zero.
    pub fn new(rate: impl Fn(f64) -> f64) -> Self {
        let mut passed = Vec::with_capacity(STEPS + 1);
        let mut sum = 0.0;
        passed.push(0.0);
        for step in 0..STEPS {
            let hour = (DAY_START_HOUR as f64 + (step as f64 + 0.5) / 60.0) % 24.0;
            sum += rate(hour).max(0.0);
            passed.push(sum);
        }
        passed.iter_mut().for_each(|share| *share /= sum);
        Self { passed }
    }

    /// The demand for water of a village: morning and evening peaks, a smaller one at noon.
    pub fn water_demand() -> Self {
        Self::new(|hour| {
            0.35 + bell(hour, 6.5, 1.5) + 0.45 * bell(hour, 11.5, 1.5) + 1.25 * bell(hour, 18.5, 2.0)
        })
    }

    /// The share of the day's total that has passed after `hours`.
    pub fn passed(&self, hours: f64) -> f64 {
        let position = (hours * 60.0).clamp(0.0, STEPS as f64);
        let step = (position as usize).min(STEPS - 1);
        let share = position - step as f64;
        self.passed[step] + (self.passed[step + 1] - self.passed[step]) * share
    }

    /// The rate after `hours`, 1 being the day's mean.
    pub fn rate(&self, hours: f64) -> f64 {
        // Central over two minutes: no steps between one minute and the next.
        let (from, to) = ((hours - 1.0 / 60.0).max(0.0), (hours + 1.0 / 60.0).min(24.0));
        (self.passed(to) - self.passed(from)) * 24.0 / (to - from)
    }
}

/// How much more or less than the mean is counted on `day`: totals of neighbouring days add up without a gap.
pub fn day_factor(seed: u64, day: i64) -> f64 {
    1.0 + wobble(seed, day + 1) - wobble(seed, day)
}

/// What has been counted until `moment`, in means of a day. Never goes back; zero before [`FIRST_DAY`].
pub fn total_days(seed: u64, curve: &DayCurve, moment: Moment) -> f64 {
    let (day, hours) = moment.day_from(DAY_START_HOUR);
    (before(seed, day) + day_factor(seed, day) * curve.passed(hours)).max(0.0)
}

/// What had been counted when `day` began, in means of a day.
pub fn before(seed: u64, day: i64) -> f64 {
    (day - FIRST_DAY) as f64 + wobble(seed, day)
}

fn wobble(seed: u64, day: i64) -> f64 {
    WOBBLE * noise::signed(seed, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_begins_at_nothing_ends_at_all_and_has_its_peaks() {
        let curve = DayCurve::water_demand();
        assert_eq!((curve.passed(0.0), curve.passed(24.0)), (0.0, 1.0));
        let at = |hour: f64| curve.rate((hour - DAY_START_HOUR as f64).rem_euclid(24.0));
        assert!(at(18.5) > at(6.5) && at(6.5) > at(11.5) && at(11.5) > at(15.0) && at(15.0) > at(2.0));
        assert!((0..24 * 60).all(|minute| (0.3..2.2).contains(&curve.rate(f64::from(minute) / 60.0))));
    }
}
