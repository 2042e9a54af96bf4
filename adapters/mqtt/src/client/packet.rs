//! MQTT 3.1.1 on the wire, from the client's side. Pure: no socket, no clock; nothing here panics.
//!
//! Only what a client of QoS 0 and 1 needs. Read next: `link.rs`.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::MAX_PACKET_BYTES;

/// A packet of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    /// Its answer to CONNECT: whether it had our session, and 0 or why not.
    Connack { session_present: bool, code: u8 },
    /// A message; `id` with QoS 1.
    Publish { topic: String, payload: Bytes, id: Option<u16> },
    /// It has taken our message.
    Puback(u16),
    /// Its answers to our filters, in their order; 0x80 refuses.
    Suback(Vec<u8>),
    /// It answered an UNSUBSCRIBE.
    Unsuback,
    /// It lives.
    Pong,
}

/// Bytes that are no MQTT 3.1.1, or more than is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broker sent {0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// Takes the next whole packet off the front of `buffer`; `None` while it is not all there.
pub(super) fn next(buffer: &mut BytesMut) -> Result<Option<Packet>, Malformed> {
    let Some((length, length_bytes)) = remaining_length(buffer)? else { return Ok(None) };
    let whole = 1 + length_bytes + length;
    if whole > MAX_PACKET_BYTES {
        return Err(Malformed("a packet larger than 1 MiB"));
    }
    if buffer.len() < whole {
        return Ok(None);
    }
    let mut packet = buffer.split_to(whole).freeze();
    let first = packet[0];
    packet.advance(1 + length_bytes);
    read(first, packet).map(Some)
}

fn remaining_length(buffer: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let mut value = 0;
    for at in 0..4 {
        let Some(byte) = buffer.get(1 + at) else { return Ok(None) };
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    Err(Malformed("a length that is none"))
}

fn read(first: u8, mut body: Bytes) -> Result<Packet, Malformed> {
    let packet = match first {
        0x20 => {
            let (flags, code) = (u8_of(&mut body)?, u8_of(&mut body)?);
            Packet::Connack { session_present: flags & 1 == 1, code }
        }
        0x30..=0x3F => return publish(first, body),
        0x40 => Packet::Puback(id_of(&mut body)?),
        0x90 => {
            id_of(&mut body)?;
            Packet::Suback(body.split_to(body.len()).to_vec())
        }
        0xB0 => {
            id_of(&mut body)?;
            Packet::Unsuback
        }
        0xD0 => Packet::Pong,
        _ => return Err(Malformed("a packet that was not expected")),
    };
    if body.is_empty() { Ok(packet) } else { Err(Malformed("a packet with bytes left over")) }
}

fn publish(first: u8, mut body: Bytes) -> Result<Packet, Malformed> {
    let length = usize::from(id_or_length(&mut body)?);
    if body.len() < length {
        return Err(Malformed("a topic that is cut off"));
    }
    let topic = String::from_utf8(body.split_to(length).to_vec())
        .map_err(|_| Malformed("a topic that is no UTF-8"))?;
    if topic.is_empty() || topic.contains(['+', '#', '\0']) {
        return Err(Malformed("a topic that is none"));
    }
    let id = match (first >> 1) & 0b11 {
        0 => None,
        1 => Some(id_of(&mut body)?),
        // Nobody asked for it: every subscription is for QoS 1 at most.
        _ => return Err(Malformed("a message of QoS 2")),
    };
    Ok(Packet::Publish { topic, payload: body, id })
}

fn u8_of(body: &mut Bytes) -> Result<u8, Malformed> {
    if body.is_empty() { Err(Malformed("a packet that is cut off")) } else { Ok(body.get_u8()) }
}

fn id_or_length(body: &mut Bytes) -> Result<u16, Malformed> {
    if body.len() < 2 { Err(Malformed("a packet that is cut off")) } else { Ok(body.get_u16()) }
}

fn id_of(body: &mut Bytes) -> Result<u16, Malformed> {
    match id_or_length(body)? {
        0 => Err(Malformed("the packet identifier 0")),
        id => Ok(id),
    }
}

/// CONNECT: with a session that outlives the connection.
pub(super) fn connect(
    client_id: &str,
    user: Option<&str>,
    password: Option<&str>,
    keep_alive_s: u16,
    out: &mut BytesMut,
) {
    let mut body = BytesMut::new();
    text(&mut body, "MQTT");
    body.put_u8(4);
    // A password cannot be sent without a name.
    let password = password.filter(|_| user.is_some());
    body.put_u8(u8::from(user.is_some()) << 7 | u8::from(password.is_some()) << 6);
    body.put_u16(keep_alive_s);
    [Some(client_id), user, password].into_iter().flatten().for_each(|field| text(&mut body, field));
    packet(0x10, &body, out);
}

/// SUBSCRIBE to these filters, at QoS 1.
pub(super) fn subscribe(id: u16, filters: &[String], out: &mut BytesMut) {
    let mut body = BytesMut::new();
    body.put_u16(id);
    for filter in filters {
        text(&mut body, filter);
        body.put_u8(1);
    }
    packet(0x82, &body, out);
}

/// UNSUBSCRIBE from these filters.
pub(super) fn unsubscribe(id: u16, filters: &[String], out: &mut BytesMut) {
    let mut body = BytesMut::new();
    body.put_u16(id);
    filters.iter().for_each(|filter| text(&mut body, filter));
    packet(0xA2, &body, out);
}

/// PUBLISH at QoS 1.
pub(super) fn publish_to(id: u16, topic: &str, payload: &[u8], again: bool, out: &mut BytesMut) {
    let mut body = BytesMut::with_capacity(4 + topic.len() + payload.len());
    text(&mut body, topic);
    body.put_u16(id);
    body.put_slice(payload);
    packet(0x32 | u8::from(again) << 3, &body, out);
}

/// PUBACK.
pub(super) fn puback(id: u16, out: &mut BytesMut) {
    packet(0x40, &id.to_be_bytes(), out);
}

/// PINGREQ.
pub(super) fn ping(out: &mut BytesMut) {
    packet(0xC0, &[], out);
}

/// DISCONNECT.
pub(super) fn disconnect(out: &mut BytesMut) {
    packet(0xE0, &[], out);
}

fn packet(first: u8, body: &[u8], out: &mut BytesMut) {
    out.put_u8(first);
    let mut length = body.len();
    loop {
        let low = (length & 0x7F) as u8;
        length >>= 7;
        out.put_u8(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    out.put_slice(body);
}

/// Texts come from the configuration and are far shorter than the 65,535 bytes that fit.
fn text(out: &mut BytesMut, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    out.put_u16(bytes.len() as u16);
    out.put_slice(bytes);
}

/// Reads whatever bytes there are as a broker's: for fuzzing. Gives how many packets they held.
pub fn fuzz(bytes: &[u8]) -> usize {
    let mut buffer = BytesMut::from(bytes);
    let mut packets = 0;
    while let Ok(Some(_)) = next(&mut buffer) {
        packets += 1;
    }
    packets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Packet>, Malformed> {
        let mut buffer = BytesMut::from(bytes);
        let mut found = Vec::new();
        while let Some(packet) = next(&mut buffer)? {
            found.push(packet);
        }
        Ok(found)
    }

    #[test]
    fn a_brokers_packets_are_read_byte_by_byte_or_at_once() {
        let mut bytes = BytesMut::new();
        bytes.put_slice(&[0x20, 2, 1, 0]);
        publish_to(7, "đèn/1", b"on", true, &mut bytes);
        bytes
            .put_slice(&[0x30, 3, 0, 1, b'a', 0x40, 2, 0, 9, 0x90, 4, 0, 1, 1, 0x80, 0xB0, 2, 0, 1, 0xD0, 0]);
        let publish = |topic: &str, payload: &'static [u8], id| Packet::Publish {
            topic: topic.to_owned(),
            payload: Bytes::from_static(payload),
            id,
        };
        let expected = [
            Packet::Connack { session_present: true, code: 0 },
            publish("đèn/1", b"on", Some(7)),
            publish("a", b"", None),
            Packet::Puback(9),
            Packet::Suback(vec![1, 0x80]),
            Packet::Unsuback,
            Packet::Pong,
        ];
        assert_eq!(all(&bytes).unwrap(), expected);
        let mut buffer = BytesMut::new();
        let mut found = Vec::new();
        for byte in bytes {
            buffer.put_u8(byte);
            found.extend(next(&mut buffer).unwrap());
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_packet_of_a_broker_is_refused() {
        for bytes in [
            &[0x20, 1, 0][..],
            &[0x20, 3, 0, 0, 0],
            &[0x40, 2, 0, 0],
            &[0x30, 2, 0, 5],
            &[0x30, 3, 0, 1, b'+'],
            &[0x30, 3, 0, 1, 0xFF],
            &[0x34, 5, 0, 1, b'a', 0, 1],
            &[0x10, 0],
            &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            &[0x30, 0xFF, 0xFF, 0xFF, 0x7F],
        ] {
            assert!(all(bytes).is_err(), "{bytes:?}");
        }
    }
}
