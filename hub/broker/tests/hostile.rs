//! Hostile and broken input on the socket: that connection is closed as the standard says, no other is disturbed.
//!
//! Bytes only, no client library.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::panic::AssertUnwindSafe;

use hub_broker::RefusedWhat;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use support::raw::{self, Raw, packet, text};
use support::{Hub, PASSWORD};

/// What a connected client may send wrong, and the reason that MQTT 5 is told.
fn faults(level: u8) -> Vec<(&'static str, Vec<u8>, u8)> {
    let long = |kind: u8, claimed: u16| {
        let mut body = claimed.to_be_bytes().to_vec();
        body.extend(b"ab");
        packet(kind, &body)
    };
    let mut faults = vec![
        ("wildcard in the topic", raw::publish(level, "site/+/telemetry", Some(1), b"1"), 0x90),
        ("# in the topic", raw::publish(level, "#", None, b"1"), 0x90),
        ("NUL in the topic", raw::publish(level, "a\0b", Some(1), b"1"), 0x81),
        ("QoS 3", packet(0x36, &raw::publish(level, "a", Some(1), b"1")[2..]), 0x81),
        ("a topic longer than the packet", long(0x30, 0xFFFF), 0x81),
        ("no room for the packet id", long(0x32, 2), 0x81),
        ("packet id 0", raw::publish(level, "a", Some(0), b"1"), 0x81),
        ("packet type 0", vec![0x00, 0x00], 0x81),
        ("a length without end", vec![0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 0x81),
        ("a second CONNECT", raw::connect(level, "device", PASSWORD, "again"), 0x82),
        ("SUBSCRIBE without a filter", packet(0x82, if level == 5 { &[0, 1, 0] } else { &[0, 1] }), 0x82),
        ("SUBSCRIBE with wrong flags", packet(0x80, &[0, 1, 0]), 0x81),
    ];
    let mut not_utf_8 = raw::publish(level, "ab", None, b"1");
    not_utf_8[4] = 0xFF;
    faults.push(("a topic that is not UTF-8", not_utf_8, 0x81));
    let mut surrogate = raw::publish(level, "abc", None, b"1");
    surrogate[4..7].copy_from_slice(b"\xED\xA0\x80");
    faults.push(("an unpaired surrogate in the topic", surrogate, 0x81));
    if level == 5 {
        let mut properties = text("a");
        properties.extend([0xFF, 0xFF, 0x7F]);
        faults.push(("properties longer than the packet", packet(0x30, &properties), 0x81));
        for (what, alias, reason) in [
            ("a topic alias that stands for nothing", 1, 0x82),
            ("topic alias 0", 0, 0x94),
            ("a topic alias above the maximum", 33, 0x94),
        ] {
            let mut body = text("");
            body.extend([3, 0x23, 0, alias]);
            faults.push((what, packet(0x30, &body), reason));
        }
        faults.push(("AUTH", packet(0xF0, &[]), 0x82));
        let mut unknown = text("a");
        unknown.extend([2, 0x7E, 1]);
        faults.push(("an unknown property", packet(0x30, &unknown), 0x81));
    }
    faults
}

#[test]
fn each_fault_closes_its_connection_and_no_other() {
    let hub = Hub::start();
    for level in [4, 5] {
        let mut bystander = Raw::connected(hub.address(), level, "device", "bystander");
        let faults = faults(level);
        let count = faults.len();
        let before = hub.broker.stats().malformed;
        for (what, bytes, reason) in faults {
            let hostile = Raw::connected(hub.address(), level, "staff", "hostile");
            let closed = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let mut hostile = hostile;
                hostile.send(&bytes);
                hostile.expect_closed(level, reason);
            }));
            assert!(closed.is_ok(), "{what} over level {level}");
            bystander.send(&raw::publish(level, "site/tank/telemetry", Some(7), b"1"));
            assert_eq!(bystander.packet().map(|(kind, _)| kind), Some(0x40), "after {what}");
        }
        let reported = hub.broker.stats().malformed - before;
        assert_eq!(reported, count as u64, "{:?}", hub.door.refusals());
    }
}

#[test]
fn an_oversized_packet_closes_its_connection() {
    let hub = Hub::with(|settings| settings.max_packet_bytes = 2_000);
    for level in [4, 5] {
        let mut device = Raw::connected(hub.address(), level, "device", "tank");
        device.send(&raw::publish(level, "site/tank/telemetry", Some(1), &[b'x'; 1_900]));
        assert_eq!(device.packet().map(|(kind, _)| kind), Some(0x40), "what fits is taken");
        device.send(&raw::publish(level, "site/tank/telemetry", Some(1), &[b'x'; 3_000]));
        device.expect_closed(level, 0x95);
    }
    assert_eq!(hub.door.seen().len(), 2);
    assert!(matches!(hub.door.refusals()[..], [RefusedWhat::TooLarge { .. }, RefusedWhat::TooLarge { .. }]));
}

/// Its first bytes already say so: nothing of the payload is waited for or kept.
#[test]
fn a_payload_of_ten_mebibytes_closes_its_connection_at_its_first_bytes() {
    let hub = Hub::start();
    for level in [4, 5] {
        let mut raw = Raw::connected(hub.address(), level, "device", "big");
        raw.send(&[0x30, 0x80, 0x80, 0x80, 0x05]);
        raw.expect_closed(level, 0x95);
    }
    assert_eq!(hub.broker.stats().malformed, 2);
    assert_eq!(hub.broker.stats().received, 0);
}

#[test]
fn a_client_that_sends_byte_by_byte_is_served_and_holds_up_nobody() {
    let hub = Hub::start();
    for level in [4, 5] {
        let mut calm = Raw::connected(hub.address(), level, "staff", "calm");
        let mut slow = Raw::open(hub.address());
        let mut bytes = raw::connect(level, "device", PASSWORD, "slow");
        bytes.extend(raw::publish(level, "site/tank/telemetry", Some(7), b"1"));
        for (number, byte) in bytes.into_iter().enumerate() {
            slow.send(&[byte]);
            if number % 16 == 0 {
                calm.send(&[0xC0, 0]);
                assert_eq!(calm.packet(), Some((0xD0, vec![])));
            }
        }
        assert_eq!(slow.packet().unwrap().0, 0x20);
        let (kind, body) = slow.packet().unwrap();
        assert_eq!((kind, &body[..2]), (0x40, &[0, 7][..]));
    }
}

/// MQTT 3.1.1 allows none with a clean session only; MQTT 5 gives one and says which.
#[test]
fn empty_client_ids_are_given_one_or_refused() {
    let hub = Hub::start();
    let connect = |level: u8, flags: u8| {
        let mut body = text("MQTT");
        body.extend([level, 0xC0 | flags, 0, 0]);
        if level == 5 {
            body.push(0);
        }
        for field in ["", "device", PASSWORD] {
            body.extend(text(field));
        }
        let mut raw = Raw::open(hub.address());
        raw.send(&packet(0x10, &body));
        raw.packet().unwrap().1
    };
    assert_eq!(connect(4, 2)[1], 0, "clean session");
    assert_eq!(connect(4, 0)[1], 2, "identifier rejected");
    let given = connect(5, 0);
    assert_eq!(given[1], 0);
    // Assigned Client Identifier among the properties.
    assert!(given[2..].contains(&0x12), "{given:?}");
}

#[test]
fn what_is_no_mqtt_is_closed_before_any_login() {
    let hub = Hub::start();
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x30\x05\x00\x01abc",
        b"\x10\x0c\x00\x04MQTX\x04\x02\x00\x3c\x00\x00",
        b"\x10\xff\xff\xff\x7f\x00\x04MQTT\x04\x02\x00\x3c\x00\x00",
    ] {
        let mut raw = Raw::open(hub.address());
        raw.send(bytes);
        assert_eq!(raw.packet(), None, "{bytes:?}");
    }
    assert_eq!(hub.door.logins(), 0);
}

#[test]
fn a_protocol_level_that_nobody_speaks_is_refused_with_code_1() {
    let hub = Hub::start();
    let mut raw = Raw::open(hub.address());
    raw.send(&raw::connect(6, "device", PASSWORD, "future"));
    assert_eq!(raw.packet(), Some((0x20, vec![0, 1])));
    assert_eq!(raw.packet(), None);
}

#[test]
fn a_socket_that_says_nothing_is_closed() {
    let hub = Hub::with(|settings| settings.connect_timeout_s = 1);
    for bytes in [&b""[..], b"\x10", b"\x10\x20\x00\x04MQTT\x05"] {
        let mut raw = Raw::open(hub.address());
        raw.send(bytes);
        assert_eq!(raw.packet(), None, "{bytes:?}");
    }
}

/// Whatever bytes follow a good CONNECT, the broker lives and serves the next client. One broker serves all cases, so
/// that a case that harms it is noticed by the next.
#[test]
fn random_packets_never_stop_the_broker() {
    let hub = Hub::start();
    let packets = prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 1..6);
    let level = prop::sample::select(vec![4u8, 5]);
    let mut runner = TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let outcome = runner.run(&(level, packets), |(level, packets)| {
        let mut hostile = Raw::connected(hub.address(), level, "staff", "hostile");
        for (kind, body) in packets {
            hostile.send(&packet(kind, &body));
        }
        drop(hostile);
        let mut good = Raw::connected(hub.address(), level, "device", "good");
        good.send(&raw::publish(level, "site/tank/telemetry", Some(1), b"1"));
        prop_assert_eq!(good.packet().map(|(kind, _)| kind), Some(0x40));
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
