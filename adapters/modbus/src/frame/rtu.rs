//! Serial frames: unit, content, checksum, and nothing that says where one begins. Pure.
//!
//! A frame is found by its length, which follows from its function, and by its checksum, at any offset: noise before, between
//! and after frames is passed over. Silences are not trusted, for converters and gateways do not keep them.

use super::Framed;
use crate::ask::EXCEPTION;

/// The longest frame that the protocol knows.
pub const LONGEST: usize = 256;
/// The most bytes that are kept while a frame is looked for; then the oldest go.
pub const BUFFER_BYTES: usize = 4 * LONGEST;
/// Where a frame's content begins.
pub(crate) const CONTENT_AT: usize = 1;
/// An exception's frame: unit, function, code, checksum.
const SHORTEST: usize = 5;

/// A request's frame.
pub fn encode(unit_id: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(content.len() + 3);
    frame.push(unit_id);
    frame.extend(content);
    let crc = checksum(&frame);
    frame.extend(crc.to_le_bytes());
    frame
}

/// Takes the first frame with a right checksum out of `buffer`, and all that stands before it; `None` when there is none yet.
/// When nothing is found, bytes beyond [`BUFFER_BYTES`] are dropped, the oldest first.
pub fn take(buffer: &mut Vec<u8>) -> Option<Framed> {
    let found = (0..buffer.len()).find_map(|offset| {
        let length = length_of(&buffer[offset..])?;
        let frame = buffer.get(offset..offset + length)?;
        is_right(frame).then_some((offset, length))
    });
    let Some((offset, length)) = found else {
        buffer.drain(..buffer.len().saturating_sub(BUFFER_BYTES));
        return None;
    };
    let frame: Vec<u8> = buffer.drain(..offset + length).skip(offset).collect();
    Some(Framed { unit_id: frame[0], content: frame[1..length - 2].to_vec() })
}

/// Whether the bytes are a whole frame of this unit whose checksum is wrong: waiting for more will not mend it.
pub fn is_spoilt(buffer: &[u8], unit_id: u8) -> bool {
    buffer.first() == Some(&unit_id) && length_of(buffer).is_some_and(|length| buffer.len() >= length)
}

/// How long the frame is that would begin here; `None` where none can, or too little is there to tell.
fn length_of(bytes: &[u8]) -> Option<usize> {
    match *bytes.get(1)? {
        1..=4 => Some(SHORTEST + usize::from(*bytes.get(2)?)).filter(|length| *length <= LONGEST),
        5 | 6 | 15 | 16 => Some(8),
        function if function & EXCEPTION != 0 => Some(SHORTEST),
        _ => None,
    }
}

fn is_right(frame: &[u8]) -> bool {
    let (content, crc) = frame.split_at(frame.len() - 2);
    checksum(content).to_le_bytes() == crc
}

/// The protocol's CRC-16, polynomial 0xA001 from 0xFFFF.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte),
            |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        encode(17, &[3, 4, 0xAE, 0x41, 0x56, 0x52])
    }

    #[test]
    fn the_checksum_is_the_specifications() {
        // The example of the specification, 11 03 00 6B 00 03: 76 87.
        assert_eq!(encode(0x11, &[3, 0, 0x6B, 0, 3])[6..], [0x76, 0x87]);
    }

    #[test]
    fn a_frame_is_found_behind_noise_and_before_it() {
        let mut buffer = vec![0x00, 0xFF, 17, 3];
        buffer.extend(answer());
        buffer.extend([0x55, 0x11]);
        let found = take(&mut buffer).unwrap();
        assert_eq!((found.unit_id, found.content), (17, vec![3, 4, 0xAE, 0x41, 0x56, 0x52]));
        assert_eq!(buffer, [0x55, 0x11]);
    }

    #[test]
    fn a_frame_in_single_bytes_is_found_when_its_last_byte_is_there() {
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        for byte in answer() {
            buffer.push(byte);
            found.extend(take(&mut buffer));
        }
        assert_eq!((found.len(), buffer.len()), (1, 0));
    }

    #[test]
    fn a_wrong_checksum_is_no_frame_and_the_next_frame_is_found() {
        let mut buffer = answer();
        buffer[4] ^= 1;
        assert_eq!(take(&mut buffer), None);
        assert!(is_spoilt(&buffer, 17) && !is_spoilt(&buffer, 18) && !is_spoilt(&buffer[..6], 17));
        buffer.extend(encode(17, &[0x83, 2]));
        assert_eq!(take(&mut buffer).unwrap().content, [0x83, 2]);
    }

    #[test]
    fn noise_is_kept_within_the_bound() {
        let mut buffer = vec![0x2A; 10_000];
        assert_eq!(take(&mut buffer), None);
        assert_eq!(buffer.len(), BUFFER_BYTES);
    }
}
