//! Subscribing: routing, quality, retained messages, access, slow subscribers.
//!
//! Real clients over real sockets; bytes where a client would hide what matters.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use hub_broker::RefusedWhat;
use support::peer::{Asked, BOTH, Version};
use support::raw::{self, Raw, packet, text};
use support::{Hub, PASSWORD, wait_for};

/// A SUBSCRIBE for one filter.
fn subscribe(level: u8, filter: &str, options: u8) -> Vec<u8> {
    let mut body = vec![0, 7];
    if level == 5 {
        body.push(0);
    }
    body.extend(text(filter));
    body.push(options);
    packet(0x82, &body)
}

#[tokio::test]
async fn a_committed_message_reaches_subscribers_of_both_versions() {
    let hub = Hub::start();
    let mut three = Asked::new(Version::V3, "staff", "three").connect(hub.address()).await;
    let mut five = Asked::new(Version::V5, "staff", "five").connect(hub.address()).await;
    assert_eq!(three.subscribe("đèn/+", 1).await, "Success(AtLeastOnce)");
    assert_eq!(five.subscribe("đèn/#", 0).await, "Success(AtMostOnce)");
    hub.door.hold(true);
    let device = Asked::new(Version::V5, "device", "tank").connect(hub.address()).await;
    device.publish("đèn/1", 1, false, "sáng").await;
    wait_for("the hand-over", || hub.door.held() == 1, || hub.door.held().to_string()).await;
    assert_eq!((three.so_far(), five.so_far()), (vec![], vec![]), "nothing is routed before the commit");
    hub.door.commit_all();
    assert_eq!(three.message().await, ("đèn/1".into(), "sáng".into(), 1, false));
    assert_eq!(five.message().await, ("đèn/1".into(), "sáng".into(), 0, false));
}

#[tokio::test]
async fn a_retained_message_greets_a_new_subscriber_until_it_is_deleted() {
    for version in BOTH {
        let hub = Hub::start();
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        device.publish("site/tank/status", 1, true, "offline").await;
        device.publish("site/tank/status", 1, true, "online").await;
        device.acknowledged().await;
        device.acknowledged().await;
        let mut staff = Asked::new(version, "staff", "watch").connect(hub.address()).await;
        staff.subscribe("site/+/status", 1).await;
        assert_eq!(staff.message().await, ("site/tank/status".into(), "online".into(), 1, true));
        device.publish("site/tank/status", 1, true, "busy").await;
        assert_eq!(
            staff.message().await,
            ("site/tank/status".into(), "busy".into(), 1, false),
            "routed live"
        );

        device.publish("site/tank/status", 1, true, "").await;
        assert_eq!(staff.message().await.1, "");
        wait_for("deletion", || hub.broker.stats().retained == 0, || format!("{:?}", hub.broker.stats()))
            .await;
        let mut late = Asked::new(version, "staff", "late").connect(hub.address()).await;
        late.subscribe("#", 1).await;
        device.publish("site/tank/telemetry", 1, false, "first").await;
        assert_eq!(late.message().await.1, "first", "nothing retained came before it");
    }
}

#[tokio::test]
async fn a_subscription_outside_the_logins_filters_is_refused() {
    for (version, refused) in [(Version::V3, "Failure"), (Version::V5, "NotAuthorized")] {
        let hub = Hub::start();
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        for filter in ["#", "site/+/status", "site/#", "$SYS/#"] {
            assert_eq!(device.subscribe(filter, 1).await, refused, "{filter}");
        }
        assert!(device.subscribe("site/tank/+", 1).await.starts_with("Success"));
        let filters = ["#", "site/+/status", "site/#", "$SYS/#"];
        let expected = filters.map(|filter| RefusedWhat::Subscribe { filter: filter.into() });
        assert_eq!(hub.door.refusals(), expected);
    }
}

#[test]
fn refusals_carry_the_codes_of_the_standard() {
    let hub = Hub::with(|settings| settings.max_subscriptions = 1);
    for (level, filter, code) in [
        (4, "site/other/x", 0x80),
        (5, "site/other/x", 0x87),
        (4, "$share/g/site/other/x", 0x80),
        (5, "$share/g/site/other/x", 0x87),
        (5, "$share//site/tank/x", 0x8F),
        (5, "site/tank/#/x", 0x8F),
        (4, "site/tank/secret", 0x80),
        (5, "site/tank/secret", 0x80),
        (5, "site/tank/x", 0x01),
    ] {
        let mut device = Raw::connected(hub.address(), level, "device", "tank");
        device.send(&subscribe(level, filter, 1));
        let (kind, body) = device.packet().unwrap();
        assert_eq!((kind, *body.last().unwrap()), (0x90, code), "{level} {filter}");
        if code == 1 {
            device.send(&subscribe(level, "site/tank/y", 1));
            assert_eq!(device.packet().unwrap().1.last(), Some(&0x97), "one too many");
        }
    }
}

#[tokio::test]
async fn wildcards_do_not_reach_dollar_topics() {
    for version in BOTH {
        let hub = Hub::start();
        let mut all = Asked::new(version, "staff", "all").connect(hub.address()).await;
        let mut own = Asked::new(version, "staff", "own").connect(hub.address()).await;
        all.subscribe("#", 0).await;
        own.subscribe("$x/#", 0).await;
        let staff = Asked::new(version, "staff", "writer").connect(hub.address()).await;
        staff.publish("$x/a", 1, false, "hidden").await;
        staff.publish("x/a", 1, false, "plain").await;
        assert_eq!(own.message().await.1, "hidden");
        assert_eq!(all.message().await.1, "plain");
    }
}

#[test]
fn mqtt_5_subscription_options_are_honoured() {
    let hub = Hub::start();
    let mut staff = Raw::connected(hub.address(), 5, "staff", "watch");
    // No local, retain as published, QoS 1, identifier 5.
    let mut body = vec![0, 7, 2, 0x0B, 5];
    body.extend(text("a/#"));
    body.push(0b0000_1101);
    staff.send(&packet(0x82, &body));
    assert_eq!(staff.packet().unwrap().1.last(), Some(&1));
    staff.send(&raw::publish(5, "a/own", None, b"mine"));

    let mut other = Raw::connected(hub.address(), 5, "staff", "other");
    let mut publish = text("a/b");
    // A user property, passed on unaltered.
    publish.extend([9, 0x26, 0, 1, b'k', 0, 3, b'v', b'a', b'l']);
    publish.extend(b"hello");
    other.send(&packet(0x31, &publish));

    let (kind, body) = staff.packet().unwrap();
    assert_eq!(kind, 0x31, "not its own message, and the retain flag as published");
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.contains("val") && text.ends_with("hello"), "{text:?}");
    assert!(body.windows(2).any(|pair| pair == [0x0B, 5]), "the subscription's identifier: {body:?}");
}

#[tokio::test]
async fn more_retained_messages_than_the_queue_holds_all_arrive() {
    const TOPICS: usize = 300;
    for version in BOTH {
        let hub = Hub::with(|settings| {
            settings.outbound_queue = 8;
            settings.outbound_in_flight = 4;
        });
        let mut staff = Asked::new(version, "staff", "writer").connect(hub.address()).await;
        for number in 0..TOPICS {
            staff.publish(&format!("r/{number:04}"), 1, true, "kept").await;
        }
        for _ in 0..TOPICS {
            staff.acknowledged().await;
        }
        let mut late = Asked::new(version, "staff", "late").connect(hub.address()).await;
        late.subscribe("r/#", 1).await;
        for number in 0..TOPICS {
            assert_eq!(late.message().await, (format!("r/{number:04}"), "kept".into(), 1, true));
        }
    }
}

#[tokio::test]
async fn a_subscriber_that_never_acknowledges_is_disconnected_and_nobody_else_disturbed() {
    for level in [4, 5] {
        let hub = Hub::with(|settings| {
            settings.outbound_queue = 16;
            settings.outbound_in_flight = 4;
        });
        let mut deaf = Raw::connected(hub.address(), level, "staff", "deaf");
        deaf.send(&subscribe(level, "#", 1));
        assert_eq!(deaf.packet().unwrap().0, 0x90);
        let mut good = Asked::new(Version::V5, "staff", "good").connect(hub.address()).await;
        good.subscribe("#", 1).await;
        let device = Asked::new(Version::V3, "staff", "writer").connect(hub.address()).await;
        for number in 0..100 {
            device.publish("a", 1, false, &number.to_string()).await;
            assert_eq!(good.message().await.1, number.to_string());
        }
        for _ in 0..4 {
            assert_eq!(deaf.packet().unwrap().0, 0x32, "those in flight");
        }
        deaf.expect_closed(level, 0x97);
        assert_eq!(hub.broker.stats().disconnected_slow, 1);
        assert_eq!(hub.door.refusals(), [RefusedWhat::SlowSubscriber]);
    }
}

#[test]
fn a_subscriber_that_takes_nothing_for_long_is_disconnected_though_its_queue_has_room() {
    for level in [4, 5] {
        let hub = Hub::with(|settings| {
            settings.outbound_in_flight = 1;
            settings.stall_timeout = std::time::Duration::from_millis(50);
        });
        let mut deaf = Raw::connected(hub.address(), level, "staff", "deaf");
        deaf.send(&subscribe(level, "#", 1));
        assert_eq!(deaf.packet().unwrap().0, 0x90);
        let mut writer = Raw::connected(hub.address(), 4, "staff", "writer");
        writer.send(&raw::publish(4, "a", Some(1), b"one"));
        writer.send(&raw::publish(4, "a", Some(2), b"two"));
        assert_eq!(deaf.packet().unwrap().0, 0x32, "the one in flight");
        deaf.expect_closed(level, 0x97);
        assert_eq!(hub.door.refusals(), [RefusedWhat::SlowSubscriber]);
    }
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_loses_qos_0_but_stays() {
    let hub = Hub::with(|settings| settings.outbound_queue = 16);
    let mut deaf = Raw::connected(hub.address(), 4, "staff", "deaf");
    deaf.send(&subscribe(4, "#", 0));
    assert_eq!(deaf.packet().unwrap().0, 0x90);
    let mut device = Asked::new(Version::V3, "staff", "writer").connect(hub.address()).await;
    let payload = "x".repeat(100_000);
    while hub.broker.stats().dropped_slow == 0 {
        device.publish("a", 1, false, &payload).await;
        device.acknowledged().await;
    }
    assert_eq!(hub.broker.stats().disconnected_slow, 0);
    assert_eq!(deaf.packet().unwrap().1.len(), 3 + payload.len(), "it may still catch up");
}

#[test]
fn unsubscribing_ends_the_flow() {
    for level in [4, 5] {
        let hub = Hub::start();
        let mut staff = Raw::connected(hub.address(), level, "staff", "watch");
        staff.send(&subscribe(level, "a", 0));
        assert_eq!(staff.packet().unwrap().0, 0x90);
        let unsubscribe = |filter: &str| {
            let mut body = if level == 5 { vec![0, 8, 0] } else { vec![0, 8] };
            body.extend(text(filter));
            packet(0xA2, &body)
        };
        staff.send(&unsubscribe("a"));
        assert_eq!(staff.packet().unwrap().0, 0xB0);
        if level == 5 {
            staff.send(&unsubscribe("a"));
            assert_eq!(staff.packet().unwrap().1.last(), Some(&0x11), "there was none any more");
        }
        let mut writer = Raw::connected(hub.address(), 4, "staff", "writer");
        writer.send(&raw::publish(4, "a", Some(1), b"unheard"));
        assert_eq!(writer.packet().map(|(kind, _)| kind), Some(0x40));
        assert_eq!(hub.broker.stats().sent, 0);
    }
}

#[test]
fn topic_aliases_stand_for_their_topics_both_ways() {
    let hub = Hub::start();
    // It takes five aliases.
    let mut body = text("MQTT");
    body.extend([5, 0xC2, 0, 60, 3, 0x22, 0, 5]);
    for value in ["watch", "staff", PASSWORD] {
        body.extend(text(value));
    }
    let mut watch = Raw::open(hub.address());
    watch.send(&packet(0x10, &body));
    assert_eq!(watch.packet().unwrap().1[1], 0);
    watch.send(&subscribe(5, "a", 0));
    assert_eq!(watch.packet().unwrap().0, 0x90);
    let mut writer = Raw::connected(hub.address(), 5, "staff", "writer");
    for (topic, payload) in [("a", "1"), ("", "2")] {
        let mut body = text(topic);
        body.extend([3, 0x23, 0, 9]);
        body.extend(payload.as_bytes());
        writer.send(&packet(0x30, &body));
        let mut expected = text(topic);
        expected.extend([3, 0x23, 0, 1]);
        expected.extend(payload.as_bytes());
        assert_eq!(watch.packet(), Some((0x30, expected)));
    }
}
