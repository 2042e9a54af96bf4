//! The four tables of a Modbus device and the numbers that data sheets give their entries. Pure.
//!
//! On the wire every table counts from 0. Data sheets count from 0 or from 1, or use Modicon numbers, whose first digit is
//! the table and whose rest counts from 1. Read next: `batch.rs`.

/// One of the four tables of a Modbus device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    /// Single bits that can be switched (function 1).
    Coil,
    /// Single bits that can only be read (function 2).
    Discrete,
    /// 16-bit registers that can be written (function 3).
    Holding,
    /// 16-bit registers that can only be read (function 4).
    Input,
}

impl Register {
    /// All of them, with the words of the configuration.
    pub const WORDS: [(&'static str, Register); 4] = [
        ("coil", Self::Coil),
        ("discrete", Self::Discrete),
        ("holding", Self::Holding),
        ("input", Self::Input),
    ];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Holding => "holding",
            Self::Input => "input",
        }
    }

    /// Whether an entry is one bit and not 16.
    pub fn is_bit(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }
}

/// A text that is no Modicon number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found \"{found}\", allowed: a whole number, or a Modicon number of five or six digits such as \"40001\" (holding), \"30001\" (input), \"10001\" (discrete) or \"00001\" (coil)"
)]
pub struct ModiconError {
    /// What was found.
    pub found: String,
}

/// Reads a Modicon number: the table, and the address on the wire, from 0.
///
/// # Errors
/// When it has not five or six digits, its first digit is no table, or the rest is not within 1 to 65536.
pub fn parse_modicon(text: &str) -> Result<(Register, u16), ModiconError> {
    let error = || ModiconError { found: text.to_owned() };
    if !matches!(text.len(), 5 | 6) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(error());
    }
    let (table, number) = text.split_at(1);
    let register = match table {
        "0" => Register::Coil,
        "1" => Register::Discrete,
        "3" => Register::Input,
        "4" => Register::Holding,
        _ => return Err(error()),
    };
    let number: u32 = number.parse().map_err(|_| error())?;
    let address = number.checked_sub(1).and_then(|from_zero| u16::try_from(from_zero).ok());
    Ok((register, address.ok_or_else(error)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modicon_numbers_name_the_table_and_count_from_one() {
        for (text, expected) in [
            ("40001", (Register::Holding, 0)),
            ("400001", (Register::Holding, 0)),
            ("465536", (Register::Holding, 65_535)),
            ("49999", (Register::Holding, 9_998)),
            ("30001", (Register::Input, 0)),
            ("10017", (Register::Discrete, 16)),
            ("00001", (Register::Coil, 0)),
        ] {
            assert_eq!(parse_modicon(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_modicon_number_is_refused() {
        for text in
            ["", "1", "4001", "40000", "400000", "465537", "20001", "50001", "4000x", "+40001", "4000001"]
        {
            assert_eq!(parse_modicon(text).unwrap_err().found, text);
        }
    }

    #[test]
    fn words_are_those_of_the_list() {
        for (word, register) in Register::WORDS {
            assert_eq!(register.word(), word);
        }
    }
}
