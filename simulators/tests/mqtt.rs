//! MQTT against a foreign broker: what devices say, their last will, silence, and coming back.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

#[path = "common/broker.rs"]
mod broker;
mod common;

use std::time::Duration;

use broker::{Broker, Ear, free_port};
use common::{MORNING, id, scenario, within};
use serde_json::Value;
use simulators::{FaultKind, Fleet};
use tokio::net::TcpStream;

const SITE: &str = r#"
id = "waste"
kind = "waste_site"

[[device]]
id = "gas"
adapter = "mqtt"
login = { username = "gas", password = "secret" }
expire_after = "15m"
point = [{ id = "h2s", quantity = "h2s" }, { id = "nh3", quantity = "nh3" }]

[[device]]
id = "bin"
adapter = "mqtt"
login = { username = "lora", password = "secret", publish = ["application/#"] }

[[device.point]]
id = "fill"
quantity = "fill_level"
topic = "application/+/device/24e1/event/up"
path = "object.distance"
time_path = "time"
scale = -0.05
offset = 100.0

[[device]]
id = "ap"
adapter = "mqtt"
point = [{ id = "stations", quantity = "clients", topic = "collectd/ap-01/iwinfo-phy0-ap0/stations", format = "collectd" }]
"#;
const TELEMETRY: &str = "commune/v1/waste/gas/telemetry";
const STATUS: &str = "commune/v1/waste/gas/status";
const UPLINK: &str = "application/1/device/24e1/event/up";

async fn start(port: u16) -> Fleet {
    let mut scenario = scenario(&[("waste.toml", SITE)]);
    scenario.broker = format!("127.0.0.1:{port}");
    scenario.every = Duration::from_millis(200);
    Fleet::start(scenario, || MORNING).await.unwrap()
}

#[tokio::test]
async fn devices_say_what_the_world_holds_in_the_words_of_their_kind() {
    let broker = Broker::start(free_port()).await;
    let mut ear = Ear::listen(broker.port).await;
    let fleet = start(broker.port).await;
    let raw = |point: &str| fleet.world().raw_at(&id(point), MORNING).unwrap();

    let message = ear.hear("telemetry", |message| message.topic == TELEMETRY).await;
    let document: Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(document["m"]["h2s"].as_f64(), Some(raw("waste/gas/h2s")));
    assert_eq!(document["m"]["nh3"].as_f64(), Some(raw("waste/gas/nh3")));
    assert_eq!(document["ts"], "2026-08-20T07:30:00+07:00");
    let first = document["seq"].as_u64().unwrap();
    let next = ear.hear("more telemetry", |message| message.topic == TELEMETRY).await;
    let document: Value = serde_json::from_slice(&next.payload).unwrap();
    assert_eq!(document["seq"].as_u64(), Some(first + 1));

    let message = ear.hear("an uplink", |message| message.topic == UPLINK).await;
    let document: Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(document["object"]["distance"].as_f64(), Some(raw("waste/bin/fill")));
    let topic = "collectd/ap-01/iwinfo-phy0-ap0/stations";
    let line = format!("1787185800.000:{}\0", raw("waste/ap/stations"));
    ear.hear_text(topic, &line).await;
    fleet.stop().await;
}

#[tokio::test]
async fn the_status_is_retained_and_a_broken_connection_leaves_the_will() {
    let broker = Broker::start(free_port()).await;
    let mut ear = Ear::listen(broker.port).await;
    let fleet = start(broker.port).await;
    ear.hear_text(STATUS, "online").await;
    let kept = Ear::listen(broker.port).await.hear_text(STATUS, "online").await;
    assert!(kept.retain);

    let mut ear = Ear::listen(broker.port).await;
    let fault = fleet.control().inject("waste/gas", FaultKind::Disconnect, None).unwrap();
    ear.hear_text(STATUS, "offline").await;
    fleet.control().mend(fault);
    ear.hear_text(STATUS, "online").await;
    ear.hear("telemetry after the return", |message| message.topic == TELEMETRY).await;
    fleet.stop().await;
    ear.hear_text(STATUS, "offline").await;
}

#[tokio::test]
async fn a_silent_device_stays_connected_and_says_nothing() {
    let broker = Broker::start(free_port()).await;
    let mut ear = Ear::listen(broker.port).await;
    let fleet = start(broker.port).await;
    ear.hear("telemetry", |message| message.topic == TELEMETRY).await;
    let fault = fleet.control().inject("waste/gas", FaultKind::Silence, None).unwrap();
    // What was on its way when the fault began may still arrive before the first other message that follows it.
    for _ in 0..2 {
        ear.hear("another device's message", |message| message.topic == UPLINK).await;
    }
    for _ in 0..2 {
        let message = ear
            .hear("any of the two", |message| {
                message.topic == UPLINK || message.topic.starts_with("commune/v1/waste/gas")
            })
            .await;
        assert_eq!(message.topic, UPLINK);
    }
    fleet.control().mend(fault);
    ear.hear("telemetry again", |message| message.topic == TELEMETRY).await;
    fleet.stop().await;
}

#[tokio::test]
async fn devices_come_back_to_a_broker_that_was_killed() {
    let port = free_port();
    let broker = Broker::start(port).await;
    let mut ear = Ear::listen(port).await;
    let fleet = start(port).await;
    ear.hear_text(STATUS, "online").await;
    broker.kill().await;
    let broker = Broker::start(port).await;
    let mut ear = Ear::listen(broker.port).await;
    ear.hear("telemetry on the new broker", |message| message.topic == TELEMETRY).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_third_partys_broker_runs_for_the_devices_that_publish_there() {
    let port = free_port();
    let login = "login = { username = \"gas\", password = \"secret\" }";
    let site = SITE.replace(login, &format!("broker = \"mqtt://hub@127.0.0.1:{port}\"\npassword = \"any\""));
    let mut scenario = scenario(&[("waste.toml", &site)]);
    scenario.broker = format!("127.0.0.1:{}", free_port());
    scenario.every = Duration::from_millis(200);
    scenario.site_broker = true;
    let fleet = Fleet::start(scenario, || MORNING).await.unwrap();
    within("the broker to listen", async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut ear = Ear::listen(port).await;
    ear.hear("telemetry", |message| message.topic == TELEMETRY).await;
    fleet.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "it ends with the devices");
}

#[tokio::test]
async fn faults_of_registers_do_not_happen_to_an_mqtt_device() {
    let fleet = start(free_port()).await;
    let refused = fleet.control().inject("waste/gas", FaultKind::Exception { code: 2 }, None).unwrap_err();
    assert!(refused.to_string().contains("only happens to Modbus devices"), "{refused}");
    fleet.stop().await;
}

#[tokio::test]
async fn a_message_comes_twice_or_after_its_successor_or_with_a_wrong_time() {
    let broker = Broker::start(free_port()).await;
    let mut ear = Ear::listen(broker.port).await;
    let fleet = start(broker.port).await;
    let control = fleet.control();
    let number = async |ear: &mut Ear| {
        let message = ear.hear("telemetry", |message| message.topic == TELEMETRY).await;
        let document: Value = serde_json::from_slice(&message.payload).unwrap();
        (document["seq"].as_u64().unwrap(), document["ts"].as_str().unwrap().to_owned())
    };
    let fault = control.inject("waste/gas", FaultKind::Duplicate, None).unwrap();
    let mut last = number(&mut ear).await.0;
    within("a message twice", async {
        loop {
            let next = number(&mut ear).await.0;
            if next == last {
                return;
            }
            last = next;
        }
    })
    .await;
    control.mend(fault);
    let fault = control.inject("waste/gas", FaultKind::OutOfOrder, None).unwrap();
    within("a message after its successor", async {
        loop {
            let next = number(&mut ear).await.0;
            if next < last {
                return;
            }
            last = next;
        }
    })
    .await;
    control.mend(fault);
    control.inject("waste/gas", FaultKind::ClockWrong { seconds: -3_600.0 }, None).unwrap();
    within("a time of an hour ago", async {
        while number(&mut ear).await.1 != "2026-08-20T06:30:00+07:00" {}
    })
    .await;
    fleet.stop().await;
}
