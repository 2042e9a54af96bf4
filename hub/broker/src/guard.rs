//! A filter between the socket and the MQTT codec: lets only whole, consistently framed packets through.
//!
//! It exists for three reasons. The codec subtracts a PUBLISH's topic length from the packet's length unchecked, and
//! buffers MQTT 5 properties up to any size claimed; both are stopped here. The order of publishes is known for certain
//! only here; each payload gets a ticket (see `arrivals.rs`). And whether a client said goodbye must be known
//! before the closed socket is noticed. It never looks into payloads. Next: `gate.rs`.

use std::any::{Any, TypeId};
use std::cell::Cell;
use std::io;

use ntex::io::{FilterBuf, FilterLayer};
use ntex::util::BytesMut;

use crate::arrivals::{Arrivals, Ticket};

const CONNECT: u8 = 0x10;
const PUBLISH_KIND: u8 = 3;
const DISCONNECT: u8 = 0xE0;
/// Normal disconnection, the only MQTT 5 reason that discards the will.
const NORMAL: u8 = 0x00;
/// A packet of the forbidden type 0: the codec answers it as malformed, with the right reason code.
const POISON: &[u8] = &[0x00, 0x00];
/// CONNACK "unacceptable protocol version", which MQTT 3.1.1 asks for before closing.
const UNKNOWN_LEVEL: &[u8] = &[0x20, 0x02, 0x00, 0x01];

/// The filter's state for one connection.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Larger packets are passed on unchecked: the codec refuses them by their length field.
    max_packet_bytes: u32,
    /// Protocol level of the CONNECT: 4 or 5; 0 before it.
    level: Cell<u8>,
    /// Nothing more is checked: the codec is about to end this connection.
    finished: Cell<bool>,
    arrivals: Arrivals,
}

/// What is known of the packet at the front of the buffer.
#[derive(Debug, PartialEq, Eq)]
enum Front {
    /// Not all of it is here yet.
    Incomplete,
    /// A whole packet of so many bytes.
    Whole(usize),
    /// A whole PUBLISH: its length field ends and its payload starts at these places; so many bytes in all.
    Publish { body: usize, payload: usize, end: usize },
    /// A CONNECT of a protocol level that is not spoken here; so many bytes.
    UnknownLevel(usize),
    /// The codec will refuse it by its header.
    Refusable,
    /// Its lengths contradict each other, or it has no place here.
    Broken,
}

impl Guard {
    pub(crate) fn new(max_packet_bytes: u32) -> Guard {
        Guard {
            max_packet_bytes,
            level: Cell::new(0),
            finished: Cell::new(false),
            arrivals: Arrivals::default(),
        }
    }

    fn front(&self, bytes: &[u8]) -> Front {
        let Some(&kind) = bytes.first() else { return Front::Incomplete };
        if self.level.get() == 0 && kind != CONNECT {
            return Front::Refusable;
        }
        let (length, length_bytes) = match variable_length(&bytes[1..]) {
            Varint::Incomplete => return Front::Incomplete,
            Varint::Invalid => return Front::Refusable,
            Varint::Value(length, length_bytes) => (length, length_bytes),
        };
        if length > self.max_packet_bytes {
            return Front::Refusable;
        }
        let start = 1 + length_bytes;
        let end = start + length as usize;
        let Some(body) = bytes.get(start..end) else { return Front::Incomplete };
        if self.level.get() == 0 {
            let level = body.get(6).copied().unwrap_or(0);
            self.level.set(level);
            let unknown = body.starts_with(b"\x00\x04MQTT") && !matches!(level, 4 | 5);
            return if unknown { Front::UnknownLevel(end) } else { Front::Whole(end) };
        }
        if kind == CONNECT {
            return Front::Broken;
        }
        if kind >> 4 == PUBLISH_KIND {
            return match self.publish_header(kind, body) {
                Some(header) => Front::Publish { body: start, payload: start + header, end },
                None => Front::Broken,
            };
        }
        if kind == DISCONNECT && (self.level.get() < 5 || body.first().is_none_or(|reason| *reason == NORMAL))
        {
            self.arrivals.note_goodbye();
        }
        Front::Whole(end)
    }

    /// Bytes of a PUBLISH before its payload, if they fit into it.
    fn publish_header(&self, kind: u8, body: &[u8]) -> Option<usize> {
        let topic_length = u16::from_be_bytes(*body.first_chunk::<2>()?);
        let mut header = 2 + usize::from(topic_length);
        if (kind >> 1) & 0b11 != 0 {
            header += 2;
        }
        if self.level.get() >= 5 {
            let Varint::Value(length, bytes) = variable_length(body.get(header..)?) else { return None };
            header += bytes + length as usize;
        }
        (header <= body.len()).then_some(header)
    }

    /// Passes the packets at the front of `source` on; tells what stands in the way of the rest.
    fn pass_on(&self, source: &[u8], checked: &mut BytesMut) -> (usize, Front) {
        let mut passed = 0;
        loop {
            let rest = &source[passed..];
            match self.front(rest) {
                Front::Whole(end) => {
                    checked.extend_from_slice(&rest[..end]);
                    passed += end;
                }
                Front::Publish { body, payload, end } => {
                    let ticket = self.arrivals.arrive(&rest[payload..end]);
                    let after_ticket = (payload + Ticket::BYTES).min(end);
                    checked.extend_from_slice(&rest[..1]);
                    push_variable_length(checked, payload - body + Ticket::BYTES + end - after_ticket);
                    checked.extend_from_slice(&rest[body..payload]);
                    checked.extend_from_slice(&ticket.to_bytes());
                    checked.extend_from_slice(&rest[after_ticket..end]);
                    passed += end;
                }
                obstacle => return (passed, obstacle),
            }
        }
    }
}

impl FilterLayer for Guard {
    fn query(&self, id: TypeId) -> Option<Box<dyn Any>> {
        (id == TypeId::of::<Arrivals>()).then(|| Box::new(self.arrivals.clone()) as Box<dyn Any>)
    }

    fn process_read_buf(&self, buffers: &FilterBuf<'_>) -> io::Result<()> {
        let unknown_level = buffers.with_read_buffers(|source, checked| {
            let Some(source) = source else { return false };
            if self.finished.get() {
                source.clear();
                return false;
            }
            let (passed, obstacle) = self.pass_on(source, checked);
            if obstacle == Front::Incomplete {
                drop(source.split_to(passed));
                return false;
            }
            self.finished.set(true);
            match obstacle {
                Front::Refusable => checked.extend_from_slice(&source[passed..]),
                Front::UnknownLevel(_) => {}
                _ => checked.extend_from_slice(POISON),
            }
            source.clear();
            matches!(obstacle, Front::UnknownLevel(_))
        });
        if unknown_level {
            buffers.with_write_buffers(|_, destination| destination.extend_from_slice(UNKNOWN_LEVEL));
            buffers.io().close();
        }
        Ok(())
    }

    fn process_write_buf(&self, buffers: &FilterBuf<'_>) -> io::Result<()> {
        buffers.with_write_buffers(|source, destination| {
            if !source.is_empty() {
                source.move_to(destination);
            }
        });
        Ok(())
    }
}

enum Varint {
    Incomplete,
    Invalid,
    Value(u32, usize),
}

/// MQTT's variable byte integer: seven bits a byte, at most four bytes.
fn variable_length(bytes: &[u8]) -> Varint {
    let mut value = 0u32;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Varint::Value(value, index + 1);
        }
    }
    if bytes.len() < 4 { Varint::Incomplete } else { Varint::Invalid }
}

fn push_variable_length(buffer: &mut BytesMut, mut value: usize) {
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        buffer.extend_from_slice(&[if value > 0 { low | 0x80 } else { low }]);
        if value == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected(level: u8) -> Guard {
        let guard = Guard::new(1_000);
        guard.level.set(level);
        guard
    }

    #[test]
    fn the_level_is_read_from_the_connect() {
        let guard = Guard::new(1_000);
        let connect = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00";
        assert_eq!(guard.front(&connect[..10]), Front::Incomplete);
        assert_eq!(guard.front(connect), Front::Whole(15));
        assert_eq!(guard.level.get(), 5);
        assert_eq!(guard.front(connect), Front::Broken, "a second CONNECT has no place");
    }

    #[test]
    fn a_publish_is_held_until_it_is_whole() {
        let publish = b"\x30\x06\x00\x01abcd\xC0\x00";
        for cut in 0..8 {
            assert_eq!(connected(4).front(&publish[..cut]), Front::Incomplete, "cut at {cut}");
        }
        assert_eq!(connected(4).front(publish), Front::Publish { body: 2, payload: 5, end: 8 });
    }

    #[test]
    fn a_ticket_is_written_over_each_payload() {
        let guard = connected(4);
        let mut checked = BytesMut::new();
        let packets = b"\x30\x06\x00\x01abcd\xC0\x00\x30\x0c\x00\x01a123456789\x32\x07\x00\x01x\x00\x09";
        assert_eq!(guard.pass_on(packets, &mut checked), (24, Front::Incomplete));
        let short = b"\x30\x0b\x00\x01a\0\0\0\0\0\0\0\0\xC0\x00";
        let long = b"\x30\x0c\x00\x01a\0\0\0\0\0\0\0\x019";
        assert_eq!(&checked[..], [&short[..], long].concat());
        assert_eq!(guard.arrivals.restore(b"\0\0\0\0\0\0\0\0").unwrap().1, "bcd");
        assert_eq!(guard.arrivals.restore(b"\0\0\0\0\0\0\0\x019").unwrap().1, "123456789");
    }

    #[test]
    fn a_level_that_is_not_spoken_is_noticed() {
        assert_eq!(Guard::new(1_000).front(b"\x10\x0a\x00\x04MQTT\x06\x02\x00\x3c"), Front::UnknownLevel(12));
    }

    #[test]
    fn a_topic_longer_than_its_packet_is_broken() {
        assert_eq!(connected(4).front(b"\x30\x04\xff\xffab"), Front::Broken);
        assert_eq!(connected(4).front(b"\x32\x03\x00\x01a"), Front::Broken, "no room for the packet id");
        assert_eq!(connected(4).front(b"\x30\x01\x00"), Front::Broken);
    }

    #[test]
    fn properties_longer_than_their_packet_are_broken() {
        assert_eq!(connected(5).front(b"\x30\x05\x00\x01a\xff\x7f"), Front::Broken);
        assert_eq!(connected(5).front(b"\x30\x03\x00\x01a"), Front::Broken);
        assert_eq!(
            connected(5).front(b"\x30\x05\x00\x01a\x00x"),
            Front::Publish { body: 2, payload: 6, end: 7 }
        );
    }

    #[test]
    fn what_the_codec_refuses_by_its_length_is_passed_on() {
        assert_eq!(connected(4).front(b"\x30\xff\xff\x7f"), Front::Refusable);
        assert_eq!(connected(4).front(b"\x30\xff\xff\xff\xff\x01"), Front::Refusable);
    }

    #[test]
    fn only_a_normal_goodbye_discards_the_will() {
        for (level, packet, said) in [
            (4, &b"\xE0\x00"[..], true),
            (5, b"\xE0\x00", true),
            (5, b"\xE0\x02\x00\x00", true),
            (5, b"\xE0\x02\x04\x00", false),
            (5, b"\xE0\x01\x81", false),
        ] {
            let guard = connected(level);
            assert_eq!(guard.front(packet), Front::Whole(packet.len()));
            assert_eq!(guard.arrivals.said_goodbye(), said, "{packet:?}");
        }
    }
}
