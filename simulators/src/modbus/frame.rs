//! Modbus frames as bytes: with a header on TCP, with a checksum on a serial line (and on a line behind a converter). Pure.

/// The header: transaction, protocol, length, unit.
const HEADER_BYTES: usize = 7;
/// The longest frame that the protocol allows.
pub(super) const MAX_FRAME_BYTES: usize = 260;

/// Addresses, function and checksum of a serial frame.
const SHORTEST_SERIAL: usize = 4;
/// A serial request of a function with two numbers: unit, function, address, count or value, checksum.
const SERIAL_REQUEST: usize = 8;

/// How frames are told apart on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// A header with a transaction number and a length.
    Tcp,
    /// A checksum; a frame's length follows from its function.
    Rtu,
}

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

impl Framing {
    /// Takes the first whole frame out of `bytes`; `None` while it is not whole yet.
    pub fn take(self, bytes: &mut Vec<u8>) -> Result<Option<Frame>, NotModbus> {
        match self {
            Self::Tcp => take_tcp(bytes),
            Self::Rtu => Ok(take_rtu(bytes)),
        }
    }

    /// The frame's bytes.
    pub fn bytes(self, frame: &Frame) -> Vec<u8> {
        match self {
            Self::Tcp => frame.tcp(),
            Self::Rtu => frame.rtu(),
        }
    }
}

/// What has no right checksum is passed over byte by byte: a line has noise, and a device waits for the next request.
fn take_rtu(bytes: &mut Vec<u8>) -> Option<Frame> {
    while bytes.len() >= SHORTEST_SERIAL {
        let length = match bytes[1] {
            // Writing several: the count of bytes stands at the seventh place.
            15 | 16 => usize::from(*bytes.get(6)?) + 9,
            _ => SERIAL_REQUEST,
        };
        if bytes.len() < length {
            return None;
        }
        let (body, sum) = bytes[..length].split_at(length - 2);
        if crc(body) == [sum[0], sum[1]] {
            let frame = Frame { transaction: 0, unit: body[0], pdu: body[1..].to_vec() };
            bytes.drain(..length);
            return Some(frame);
        }
        bytes.remove(0);
    }
    None
}

/// The checksum of serial Modbus, low byte first: CRC-16 with the polynomial 0xA001, begun at 0xFFFF.
pub(super) fn crc(bytes: &[u8]) -> [u8; 2] {
    let sum = bytes.iter().fold(0xFFFF_u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 })
    });
    sum.to_le_bytes()
}

fn take_tcp(bytes: &mut Vec<u8>) -> Result<Option<Frame>, NotModbus> {
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
    fn rtu(&self) -> Vec<u8> {
        let mut bytes = vec![self.unit];
        bytes.extend(&self.pdu);
        bytes.extend(crc(&bytes));
        bytes
    }

    fn tcp(&self) -> Vec<u8> {
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
        let take = |bytes: &mut Vec<u8>| Framing::Tcp.take(bytes);
        let first = take(&mut bytes).unwrap().unwrap();
        assert_eq!(first, Frame { transaction: 0x15, unit: 1, pdu: vec![3, 0, 0, 0, 2] });
        assert_eq!(Framing::Tcp.bytes(&first), request);
        assert_eq!(take(&mut bytes), Ok(None));
        bytes.extend(&request[9..]);
        assert_eq!(take(&mut bytes).unwrap().unwrap(), first);
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_no_modbus_is_refused() {
        let take = |bytes: &mut Vec<u8>| Framing::Tcp.take(bytes);
        assert_eq!(take(&mut b"GET / HTTP/1.1".to_vec()), Err(NotModbus));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 0, 1, 1]), Err(NotModbus));
        assert_eq!(take(&mut vec![0, 1, 0, 0, 1, 0, 1]), Err(NotModbus));
    }

    #[test]
    fn serial_frames_are_found_behind_noise_and_carry_their_checksum() {
        // The example of the serial line specification's users: unit 1 reads one holding register at 0, checksum 84 0A.
        let request = [1, 3, 0, 0, 0, 1, 0x84, 0x0A];
        let mut bytes = vec![0xFF, 0x00, 0x13];
        bytes.extend(request);
        let mut part = bytes.split_off(9);
        assert_eq!(Framing::Rtu.take(&mut bytes), Ok(None));
        bytes.append(&mut part);
        let frame = Framing::Rtu.take(&mut bytes).unwrap().unwrap();
        assert_eq!((frame.unit, &frame.pdu[..]), (1, &[3, 0, 0, 0, 1][..]));
        assert_eq!(Framing::Rtu.bytes(&frame), request);
        assert!(bytes.is_empty());
    }

    #[test]
    fn a_serial_write_of_several_registers_is_taken_whole() {
        let body = [9, 16, 0, 1, 0, 2, 4, 0, 10, 1, 2];
        let mut bytes = [&body[..], &crc(&body)].concat();
        let frame = Framing::Rtu.take(&mut bytes).unwrap().unwrap();
        assert_eq!((frame.unit, frame.pdu.len(), bytes.len()), (9, 10, 0));
    }
}
