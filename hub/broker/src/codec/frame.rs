//! Where one packet ends and the next begins.
//!
//! It looks at fixed headers only, so that a packet that is too large is refused before it is in memory. Next: `decode.rs`.

use super::read::{Varint, variable_length};
use super::{Fault, reason};

/// A whole packet's first byte and the place of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Type and flags.
    pub(crate) first: u8,
    /// Bytes of the fixed header.
    pub(crate) header: usize,
    /// Bytes of the whole packet.
    pub(crate) whole: usize,
}

/// What stands at the front of the read buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// Not all of it is here; so many bytes are needed, as far as is known.
    Incomplete {
        needed: usize,
    },
    Whole(Frame),
    TooLarge {
        bytes: u32,
    },
    Faulty(Fault),
}

/// Looks at the front of `bytes`; packets of more than `max` bytes are too large.
pub(crate) fn front(bytes: &[u8], max: u32) -> Front {
    let Some((&first, rest)) = bytes.split_first() else { return Front::Incomplete { needed: 2 } };
    if let Some(fault) = forbidden(first) {
        return Front::Faulty(fault);
    }
    match variable_length(rest) {
        Varint::Incomplete => Front::Incomplete { needed: bytes.len() + 1 },
        Varint::Invalid => Front::Faulty(Fault::malformed("a packet's length is not a number of MQTT")),
        Varint::Value(length, length_bytes) => {
            let header = 1 + length_bytes;
            let whole = header + length as usize;
            if whole > max as usize {
                return Front::TooLarge { bytes: u32::try_from(whole).unwrap_or(u32::MAX) };
            }
            if bytes.len() < whole {
                return Front::Incomplete { needed: whole };
            }
            Front::Whole(Frame { first, header, whole })
        }
    }
}

/// Types and flags that no client may send.
fn forbidden(first: u8) -> Option<Fault> {
    let (kind, flags) = (first >> 4, first & 0x0F);
    match kind {
        3 if (flags >> 1) & 0b11 == 0b11 => Some(Fault::malformed("QoS 3")),
        3 if flags & 0b1110 == 0b1000 => Some(Fault::malformed("DUP on QoS 0")),
        3 => None,
        6 | 8 | 10 if flags == 0b0010 => None,
        1 | 4 | 5 | 7 | 12 | 14 | 15 if flags == 0 => None,
        2 | 9 | 11 | 13 => {
            Some(Fault { reason: reason::PROTOCOL_ERROR, what: "a packet that only servers send" })
        }
        0 => Some(Fault::malformed("packet type 0")),
        _ => Some(Fault::malformed("wrong flags in the fixed header")),
    }
}
