//! Somebody else's broker, a real mosquitto: what comes, what is acknowledged and when, and every way in which it can fail.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mosquitto;
mod rig;
mod sending;

use adapters_mqtt::client::LinkState;
use hub_model::{Reason, Sample};
use mosquitto::Mosquitto;
use rig::Rig;

const KEEPS: &str = "persistence true\npersistence_location @DIR@/\n";

/// A file of passwords in which the one of "hub" is "right".
fn passwords() -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords");
    let mut command = std::process::Command::new("mosquitto_passwd");
    assert!(command.args(["-c", "-b"]).arg(&file).args(["hub", "right"]).status().unwrap().success());
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn messages_of_several_devices_come_over_one_connection() {
    let broker = Mosquitto::start("", &[]);
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    broker.publish("application/1/level", r#"{"object":{"distance":412}}"#);
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(412.0))]);
    broker.publish("commune/v1/site/gas/telemetry", r#"{"seq":1,"m":{"h2s":3.5}}"#);
    assert_eq!(rig.next().await, [("site/gas/h2s".to_owned(), Sample::Raw(3.5))]);
    broker.publish("commune/v1/site/gas/status", "offline");
    assert_eq!(rig.next().await, [("site/gas/h2s".to_owned(), Sample::Missing(Reason::Offline))]);
    broker.publish("application/1/level", "{");
    assert_eq!(rig.next().await, [], "acknowledged, and tells nothing");
    let health = rig.health();
    assert_eq!((health.messages, health.undecodable, health.connects), (4, 1, 1));
    assert!(health.devices.values().all(Option::is_some), "{health:?}");
    assert_eq!(rig.arrivals.after(0).len(), 4);
    rig.stop().await;
    rig::logged(&broker, "Client commune-hub-test disconnected.").await;
}

#[tokio::test]
async fn nothing_is_acknowledged_before_its_commit() {
    let mut broker = Mosquitto::start(KEEPS, &[]);
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    broker.publish("application/1/level", r#"{"object":{"distance":1}}"#);
    let held = rig.delivery().await;
    broker.publish("application/1/level", r#"{"object":{"distance":2}}"#);
    let committed = rig.delivery().await;
    // Not on disk when the hub ends: the broker has to send it again. In order, so the second one is acknowledged too late.
    drop(held);
    drop(committed);
    rig.kill();
    broker.end();
    broker.run();
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(1.0))], "{}", broker.log());
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(2.0))]);
    rig.stop().await;
    // Acknowledged now: nothing comes again.
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    broker.publish("application/1/level", r#"{"object":{"distance":3}}"#);
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(3.0))]);
}

#[tokio::test]
async fn what_came_while_the_hub_was_away_comes_later() {
    let broker = Mosquitto::start("", &[]);
    let rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    rig.subscribed(&broker).await;
    rig.stop().await;
    for distance in 0..30 {
        broker.publish("application/1/level", &format!(r#"{{"object":{{"distance":{distance}}}}}"#));
    }
    let mut rig = Rig::start(broker.port, |_| {});
    for distance in 0..30 {
        assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(f64::from(distance)))]);
    }
    assert_eq!(rig.health().sessions_lost, 0);
}

#[tokio::test]
async fn a_broker_that_is_restarted_and_keeps_sessions_is_found_again() {
    let mut broker = Mosquitto::start(KEEPS, &[]);
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    rig.subscribed(&broker).await;
    broker.end();
    rig.until("down", |health| matches!(health.state, LinkState::Down { .. })).await;
    broker.run();
    broker.publish("application/1/level", r#"{"object":{"distance":5}}"#);
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(5.0))]);
    let health = rig.health();
    assert_eq!((health.connects, health.sessions_lost), (2, 0), "{}", broker.log());
}

#[tokio::test]
async fn a_broker_that_has_forgotten_the_session_is_subscribed_to_again() {
    let mut broker = Mosquitto::start("", &[]);
    let mut rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    rig.subscribed(&broker).await;
    broker.end();
    broker.run();
    rig.until("two connections", |health| health.connects == 2).await;
    rig.subscribed(&broker).await;
    broker.publish("application/1/level", r#"{"object":{"distance":6}}"#);
    assert_eq!(rig.next().await, [("site/tank/level".to_owned(), Sample::Raw(6.0))]);
    assert_eq!(rig.health().sessions_lost, 1);
}

#[tokio::test]
async fn a_broker_that_cannot_be_reached_is_told_and_makes_points_missing_once_it_lasts() {
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut rig = Rig::start(port, |_| {});
    rig.until("down", |health| matches!(&health.state, LinkState::Down { .. })).await;
    let told = rig.health().trouble(rig.clock.now()).unwrap();
    assert!(told.starts_with("not connected: ") && told.contains("refused"), "{told}");
    rig.advance_s(61);
    let missing = Sample::Missing(Reason::Disconnected);
    let mut told = rig.next().await;
    told.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, [("site/gas/h2s".to_owned(), missing), ("site/tank/level".to_owned(), missing)]);
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such() {
    let broker = Mosquitto::start(
        "allow_anonymous false\npassword_file @DIR@/passwords\n",
        &[("passwords", &passwords())],
    );
    let rig = Rig::start(broker.port, |endpoint| {
        endpoint.address.user = Some("hub".to_owned());
        endpoint.password = Some("wrong".to_owned());
    });
    rig.until("refused", |health| {
        let LinkState::Down { why, .. } = &health.state else { return false };
        assert!(!why.contains("wrong"), "{why}");
        why == "the broker does not let this login connect"
            || why == "the broker refuses the user name or password"
    })
    .await;
    rig.stop().await;
    let rig = Rig::start(broker.port, |endpoint| {
        endpoint.address.user = Some("hub".to_owned());
        endpoint.password = Some("right".to_owned());
    });
    rig.connected().await;
}

#[tokio::test]
async fn a_refused_subscription_is_named_and_the_others_work() {
    let security = r#"{"anonymousGroup":"all","groups":[{"groupname":"all","roles":[{"rolename":"r"}]}],
        "roles":[{"rolename":"r","acls":[{"acltype":"subscribePattern","topic":"application/#","priority":1,"allow":false}]}],
        "defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,"subscribe":true,"unsubscribe":true}}"#;
    let plugin = "plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so\nplugin_opt_config_file @DIR@/security.json\n";
    let broker = Mosquitto::start(plugin, &[("security.json", security)]);
    let mut rig = Rig::start(broker.port, |_| {});
    rig.until("a refused filter", |health| !health.refused.is_empty()).await;
    let told = rig.health().trouble(rig.clock.now());
    assert_eq!(told.as_deref(), Some("the broker refuses the subscription to application/+/level"));
    broker.publish("commune/v1/site/gas/telemetry", r#"{"m":{"h2s":3.5}}"#);
    assert_eq!(rig.next().await, [("site/gas/h2s".to_owned(), Sample::Raw(3.5))]);
}

#[tokio::test]
async fn silence_is_told_although_the_connection_stands() {
    let broker = Mosquitto::start("", &[]);
    let rig = Rig::start(broker.port, |_| {});
    rig.connected().await;
    rig.advance_s(12 * 60);
    let health = rig.health();
    assert_eq!(health.trouble(rig.clock.now()).as_deref(), Some("connected, nothing received for 12 min"));
}

#[tokio::test]
async fn tls_trusts_the_given_issuer_and_no_other() {
    let (ca, chain, key) = rig::certificates();
    let (other, _, _) = rig::certificates();
    let tls = "cafile @DIR@/ca.pem\ncertfile @DIR@/cert.pem\nkeyfile @DIR@/key.pem\n";
    let broker = Mosquitto::start(tls, &[("ca.pem", &ca), ("cert.pem", &chain), ("key.pem", &key)]);
    assert!(broker.folder().join("ca.pem").exists());
    let encrypted = |ca: Option<String>| {
        Rig::start(broker.port, move |endpoint| {
            endpoint.address.is_encrypted = true;
            endpoint.address.host = "localhost".to_owned();
            endpoint.ca = ca.map(Into::into);
        })
    };
    let rig = encrypted(Some(ca));
    rig.connected().await;
    rig.stop().await;
    for ca in [Some(other), None] {
        let rig = encrypted(ca);
        rig.until(
            "not trusted",
            |health| matches!(&health.state, LinkState::Down { why, .. } if why.contains("certificate")),
        )
        .await;
        rig.stop().await;
    }
}
