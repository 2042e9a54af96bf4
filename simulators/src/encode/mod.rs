//! From a raw number to register words: every type and byte order, written from the wire's side. Pure.
//!
//! Deliberately shares nothing with the hub's decoder; its tests hold it against words worked out by hand.

mod half;

use crate::config::{ByteOrder, DataType, RegisterPlace};

/// The words of a raw number, in the order in which they stand in the registers. What a type cannot hold is sent as the
/// nearest number that it can; NaN only exists in floats and is 0 elsewhere.
///
/// For an 8-bit number or a bit, the rest of the word is 0, so that neighbours in the same word can be combined.
pub fn words(raw: f64, place: &RegisterPlace) -> Vec<u16> {
    let bytes = big_endian(raw, place);
    ordered(&bytes, place.order).chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// The words of a text, two letters each, filled up with NUL or cut to its place. Orders that swap the bytes of a word swap its
/// letters.
pub fn text_words(text: &str, place: &RegisterPlace) -> Vec<u16> {
    let mut letters = text.as_bytes().to_vec();
    letters.resize(usize::from(place.words) * 2, 0);
    let swaps = matches!(place.order, ByteOrder::Badc | ByteOrder::Dcba);
    let word = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if swaps { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    };
    letters.chunks_exact(2).map(word).collect()
}

/// The raw number that really goes over the wire: rounded to what the type holds, a FLOAT32 as the shortest decimal that
/// stands for it.
pub fn representable(raw: f64, kind: DataType) -> f64 {
    match kind {
        DataType::Bit => f64::from(u8::from(raw >= 0.5)),
        DataType::Int8L | DataType::Int8H => f64::from(raw.round() as i8),
        DataType::Uint8L | DataType::Uint8H => f64::from(raw.round() as u8),
        DataType::Int16 => f64::from(raw.round() as i16),
        DataType::Uint16 => f64::from(raw.round() as u16),
        DataType::Int32 => f64::from(raw.round() as i32),
        DataType::Uint32 => f64::from(raw.round() as u32),
        DataType::Int64 => raw.round() as i64 as f64,
        DataType::Uint64 => raw.round() as u64 as f64,
        DataType::Float16 => half::to_f64(half::from_f64(raw)),
        DataType::Float32 => format!("{:e}", raw as f32).parse().unwrap_or(f64::NAN),
        DataType::Float64 | DataType::String => raw,
        DataType::Bcd16 => raw.round().clamp(0.0, 9_999.0),
        DataType::Bcd32 => raw.round().clamp(0.0, 99_999_999.0),
    }
}

/// The number's bytes, most significant first, filled up to whole words.
fn big_endian(raw: f64, place: &RegisterPlace) -> Vec<u8> {
    // `as` between numbers saturates, and NaN becomes 0: a device's own arithmetic does not fail either.
    let whole = raw.round();
    match place.kind {
        DataType::Bit => (u16::from(raw >= 0.5) << (place.bit & 15)).to_be_bytes().to_vec(),
        DataType::Int8L => vec![0, (whole as i8).to_be_bytes()[0]],
        DataType::Int8H => vec![(whole as i8).to_be_bytes()[0], 0],
        DataType::Uint8L => vec![0, whole as u8],
        DataType::Uint8H => vec![whole as u8, 0],
        DataType::Int16 => (whole as i16).to_be_bytes().to_vec(),
        DataType::Uint16 => (whole as u16).to_be_bytes().to_vec(),
        DataType::Int32 => (whole as i32).to_be_bytes().to_vec(),
        DataType::Uint32 => (whole as u32).to_be_bytes().to_vec(),
        DataType::Int64 => (whole as i64).to_be_bytes().to_vec(),
        DataType::Uint64 => (whole as u64).to_be_bytes().to_vec(),
        DataType::Float16 => half::from_f64(raw).to_be_bytes().to_vec(),
        DataType::Float32 => (raw as f32).to_be_bytes().to_vec(),
        // A text is written by `text_words`: of a number alone there is none.
        DataType::Float64 | DataType::String => raw.to_be_bytes().to_vec(),
        DataType::Bcd16 => (packed_decimal(representable(raw, place.kind)) as u16).to_be_bytes().to_vec(),
        DataType::Bcd32 => packed_decimal(representable(raw, place.kind)).to_be_bytes().to_vec(),
    }
}

/// Decimal digits, four bits each.
fn packed_decimal(number: f64) -> u32 {
    let mut rest = number as u32;
    let mut packed = 0;
    for position in 0..8 {
        packed |= (rest % 10) << (4 * position);
        rest /= 10;
    }
    packed
}

/// `ABCD` leaves the bytes as they are, `DCBA` turns them all round, `BADC` swaps within each word and `CDAB` turns the words
/// round. Within a single word that leaves two orders, AB and BA.
fn ordered(bytes: &[u8], order: ByteOrder) -> Vec<u8> {
    match order {
        ByteOrder::Abcd => bytes.to_vec(),
        ByteOrder::Dcba => bytes.iter().rev().copied().collect(),
        ByteOrder::Badc => bytes.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]).collect(),
        ByteOrder::Cdab => bytes.chunks_exact(2).rev().flatten().copied().collect(),
    }
}

#[cfg(test)]
mod tests;
