//! Publishing: acknowledged only after the commit, many in flight, in order, refusals, what is left unanswered.
//!
//! Real clients over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use hub_broker::{RefusedWhat, Rejection};
use support::peer::{Asked, BOTH, Heard, Version};
use support::raw::{self, Raw};
use support::{Hub, wait_for};

#[tokio::test]
async fn an_acknowledgement_waits_for_the_commit() {
    for version in BOTH {
        let hub = Hub::start();
        hub.door.hold(true);
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        device.publish("site/tank/telemetry", 1, false, "7.12").await;
        wait_for("the hand-over", || hub.door.held() == 1, || format!("{} held", hub.door.held())).await;
        assert_eq!(hub.broker.stats().in_flight, 1);
        assert_eq!(device.so_far(), [], "nothing may be acknowledged before the commit");

        let (message, done) = hub.door.next_held().unwrap();
        assert_eq!((&*message.login, &*message.client_id), ("device", "tank"));
        assert_eq!((&*message.topic, &*message.payload), ("site/tank/telemetry", &b"7.12"[..]));
        assert_eq!((message.qos, message.retain), (1, false));
        std::thread::spawn(move || done.committed()).join().unwrap();
        assert_eq!(device.acknowledged().await, "Success");
        let stats = hub.broker.stats();
        assert_eq!((stats.received, stats.committed, stats.in_flight), (1, 1, 0));
    }
}

#[tokio::test]
async fn a_thousand_publishes_are_in_flight_before_any_acknowledgement() {
    const COUNT: usize = 1_000;
    for version in BOTH {
        let hub = Hub::start();
        hub.door.hold(true);
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        for number in 0..COUNT {
            device.publish("site/tank/telemetry", 1, false, &number.to_string()).await;
        }
        wait_for("all hand-overs", || hub.door.held() == COUNT, || format!("{} held", hub.door.held())).await;
        assert_eq!(device.so_far(), []);
        let order: Vec<String> =
            hub.door.seen().iter().map(|m| String::from_utf8(m.payload.to_vec()).unwrap()).collect();
        assert_eq!(order, (0..COUNT).map(|n| n.to_string()).collect::<Vec<_>>(), "in the order sent");
        assert_eq!(hub.door.commit_all(), COUNT);
        for _ in 0..COUNT {
            assert_eq!(device.acknowledged().await, "Success");
        }
    }
}

#[tokio::test]
async fn acknowledgements_keep_the_order_of_the_publishes() {
    let hub = Hub::start();
    hub.door.hold(true);
    let mut device = Raw::connected(hub.address(), 4, "device", "tank");
    for id in 1..=3 {
        device.send(&raw::publish(4, "site/tank/telemetry", Some(id), b"x"));
    }
    wait_for("three hand-overs", || hub.door.held() == 3, || hub.door.held().to_string()).await;
    let mut held: Vec<_> = (0..3).map(|_| hub.door.next_held().unwrap().1).collect();
    while let Some(done) = held.pop() {
        done.committed();
    }
    for id in 1..=3u8 {
        assert_eq!(device.packet(), Some((0x40, vec![0, id])));
    }
}

#[tokio::test]
async fn a_ping_is_answered_while_commits_wait() {
    let hub = Hub::start();
    hub.door.hold(true);
    for level in [4, 5] {
        let mut device = Raw::connected(hub.address(), level, "device", "tank");
        device.send(&raw::publish(level, "site/tank/telemetry", Some(1), b"x"));
        device.send(&[0xC0, 0]);
        assert_eq!(device.packet(), Some((0xD0, vec![])));
    }
    assert_eq!(hub.door.commit_all(), 2);
}

#[tokio::test]
async fn reading_stops_at_the_in_flight_limit_and_goes_on_after() {
    const SENT: usize = 300;
    let hub = Hub::with(|settings| settings.in_flight = 4);
    hub.door.hold(true);
    let mut device = Raw::connected(hub.address(), 4, "device", "tank");
    let writing = std::thread::spawn(move || {
        for _ in 0..SENT {
            device.send(&raw::publish(4, "site/tank/telemetry", None, &[b'x'; 4_000]));
        }
        device
    });
    let (mut taken, mut most) = (0, 0);
    while taken < SENT {
        wait_for("more messages", || hub.door.held() >= 4.min(SENT - taken), || taken.to_string()).await;
        most = most.max(hub.broker.stats().in_flight);
        taken += hub.door.commit_all();
    }
    assert!((4..40).contains(&most), "{most} were in flight");
    assert_eq!(hub.door.seen().len(), SENT);
    drop(writing.join().unwrap());
}

#[tokio::test]
async fn a_device_that_floods_slows_itself_and_nobody_else() {
    const LIMIT: usize = 4;
    let hub = Hub::with(|settings| settings.in_flight = LIMIT as u16);
    hub.door.hold(true);
    let mut flooding = Raw::connected(hub.address(), 4, "device", "flood");
    let writing = std::thread::spawn(move || {
        for number in 1..=300 {
            flooding.send(&raw::publish(4, "site/tank/telemetry", Some(number), &[b'x'; 4_000]));
        }
        flooding
    });
    wait_for("the flood", || hub.door.held() == LIMIT, || hub.door.held().to_string()).await;

    let mut calm = Raw::connected(hub.address(), 4, "device", "calm");
    calm.send(&raw::publish(4, "site/tank/telemetry", Some(1), b"7.2"));
    wait_for("the calm one", || hub.door.held() > LIMIT, || hub.door.held().to_string()).await;
    let held: Vec<_> = std::iter::from_fn(|| hub.door.next_held()).collect();
    let (calms, floods): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|(message, _)| &*message.client_id == "calm");
    assert_eq!((calms.len(), floods.len()), (1, LIMIT), "of the flood no more than its own share");
    calms.into_iter().for_each(|(_, done)| done.committed());
    assert_eq!(calm.packet(), Some((0x40, vec![0, 1])));

    floods.into_iter().for_each(|(_, done)| done.committed());
    hub.door.hold(false);
    hub.door.commit_all();
    wait_for("the rest of the flood", || hub.door.seen().len() == 301, || hub.door.seen().len().to_string())
        .await;
    drop(writing.join().unwrap());
}

#[tokio::test]
async fn qos_0_is_handed_over_even_when_the_client_leaves_at_once() {
    for level in [4, 5] {
        let hub = Hub::start();
        let mut device = Raw::connected(hub.address(), level, "device", "tank");
        let mut all = Vec::new();
        for number in 0..50u8 {
            all.extend(raw::publish(level, "đèn/1", None, &[number]));
        }
        all.extend([0xE0, 0]);
        device.send(&all);
        drop(device);
        wait_for("50 messages", || hub.door.seen().len() == 50, || hub.door.seen().len().to_string()).await;
        let numbers: Vec<u8> = hub.door.seen().iter().map(|message| message.payload[0]).collect();
        assert_eq!(numbers, (0..50).collect::<Vec<u8>>());
    }
}

#[tokio::test]
async fn a_topic_that_is_not_allowed_is_refused_and_the_connection_kept() {
    for (version, reason) in [(Version::V3, "Success"), (Version::V5, "NotAuthorized")] {
        let hub = Hub::start();
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        device.publish("site/other/telemetry", 1, true, "1").await;
        assert_eq!(device.acknowledged().await, reason);
        assert_eq!(hub.door.refusals(), [RefusedWhat::Publish { topic: "site/other/telemetry".into() }]);
        device.publish("site/tank/telemetry", 1, false, "2").await;
        assert_eq!(device.acknowledged().await, "Success");
        assert_eq!(hub.door.seen().len(), 1, "the refused one was not handed over");
        assert_eq!((hub.broker.stats().refused, hub.broker.stats().retained), (1, 0));
    }
}

#[tokio::test]
async fn a_message_that_the_owner_turns_down_is_not_routed() {
    for (version, answer) in [(Version::V3, "Success"), (Version::V5, "PayloadFormatInvalid")] {
        let hub = Hub::start();
        let mut staff = Asked::new(version, "staff", "watch").connect(hub.address()).await;
        staff.subscribe("#", 1).await;
        hub.door.hold(true);
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        device.publish("site/tank/status", 1, true, "{").await;
        wait_for("the hand-over", || hub.door.held() == 1, || hub.door.held().to_string()).await;
        hub.door.next_held().unwrap().1.refused(Rejection::PayloadInvalid);
        assert_eq!(device.acknowledged().await, answer);
        hub.door.hold(false);
        device.publish("site/tank/telemetry", 1, false, "next").await;
        assert_eq!(staff.message().await.1, "next");
        assert_eq!(hub.broker.stats().retained, 0);
    }
}

#[tokio::test]
async fn a_message_left_without_an_answer_closes_its_connection() {
    for version in BOTH {
        let hub = Hub::start();
        hub.door.hold(true);
        let mut other = Asked::new(version, "staff", "other").connect(hub.address()).await;
        let mut device = Asked::new(version, "device", "tank").connect(hub.address()).await;
        device.publish("site/tank/telemetry", 1, false, "1").await;
        wait_for("the hand-over", || hub.door.held() == 1, || hub.door.held().to_string()).await;
        drop(hub.door.next_held());
        device.ended().await;
        hub.door.hold(false);
        other.publish("a", 1, false, "still here").await;
        assert_eq!(other.acknowledged().await, "Success");
        assert_eq!(hub.broker.stats().committed, 1);
    }
}

#[tokio::test]
async fn qos_2_is_taken_exactly_once_over_3_1_1() {
    let hub = Hub::start();
    let mut device = Asked::new(Version::V3, "device", "tank").connect(hub.address()).await;
    for number in 0..20 {
        device.publish("site/tank/telemetry", 2, false, &number.to_string()).await;
    }
    for _ in 0..20 {
        assert_eq!(device.acknowledged().await, "Complete");
    }
    assert_eq!(hub.door.seen().len(), 20);
    assert!(hub.door.seen().iter().all(|message| message.qos == 2));
    assert!(device.so_far().iter().all(|heard| !matches!(heard, Heard::Ended(_))));
}

#[tokio::test]
async fn a_release_of_an_unknown_id_is_completed_over_3_1_1() {
    let hub = Hub::start();
    let mut device = Raw::connected(hub.address(), 4, "device", "tank");
    device.send(&[0x62, 2, 0, 9]);
    assert_eq!(device.packet(), Some((0x70, vec![0, 9])));
}
