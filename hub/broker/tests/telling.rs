//! What the owner says to clients, and addresses that connect too fast.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::mpsc;

use hub_broker::Telling;
use support::peer::{Asked, BOTH};
use support::raw::{self, Raw};
use support::{BOUND, Hub, PASSWORD, wait_for};

fn telling(topic: &str) -> Telling {
    Telling {
        topic: topic.to_owned(),
        payload: "mở van".into(),
        response_topic: Some("site/tank/response/1".to_owned()),
        correlation: Some("1".into()),
        expiry_s: 10,
    }
}

fn reached(hub: &Hub, topic: &str) -> usize {
    let (sender, receiver) = mpsc::channel();
    assert!(hub.broker.teller().tell(telling(topic), move |count| sender.send(count).unwrap()));
    receiver.recv_timeout(BOUND).unwrap()
}

#[tokio::test]
async fn a_command_reaches_who_is_connected_and_waits_for_nobody() {
    for version in BOTH {
        let hub = Hub::start();
        assert_eq!(reached(&hub, "site/tank/command"), 0);
        let mut tank = Asked::new(version, "device", "tank").connect(hub.address()).await;
        assert_eq!(reached(&hub, "site/tank/command"), 0, "it has not subscribed");
        tank.subscribe("site/tank/command", 1).await;
        assert_eq!(reached(&hub, "site/tank/command"), 1);
        let (topic, payload, qos, retain) = tank.message().await;
        assert_eq!((&*topic, &*payload, qos, retain), ("site/tank/command", "mở van", 1, false));
        tank.disconnect().await;
        wait_for(
            "it to be gone",
            || hub.broker.stats().connections == 0,
            || format!("{:?}", hub.broker.stats()),
        )
        .await;
        assert_eq!(reached(&hub, "site/tank/command"), 0);
    }
}

/// MQTT 5 says with a command where the answer is wanted, byte for byte.
#[test]
fn a_command_carries_response_topic_and_correlation() {
    let hub = Hub::start();
    let mut raw = Raw::connected(hub.address(), 5, "device", "tank");
    let mut body = vec![0, 1, 0];
    body.extend(raw::text("site/tank/command"));
    body.push(1);
    raw.send(&raw::packet(0x82, &body));
    assert_eq!(raw.packet().unwrap().0, 0x90);
    assert_eq!(reached(&hub, "site/tank/command"), 1);
    let (kind, body) = raw.packet().unwrap();
    assert_eq!(kind, 0x32);
    let contains = |wanted: &[u8]| body.windows(wanted.len()).any(|window| window == wanted);
    let mut response = vec![0x08];
    response.extend(raw::text("site/tank/response/1"));
    assert!(
        contains(&response) && contains(&[0x09, 0, 1, b'1']) && contains(&[0x02, 0, 0, 0, 10]),
        "{body:?}"
    );
}

#[test]
fn an_address_that_connects_too_fast_waits_its_turn() {
    let hub = Hub::with(|settings| {
        (settings.connects_at_once, settings.connects_per_second) = (5, 100);
        settings.max_strangers_per_address = 20;
    });
    let mut sockets: Vec<Raw> = (0..15).map(|_| Raw::open(hub.address())).collect();
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.send(&raw::connect(4, "device", PASSWORD, &format!("tank-{number}")));
        let (kind, body) = socket.packet().unwrap();
        assert_eq!((kind, body[1]), (0x20, 0), "let in, after a while");
    }
    assert!(hub.broker.stats().paced >= 1, "{:?}", hub.broker.stats());
    assert_eq!(hub.broker.stats().sockets_refused, 0);
}

#[tokio::test]
async fn a_storm_of_silent_sockets_of_one_address_is_bounded() {
    let hub = Hub::with(|settings| {
        (settings.connects_at_once, settings.connects_per_second) = (10, 1);
        settings.max_strangers_per_address = 20;
    });
    let mut calm = Raw::connected(hub.address(), 4, "device", "calm");
    let _silent: Vec<_> = (0..200).map(|_| std::net::TcpStream::connect(hub.address()).unwrap()).collect();
    let refused = || hub.broker.stats().sockets_refused;
    wait_for("the rest to be closed", || refused() == 180, || format!("{:?}", hub.broker.stats())).await;
    assert_eq!(hub.broker.stats().paced, 11);
    // Who is in already, from the same address, notices nothing.
    calm.send(&raw::publish(4, "site/tank/telemetry", Some(3), b"1"));
    assert_eq!(calm.packet(), Some((0x40, vec![0, 3])));
}
