//! Packets to clients, appended to a buffer.
//!
//! It decides nothing but the form; MQTT 3.1.1 gets no reason codes where it knows none. Next: `decode.rs`.

use bytes::{BufMut, BytesMut};

use super::properties as id;
use super::{AckKind, Carried, Qos, Version, reason};

/// What a CONNACK says. MQTT 3.1.1 is told only the first two.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connack {
    pub(crate) session_present: bool,
    /// Of MQTT 5; or MQTT 3.1.1's return code.
    pub(crate) code: u8,
    pub(crate) session_expiry_s: Option<u32>,
    pub(crate) receive_max: u16,
    pub(crate) max_packet: u32,
    pub(crate) assigned_client_id: Option<String>,
    pub(crate) topic_alias_max: u16,
    pub(crate) server_keep_alive_s: Option<u16>,
}

/// A PUBLISH to a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    /// Empty when `alias` stands for it.
    pub(crate) topic: &'a str,
    pub(crate) id: u16,
    pub(crate) alias: Option<u16>,
    pub(crate) expiry_s: Option<u32>,
    pub(crate) identifiers: &'a [u32],
    pub(crate) carried: Option<&'a Carried>,
    pub(crate) payload: &'a [u8],
}

/// Appends a CONNACK.
pub(crate) fn connack(version: Version, said: &Connack, out: &mut BytesMut) {
    let present = u8::from(said.session_present);
    if version == Version::V3 {
        out.put_slice(&[0x20, 2, present, said.code]);
        return;
    }
    let mut body = BytesMut::new();
    if said.code == reason::SUCCESS {
        optional_u32(&mut body, id::SESSION_EXPIRY, said.session_expiry_s);
        if said.receive_max < u16::MAX {
            body.put_u8(id::RECEIVE_MAX);
            body.put_u16(said.receive_max);
        }
        optional_u32(&mut body, id::MAX_PACKET, Some(said.max_packet));
        if let Some(client_id) = &said.assigned_client_id {
            body.put_u8(id::ASSIGNED_CLIENT_ID);
            text(&mut body, client_id);
        }
        if said.topic_alias_max > 0 {
            body.put_u8(id::TOPIC_ALIAS_MAX);
            body.put_u16(said.topic_alias_max);
        }
        if let Some(seconds) = said.server_keep_alive_s {
            body.put_u8(id::SERVER_KEEP_ALIVE);
            body.put_u16(seconds);
        }
    }
    out.put_u8(0x20);
    variable(out, 2 + variable_bytes(body.len()) + body.len());
    out.put_slice(&[present, said.code]);
    variable(out, body.len());
    out.put_slice(&body);
}

/// Bytes of a PUBLISH as [`publish`] would write it.
pub(crate) fn publish_bytes(version: Version, message: &Outgoing<'_>) -> usize {
    let body = publish_body(version, message);
    1 + variable_bytes(body) + body
}

/// Appends a PUBLISH unless it is larger than `max` bytes; tells whether it was.
pub(crate) fn publish(version: Version, message: &Outgoing<'_>, max: u32, out: &mut BytesMut) -> bool {
    if publish_bytes(version, message) > max as usize {
        return false;
    }
    let body = publish_body(version, message);
    out.reserve(5 + body);
    let flags = u8::from(message.dup) << 3 | (message.qos as u8) << 1 | u8::from(message.retain);
    out.put_u8(0x30 | flags);
    variable(out, body);
    text(out, message.topic);
    if message.qos != Qos::AtMostOnce {
        out.put_u16(message.id);
    }
    if version == Version::V5 {
        variable(out, publish_properties_bytes(message));
        publish_properties(message, out);
    }
    out.put_slice(message.payload);
    true
}

fn publish_body(version: Version, message: &Outgoing<'_>) -> usize {
    let id_bytes = if message.qos == Qos::AtMostOnce { 0 } else { 2 };
    let fixed = 2 + message.topic.len() + id_bytes + message.payload.len();
    match version {
        Version::V3 => fixed,
        Version::V5 => {
            let properties = publish_properties_bytes(message);
            fixed + variable_bytes(properties) + properties
        }
    }
}

fn publish_properties_bytes(message: &Outgoing<'_>) -> usize {
    let mut bytes = 0;
    bytes += if message.alias.is_some() { 3 } else { 0 };
    bytes += if message.expiry_s.is_some() { 5 } else { 0 };
    bytes += message.identifiers.iter().map(|number| 1 + variable_bytes(*number as usize)).sum::<usize>();
    if let Some(carried) = message.carried {
        bytes += if carried.payload_is_text.is_some() { 2 } else { 0 };
        bytes += carried.content_type.as_ref().map_or(0, |text| 3 + text.len());
        bytes += carried.response_topic.as_ref().map_or(0, |text| 3 + text.len());
        bytes += carried.correlation.as_ref().map_or(0, |data| 3 + data.len());
        bytes += carried.user.iter().map(|(name, value)| 5 + name.len() + value.len()).sum::<usize>();
    }
    bytes
}

fn publish_properties(message: &Outgoing<'_>, out: &mut BytesMut) {
    if let Some(alias) = message.alias {
        out.put_u8(id::TOPIC_ALIAS);
        out.put_u16(alias);
    }
    optional_u32(out, id::MESSAGE_EXPIRY, message.expiry_s);
    for number in message.identifiers {
        out.put_u8(id::SUBSCRIPTION_ID);
        variable(out, *number as usize);
    }
    let Some(carried) = message.carried else { return };
    if let Some(is_text) = carried.payload_is_text {
        out.put_slice(&[id::PAYLOAD_FORMAT, u8::from(is_text)]);
    }
    if let Some(content_type) = &carried.content_type {
        out.put_u8(id::CONTENT_TYPE);
        text(out, content_type);
    }
    if let Some(response_topic) = &carried.response_topic {
        out.put_u8(id::RESPONSE_TOPIC);
        text(out, response_topic);
    }
    if let Some(correlation) = &carried.correlation {
        out.put_u8(id::CORRELATION);
        binary(out, correlation);
    }
    for (name, value) in &carried.user {
        out.put_u8(id::USER);
        text(out, name);
        text(out, value);
    }
}

/// Appends a PUBACK, PUBREC, PUBREL or PUBCOMP.
pub(crate) fn ack(version: Version, kind: AckKind, packet_id: u16, code: u8, out: &mut BytesMut) {
    let [high, low] = packet_id.to_be_bytes();
    if version == Version::V3 || code == reason::SUCCESS {
        out.put_slice(&[kind as u8, 2, high, low]);
    } else {
        out.put_slice(&[kind as u8, 3, high, low, code]);
    }
}

/// Appends a SUBACK; the codes are already those of the version.
pub(crate) fn subscribe_answer(version: Version, packet_id: u16, codes: &[u8], out: &mut BytesMut) {
    answer(0x90, version, packet_id, codes, out);
}

/// Appends an UNSUBACK. MQTT 3.1.1's has no codes.
pub(crate) fn unsubscribe_answer(version: Version, packet_id: u16, codes: &[u8], out: &mut BytesMut) {
    let codes = if version == Version::V3 { &[] } else { codes };
    answer(0xB0, version, packet_id, codes, out);
}

fn answer(first: u8, version: Version, packet_id: u16, codes: &[u8], out: &mut BytesMut) {
    let properties = usize::from(version == Version::V5);
    out.put_u8(first);
    variable(out, 2 + properties + codes.len());
    out.put_u16(packet_id);
    out.put_bytes(0, properties);
    out.put_slice(codes);
}

/// Appends a PINGRESP.
pub(crate) fn ping_response(out: &mut BytesMut) {
    out.put_slice(&[0xD0, 0]);
}

/// Appends MQTT 5's DISCONNECT; MQTT 3.1.1 servers have none.
pub(crate) fn disconnect(version: Version, code: u8, out: &mut BytesMut) {
    if version == Version::V5 {
        out.put_slice(&[0xE0, 2, code, 0]);
    }
}

fn optional_u32(out: &mut BytesMut, property: u8, value: Option<u32>) {
    if let Some(value) = value {
        out.put_u8(property);
        out.put_u32(value);
    }
}

/// Texts and data come from packets, whose fields are at most 65,535 bytes long.
fn text(out: &mut BytesMut, text: &str) {
    binary(out, text.as_bytes());
}

fn binary(out: &mut BytesMut, data: &[u8]) {
    let data = &data[..data.len().min(usize::from(u16::MAX))];
    out.put_u16(data.len() as u16);
    out.put_slice(data);
}

fn variable(out: &mut BytesMut, mut value: usize) {
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        out.put_u8(if value > 0 { low | 0x80 } else { low });
        if value == 0 {
            return;
        }
    }
}

fn variable_bytes(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}
