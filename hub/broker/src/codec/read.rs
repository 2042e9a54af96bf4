//! The fields of which packets are made: integers, texts, binary data, each checked against what is left.
//!
//! It knows no packet. Next: `decode.rs`.

use super::Fault;

/// Reads one packet's body from its front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

const SHORT: Fault = Fault::malformed("a field is longer than its packet");

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        let (first, rest) = self.0.split_first_chunk::<2>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(u16::from_be_bytes(*first))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        let (first, rest) = self.0.split_first_chunk::<4>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*first))
    }

    pub(super) fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        self.bytes(usize::from(length))
    }

    /// A text: well-formed UTF-8 (so without surrogates) and without U+0000.
    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.binary()?;
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::malformed("a text is not UTF-8"))?;
        if bytes.contains(&0) {
            return Err(Fault::malformed("a text holds U+0000"));
        }
        Ok(text)
    }

    /// A packet identifier, which is never 0.
    pub(super) fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(Fault::malformed("packet identifier 0")),
            id => Ok(id),
        }
    }

    pub(super) fn variable(&mut self) -> Result<u32, Fault> {
        match variable_length(self.0) {
            Varint::Value(value, length) => {
                self.0 = &self.0[length..];
                Ok(value)
            }
            Varint::Incomplete => Err(SHORT),
            Varint::Invalid => Err(Fault::malformed("a variable byte integer is not one")),
        }
    }

    /// The part of the packet that a variable byte integer in front of it measures.
    pub(super) fn measured(&mut self) -> Result<Reader<'a>, Fault> {
        let length = self.variable()?;
        self.bytes(length as usize).map(Reader)
    }
}

/// What a variable byte integer at the front of some bytes is.
pub(super) enum Varint {
    Incomplete,
    Invalid,
    /// Its value, and how many bytes it takes.
    Value(u32, usize),
}

/// MQTT's variable byte integer: seven bits a byte, at most four bytes, and not longer than needed.
pub(super) fn variable_length(bytes: &[u8]) -> Varint {
    let mut value = 0u32;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let padded = index > 0 && *byte == 0;
            return if padded { Varint::Invalid } else { Varint::Value(value, index + 1) };
        }
    }
    if bytes.len() < 4 { Varint::Incomplete } else { Varint::Invalid }
}
