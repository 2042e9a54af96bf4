//! Modbus TCP frames as bytes. Pure.

/// The header: transaction, protocol, length, unit.
const HEADER_BYTES: usize = 7;
/// The longest frame that the protocol allows.
pub(super) const MAX_FRAME_BYTES: usize = 260;

/// One request or answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub transaction: u16,
    pub unit: u8,
    /// Function code and what belongs to it.
    pub pdu: Vec<u8>,
}

/// What is no Modbus TCP; the connection is of no use any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("found no Modbus TCP header")]
pub(super) struct NotModbus;

/// Takes the first whole frame out of `bytes`; `None` while it is not whole yet.
pub(super) fn take(bytes: &mut Vec<u8>) -> Result<Option<Frame>, NotModbus> {
    if bytes.len() < HEADER_BYTES {
        return Ok(None);
    }
    let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    let length = usize::from(word(4));
    if word(2) != 0 || !(2..=MAX_FRAME_BYTES - 6).contains(&length) {
        return Err(NotModbus);
    }
    if bytes.len() < 6 + length {
        return Ok(None);
    }
    let frame = Frame { transaction: word(0), unit: bytes[6], pdu: bytes[HEADER_BYTES..6 + length].to_vec() };
    bytes.drain(..6 + length);
    Ok(Some(frame))
}

impl Frame {
    /// The frame's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        // A PDU is at most 253 bytes long: what this crate writes fits.
        let length = (self.pdu.len() + 1) as u16;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.pdu.len());
        bytes.extend(self.transaction.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.push(self.unit);
        bytes.extend(&self.pdu);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_one_by_one_as_they_become_whole() {
        let request = [0x00, 0x15, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
        let mut bytes = request.to_vec();
        bytes.extend(&request[..9]);
        let first = take(&mut bytes).unwrap().unwrap();
        assert_eq!(first, Frame { transaction: 0x15, unit: 1, pdu: vec![3, 0, 0, 0, 2] });
        assert_eq!(first.bytes(), request);
        assert_eq!(take(&mut bytes), Ok(None));
        bytes.extend(&request[9..]);
        assert_eq!(take(&mut bytes).unwrap().unwrap(), first);
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_no_modbus_is_refused() {
        assert_eq!(take(&mut b"GET / HTTP/1.1".to_vec()), Err(NotModbus));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 0, 1, 1]), Err(NotModbus));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 1, 0, 1]), Err(NotModbus));
    }
}
