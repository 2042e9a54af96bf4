//! Sessions, queues, retained messages and wills over a restart; shared subscriptions; QoS 2 to subscribers.
//!
//! Bytes on real sockets and a real file. Killing is in `killed.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::raw::{self, Raw, packet, text};
use support::{Hub, PASSWORD, wait_for};

/// A CONNECT that asks for a session of `expiry_s` seconds, and resumes what is there.
fn connect(level: u8, username: &str, client_id: &str, expiry_s: u8, will: Option<&str>) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend([level, if will.is_some() { 0xE4 } else { 0xC0 }, 0, 60]);
    if level == 5 {
        body.extend([5, 0x11, 0, 0, 0, expiry_s]);
    }
    body.extend(text(client_id));
    if let Some(topic) = will {
        if level == 5 {
            body.push(0);
        }
        body.extend(text(topic));
        body.extend(text("offline"));
    }
    body.extend(text(username));
    body.extend(text(PASSWORD));
    packet(0x10, &body)
}

/// Connects so, and tells whether the session was found.
fn resume(hub: &Hub, level: u8, username: &str, client_id: &str) -> (Raw, bool) {
    let mut raw = Raw::open(hub.address());
    raw.send(&connect(level, username, client_id, 200, None));
    let (kind, body) = raw.packet().unwrap();
    assert_eq!((kind, body[1]), (0x20, 0));
    (raw, body[0] == 1)
}

fn subscribe(level: u8, filter: &str, qos: u8) -> Vec<u8> {
    let mut body = vec![0, 7];
    if level == 5 {
        body.push(0);
    }
    body.extend(text(filter));
    body.push(qos);
    packet(0x82, &body)
}

fn subscribed(raw: &mut Raw, level: u8, filter: &str, qos: u8) {
    raw.send(&subscribe(level, filter, qos));
    assert_eq!(raw.packet().map(|(kind, body)| (kind, body.last().copied())), Some((0x90, Some(qos))));
}

/// Publishes with QoS 1 and waits for the PUBACK.
fn say(hub: &Hub, topic: &str, payload: &str, retain: bool) {
    let mut writer = Raw::connected(hub.address(), 4, "staff", "writer");
    let mut publish = raw::publish(4, topic, Some(1), payload.as_bytes());
    publish[0] |= u8::from(retain);
    writer.send(&publish);
    assert_eq!(writer.packet().map(|(kind, _)| kind), Some(0x40));
    writer.send(&[0xE0, 0]);
}

/// The next PUBLISH: its first byte, packet identifier and payload. The topic has one letter, there are no properties.
fn published(raw: &mut Raw, level: u8) -> (u8, u16, String) {
    let (kind, body) = raw.packet().expect("a PUBLISH");
    assert_eq!(kind & 0xF0, 0x30, "{kind:x} {body:x?}");
    let after_id = if level == 5 { 6 } else { 5 };
    (kind, u16::from_be_bytes([body[3], body[4]]), String::from_utf8(body[after_id..].to_vec()).unwrap())
}

fn ack(raw: &mut Raw, kind: u8, id: u16) {
    raw.send(&[kind, 2, (id >> 8) as u8, id as u8]);
}

#[test]
fn a_session_and_what_waits_for_it_outlive_a_restart() {
    for level in [4, 5] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.sqlite");
        let start = || Hub::with(|settings| settings.keep = Some(file.clone()));
        let hub = start();
        let (mut staff, present) = resume(&hub, level, "staff", "watch");
        assert!(!present);
        subscribed(&mut staff, level, "a", 2);
        drop(staff);
        wait_for_connections(&hub, 0);
        say(&hub, "a", "one", false);
        say(&hub, "r", "kept", true);
        drop(hub);

        let hub = start();
        say(&hub, "a", "two", false);
        let (mut staff, present) = resume(&hub, level, "staff", "watch");
        assert!(present, "level {level}");
        let (_, first, payload) = published(&mut staff, level);
        assert_eq!(payload, "one");
        let (_, second, payload) = published(&mut staff, level);
        assert_eq!(payload, "two");
        ack(&mut staff, 0x40, first);
        // The second is left unacknowledged: it comes again.
        staff.send(&[0xC0, 0]);
        assert_eq!(staff.packet(), Some((0xD0, vec![])));
        drop(staff);
        drop(hub);

        let hub = start();
        let (mut staff, present) = resume(&hub, level, "staff", "watch");
        assert!(present);
        let (_, third, payload) = published(&mut staff, level);
        assert_eq!(payload, "two");
        ack(&mut staff, 0x40, third);
        assert!(second > 0);
        subscribed(&mut staff, level, "r", 1);
        let (kind, _, payload) = published(&mut staff, level);
        assert_eq!((kind & 1, &*payload), (1, "kept"), "retained messages outlive it too");
        say(&hub, "r", "", true);
    }
}

#[test]
fn a_qos_2_message_keeps_its_packet_identifier_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.sqlite");
    let start = || Hub::with(|settings| settings.keep = Some(file.clone()));
    let publish_qos_2 = |raw: &mut Raw, level| {
        let mut publish = raw::publish(level, "a", Some(9), b"exact");
        publish[0] = 0x34;
        raw.send(&publish);
    };
    let level = 5;
    let hub = start();
    let (mut staff, _) = resume(&hub, level, "staff", "watch");
    subscribed(&mut staff, level, "a", 2);
    let (mut device, _) = resume(&hub, level, "staff", "device");
    publish_qos_2(&mut device, level);
    assert_eq!(device.packet(), Some((0x50, vec![0, 9])));
    let (kind, id, _) = published(&mut staff, level);
    assert_eq!(kind, 0x34);
    drop((staff, device));
    drop(hub);

    let hub = start();
    let (mut device, _) = resume(&hub, level, "staff", "device");
    publish_qos_2(&mut device, level);
    assert_eq!(device.packet(), Some((0x50, vec![0, 9])), "known, so not handed over again");
    assert_eq!(hub.door.seen(), []);
    let (mut staff, _) = resume(&hub, level, "staff", "watch");
    let (kind, again, payload) = published(&mut staff, level);
    assert_eq!((kind, again, &*payload), (0x3C, id, "exact"), "a duplicate under the same identifier");
    ack(&mut staff, 0x50, id);
    assert_eq!(staff.packet().map(|(kind, _)| kind), Some(0x62));
    drop(staff);
    drop(hub);

    let hub = start();
    let (mut staff, _) = resume(&hub, level, "staff", "watch");
    assert_eq!(staff.packet().map(|(kind, _)| kind), Some(0x62), "only the release is missing");
    ack(&mut staff, 0x70, id);
    let (mut device, _) = resume(&hub, level, "staff", "device");
    device.send(&[0x62, 2, 0, 9]);
    assert_eq!(device.packet(), Some((0x70, vec![0, 9])));
    publish_qos_2(&mut device, level);
    assert_eq!(device.packet(), Some((0x50, vec![0, 9])));
    assert_eq!(hub.door.seen().len(), 1, "an identifier that was released is a new message");
}

#[tokio::test]
async fn the_will_of_a_device_that_does_not_come_back_after_a_restart_is_published() {
    for (level, comes_back) in [(4, false), (5, false), (5, true)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.sqlite");
        let start = || {
            Hub::with(|settings| {
                settings.keep = Some(file.clone());
                settings.will_grace = Duration::from_millis(if comes_back { 700 } else { 1 });
            })
        };
        let hub = start();
        let mut device = Raw::open(hub.address());
        device.send(&connect(level, "device", "tank", 0, Some("site/tank/status")));
        assert_eq!(device.packet().unwrap().1[1], 0);
        device.send(&[0xC0, 0]);
        assert_eq!(device.packet().unwrap().0, 0xD0);
        drop(hub);
        let hub = start();
        if comes_back {
            let _device = Raw::connected(hub.address(), level, "device", "tank");
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(hub.door.seen(), []);
        } else {
            wait_for("the will", || hub.door.seen().len() == 1, || level.to_string()).await;
            assert_eq!((&*hub.door.seen()[0].payload, hub.door.seen()[0].retain), (&b"offline"[..], true));
        }
    }
}

#[test]
fn a_member_of_a_shared_subscription_that_leaves_loses_nothing() {
    for level in [4, 5] {
        let hub = Hub::start();
        let (mut one, _) = resume(&hub, level, "staff", "one");
        let (mut two, _) = resume(&hub, level, "staff", "two");
        subscribed(&mut one, level, "$share/g/a", 1);
        subscribed(&mut two, level, "$share/g/a", 1);
        for payload in ["1", "2", "3", "4"] {
            say(&hub, "a", payload, false);
        }
        // Round robin: each has two. The first acknowledges none and goes.
        assert_eq!(published(&mut one, level).2, "1");
        drop(one);
        let mut heard = Vec::new();
        while heard.len() < 4 {
            let (_, id, payload) = published(&mut two, level);
            ack(&mut two, 0x40, id);
            heard.push(payload);
        }
        assert_eq!(heard, ["2", "4", "1", "3"], "level {level}");
    }
}

#[test]
fn a_receive_maximum_of_the_client_is_kept() {
    let hub = Hub::start();
    let mut staff = Raw::open(hub.address());
    let mut body = text("MQTT");
    body.extend([5, 0xC2, 0, 60, 3, 0x21, 0, 2]);
    for value in ["watch", "staff", PASSWORD] {
        body.extend(text(value));
    }
    staff.send(&packet(0x10, &body));
    assert_eq!(staff.packet().unwrap().1[1], 0);
    subscribed(&mut staff, 5, "a", 1);
    for payload in ["1", "2", "3"] {
        say(&hub, "a", payload, false);
    }
    let (_, first, _) = published(&mut staff, 5);
    assert_eq!(published(&mut staff, 5).2, "2");
    staff.send(&[0xC0, 0]);
    assert_eq!(staff.packet().unwrap().0, 0xD0, "the third waits");
    ack(&mut staff, 0x40, first);
    assert_eq!(published(&mut staff, 5).2, "3");
}

#[test]
fn a_login_that_was_ended_loses_its_connections_and_no_other_does() {
    for (level, reason) in [(4, 0), (5, 0x98)] {
        let hub = Hub::start();
        let device = Raw::connected(hub.address(), level, "device", "tank");
        let mut staff = Raw::connected(hub.address(), level, "staff", "watch");
        hub.broker.end_logins(vec!["device".into()]);
        device.expect_closed(level, reason);
        staff.send(&[0xC0, 0]);
        assert_eq!(staff.packet().unwrap().0, 0xD0);
    }
}

#[test]
fn sockets_that_say_nothing_take_no_place_from_others() {
    let hub = Hub::with(|settings| settings.max_strangers_per_address = 3);
    let silent: Vec<Raw> = (0..3).map(|_| Raw::open(hub.address())).collect();
    let mut fourth = Raw::open(hub.address());
    assert_eq!(fourth.packet(), None, "closed at once");
    drop(silent);
    loop {
        let mut raw = Raw::open(hub.address());
        raw.send(&raw::connect(4, "device", PASSWORD, "tank"));
        if raw.packet().is_some_and(|(_, body)| body[1] == 0) {
            break;
        }
    }
}

#[test]
fn the_brokers_figures_are_told_to_who_may_see_them() {
    let hub = Hub::with(|settings| settings.figures_every = Duration::from_millis(1));
    let mut staff = Raw::connected(hub.address(), 4, "staff", "watch");
    subscribed(&mut staff, 4, "$SYS/broker/clients/connected", 0);
    for retain in [1, 0] {
        let (kind, body) = staff.packet().unwrap();
        assert_eq!((kind, &body[2..]), (0x30 | retain, &b"$SYS/broker/clients/connected1"[..]));
    }
}

fn wait_for_connections(hub: &Hub, count: u64) {
    while hub.broker.stats().connections != count {
        std::thread::yield_now();
    }
}

/// A CONNECT of MQTT 5 with a session of 200 s and a will on `topic` that waits a second.
fn with_delayed_will(client_id: &str, topic: &str) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend([5, 0xC4, 0, 60, 5, 0x11, 0, 0, 0, 200]);
    body.extend(text(client_id));
    body.extend([5, 0x18, 0, 0, 0, 1]);
    for value in [topic, "offline", "staff", PASSWORD] {
        body.extend(text(value));
    }
    packet(0x10, &body)
}

#[tokio::test]
async fn a_will_with_a_delay_is_forgotten_when_its_client_is_back_in_time() {
    let hub = Hub::start();
    let open = |client_id: &str, topic: &str| {
        let mut raw = Raw::open(hub.address());
        raw.send(&with_delayed_will(client_id, topic));
        assert_eq!(raw.packet().unwrap().1[1], 0);
        raw
    };
    drop(open("early", "a"));
    wait_for_connections(&hub, 0);
    let _back = open("early", "a");
    // Its connection falls after the other one is back, so its will comes later than that one's would have.
    drop(open("late", "b"));
    wait_for("the other will", || hub.door.seen().len() == 1, || format!("{:?}", hub.door.seen())).await;
    assert_eq!(&*hub.door.seen()[0].topic, "b");
}

#[tokio::test]
async fn an_expired_message_is_not_delivered_and_a_waiting_one_says_what_is_left() {
    let hub = Hub::start();
    let (mut watch, _) = resume(&hub, 5, "staff", "watch");
    subscribed(&mut watch, 5, "a", 1);
    drop(watch);
    wait_for_connections(&hub, 0);
    let mut writer = Raw::connected(hub.address(), 5, "staff", "writer");
    for (id, expiry_s, payload) in [(1, 1, "gone"), (2, 100, "kept")] {
        let mut body = text("a");
        body.extend([0, id, 5, 0x02, 0, 0, 0, expiry_s]);
        body.extend(payload.as_bytes());
        writer.send(&packet(0x32, &body));
        assert_eq!(writer.packet().unwrap().0, 0x40);
    }
    let begun = tokio::time::Instant::now();
    wait_for("its second to be over", || begun.elapsed() > Duration::from_millis(1_050), String::new).await;
    let (mut watch, present) = resume(&hub, 5, "staff", "watch");
    assert!(present);
    let (kind, body) = watch.packet().unwrap();
    assert_eq!((kind, &body[5..10]), (0x32, &[5, 0x02, 0, 0, 0][..]));
    assert!((90..100).contains(&body[10]), "{} s are left", body[10]);
    assert_eq!(&body[11..], b"kept");
    assert_eq!(hub.broker.stats().not_delivered, 1);
}
