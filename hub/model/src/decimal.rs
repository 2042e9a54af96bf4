//! Exact decimal arithmetic for scale and offset, so that 0.01 × 42 is 0.42 and not 0.42000000000000004.
//!
//! Only what scaling needs: read, multiply, add, convert. Whatever does not fit 128 bits is `None`, and the caller falls
//! back to floating point.

use std::fmt;
use std::str::FromStr;

use crate::text::{LocalText, Told};

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: u32 = 22;
/// Integers up to this are exact in a double.
const EXACT_INTEGER: u128 = 1 << 53;
/// More decimal places than this are refused: no sensor's scale has them.
const MAX_PLACES: u32 = 36;

/// The number `mantissa / 10^places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    places: u32,
}

/// A text that is no decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecimalError;

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 36 places")
    }
}

impl std::error::Error for DecimalError {}

impl Told for DecimalError {
    fn told(&self) -> LocalText {
        LocalText::new("không phải số thập phân có tối đa 36 chữ số lẻ", self.to_string())
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, places: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: 1, places: 0 };

    /// The shortest decimal that reads back as `number`; `None` for NaN, infinities and what does not fit.
    pub fn from_f64(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        format!("{number:e}").parse().ok()
    }

    /// The product, when it fits.
    pub fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Self { mantissa, places: self.places + other.places }.shortened()
    }

    /// The sum, when it fits.
    pub fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let mantissa = self.mantissa_at(places)?.checked_add(other.mantissa_at(places)?)?;
        Self { mantissa, places }.shortened()
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        if self.mantissa.unsigned_abs() <= EXACT_INTEGER && self.places <= EXACT_POWERS {
            // Both operands are exact, so the one division rounds correctly.
            return self.mantissa as f64 / 10f64.powi(self.places as i32);
        }
        format!("{}e-{}", self.mantissa, self.places).parse().unwrap_or(f64::NAN)
    }

    fn mantissa_at(self, places: u32) -> Option<i128> {
        self.mantissa.checked_mul(10i128.checked_pow(places - self.places)?)
    }

    fn shortened(mut self) -> Option<Self> {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        (self.places <= MAX_PLACES).then_some(self)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.50`, `3`, `1e-3`.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().map_err(|_| DecimalError)?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DecimalError);
        }
        let mantissa: i128 = format!("{whole}{fraction}").parse().map_err(|_| DecimalError)?;
        let places = i32::try_from(fraction.len()).map_err(|_| DecimalError)?.saturating_sub(exponent);
        let decimal = match u32::try_from(places) {
            Ok(places) => Self { mantissa, places },
            Err(_) => {
                let power = 10i128.checked_pow(places.unsigned_abs()).ok_or(DecimalError)?;
                Self { mantissa: mantissa.checked_mul(power).ok_or(DecimalError)?, places: 0 }
            }
        };
        decimal.shortened().ok_or(DecimalError)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = self.places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.places as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn scaling_is_exact_to_the_last_decimal() {
        for raw in 0..=65_535u32 {
            let exact = decimal("0.01").times(Decimal::from_f64(f64::from(raw)).unwrap()).unwrap();
            let expected: f64 = format!("{}.{:02}", raw / 100, raw % 100).parse().unwrap();
            assert_eq!(exact.to_f64(), expected);
        }
    }

    #[test]
    fn a_distance_becomes_a_fill_level() {
        let fill = decimal("-0.05")
            .times(Decimal::from_f64(1234.5).unwrap())
            .unwrap()
            .plus(decimal("100.0"))
            .unwrap();
        assert_eq!(fill.to_f64(), 38.275);
        assert_eq!(fill.to_string(), "38.275");
    }

    #[test]
    fn every_way_of_writing_is_read() {
        assert_eq!(decimal("1e-3"), decimal("0.001"));
        assert_eq!(decimal("1.5E3"), decimal("1500"));
        assert_eq!(decimal("-0.50").to_string(), "-0.5");
        assert_eq!(decimal(".5").to_f64(), 0.5);
        assert_eq!(Decimal::from_f64(1e-7).unwrap().to_f64(), 1e-7);
        assert_eq!(Decimal::from_f64(1e22).unwrap().to_f64(), 1e22);
    }

    #[test]
    fn what_is_no_decimal_or_does_not_fit_is_refused() {
        for text in ["", "x", "1.2.3", "1.-2", "1e", "1e40", "--1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!(Decimal::from_f64(f64::NAN), None);
        assert_eq!(Decimal::from_f64(1e300), None);
        assert_eq!(decimal("1e37").times(decimal("1e37")), None);
    }
}
