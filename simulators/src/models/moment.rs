//! A moment as people at the site see it: hour of the day, day, season.

use hub_model::Timestamp;

const HOUR_MS: f64 = 3_600_000.0;
const DAY_MS: i64 = 86_400_000;

/// A moment at a fixed offset from UTC. The offset is the one that held when the simulation started, so that no day has 23 or
/// 25 hours and no counter ever goes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    utc_ms: i64,
    local_ms: i64,
}

impl Moment {
    /// `time` where local time is `offset_s` seconds ahead of UTC.
    pub fn new(time: Timestamp, offset_s: i32) -> Self {
        let utc_ms = time.as_millis();
        Self { utc_ms, local_ms: utc_ms.saturating_add(i64::from(offset_s) * 1000) }
    }

    /// Milliseconds since the epoch.
    pub fn utc_ms(self) -> i64 {
        self.utc_ms
    }

    /// The hour of the local day, 0 to below 24, with its fraction.
    pub fn hour(self) -> f64 {
        self.local_ms.rem_euclid(DAY_MS) as f64 / HOUR_MS
    }

    /// Days since 1970-01-01 when a day begins at `start_hour` local time, and the hours since it began.
    pub fn day_from(self, start_hour: i64) -> (i64, f64) {
        let shifted = self.local_ms.saturating_sub(start_hour * 3_600_000);
        (shifted.div_euclid(DAY_MS), shifted.rem_euclid(DAY_MS) as f64 / HOUR_MS)
    }

    /// How rainy the season is, 0 in January to 1 in July.
    pub fn wetness(self) -> f64 {
        let day_of_year = (self.local_ms as f64 / DAY_MS as f64).rem_euclid(365.2425);
        0.5 - 0.5 * (day_of_year / 365.2425 * std::f64::consts::TAU).cos()
    }
}

/// A bell around `centre` hours with half width `width`, 1 at its top, over the clock's 24 hours.
pub fn bell(hour: f64, centre: f64, width: f64) -> f64 {
    let apart = (hour - centre).rem_euclid(24.0);
    let apart = apart.min(24.0 - apart);
    (-0.5 * (apart / width).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_clock_is_ahead_of_utc() {
        // 2026-08-19T22:30Z is 05:30 on the 20th in Viet Nam.
        let moment = Moment::new(Timestamp::from_millis(1_787_178_600_000), 7 * 3600);
        assert_eq!(moment.hour(), 5.5);
        assert_eq!(moment.day_from(4).1, 1.5);
        assert_eq!(moment.day_from(6), (moment.day_from(4).0 - 1, 23.5));
        assert!(moment.wetness() > 0.8);
    }

    #[test]
    fn a_bell_goes_round_midnight() {
        assert_eq!(bell(7.0, 7.0, 1.0), 1.0);
        assert!((bell(23.5, 0.5, 1.0) - bell(1.5, 0.5, 1.0)).abs() < 1e-12);
    }
}
