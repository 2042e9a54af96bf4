//! Modbus TCP frames: transaction, protocol 0, length, unit, content. Pure.

use super::Framed;

/// Bytes before the unit id.
const HEAD: usize = 6;
/// Where a frame's content begins.
pub(crate) const CONTENT_AT: usize = HEAD + 1;
/// A unit id and at most 253 bytes of content.
const LONGEST: usize = 254;

/// Bytes that cannot be the beginning of a frame: what follows on this connection cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The protocol id is not 0.
    #[error("protocol {0} instead of 0")]
    Protocol(u16),
    /// The length is beyond what the protocol knows.
    #[error("a length of {0}, allowed: 1 to {LONGEST}")]
    Length(usize),
}

/// A request's frame.
pub fn encode(transaction: u16, unit_id: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 1).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(HEAD + 1 + content.len());
    for word in [transaction, 0, length] {
        frame.extend(word.to_be_bytes());
    }
    frame.push(unit_id);
    frame.extend(content);
    frame
}

/// Takes the first whole frame out of `buffer`; `None` when more bytes are needed.
///
/// # Errors
/// When the bytes cannot be a frame.
pub fn take(buffer: &mut Vec<u8>) -> Result<Option<(u16, Framed)>, Malformed> {
    let word = |at: usize| Some(u16::from_be_bytes([*buffer.get(at)?, *buffer.get(at + 1)?]));
    if let Some(protocol) = word(2).filter(|protocol| *protocol != 0) {
        return Err(Malformed::Protocol(protocol));
    }
    let (Some(transaction), Some(length)) = (word(0), word(4)) else { return Ok(None) };
    let length = usize::from(length);
    if !(1..=LONGEST).contains(&length) {
        return Err(Malformed::Length(length));
    }
    if buffer.len() < HEAD + length {
        return Ok(None);
    }
    let frame: Vec<u8> = buffer.drain(..HEAD + length).skip(HEAD).collect();
    Ok(Some((transaction, Framed { unit_id: frame[0], content: frame[1..].to_vec() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_one_by_one_and_parts_are_left() {
        let mut buffer = encode(7, 1, &[3, 2, 0, 5]);
        buffer.extend(encode(8, 2, &[0x83, 2]));
        buffer.extend([0, 9, 0]);
        let mut next = || take(&mut buffer).unwrap();
        assert_eq!(next(), Some((7, Framed { unit_id: 1, content: vec![3, 2, 0, 5] })));
        assert_eq!(next(), Some((8, Framed { unit_id: 2, content: vec![0x83, 2] })));
        assert_eq!(next(), None);
        assert_eq!(buffer, [0, 9, 0]);
    }

    #[test]
    fn what_is_no_frame_is_told() {
        assert_eq!(take(&mut vec![0, 1, 0, 9]), Err(Malformed::Protocol(9)));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 0, 0]), Err(Malformed::Length(0)));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 1, 0]), Err(Malformed::Length(256)));
    }
}
