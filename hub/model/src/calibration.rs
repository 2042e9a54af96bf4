//! What a calibration found: from a date on, an instrument's values are `gain · value + offset`.
//!
//! Pure: the same function serves a reading that arrives and one that is computed again from its raw number. Who keeps
//! calibrations, and which are in force, is [`crate::upkeep`]'s matter.

use crate::{Decimal, Scaling, Timestamp};

/// One calibration. It is in force from its date until the next one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calibration {
    /// First moment, by the time of measuring, that it applies to.
    pub from: Timestamp,
    /// Factor on the scaled value; never 0.
    pub gain: Decimal,
    /// Added after the factor, in the point's unit.
    pub offset: Decimal,
    /// Who calibrated.
    pub by: String,
}

/// The value of a raw number: `gain · (raw · scale + offset) + offset₂`, exact where it fits, else to a double's precision.
pub fn calibrated(scaling: Scaling, calibration: Option<&Calibration>, raw: f64) -> f64 {
    let Some(Calibration { gain, offset, .. }) = calibration else { return scaling.apply(raw) };
    let exact = Decimal::from_f64(raw)
        .and_then(|raw| raw.times(scaling.scale)?.plus(scaling.offset)?.times(*gain)?.plus(*offset));
    match exact {
        Some(value) => value.to_f64(),
        None => scaling.apply(raw) * gain.to_f64() + offset.to_f64(),
    }
}

/// The one of `calibrations` (in the order of their dates) that is in force at `moment`.
pub fn in_force(calibrations: &[Calibration], moment: Timestamp) -> Option<&Calibration> {
    let after = calibrations.partition_point(|calibration| calibration.from <= moment);
    calibrations.get(after.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibration(from: i64, gain: &str, offset: &str) -> Calibration {
        Calibration {
            from: Timestamp::from_millis(from),
            gain: gain.parse().unwrap(),
            offset: offset.parse().unwrap(),
            by: "Lan".to_owned(),
        }
    }

    #[test]
    fn values_are_exact_to_the_last_decimal() {
        let hundredths = Scaling { scale: "0.01".parse().unwrap(), offset: "-0.1".parse().unwrap() };
        let found = calibration(0, "1.05", "-0.02");
        for raw in 0..=20_000i64 {
            // 1.05 · (raw/100 − 0.1) − 0.02 in units of 0.0001.
            let expected = 105 * (raw - 10) - 200;
            let text = format!(
                "{}{}.{:04}",
                if expected < 0 { "-" } else { "" },
                expected.abs() / 10_000,
                expected.abs() % 10_000
            );
            assert_eq!(
                calibrated(hundredths, Some(&found), raw as f64),
                text.parse::<f64>().unwrap(),
                "{raw}"
            );
        }
        assert_eq!(calibrated(hundredths, None, 742.0), 7.32);
    }

    #[test]
    fn what_does_not_fit_a_decimal_falls_back_to_doubles() {
        assert_eq!(calibrated(Scaling::NONE, Some(&calibration(0, "2", "1")), 1e300), 2e300);
        assert!(calibrated(Scaling::NONE, Some(&calibration(0, "2", "1")), f64::INFINITY).is_infinite());
    }

    #[test]
    fn each_is_in_force_until_the_next() {
        let all = [calibration(10, "2", "0"), calibration(20, "3", "0")];
        let gain_at = |ms| in_force(&all, Timestamp::from_millis(ms)).map(|found| found.gain.to_f64());
        assert_eq!([9, 10, 19, 20, 99].map(gain_at), [None, Some(2.0), Some(2.0), Some(3.0), Some(3.0)]);
        assert_eq!(in_force(&[], Timestamp::from_millis(0)), None);
    }
}
