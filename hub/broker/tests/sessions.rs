//! Sessions: logins, wills, take-over, keep-alive, limits, start and stop.
//!
//! Real clients over real sockets; bytes where a client would hide what matters.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use hub_broker::{Broker, Refusal, RefusedWhat, Settings};
use support::peer::{Asked, BOTH, Version};
use support::raw::{self, Raw, packet, text};
use support::{Hub, PASSWORD, TestDoor, wait_for};

/// A CONNECT of `device` with a will on its status topic; `keep_alive` in seconds.
fn connect_with_will(level: u8, topic: &str, will_flags: u8, keep_alive: u8) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend([level, 0xC6 | will_flags, 0, keep_alive]);
    if level == 5 {
        body.push(0);
    }
    body.extend(text("tank"));
    if level == 5 {
        body.push(0);
    }
    body.extend(text(topic));
    for value in ["offline", "device", PASSWORD] {
        body.extend(text(value));
    }
    packet(0x10, &body)
}

#[test]
fn bad_logins_get_the_codes_of_the_standard() {
    let hub = Hub::start();
    for (level, name, password, code) in [
        (4, "device", "wrong", 4),
        (5, "device", "wrong", 0x86),
        (4, "nobody", PASSWORD, 4),
        (5, "nobody", PASSWORD, 0x86),
        (4, "barred", PASSWORD, 5),
        (5, "barred", PASSWORD, 0x87),
    ] {
        let mut raw = Raw::open(hub.address());
        raw.send(&raw::connect(level, name, password, "x"));
        let (kind, body) = raw.packet().unwrap();
        assert_eq!((kind, body[0], body[1]), (0x20, 0, code), "{level} {name}");
        assert_eq!(raw.packet(), None, "and the connection is closed");
    }
    let bad = RefusedWhat::Login(Refusal::BadCredentials);
    let not = RefusedWhat::Login(Refusal::NotAuthorized);
    assert_eq!(hub.door.refusals(), [bad.clone(), bad.clone(), bad.clone(), bad, not.clone(), not]);
    assert_eq!(hub.broker.stats().logins_refused, 6);
}

#[test]
fn a_name_that_fails_too_often_is_refused_without_being_checked() {
    let hub = Hub::with(|settings| settings.login_tries = 3);
    for level in [4, 5, 4] {
        Raw::open(hub.address()).send(&raw::connect(level, "device", PASSWORD, "warm-up"));
        let mut raw = Raw::open(hub.address());
        raw.send(&raw::connect(level, "staff", "wrong", "x"));
        assert_ne!(raw.packet().unwrap().1[1], 0);
    }
    let checked = hub.door.logins();
    for (level, code) in [(4, 5), (5, 0x9F)] {
        let mut raw = Raw::open(hub.address());
        raw.send(&raw::connect(level, "staff", PASSWORD, "x"));
        assert_eq!(raw.packet().unwrap().1[1], code);
    }
    assert_eq!(hub.door.refusals().last(), Some(&RefusedWhat::Login(Refusal::TooManyTries)));
    assert!(hub.door.logins() <= checked + 3, "only the warm-ups may still be counted");
    let _other_names_still_come_in = Raw::connected(hub.address(), 4, "device", "y");
}

#[tokio::test]
async fn a_will_is_published_when_the_connection_falls_and_not_after_a_goodbye() {
    for version in BOTH {
        let hub = Hub::start();
        let mut staff = Asked::new(version, "staff", "watch").connect(hub.address()).await;
        staff.subscribe("site/#", 1).await;
        let asked = Asked::new(version, "device", "tank").will("site/tank/status", "offline", true);

        let polite = asked.clone().connect(hub.address()).await;
        polite.publish("site/tank/status", 1, false, "leaving").await;
        assert_eq!(staff.message().await.1, "leaving");
        polite.disconnect().await;
        wait_for(
            "the goodbye",
            || hub.broker.stats().connections == 1,
            || format!("{:?}", hub.broker.stats()),
        )
        .await;
        asked.connect(hub.address()).await.vanish();
        assert_eq!(staff.message().await, ("site/tank/status".into(), "offline".into(), 1, false));
        let wills: Vec<_> = hub.door.seen().into_iter().filter(|m| &*m.payload == b"offline").collect();
        assert_eq!(wills.len(), 1, "handed over like any message");
        assert_eq!((&*wills[0].login, wills[0].retain, wills[0].qos), ("device", true, 1));
        assert_eq!(hub.broker.stats().retained, 1);
    }
}

#[tokio::test]
async fn a_goodbye_with_will_and_a_protocol_error_publish_it() {
    for (level, farewell) in [(5, &[0xE0, 1, 4][..]), (4, &[0x00, 0]), (5, &[0x00, 0])] {
        let hub = Hub::start();
        let mut device = Raw::open(hub.address());
        device.send(&connect_with_will(level, "site/tank/status", 0, 60));
        assert_eq!(device.packet().unwrap().1[1], 0);
        device.send(farewell);
        wait_for("the will", || hub.door.seen().len() == 1, || format!("{level} {farewell:?}")).await;
        assert_eq!(&*hub.door.seen()[0].payload, b"offline");
    }
}

#[tokio::test]
async fn the_will_of_a_client_that_falls_silent_is_published() {
    for level in [4, 5] {
        let hub = Hub::start();
        let mut device = Raw::open(hub.address());
        device.send(&connect_with_will(level, "site/tank/status", 0, 1));
        assert_eq!(device.packet().unwrap().1[1], 0);
        device.expect_closed(level, 0x8D);
        wait_for("the will", || hub.door.seen().len() == 1, || level.to_string()).await;
    }
}

#[tokio::test]
async fn a_will_outside_the_logins_filters_is_dropped_and_reported() {
    let hub = Hub::start();
    let mut device = Raw::open(hub.address());
    device.send(&connect_with_will(4, "site/other/status", 0, 60));
    assert_eq!(device.packet().unwrap().1[1], 0);
    drop(device);
    let expected = [RefusedWhat::Will { topic: "site/other/status".into() }];
    wait_for("the report", || hub.door.refusals() == expected, || format!("{:?}", hub.door.refusals())).await;
    assert_eq!(hub.door.seen(), []);
}

#[test]
fn a_will_that_cannot_be_is_refused_at_the_connect() {
    let hub = Hub::start();
    for (topic, flags, code) in [("site/+/status", 0, 0x90), ("", 0, 0x90)] {
        let mut device = Raw::open(hub.address());
        device.send(&connect_with_will(5, topic, flags, 60));
        assert_eq!(device.packet().unwrap().1[1], code);
    }
    let mut device = Raw::open(hub.address());
    device.send(&connect_with_will(4, "site/#", 0, 60));
    assert_eq!(device.packet(), None);
}

#[tokio::test]
async fn the_same_client_again_takes_the_session_over() {
    for (version, reason) in [(Version::V3, ""), (Version::V5, "SessionTakenOver")] {
        let hub = Hub::start();
        let asked = Asked::new(version, "device", "tank").will("site/tank/status", "offline", false);
        let mut old = asked.clone().connect(hub.address()).await;
        let mut new = asked.connect(hub.address()).await;
        let end = old.ended().await;
        assert!(end.contains(reason), "{end}");
        new.publish("site/tank/telemetry", 1, false, "1").await;
        assert_eq!(new.acknowledged().await, "Success");
        wait_for("one left", || hub.broker.stats().connections == 1, || format!("{:?}", hub.broker.stats()))
            .await;
        assert_eq!(hub.broker.stats().taken_over, 1);

        let other_login = Asked::new(version, "staff", "tank").connect(hub.address()).await;
        new.publish("site/tank/telemetry", 1, false, "2").await;
        assert_eq!(
            new.acknowledged().await,
            "Success",
            "another login's client of that id pushes nobody out"
        );
        drop(other_login);
    }
}

#[tokio::test]
async fn the_will_of_a_session_taken_over_comes_before_what_its_successor_says() {
    for level in [4, 5] {
        let hub = Hub::start();
        let mut old = Raw::open(hub.address());
        old.send(&connect_with_will(level, "site/tank/status", 0x20, 60));
        assert_eq!(old.packet().unwrap().1[1], 0);
        // The old socket stays open and is never read: a device that lost its network.
        let mut new = Raw::open(hub.address());
        let mut at_once = connect_with_will(level, "site/tank/status", 0x20, 60);
        at_once.extend(raw::publish(level, "site/tank/status", Some(1), b"online"));
        new.send(&at_once);
        wait_for("both", || hub.door.seen().len() == 2, || format!("{level} {:?}", hub.door.seen())).await;
        let said: Vec<_> = hub.door.seen().into_iter().map(|message| message.payload).collect();
        assert_eq!(said, [&b"offline"[..], b"online"], "{level}");
        drop(old);
    }
}

#[test]
fn connack_says_what_is_supported() {
    let hub = Hub::with(|settings| {
        settings.max_packet_bytes = 1_000;
        settings.in_flight = 700;
        settings.keep_alive_ceiling_s = 30;
    });
    let mut raw = Raw::open(hub.address());
    let mut body = text("MQTT");
    // Session expiry of one hour asked for, no client id, keep-alive 60.
    body.extend([5, 0xC0, 0, 60, 5, 0x11, 0, 0, 0x0E, 0x10]);
    for value in ["", "device", PASSWORD] {
        body.extend(text(value));
    }
    raw.send(&packet(0x10, &body));
    let (kind, body) = raw.packet().unwrap();
    assert_eq!((kind, body[0], body[1]), (0x20, 0, 0), "no session present");
    let has = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&[0x21, 2, 0xBC]), "receive maximum 700: {body:x?}");
    assert!(!has(&[0x11, 0, 0]), "the session expiry that was asked for: {body:x?}");
    assert!(has(&[0x27, 0, 0, 3, 0xE8]), "maximum packet size 1000: {body:x?}");
    assert!(has(&[0x12, 0]) && has(b"auto-"), "assigned client identifier: {body:x?}");
    assert!(has(&[0x13, 0, 30]), "server keep alive 30: {body:x?}");
    assert!(has(&[0x22, 0, 32]), "32 topic aliases: {body:x?}");
}

#[test]
fn a_client_too_many_is_told_so() {
    let hub = Hub::with(|settings| settings.max_connections = 1);
    let _first = Raw::connected(hub.address(), 4, "device", "tank");
    for (level, code) in [(4, 3), (5, 0x89)] {
        let mut raw = Raw::open(hub.address());
        raw.send(&raw::connect(level, "device", PASSWORD, "second"));
        assert_eq!(raw.packet().unwrap().1[1], code);
    }
    assert_eq!(hub.door.refusals(), [RefusedWhat::Connection, RefusedWhat::Connection]);
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let hub = Hub::start();
    let error = Broker::start(
        Settings { listen: hub.address(), ..support::settings() },
        Arc::new(TestDoor::default()),
    )
    .unwrap_err();
    assert!(error.to_string().contains(&hub.address().to_string()), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn stopping_finishes_the_acknowledgements_and_publishes_no_will() {
    for level in [4, 5] {
        let Hub { broker, door } = Hub::start();
        door.hold(true);
        let address = broker.local_addr();
        // Bytes, because a client library may drop what it read together with the end of the connection.
        let mut device = Raw::open(address);
        device.send(&connect_with_will(level, "site/tank/status", 0, 60));
        assert_eq!(device.packet().map(|(kind, body)| (kind, body[1])), Some((0x20, 0)));
        for id in 1..=100 {
            device.send(&raw::publish(level, "site/tank/telemetry", Some(id), b"1"));
        }
        wait_for("all hand-overs", || door.held() == 100, || door.held().to_string()).await;
        let stopping = std::thread::spawn(move || broker.stop());
        door.commit_all();
        for id in 1..=100u8 {
            let (kind, body) = device.packet().unwrap();
            assert_eq!((kind, body[1]), (0x40, id));
        }
        device.expect_closed(level, 0x8B);
        stopping.join().unwrap();
        assert_eq!(door.seen().len(), 100, "no will among them");
        assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
    }
}

#[test]
fn stopping_does_not_wait_for_ever_for_an_owner_that_never_answers() {
    let Hub { broker, door } = Hub::with(|settings| settings.stop_timeout = std::time::Duration::ZERO);
    door.hold(true);
    let mut device = Raw::connected(broker.local_addr(), 4, "device", "tank");
    device.send(&raw::publish(4, "site/tank/telemetry", Some(1), b"x"));
    while door.held() == 0 {
        std::thread::yield_now();
    }
    broker.stop();
    assert_eq!(device.packet(), None, "closed, and never acknowledged");
    assert_eq!(door.commit_all(), 1, "a late verdict harms nobody");
}
