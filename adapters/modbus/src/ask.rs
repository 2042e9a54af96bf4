//! What is asked of a unit, and what its answer means: the protocol's own bytes without the frame around them. Pure.
//!
//! Read next: `frame/mod.rs` for the frames, [`crate::failure`] for what can be wrong.

use crate::failure::Failure;
use crate::register::Register;

/// The bit of a function code that marks an exception.
pub(crate) const EXCEPTION: u8 = 0x80;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Reads `count` entries of a table from `start`.
    Read {
        /// The table.
        register: Register,
        /// The first address on the wire, from 0.
        start: u16,
        /// How many registers or bits.
        count: u16,
    },
    /// Switches one coil.
    WriteCoil {
        /// Its address on the wire.
        address: u16,
        /// What it is to be.
        on: bool,
    },
    /// Writes one holding register, with function 6.
    WriteRegister {
        /// Its address on the wire.
        address: u16,
        /// What it is to hold.
        word: u16,
    },
    /// Writes holding registers, with function 16.
    WriteRegisters {
        /// The first address on the wire.
        start: u16,
        /// What they are to hold, 1 to 123.
        words: Vec<u16>,
    },
}

impl Ask {
    /// The function code.
    pub(crate) fn function(&self) -> u8 {
        match self {
            Self::Read { register: Register::Coil, .. } => 1,
            Self::Read { register: Register::Discrete, .. } => 2,
            Self::Read { register: Register::Holding, .. } => 3,
            Self::Read { register: Register::Input, .. } => 4,
            Self::WriteCoil { .. } => 5,
            Self::WriteRegister { .. } => 6,
            Self::WriteRegisters { .. } => 16,
        }
    }

    /// The request as bytes, from the function code on.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.function()];
        let mut put = |word: u16| bytes.extend(word.to_be_bytes());
        match self {
            Self::Read { start, count, .. } => [*start, *count].into_iter().for_each(put),
            Self::WriteCoil { address, on } => {
                [*address, if *on { 0xFF00 } else { 0 }].into_iter().for_each(put)
            }
            Self::WriteRegister { address, word } => [*address, *word].into_iter().for_each(put),
            Self::WriteRegisters { start, words } => {
                let count = u16::try_from(words.len()).unwrap_or(u16::MAX);
                [*start, count].into_iter().for_each(&mut put);
                bytes.push((count * 2).to_be_bytes()[1]);
                bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            }
        }
        bytes
    }

    /// How many bytes the right answer has, from the function code on.
    pub(crate) fn answer_length(&self) -> usize {
        match self {
            Self::Read { .. } => 2 + self.data_bytes(),
            _ => 5,
        }
    }

    /// The entries in an answer, bits as words of 0 and 1; none for what was written.
    pub(crate) fn entries(&self, answer: &[u8]) -> Result<Vec<u16>, Failure> {
        let (&function, rest) =
            answer.split_first().ok_or_else(|| Failure::BadAnswer("an empty answer".to_owned()))?;
        if function == self.function() | EXCEPTION {
            let code = rest.first().copied();
            return Err(code.map_or_else(
                || Failure::BadAnswer("an exception without its code".to_owned()),
                |code| Failure::Exception { code },
            ));
        }
        if function != self.function() {
            return Err(Failure::BadAnswer(format!("an answer to function {function}")));
        }
        match self {
            Self::Read { register, count, .. } => {
                let data = rest.get(1..).unwrap_or_default();
                let expected = self.data_bytes();
                if data.len() != expected || rest.first().copied().map(usize::from) != Some(expected) {
                    return Err(Failure::WrongLength { found: data.len(), expected });
                }
                Ok(if register.is_bit() { bits(data, *count) } else { words(data) })
            }
            _ if rest == self.echo() => Ok(Vec::new()),
            _ => Err(Failure::BadAnswer("it confirms another write than was asked for".to_owned())),
        }
    }

    fn data_bytes(&self) -> usize {
        match self {
            Self::Read { register, count, .. } if register.is_bit() => usize::from(count.div_ceil(8)),
            Self::Read { count, .. } => usize::from(*count) * 2,
            _ => 0,
        }
    }

    /// What a unit repeats of a write that it has done.
    fn echo(&self) -> Vec<u8> {
        self.bytes().into_iter().skip(1).take(4).collect()
    }
}

fn words(data: &[u8]) -> Vec<u16> {
    data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn bits(data: &[u8], count: u16) -> Vec<u16> {
    let bit = |n: usize| u16::from(data[n / 8] >> (n % 8) & 1);
    (0..usize::from(count)).map(bit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(register: Register, count: u16) -> Ask {
        Ask::Read { register, start: 0x0102, count }
    }

    #[test]
    fn requests_are_the_protocols_bytes() {
        assert_eq!(read(Register::Input, 3).bytes(), [4, 1, 2, 0, 3]);
        assert_eq!(Ask::WriteCoil { address: 7, on: true }.bytes(), [5, 0, 7, 0xFF, 0]);
        assert_eq!(Ask::WriteRegister { address: 7, word: 0x1234 }.bytes(), [6, 0, 7, 0x12, 0x34]);
        let words = vec![1, 0xFFFE];
        assert_eq!(Ask::WriteRegisters { start: 9, words }.bytes(), [16, 0, 9, 0, 2, 4, 0, 1, 0xFF, 0xFE]);
    }

    #[test]
    fn bits_are_cut_to_what_was_asked_and_counted_in_whole_bytes() {
        let asked = read(Register::Coil, 3);
        assert_eq!(asked.entries(&[1, 1, 0b1111_1101]), Ok(vec![1, 0, 1]));
        assert_eq!(asked.entries(&[1, 2, 1, 1]), Err(Failure::WrongLength { found: 2, expected: 1 }));
    }

    #[test]
    fn short_answers_and_another_functions_are_bad_answers() {
        let asked = read(Register::Holding, 2);
        assert_eq!(asked.entries(&[3, 4, 0, 1, 0, 2]), Ok(vec![1, 2]));
        for wrong in [&[][..], &[3], &[3, 4], &[3, 2, 0, 1], &[3, 4, 0, 1], &[4, 4, 0, 1, 0, 2], &[0x84, 2]] {
            assert_eq!(asked.entries(wrong).unwrap_err().reason(), hub_model::Reason::BadAnswer, "{wrong:?}");
        }
        assert_eq!(asked.entries(&[0x83, 2]), Err(Failure::Exception { code: 2 }));
    }

    #[test]
    fn a_write_is_done_when_it_is_repeated() {
        let asked = Ask::WriteRegisters { start: 9, words: vec![1, 2] };
        assert_eq!(asked.entries(&[16, 0, 9, 0, 2]), Ok(vec![]));
        assert!(asked.entries(&[16, 0, 9, 0, 1]).is_err());
        assert!(Ask::WriteCoil { address: 1, on: true }.entries(&[5, 0, 1, 0, 0]).is_err());
    }
}
