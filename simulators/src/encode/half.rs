//! 16-bit floats (IEEE 754 binary16). Pure.

const EXPONENT_BIAS: i32 = 15;
const FRACTION_BITS: i32 = 10;
const INFINITY: u16 = 0x7C00;
const QUIET_NAN: u16 = 0x7E00;
/// From here on numbers round to infinity: halfway between the greatest, 65504, and the next step.
const OVERFLOW: f64 = 65_520.0;

/// The nearest 16-bit float; ties go to the even one.
pub(super) fn from_f64(number: f64) -> u16 {
    let sign = u16::from(number.is_sign_negative()) << 15;
    let size = number.abs();
    if number.is_nan() {
        return QUIET_NAN;
    }
    if size >= OVERFLOW {
        return sign | INFINITY;
    }
    // Below the least normal number the step between neighbours no longer shrinks.
    let exponent = if size == 0.0 { 1 - EXPONENT_BIAS } else { exponent_of(size).max(1 - EXPONENT_BIAS) };
    let steps = (size / 2f64.powi(exponent - FRACTION_BITS)).round_ties_even() as u16;
    // A normal number's leading bit adds one to the exponent field, and a carry out of the fraction does so once more.
    let field = ((exponent + EXPONENT_BIAS - 1) as u16) << FRACTION_BITS;
    sign | (field + steps)
}

/// The number that a 16-bit float stands for.
pub(super) fn to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let field = i32::from((bits & INFINITY) >> FRACTION_BITS);
    let fraction = f64::from(bits & 0x03FF);
    match field {
        0 => sign * fraction * 2f64.powi(1 - EXPONENT_BIAS - FRACTION_BITS),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1024.0 + fraction) * 2f64.powi(field - EXPONENT_BIAS - FRACTION_BITS),
    }
}

fn exponent_of(size: f64) -> i32 {
    ((size.to_bits() >> 52) as i32 & 0x7FF) - 1023
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_their_known_bits() {
        let known = [
            (0.0, 0x0000),
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (0.5, 0x3800),
            (7.25, 0x4740),
            (65_504.0, 0x7BFF),
            (6.103_515_625e-5, 0x0400),
            (5.960_464_477_539_063e-8, 0x0001),
        ];
        for (number, bits) in known {
            assert_eq!(from_f64(number), bits, "{number}");
            assert_eq!(to_f64(bits), number);
        }
        assert_eq!(from_f64(f64::NEG_INFINITY), 0xFC00);
        assert_eq!(from_f64(65_520.0), 0x7C00);
        assert!(to_f64(from_f64(f64::NAN)).is_nan());
    }

    #[test]
    fn every_finite_pattern_comes_back() {
        for bits in (0..0x7C00).chain(0x8000..0xFC00) {
            assert_eq!(from_f64(to_f64(bits)), bits);
        }
    }

    #[test]
    fn numbers_between_go_to_the_nearest_even() {
        assert_eq!(from_f64(1.0 + 1.0 / 2048.0), 0x3C00);
        assert_eq!(from_f64(1.0 + 3.0 / 2048.0), 0x3C02);
        assert_eq!(from_f64(1.999_99), 0x4000);
    }
}
