//! Numbers to register words, for writing: the opposite of [`crate::decode`]. Pure.

use crate::decode::{ByteOrder, DataType};

/// The whole numbers that a double holds without gaps.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The words that stand for `number`; `None` when the type cannot hold it exactly, and for types that are a part of a register
/// or a text.
pub fn encode(number: f64, data_type: DataType, order: ByteOrder) -> Option<Vec<u16>> {
    let within = |least: f64, most: f64| {
        (number.fract() == 0.0 && number >= least && number <= most).then_some(number)
    };
    let bits = match data_type {
        DataType::Int16 => within(-32_768.0, 32_767.0)? as i16 as u16 as u64,
        DataType::Uint16 => within(0.0, 65_535.0)? as u64,
        DataType::Int32 => within(f64::from(i32::MIN), f64::from(i32::MAX))? as i32 as u32 as u64,
        DataType::Uint32 => within(0.0, f64::from(u32::MAX))? as u64,
        DataType::Int64 => within(-EXACT, EXACT)? as i64 as u64,
        DataType::Uint64 => within(0.0, EXACT)? as u64,
        DataType::Float32 => single(number)?,
        DataType::Float64 => number.is_finite().then_some(number)?.to_bits(),
        DataType::Bcd16 => digits(within(0.0, 9_999.0)? as u64),
        DataType::Bcd32 => digits(within(0.0, 99_999_999.0)? as u64),
        DataType::Float16 => half(number)?,
        DataType::Bit
        | DataType::Int8Low
        | DataType::Int8High
        | DataType::Uint8Low
        | DataType::Uint8High
        | DataType::String => return None,
    };
    Some(ordered_words(bits, data_type.words(), order))
}

/// The part of a register that a value takes, and the bits that stand for `number` in it, both in the order of the wire;
/// `None` for types that take whole registers, and for numbers that do not fit.
pub fn encode_part(number: f64, data_type: DataType, order: ByteOrder, bit: u8) -> Option<(u16, u16)> {
    let within = |least: f64, most: f64| {
        (number.fract() == 0.0 && number >= least && number <= most).then_some(number)
    };
    let (mask, bits) = match data_type {
        DataType::Bit => (1 << bit.min(15), (within(0.0, 1.0)? as u16) << bit.min(15)),
        DataType::Int8Low => (0x00FF, u16::from(within(-128.0, 127.0)? as i8 as u8)),
        DataType::Uint8Low => (0x00FF, within(0.0, 255.0)? as u16),
        DataType::Int8High => (0xFF00, u16::from(within(-128.0, 127.0)? as i8 as u8) << 8),
        DataType::Uint8High => (0xFF00, (within(0.0, 255.0)? as u16) << 8),
        _ => return None,
    };
    Some(if order.swaps_bytes() { (u16::swap_bytes(mask), u16::swap_bytes(bits)) } else { (mask, bits) })
}

/// The nearest single float; people write 0.1, which no single float is.
fn single(number: f64) -> Option<u64> {
    let single = number as f32;
    single.is_finite().then(|| u64::from(single.to_bits()))
}

/// The nearest of all halves, found by what they stand for; the even one of two that are as near.
fn half(number: f64) -> Option<u64> {
    if !number.is_finite() || number.abs() > 65_504.0 {
        return None;
    }
    let magnitude = |half: u16| crate::decode::half_to_f64(half);
    // Halves grow with their bits, so the two around the number are found by halving.
    let (mut below, mut above) = (0u16, 0x7BFFu16);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if magnitude(middle) <= number.abs() { below = middle } else { above = middle }
    }
    let (down, up) = (number.abs() - magnitude(below), magnitude(above) - number.abs());
    let nearest = if up < down || (up == down && above % 2 == 0) { above } else { below };
    Some(u64::from(if number.is_sign_negative() { nearest | 0x8000 } else { nearest }))
}

fn digits(mut number: u64) -> u64 {
    let mut bits = 0;
    for place in 0..8 {
        bits |= (number % 10) << (4 * place);
        number /= 10;
    }
    bits
}

fn ordered_words(bits: u64, count: u16, order: ByteOrder) -> Vec<u16> {
    let word = |place: u16| {
        let word = (bits >> (16 * place)) as u16;
        if order.swaps_bytes() { word.swap_bytes() } else { word }
    };
    if order.reverses_words() { (0..count).map(word).collect() } else { (0..count).rev().map(word).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_type_cannot_hold_is_refused() {
        for (number, data_type) in [
            (1.5, DataType::Uint16),
            (-1.0, DataType::Uint16),
            (65_536.0, DataType::Uint16),
            (32_768.0, DataType::Int16),
            (1e10, DataType::Uint32),
            (1e17, DataType::Int64),
            (10_000.0, DataType::Bcd16),
            (1e39, DataType::Float32),
            (70_000.0, DataType::Float16),
            (f64::NAN, DataType::Float64),
            (f64::INFINITY, DataType::Uint16),
            (1.0, DataType::Bit),
        ] {
            assert_eq!(encode(number, data_type, ByteOrder::Abcd), None, "{number} as {data_type:?}");
        }
        assert_eq!(encode_part(2.0, DataType::Bit, ByteOrder::Abcd, 0), None);
        assert_eq!(encode_part(200.0, DataType::Int8Low, ByteOrder::Abcd, 0), None);
    }

    #[test]
    fn parts_of_a_register_leave_the_rest_alone() {
        assert_eq!(encode_part(1.0, DataType::Bit, ByteOrder::Abcd, 3), Some((8, 8)));
        assert_eq!(encode_part(1.0, DataType::Bit, ByteOrder::Badc, 3), Some((0x0800, 0x0800)));
        assert_eq!(encode_part(-1.0, DataType::Int8High, ByteOrder::Abcd, 0), Some((0xFF00, 0xFF00)));
    }
}
