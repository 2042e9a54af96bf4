//! Packets of clients, from whole frames. A body must be used up to its last byte.
//!
//! It judges form only; topics and filters are judged by `filter.rs`. Next: `encode.rs`, the other direction.

use bytes::Bytes;

use super::properties::{
    OF_ACK, OF_CONNECT, OF_DISCONNECT, OF_PUBLISH, OF_SUBSCRIBE, OF_UNSUBSCRIBE, OF_WILL, Properties,
};
use super::read::Reader;
use super::{AckKind, Connect, Fault, Packet, Publish, Qos, RetainHandling, Version, Wanted, Will, reason};

const LEFT_OVER: Fault = Fault::malformed("bytes behind the end of a packet's fields");

/// Reads the body of a CONNECT.
pub(crate) fn connect(body: &[u8]) -> Result<Connect, Fault> {
    let mut reader = Reader::new(body);
    if reader.text()? != "MQTT" {
        return Err(Fault { reason: reason::UNSUPPORTED_VERSION, what: "another protocol's name" });
    }
    let version = match reader.u8()? {
        4 => Version::V3,
        5 => Version::V5,
        _ => {
            return Err(Fault {
                reason: reason::UNSUPPORTED_VERSION,
                what: "a protocol level that is not spoken",
            });
        }
    };
    let flags = reader.u8()?;
    if flags & 1 != 0 {
        return Err(Fault::malformed("the reserved flag of CONNECT"));
    }
    let keep_alive_s = reader.u16()?;
    let properties = properties(version, &mut reader, OF_CONNECT)?;
    let client_id = reader.text()?.to_owned();
    let will = will(version, flags, &mut reader)?;
    let username = match flags & 0x80 {
        0 => None,
        _ => Some(reader.text()?.to_owned()),
    };
    let password = match flags & 0x40 {
        0 => None,
        _ if version == Version::V3 && username.is_none() => {
            return Err(Fault::malformed("a password without a user name"));
        }
        _ => Some(Bytes::copy_from_slice(reader.binary()?)),
    };
    ended(reader)?;
    Ok(Connect {
        version,
        clean_start: flags & 0x02 != 0,
        keep_alive_s,
        client_id,
        username,
        password,
        will,
        session_expiry_s: properties.session_expiry_s,
        receive_max: properties.receive_max.unwrap_or(u16::MAX),
        max_packet: properties.max_packet.unwrap_or(u32::MAX),
        topic_alias_max: properties.topic_alias_max.unwrap_or(0),
        wants_authentication: properties.authentication_method.is_some(),
    })
}

fn will(version: Version, flags: u8, reader: &mut Reader<'_>) -> Result<Option<Will>, Fault> {
    let qos = Qos::from_bits((flags >> 3) & 0b11).ok_or(Fault::malformed("QoS 3 for the will"))?;
    let retain = flags & 0x20 != 0;
    if flags & 0x04 == 0 {
        if retain || qos != Qos::AtMostOnce {
            return Err(Fault::malformed("flags of a will that is not there"));
        }
        return Ok(None);
    }
    let properties = properties(version, reader, OF_WILL)?;
    let topic = reader.text()?.into();
    let payload = Bytes::copy_from_slice(reader.binary()?);
    Ok(Some(Will {
        qos,
        retain,
        topic,
        payload,
        delay_s: properties.will_delay_s.unwrap_or(0),
        expiry_s: properties.message_expiry_s,
        carried: properties.carried(),
    }))
}

/// Reads the body of any packet after the CONNECT. Its first byte has passed `frame::front`.
pub(crate) fn packet(version: Version, first: u8, body: &[u8]) -> Result<Packet, Fault> {
    let reader = Reader::new(body);
    match first >> 4 {
        1 => Err(Fault::protocol("a second CONNECT")),
        3 => publish(version, first, reader).map(Packet::Publish),
        4 => ack(version, AckKind::PubAck, reader),
        5 => ack(version, AckKind::PubRec, reader),
        6 => ack(version, AckKind::PubRel, reader),
        7 => ack(version, AckKind::PubComp, reader),
        8 => subscribe(version, reader),
        10 => unsubscribe(version, reader),
        12 => ended(reader).map(|()| Packet::Ping),
        14 => disconnect(version, reader),
        15 if version == Version::V5 => Err(Fault::protocol("AUTH without an agreed method")),
        _ => Err(Fault::malformed("a packet type that does not exist")),
    }
}

fn properties(version: Version, reader: &mut Reader<'_>, allowed: &[u8]) -> Result<Properties, Fault> {
    match version {
        Version::V3 => Ok(Properties::default()),
        Version::V5 => Properties::read(reader, allowed),
    }
}

fn ended(reader: Reader<'_>) -> Result<(), Fault> {
    if reader.is_empty() { Ok(()) } else { Err(LEFT_OVER) }
}

fn publish(version: Version, first: u8, mut reader: Reader<'_>) -> Result<Publish, Fault> {
    let qos = Qos::from_bits((first >> 1) & 0b11).ok_or(Fault::malformed("QoS 3"))?;
    let topic = reader.text()?;
    let id = if qos == Qos::AtMostOnce { 0 } else { reader.packet_id()? };
    let properties = properties(version, &mut reader, OF_PUBLISH)?;
    let (alias, expiry_s) = (properties.topic_alias, properties.message_expiry_s);
    if topic.is_empty() && alias.is_none() {
        let reason = if version == Version::V5 { reason::PROTOCOL_ERROR } else { reason::MALFORMED };
        return Err(Fault { reason, what: "a publish without a topic" });
    }
    if topic.contains(['+', '#']) {
        return Err(Fault { reason: reason::TOPIC_NAME_INVALID, what: "a wildcard in a topic name" });
    }
    let payload = reader.rest();
    if properties.payload_is_text == Some(true) && std::str::from_utf8(payload).is_err() {
        return Err(Fault {
            reason: reason::PAYLOAD_FORMAT_INVALID,
            what: "a payload that is not the text it claims",
        });
    }
    Ok(Publish {
        qos,
        retain: first & 1 != 0,
        dup: first & 8 != 0,
        topic: topic.into(),
        id,
        alias,
        expiry_s,
        carried: properties.carried(),
        payload: Bytes::copy_from_slice(payload),
    })
}

fn ack(version: Version, kind: AckKind, mut reader: Reader<'_>) -> Result<Packet, Fault> {
    let id = reader.packet_id()?;
    if version == Version::V3 || reader.is_empty() {
        ended(reader)?;
        return Ok(Packet::Ack { kind, id, reason: reason::SUCCESS });
    }
    let found = reader.u8()?;
    let known: &[u8] = match kind {
        AckKind::PubAck | AckKind::PubRec => {
            &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, reason::PAYLOAD_FORMAT_INVALID]
        }
        AckKind::PubRel | AckKind::PubComp => &[0x00, reason::PACKET_ID_NOT_FOUND],
    };
    if !known.contains(&found) {
        return Err(Fault::malformed("an unknown reason code"));
    }
    if !reader.is_empty() {
        Properties::read(&mut reader, OF_ACK)?;
    }
    ended(reader)?;
    Ok(Packet::Ack { kind, id, reason: found })
}

fn subscribe(version: Version, mut reader: Reader<'_>) -> Result<Packet, Fault> {
    let id = reader.packet_id()?;
    let identifier = properties(version, &mut reader, OF_SUBSCRIBE)?.subscription_id;
    let mut filters = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text()?.to_owned();
        let options = reader.u8()?;
        let qos = Qos::from_bits(options & 0b11).ok_or(Fault::malformed("QoS 3 asked for"))?;
        let reserved = if version == Version::V5 { 0b1100_0000 } else { 0b1111_1100 };
        if options & reserved != 0 {
            return Err(Fault::malformed("reserved bits of a subscription"));
        }
        let retain_handling = match (options >> 4) & 0b11 {
            0 => RetainHandling::Always,
            1 => RetainHandling::IfNew,
            2 => RetainHandling::Never,
            _ => return Err(Fault::protocol("Retain Handling 3")),
        };
        let no_local = options & 0b100 != 0;
        if no_local && filter.starts_with("$share/") {
            return Err(Fault::protocol("No Local on a shared subscription"));
        }
        let retain_as_published = options & 0b1000 != 0;
        filters.push(Wanted { filter, qos, no_local, retain_as_published, retain_handling });
    }
    if filters.is_empty() {
        return Err(Fault::protocol("a SUBSCRIBE without a filter"));
    }
    Ok(Packet::Subscribe { id, identifier, filters })
}

fn unsubscribe(version: Version, mut reader: Reader<'_>) -> Result<Packet, Fault> {
    let id = reader.packet_id()?;
    properties(version, &mut reader, OF_UNSUBSCRIBE)?;
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(reader.text()?.to_owned());
    }
    if filters.is_empty() {
        return Err(Fault::protocol("an UNSUBSCRIBE without a filter"));
    }
    Ok(Packet::Unsubscribe { id, filters })
}

fn disconnect(version: Version, mut reader: Reader<'_>) -> Result<Packet, Fault> {
    if version == Version::V3 || reader.is_empty() {
        ended(reader)?;
        return Ok(Packet::Disconnect { reason: reason::SUCCESS, session_expiry_s: None });
    }
    let found = reader.u8()?;
    // Those that the standard lets a client send.
    let known = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
    if !known.contains(&found) {
        return Err(Fault::malformed("an unknown reason code"));
    }
    let mut session_expiry_s = None;
    if !reader.is_empty() {
        session_expiry_s = Properties::read(&mut reader, OF_DISCONNECT)?.session_expiry_s;
    }
    ended(reader)?;
    Ok(Packet::Disconnect { reason: found, session_expiry_s })
}
