//! MQTT bytes on a plain socket, for what no well-behaved client would send.
//!
//! It understands only the fixed header. Next: `mod.rs`.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::{BOUND, PASSWORD};

pub struct Raw(TcpStream);

impl Raw {
    pub fn open(address: SocketAddr) -> Raw {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(BOUND)).unwrap();
        Raw(socket)
    }

    /// Connects with this protocol level (4 or 5) and takes the good CONNACK.
    pub fn connected(address: SocketAddr, level: u8, username: &str, client_id: &str) -> Raw {
        let mut raw = Raw::open(address);
        raw.send(&connect(level, username, PASSWORD, client_id));
        let (kind, body) = raw.packet().expect("a CONNACK");
        assert_eq!((kind, body[1]), (0x20, 0), "CONNACK {body:?}");
        raw
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // The broker may already have closed; then reading tells.
        let _ = self.0.write_all(bytes);
    }

    /// The next packet's first byte and body; nothing when the broker closed.
    pub fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.byte()?;
        let mut length = 0usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((kind, body))
    }

    /// Asserts that nothing but (for MQTT 5) a DISCONNECT with this reason comes before the end.
    pub fn expect_closed(mut self, level: u8, reason: u8) {
        match self.packet() {
            None => assert_eq!(level, 4, "MQTT 5 is told the reason {reason:#x}"),
            Some((kind, body)) => {
                assert_eq!((level, kind, body.first().copied()), (5, 0xE0, Some(reason)), "{body:x?}");
                assert_eq!(self.packet(), None);
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            Ok(_) => None,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the broker neither answered nor closed")
            }
            Err(_) => None,
        }
    }
}

/// A packet with its length field.
pub fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut length = body.len();
    loop {
        let byte = (length & 0x7F) as u8;
        length >>= 7;
        bytes.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

/// A text with its length before it.
pub fn text(value: &str) -> Vec<u8> {
    let mut bytes = (value.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(value.as_bytes());
    bytes
}

/// A CONNECT with clean session, user name and password.
pub fn connect(level: u8, username: &str, password: &str, client_id: &str) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend_from_slice(&[level, 0xC2, 0, 60]);
    if level == 5 {
        body.push(0);
    }
    for value in [client_id, username, password] {
        body.extend(text(value));
    }
    packet(0x10, &body)
}

/// A PUBLISH; `id` makes it QoS 1.
pub fn publish(level: u8, topic: &str, id: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    if let Some(id) = id {
        body.extend_from_slice(&id.to_be_bytes());
    }
    if level == 5 {
        body.push(0);
    }
    body.extend_from_slice(payload);
    packet(if id.is_some() { 0x32 } else { 0x30 }, &body)
}
