//! Quality, reason and numbers as they lie on disk. Pure. A number given here is never given another meaning.

use hub_model::{PointId, Quality, Reading, Reason, Timestamp};
use rusqlite::types::{Value, ValueRef};

use super::hot::Entry;
use super::readers::Fault;
use crate::chunk::Row;

/// Modbus exception `n` is this and `n`.
const EXCEPTION_BASE: i64 = 256;

/// Integers up to here are doubles, too, without loss.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// QARTOD's flags; 5 is ours.
pub(super) const fn quality_code(quality: Quality) -> i64 {
    match quality {
        Quality::Good => 1,
        Quality::NotEvaluated => 2,
        Quality::Suspect => 3,
        Quality::Fail => 4,
        Quality::Calibrating => 5,
        Quality::Missing => 9,
    }
}

pub(super) fn quality_of(code: i64) -> Result<Quality, Fault> {
    Quality::ALL
        .into_iter()
        .find(|quality| quality_code(*quality) == code)
        .ok_or_else(|| Fault::Damaged { what: "quality", found: code.to_string() })
}

pub(super) const fn reason_code(reason: Reason) -> i64 {
    match reason {
        Reason::Timeout => 1,
        Reason::Refused => 2,
        Reason::Disconnected => 3,
        Reason::BadAnswer => 4,
        Reason::Sentinel => 5,
        Reason::NotANumber => 6,
        Reason::Undecodable => 7,
        Reason::Offline => 8,
        Reason::Expired => 9,
        Reason::OutOfRange => 10,
        Reason::SuspectRange => 11,
        Reason::Rate => 12,
        Reason::Stuck => 13,
        Reason::Future => 14,
        Reason::Late => 15,
        Reason::Maintenance => 16,
        Reason::Excluded => 17,
        Reason::Corrected => 18,
        Reason::Untimed => 19,
        Reason::Retimed => 20,
        Reason::BadChecksum => 21,
        Reason::Exception(code) => EXCEPTION_BASE + code as i64,
    }
}

pub(super) fn reason_of(code: i64) -> Result<Reason, Fault> {
    Ok(match code {
        1 => Reason::Timeout,
        2 => Reason::Refused,
        3 => Reason::Disconnected,
        4 => Reason::BadAnswer,
        5 => Reason::Sentinel,
        6 => Reason::NotANumber,
        7 => Reason::Undecodable,
        8 => Reason::Offline,
        9 => Reason::Expired,
        10 => Reason::OutOfRange,
        11 => Reason::SuspectRange,
        12 => Reason::Rate,
        13 => Reason::Stuck,
        14 => Reason::Future,
        15 => Reason::Late,
        16 => Reason::Maintenance,
        17 => Reason::Excluded,
        18 => Reason::Corrected,
        19 => Reason::Untimed,
        20 => Reason::Retimed,
        21 => Reason::BadChecksum,
        other => match other.checked_sub(EXCEPTION_BASE).and_then(|code| u8::try_from(code).ok()) {
            Some(exception) => Reason::Exception(exception),
            None => return Err(Fault::Damaged { what: "reason", found: code.to_string() }),
        },
    })
}

/// A reading without its point, as it waits in RAM. What is not a number is no number.
pub(super) fn entry_of(reading: &Reading, is_correction: bool) -> Entry {
    Entry {
        measured_at: reading.measured_at.as_millis(),
        received_at: reading.received_at.as_millis(),
        raw: reading.raw.unwrap_or(f64::NAN),
        value: reading.value.unwrap_or(f64::NAN),
        // Both are made of small codes.
        reason: reading.reason.map_or(0, |reason| reason_code(reason) as u16),
        quality: quality_code(reading.quality) as u8,
        may_repeat: !is_correction,
        is_correction,
    }
}

/// The reading of `point` that a chunk's row is.
pub(super) fn reading_of_row(row: &Row, point: PointId) -> Result<Reading, Fault> {
    Ok(Reading {
        point,
        measured_at: Timestamp::from_millis(row.measured_at),
        received_at: Timestamp::from_millis(row.received_at),
        raw: row.raw,
        value: row.value,
        quality: quality_of(row.quality.into())?,
        reason: if row.reason == 0 { None } else { Some(reason_of(row.reason.into())?) },
    })
}

/// The shortest form that gives the same double back.
pub(super) fn number(value: Option<f64>) -> Value {
    match value {
        None => Value::Null,
        // The sign of a negative zero would be lost in an integer.
        Some(v) if v.fract() == 0.0 && v.abs() < MAX_WHOLE && (v != 0.0 || v.is_sign_positive()) => {
            Value::Integer(v as i64)
        }
        Some(v) => Value::Real(v),
    }
}

pub(super) fn number_of(value: ValueRef<'_>) -> Result<Option<f64>, Fault> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(whole) => Ok(Some(whole as f64)),
        ValueRef::Real(real) => Ok(Some(real)),
        other => Err(Fault::Damaged { what: "number", found: other.data_type().to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_quality_and_reason_is_read_back() {
        for quality in Quality::ALL {
            assert_eq!(quality_of(quality_code(quality)).unwrap(), quality);
        }
        let plain = (1..=21).map(|code| reason_of(code).unwrap());
        for reason in plain.chain((0..=255).map(Reason::Exception)) {
            assert_eq!(reason_of(reason_code(reason)).unwrap(), reason);
        }
        assert!(quality_of(0).is_err() && reason_of(22).is_err() && reason_of(512).is_err());
        assert!(reason_of(i64::MIN).is_err());
    }

    proptest! {
        #[test]
        fn numbers_come_back_bit_for_bit(value in any::<f64>().prop_filter("NaN is no number", |v| !v.is_nan())) {
            let stored = number(Some(value));
            prop_assert_eq!(number_of(ValueRef::from(&stored)).unwrap().unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn whole_numbers_are_short_and_a_negative_zero_keeps_its_sign() {
        assert_eq!(number(Some(712.0)), Value::Integer(712));
        assert_eq!(number(Some(7.12)), Value::Real(7.12));
        assert_eq!(number(Some(f64::INFINITY)), Value::Real(f64::INFINITY));
        assert!(matches!(number(Some(-0.0)), Value::Real(v) if v.is_sign_negative()));
    }
}
