//! The codec alone: what is written can be read, whatever bytes come never panic, and each rule of form has its code.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::*;

const BOTH: [Version; 2] = [Version::V3, Version::V5];

/// Reads one packet that fills `bytes` wholly.
fn read(version: Version, bytes: &[u8]) -> Result<Packet, Fault> {
    match front(bytes, 1 << 20) {
        Front::Whole(frame) if frame.whole == bytes.len() => {
            packet(version, frame.first, &bytes[frame.header..])
        }
        Front::Faulty(fault) => Err(fault),
        other => panic!("{other:?} of {bytes:x?}"),
    }
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    assert!(body.len() < 128);
    [&[first, body.len() as u8], body].concat()
}

/// A row for each thing that MQTT forbids: what it is, the version (0: both), the packet, the reason code.
#[test]
fn each_breach_of_form_has_its_reason_code() {
    let rows: &[(&str, u8, u8, &[u8], u8)] = &[
        ("QoS 3", 0, 0x36, b"\x00\x01a\x00\x01\x00", 0x81),
        ("DUP on QoS 0", 0, 0x38, b"\x00\x01a\x00", 0x81),
        ("no topic", 4, 0x30, b"\x00\x00x", 0x81),
        ("no topic and no alias", 5, 0x30, b"\x00\x00\x00x", 0x82),
        ("a topic longer than the packet", 0, 0x30, b"\x00\x09a\x00", 0x81),
        ("half a length of a topic", 0, 0x30, b"\x00", 0x81),
        ("U+0000 in a topic", 0, 0x30, b"\x00\x03a\x00b\x00", 0x81),
        ("a lone surrogate in a topic", 0, 0x30, b"\x00\x03\xed\xa0\x80\x00", 0x81),
        ("an overlong character in a topic", 0, 0x30, b"\x00\x02\xc0\xaf\x00", 0x81),
        ("a byte that is no UTF-8", 0, 0x30, b"\x00\x01\xff\x00", 0x81),
        ("a wildcard in a topic", 0, 0x30, b"\x00\x03a/+\x00", 0x90),
        ("no room for the packet identifier", 0, 0x32, b"\x00\x01a\x00", 0x81),
        ("packet identifier 0", 0, 0x32, b"\x00\x01a\x00\x00\x00", 0x81),
        ("properties longer than the packet", 5, 0x30, b"\x00\x01a\x05\x01", 0x81),
        ("a length of properties without end", 5, 0x30, b"\x00\x01a\xff\xff\xff\xff\x01", 0x81),
        ("a padded length of properties", 5, 0x30, b"\x00\x01a\x80\x00", 0x81),
        ("an unknown property", 5, 0x30, b"\x00\x01a\x02\x7e\x01", 0x81),
        ("a property of another packet", 5, 0x30, b"\x00\x01a\x03\x21\x00\x01", 0x81),
        ("a subscription identifier of a client", 5, 0x30, b"\x00\x01a\x02\x0b\x01", 0x81),
        ("a property twice", 5, 0x30, b"\x00\x01a\x04\x01\x00\x01\x00", 0x82),
        ("payload format 2", 5, 0x30, b"\x00\x01a\x02\x01\x02", 0x82),
        ("a payload that is not the text it claims", 5, 0x30, b"\x00\x01a\x02\x01\x01\xff", 0x99),
        ("topic alias 0", 5, 0x30, b"\x00\x01a\x03\x23\x00\x00", 0x94),
        ("a wildcard in the response topic", 5, 0x30, b"\x00\x01a\x04\x08\x00\x01#", 0x82),
        ("U+0000 in a user property", 5, 0x30, b"\x00\x01a\x07\x26\x00\x01k\x00\x01\x00", 0x81),
        ("PUBACK with flags", 0, 0x41, b"\x00\x01", 0x81),
        ("PUBACK of identifier 0", 0, 0x40, b"\x00\x00", 0x81),
        ("half a PUBACK", 0, 0x40, b"\x00", 0x81),
        ("PUBACK with a reason in 3.1.1", 4, 0x40, b"\x00\x01\x00", 0x81),
        ("PUBACK with an unknown reason", 5, 0x40, b"\x00\x01\x42", 0x81),
        ("PUBACK with bytes left over", 5, 0x40, b"\x00\x01\x00\x00\x00", 0x81),
        ("PUBREL with wrong flags", 0, 0x60, b"\x00\x01", 0x81),
        ("PUBREL with an unknown reason", 5, 0x62, b"\x00\x01\x80", 0x81),
        ("SUBSCRIBE with wrong flags", 0, 0x80, b"\x00\x01", 0x81),
        ("SUBSCRIBE of identifier 0", 0, 0x82, b"\x00\x00\x00\x00\x01a\x00", 0x81),
        ("SUBSCRIBE without a filter", 4, 0x82, b"\x00\x01", 0x82),
        ("SUBSCRIBE without a filter", 5, 0x82, b"\x00\x01\x00", 0x82),
        ("a filter without options", 4, 0x82, b"\x00\x01\x00\x01a", 0x81),
        ("QoS 3 asked for", 4, 0x82, b"\x00\x01\x00\x01a\x03", 0x81),
        ("reserved bits of 3.1.1", 4, 0x82, b"\x00\x01\x00\x01a\x04", 0x81),
        ("reserved bits of 5", 5, 0x82, b"\x00\x01\x00\x00\x01a\x40", 0x81),
        ("Retain Handling 3", 5, 0x82, b"\x00\x01\x00\x00\x01a\x30", 0x82),
        ("subscription identifier 0", 5, 0x82, b"\x00\x01\x02\x0b\x00\x00\x01a\x00", 0x82),
        ("No Local on a shared subscription", 5, 0x82, b"\x00\x01\x00\x00\x0a$share/g/a\x04", 0x82),
        ("UNSUBSCRIBE without a filter", 4, 0xA2, b"\x00\x01", 0x82),
        ("UNSUBSCRIBE with wrong flags", 0, 0xA0, b"\x00\x01", 0x81),
        ("a ping with a body", 0, 0xC0, b"\x00", 0x81),
        ("DISCONNECT with a body in 3.1.1", 4, 0xE0, b"\x00", 0x81),
        ("DISCONNECT with an unknown reason", 5, 0xE0, b"\x8e", 0x81),
        ("AUTH", 5, 0xF0, b"", 0x82),
        ("packet type 15 in 3.1.1", 4, 0xF0, b"", 0x81),
        ("packet type 0", 0, 0x00, b"", 0x81),
        ("CONNACK of a client", 0, 0x20, b"\x00\x00", 0x82),
        ("SUBACK of a client", 0, 0x90, b"\x00\x01\x00", 0x82),
        ("PINGRESP of a client", 0, 0xD0, b"", 0x82),
        ("a second CONNECT", 0, 0x10, b"", 0x82),
    ];
    for (what, level, first, body, code) in rows {
        for version in BOTH {
            if *level == 0 || (*level == 5) == (version == Version::V5) {
                let found = read(version, &framed(*first, body));
                assert_eq!(found.map_err(|fault| fault.reason), Err(*code), "{what}, {version:?}");
            }
        }
    }
}

#[test]
fn each_breach_of_form_in_a_connect_has_its_reason_code() {
    let rows: &[(&str, &[u8], u8)] = &[
        ("another protocol", b"\x00\x04MQTX\x04\x02\x00\x3c\x00\x00", 0x84),
        ("MQTT 3.1", b"\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00", 0x84),
        ("level 6", b"\x00\x04MQTT\x06\x02\x00\x3c\x00\x00", 0x84),
        ("the reserved flag", b"\x00\x04MQTT\x04\x03\x00\x3c\x00\x00", 0x81),
        ("will QoS without a will", b"\x00\x04MQTT\x04\x0a\x00\x3c\x00\x00", 0x81),
        ("will retain without a will", b"\x00\x04MQTT\x04\x22\x00\x3c\x00\x00", 0x81),
        ("will QoS 3", b"\x00\x04MQTT\x04\x1e\x00\x3c\x00\x00\x00\x01a\x00\x00", 0x81),
        ("a will that is not there", b"\x00\x04MQTT\x04\x06\x00\x3c\x00\x00", 0x81),
        ("a password without a name in 3.1.1", b"\x00\x04MQTT\x04\x42\x00\x3c\x00\x00\x00\x01p", 0x81),
        ("a name that is not there", b"\x00\x04MQTT\x04\x82\x00\x3c\x00\x00", 0x81),
        ("U+0000 in the client identifier", b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x01\x00", 0x81),
        ("bytes left over", b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x00\x00", 0x81),
        ("no properties in 5", b"\x00\x04MQTT\x05\x02\x00\x3c", 0x81),
        ("Receive Maximum 0", b"\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x00\x00\x00", 0x82),
        ("Maximum Packet Size 0", b"\x00\x04MQTT\x05\x02\x00\x3c\x05\x27\x00\x00\x00\x00\x00\x00", 0x82),
        ("Session Expiry twice", b"\x00\x04MQTT\x05\x02\x00\x3c\x0a\x11\0\0\0\0\x11\0\0\0\0\x00\x00", 0x82),
        ("a problem flag of 2", b"\x00\x04MQTT\x05\x02\x00\x3c\x02\x17\x02\x00\x00", 0x82),
        ("authentication data alone", b"\x00\x04MQTT\x05\x02\x00\x3c\x03\x16\x00\x00\x00\x00", 0x82),
        ("nothing", b"", 0x81),
    ];
    for (what, body, code) in rows {
        assert_eq!(connect(body).map_err(|fault| fault.reason), Err(*code), "{what}");
    }
}

#[test]
fn a_whole_connect_is_understood() {
    let mut body =
        b"\x00\x04MQTT\x05\xee\x00\x0a\x13\x11\0\0\0\x07\x21\0\x09\x27\0\0\x10\0\x22\0\x03\x17\0\x19\x01"
            .to_vec();
    body[10] = body.len() as u8 - 11;
    body.extend(b"\x00\x04\xc4\x91\xc3\xa8\x07\x18\0\0\0\x05\x01\x01\x00\x01t\x00\x02xy\x00\x01u\x00\x01p");
    let found = connect(&body).unwrap();
    assert_eq!((found.version, found.clean_start, found.keep_alive_s), (Version::V5, true, 10));
    assert_eq!((&*found.client_id, found.session_expiry_s, found.receive_max), ("đè", Some(7), 9));
    assert_eq!((found.max_packet, found.topic_alias_max), (4096, 3));
    assert_eq!((found.username.as_deref(), found.password), (Some("u"), Some(Bytes::from_static(b"p"))));
    let will = found.will.unwrap();
    assert_eq!(
        (&*will.topic, &will.payload[..], will.qos, will.retain),
        ("t", &b"xy"[..], Qos::AtLeastOnce, true)
    );
    assert_eq!(will.delay_s, 5);
}

#[test]
fn lengths_are_those_of_mqtt() {
    assert_eq!(front(b"\x30", 100), Front::Incomplete { needed: 2 });
    assert_eq!(front(b"\x30\x80", 100), Front::Incomplete { needed: 3 });
    assert_eq!(front(b"\x30\x04abc", 100), Front::Incomplete { needed: 6 });
    assert_eq!(front(b"\x30\xff\xff\xff\x7f", 100), Front::TooLarge { bytes: 268_435_460 });
    assert!(matches!(front(b"\x30\xff\xff\xff\xff", 100), Front::Faulty(_)));
    assert!(matches!(front(b"\x30\x80\x00", 100), Front::Faulty(_)), "padded");
}

fn carried() -> impl Strategy<Value = Option<Box<Carried>>> {
    let text = || proptest::option::of("[a-zđèạ/]{0,9}".prop_map(|text: String| text.into_boxed_str()));
    let user = prop::collection::vec(("[a-zđ]{0,5}", "[a-z]{0,5}"), 0..3);
    (any::<Option<bool>>(), text(), text(), proptest::option::of(any::<[u8; 3]>()), user).prop_map(
        |(payload_is_text, content_type, response_topic, correlation, user)| {
            let carried = Carried {
                payload_is_text,
                content_type,
                response_topic,
                correlation: correlation.map(|data| Bytes::copy_from_slice(&data)),
                user: user.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            };
            (carried != Carried::default()).then(|| Box::new(carried))
        },
    )
}

proptest! {
    /// Whatever is sent to a client can be read back, and takes exactly the bytes that were counted before.
    #[test]
    fn what_is_written_is_read_back(
        topic in "[a-zđ/]{1,200}", payload in "[ -~]{0,300}", bits in 0u8..3, retain: bool, dup: bool,
        id in 1u16.., alias in proptest::option::of(1u16..), expiry_s: Option<u32>, carried in carried(), five: bool,
    ) {
        let version = if five { Version::V5 } else { Version::V3 };
        let qos = Qos::from_bits(bits).unwrap();
        let id = if qos == Qos::AtMostOnce { 0 } else { id };
        let dup = dup && qos != Qos::AtMostOnce;
        let outgoing = Outgoing {
            qos, retain, dup, topic: &topic, id, alias, expiry_s, identifiers: &[],
            carried: carried.as_deref(), payload: payload.as_bytes(),
        };
        let mut out = BytesMut::new();
        let bytes = encode::publish_bytes(version, &outgoing);
        prop_assert!(!publish(version, &outgoing, bytes as u32 - 1, &mut out), "one byte too large");
        prop_assert!(publish(version, &outgoing, bytes as u32, &mut out));
        prop_assert_eq!(out.len(), bytes);
        let expected = Publish {
            qos, retain, dup, topic: topic.into(), id,
            alias: alias.filter(|_| five),
            expiry_s: expiry_s.filter(|_| five),
            carried: carried.filter(|_| five),
            payload: Bytes::from(payload),
        };
        prop_assert_eq!(read(version, &out), Ok(Packet::Publish(expected)));
    }

    /// Real packets with bytes changed, cut off or put in, and bytes of chance: read or refused, never a panic.
    #[test]
    fn fuzz_packets(
        sample in prop::sample::select(SAMPLES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6),
        chance in prop::collection::vec(any::<u8>(), 0..64),
        five: bool,
    ) {
        let version = if five { Version::V5 } else { Version::V3 };
        let mut bytes = sample.to_vec();
        for (place, byte, kind) in changes {
            let place = place.index(bytes.len().max(1));
            match kind {
                0 if place < bytes.len() => bytes[place] = byte,
                1 => bytes.truncate(place),
                _ => bytes.insert(place.min(bytes.len()), byte),
            }
        }
        for mut bytes in [&bytes[..], &chance[..]] {
            while let Front::Whole(frame) = front(bytes, 1 << 16) {
                prop_assert!(frame.whole <= bytes.len() && frame.header <= frame.whole);
                let body = &bytes[frame.header..frame.whole];
                let _whatever = (packet(version, frame.first, body), connect(body));
                bytes = &bytes[frame.whole..];
            }
        }
    }
}

/// Packets as clients send them.
const SAMPLES: &[&[u8]] = &[
    b"\x10\x1c\x00\x04MQTT\x04\xc2\x00\x3c\x00\x04tank\x00\x04user\x00\x04word",
    b"\x10\x2b\x00\x04MQTT\x05\x06\x00\x3c\x11\x11\0\0\x0e\x10\x21\0\x0a\x27\0\x01\0\0\x22\0\x05\x00\x01c\x05\x18\0\0\0\x09\x00\x01t\x00\x01x",
    b"\x32\x0c\x00\x05a/b/c\x00\x01\x00{}",
    b"\x34\x1b\x00\x01a\x00\x07\x13\x02\0\0\0\x05\x23\0\x01\x08\x00\x01r\x26\x00\x01k\x00\x01v!",
    b"\x40\x02\x00\x01",
    b"\x50\x04\x00\x01\x10\x00",
    b"\x62\x03\x00\x01\x92",
    b"\x82\x0b\x00\x01\x02\x0b\x05\x00\x03a/#\x2d",
    b"\x82\x08\x00\x01\x00\x03a/#\x02",
    b"\xa2\x08\x00\x01\x00\x00\x03a/#",
    b"\xc0\x00",
    b"\xe0\x07\x00\x05\x11\0\0\0\x09",
];
