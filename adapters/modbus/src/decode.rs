//! Register words to numbers: every type in every byte order. Pure; never fails on words of the right count.
//!
//! The order of bytes is undone first, then the type is applied: `DCBA` and `BADC` swap the two bytes of every register,
//! `DCBA` and `CDAB` reverse the registers of a value. Read next: [`crate::config`].

/// How the bytes of a value lie on the wire; `A` is the most significant byte of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Big endian; for 64 bits ABCDEFGH.
    Abcd,
    /// Little endian; for 64 bits HGFEDCBA.
    Dcba,
    /// Big endian with the bytes of every register swapped; for 64 bits BADCFEHG.
    Badc,
    /// The least significant register first; for 64 bits GHEFCDAB.
    Cdab,
}

impl ByteOrder {
    /// All of them, with the words of the configuration.
    pub const WORDS: [(&'static str, ByteOrder); 4] =
        [("ABCD", Self::Abcd), ("DCBA", Self::Dcba), ("BADC", Self::Badc), ("CDAB", Self::Cdab)];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, order)| *order == self).map_or("", |(word, _)| *word)
    }

    pub(crate) fn swaps_bytes(self) -> bool {
        matches!(self, Self::Dcba | Self::Badc)
    }

    pub(crate) fn reverses_words(self) -> bool {
        matches!(self, Self::Dcba | Self::Cdab)
    }
}

/// What the words stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the contract's own words")]
pub enum DataType {
    /// A coil, a discrete input, or one bit of a register: 0 or 1.
    Bit,
    Int8Low,
    Int8High,
    Uint8Low,
    Uint8High,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float16,
    Float32,
    Float64,
    Bcd16,
    Bcd32,
    String,
}

impl DataType {
    /// All of them, with the words of the configuration.
    pub const WORDS: [(&'static str, DataType); 17] = [
        ("BIT", Self::Bit),
        ("INT8L", Self::Int8Low),
        ("INT8H", Self::Int8High),
        ("UINT8L", Self::Uint8Low),
        ("UINT8H", Self::Uint8High),
        ("INT16", Self::Int16),
        ("UINT16", Self::Uint16),
        ("INT32", Self::Int32),
        ("UINT32", Self::Uint32),
        ("INT64", Self::Int64),
        ("UINT64", Self::Uint64),
        ("FLOAT16", Self::Float16),
        ("FLOAT32", Self::Float32),
        ("FLOAT64", Self::Float64),
        ("BCD16", Self::Bcd16),
        ("BCD32", Self::Bcd32),
        ("STRING", Self::String),
    ];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, data_type)| *data_type == self).map_or("", |(word, _)| *word)
    }

    /// Registers that one value takes; a STRING takes what its `length` says, at least one.
    pub fn words(self) -> u16 {
        match self {
            Self::Int32 | Self::Uint32 | Self::Float32 | Self::Bcd32 => 2,
            Self::Int64 | Self::Uint64 | Self::Float64 => 4,
            _ => 1,
        }
    }
}

/// The number that `words` stand for. `bit` counts from 0, the least significant, and matters for [`DataType::Bit`] alone.
/// Whole numbers beyond 2^53 are rounded to the nearest double; digits of BCD beyond 9 are NaN. `None` when there are not as
/// many words as the type takes, and for texts.
pub fn decode(words: &[u16], data_type: DataType, order: ByteOrder, bit: u8) -> Option<f64> {
    if words.len() != usize::from(data_type.words()) || data_type == DataType::String {
        return None;
    }
    let bits = ordered_bits(words, order);
    Some(match data_type {
        DataType::Bit => ((bits >> bit.min(15)) & 1) as f64,
        DataType::Int8Low => f64::from(bits as u8 as i8),
        DataType::Int8High => f64::from((bits >> 8) as u8 as i8),
        DataType::Uint8Low => f64::from(bits as u8),
        DataType::Uint8High => f64::from((bits >> 8) as u8),
        DataType::Int16 => f64::from(bits as u16 as i16),
        DataType::Uint16 => f64::from(bits as u16),
        DataType::Int32 => f64::from(bits as u32 as i32),
        DataType::Uint32 => f64::from(bits as u32),
        DataType::Int64 => bits as i64 as f64,
        DataType::Uint64 => bits as f64,
        DataType::Float16 => half_to_f64(bits as u16),
        DataType::Float32 => shortest(f32::from_bits(bits as u32)),
        DataType::Float64 | DataType::String => f64::from_bits(bits),
        DataType::Bcd16 => digits(bits, 4),
        DataType::Bcd32 => digits(bits, 8),
    })
}

/// The text in registers of two letters each: up to the first NUL, without blanks around it. Orders that swap the bytes of a
/// register swap its letters; registers are never reversed. `None` when it is no text.
pub fn text(words: &[u16], order: ByteOrder) -> Option<String> {
    let letters = |word: &u16| if order.swaps_bytes() { word.to_le_bytes() } else { word.to_be_bytes() };
    let bytes: Vec<u8> = words.iter().flat_map(letters).take_while(|byte| *byte != 0).collect();
    let text = String::from_utf8(bytes).ok()?;
    let text = text.trim();
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Decimal digits of four bits each.
fn digits(bits: u64, count: u32) -> f64 {
    let digit = |place: u32| (bits >> (4 * place)) & 0xF;
    (0..count)
        .rev()
        .try_fold(0.0, |number, place| (digit(place) <= 9).then(|| number * 10.0 + digit(place) as f64))
        .unwrap_or(f64::NAN)
}

fn ordered_bits(words: &[u16], order: ByteOrder) -> u64 {
    let append = |bits: u64, word: &u16| {
        let word = if order.swaps_bytes() { word.swap_bytes() } else { *word };
        (bits << 16) | u64::from(word)
    };
    if order.reverses_words() { words.iter().rev().fold(0, append) } else { words.iter().fold(0, append) }
}

/// The double with the same shortest decimal, so that a device's 7.12 is 7.12 and not 7.119999885559082.
fn shortest(single: f32) -> f64 {
    format!("{single:e}").parse().unwrap_or_else(|_| f64::from(single))
}

/// IEEE 754 binary16. Every half is exact in a double.
pub(crate) fn half_to_f64(half: u16) -> f64 {
    let fraction = f64::from(half & 0x03FF);
    let magnitude = match (half >> 10) & 0x1F {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(i32::from(exponent) - 15),
    };
    if half & 0x8000 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_with_subnormals_and_infinities() {
        for (half, expected) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65_504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0x7C00, f64::INFINITY),
            (0xFC00, f64::NEG_INFINITY),
            (0x471F, 7.121_093_75),
        ] {
            assert_eq!(half_to_f64(half), expected, "{half:04x}");
        }
        assert!(half_to_f64(0x7E00).is_nan());
    }

    #[test]
    fn single_floats_keep_their_shortest_decimal() {
        for (single, double) in
            [(7.12f32, 7.12f64), (0.1, 0.1), (-36.625, -36.625), (1e-40, 1e-40), (3.4e38, 3.4e38)]
        {
            assert_eq!(shortest(single), double);
        }
        assert!(shortest(f32::NAN).is_nan());
        assert_eq!(shortest(f32::NEG_INFINITY), f64::NEG_INFINITY);
    }

    #[test]
    fn a_wrong_count_of_words_is_no_number() {
        assert_eq!(decode(&[1], DataType::Float32, ByteOrder::Abcd, 0), None);
        assert_eq!(decode(&[1, 2], DataType::Uint16, ByteOrder::Abcd, 0), None);
    }
}
