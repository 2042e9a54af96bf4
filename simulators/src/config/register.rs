//! Where a point lies in a Modbus device: table, address from 0, type and byte order. Pure.

use serde::Deserialize;

/// One of the four tables of a Modbus device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Register {
    /// Read and written bits, function 1.
    Coil,
    /// Read-only bits, function 2.
    Discrete,
    /// Read and written words, function 3.
    Holding,
    /// Read-only words, function 4.
    Input,
}

impl Register {
    /// Whether the table holds bits.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }
}

/// How a number lies in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum DataType {
    Bit,
    Int8L,
    Int8H,
    Uint8L,
    Uint8H,
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
    /// Registers that it takes; a text as many as its `length` says.
    pub fn words(self) -> u16 {
        match self {
            Self::Int32 | Self::Uint32 | Self::Float32 | Self::Bcd32 => 2,
            Self::Int64 | Self::Uint64 | Self::Float64 => 4,
            _ => 1,
        }
    }
}

/// The order in which a number's bytes are sent: A is the most significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ByteOrder {
    #[default]
    Abcd,
    Dcba,
    Badc,
    Cdab,
}

impl ByteOrder {
    /// The order of a device whose words were swapped by mistake.
    pub fn words_swapped(self) -> Self {
        match self {
            Self::Abcd => Self::Cdab,
            Self::Cdab => Self::Abcd,
            Self::Dcba => Self::Badc,
            Self::Badc => Self::Dcba,
        }
    }
}

/// Where a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterPlace {
    /// The table.
    pub register: Register,
    /// The first register or bit, from 0 as on the wire.
    pub address: u16,
    /// The number's type.
    pub kind: DataType,
    /// The order of its bytes.
    pub order: ByteOrder,
    /// For a bit within a word: which one, 0 is the least significant.
    pub bit: u8,
    /// Registers that it takes.
    pub words: u16,
}

impl RegisterPlace {
    /// Registers or bits that it takes.
    pub fn length(&self) -> u16 {
        if self.register.is_bits() { 1 } else { self.words }
    }

    /// The first address behind it.
    pub fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.length())
    }
}

/// Reads a Modicon number such as `40001`, `400001` or `00017`: its table and its address from 0.
pub fn modicon(text: &str) -> Option<(Register, u16)> {
    if !matches!(text.len(), 5 | 6) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (table, number) = text.split_at(1);
    let register = match table {
        "0" => Register::Coil,
        "1" => Register::Discrete,
        "3" => Register::Input,
        "4" => Register::Holding,
        _ => return None,
    };
    let number: u32 = number.parse().ok()?;
    Some((register, u16::try_from(number.checked_sub(1)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modicon_numbers_name_table_and_address() {
        assert_eq!(modicon("40001"), Some((Register::Holding, 0)));
        assert_eq!(modicon("400092"), Some((Register::Holding, 91)));
        assert_eq!(modicon("30001"), Some((Register::Input, 0)));
        assert_eq!(modicon("10017"), Some((Register::Discrete, 16)));
        assert_eq!(modicon("00001"), Some((Register::Coil, 0)));
        assert_eq!(modicon("465536"), Some((Register::Holding, 65_535)));
        for text in ["", "40000", "400000", "20001", "4001", "4000001", "465537", "4x001", "-0001"] {
            assert_eq!(modicon(text), None, "{text}");
        }
    }
}
