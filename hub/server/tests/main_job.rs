//! The main job, from outside: a foreign Modbus server and MQTT client, the hub's own binary, its API.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::peers::{ModbusServer, mosquitto_pub};
use support::{Folder, Hub, wait_for};

const SOON: Duration = Duration::from_secs(20);
const CHLORINE: &str = "tam-hop-water/plc/free-chlorine";

/// What the foreign server holds: each number as the words that its type and byte order give, worked out by hand.
fn units() -> Value {
    json!({
        // pH 7.12 is 0x40E3D70A; turbidity 0.83 is 0x3F547AE1, low word first; chlorine 0.42 mg/L.
        "1": {
            "holding": {"0": [0x40E3, 0xD70A, 0x7AE1, 0x3F54], "10": [42]},
            "input": {"0": [2345]},
            "coil": {"0": [true]},
        },
        // Flow 36.625 m3/h is 0x42128000, net volume 123456 is 0x0001E240, both low word first; signal 91 %.
        "2": {"holding": {"0": [0x8000, 0x4212], "24": [0xE240, 0x0001], "91": [91]}},
    })
}

fn value(hub: &Hub, point: &str) -> Value {
    hub.point(point)["latest"]["value"].clone()
}

fn wait_for_value(hub: &Hub, point: &str, expected: &Value) {
    wait_for(&format!("{point} to be {expected}"), SOON, || (value(hub, point) == *expected).then_some(()));
}

/// The newest alarm of the chlorine rule.
fn alarm(hub: &Hub) -> Option<Value> {
    let alarms = hub.get("/alarms?state=all");
    alarms.as_array().unwrap().iter().find(|alarm| alarm["rule"] == "chlorine-low").cloned()
}

fn wait_for_state(hub: &Hub, expected: &str) -> Value {
    wait_for(&format!("the alarm to be {expected}"), SOON, || {
        alarm(hub).filter(|alarm| alarm["state"] == expected)
    })
}

fn publish_all(hub: &Hub) {
    let publish =
        |user, password, topic, payload| mosquitto_pub(hub.mqtt, (user, password), topic, payload, &[]);
    publish(
        "dong-bai-gas",
        "gas-pilot-1",
        "commune/v1/dong-bai-waste/gas/telemetry",
        r#"{"m":{"h2s":12.34567,"nh3":80.1}}"#,
    );
    publish(
        "chirpstack",
        "chirpstack-pilot-1",
        "application/7/device/24e124713c140001/event/up",
        r#"{"deduplicationId":"a","time":"2026-11-23T01:00:00Z","object":{"distance":1234}}"#,
    );
    publish(
        "ap-01",
        "ap-pilot-1",
        "commune/v1/van-hoa-wifi/ap-01/telemetry",
        r#"{"m":{"clients":12,"rx_bytes":1421451}}"#,
    );
    publish("collectd", "collectd-pilot-1", "collectd/ap-01/iwinfo-phy0-ap0/stations", "1760000000:9");
}

#[test]
fn every_point_reads_what_was_sent_to_the_last_decimal() {
    let server = ModbusServer::start(0, &units());
    let folder = Folder::pilot(&format!("127.0.0.1:{}", server.port));
    let hub = folder.run(&folder.token("viewer"));
    publish_all(&hub);
    for (point, expected) in [
        ("tam-hop-water/plc/ph", json!(7.12)),
        ("tam-hop-water/plc/turbidity", json!(0.83)),
        (CHLORINE, json!(0.42)),
        ("tam-hop-water/plc/tank-level", json!(2.345)),
        ("tam-hop-water/plc/pump-1", json!(1.0)),
        ("tam-hop-water/flow-meter/flow", json!(36.625)),
        ("tam-hop-water/flow-meter/net-volume", json!(123_456.0)),
        ("tam-hop-water/flow-meter/signal-quality", json!(91.0)),
        ("dong-bai-waste/gas/h2s", json!(12.34567)),
        ("dong-bai-waste/gas/nh3", json!(80.1)),
        ("dong-bai-waste/bin-07/fill", json!(38.3)),
        ("van-hoa-wifi/ap-01/clients", json!(12.0)),
        ("van-hoa-wifi/ap-01/rx_bytes", json!(1_421_451.0)),
        ("van-hoa-wifi/ap-01-collectd/stations", json!(9.0)),
    ] {
        wait_for_value(&hub, point, &expected);
    }
    assert_eq!(hub.point(CHLORINE)["latest"]["quality"], "good");
    assert_eq!(hub.point("dong-bai-waste/bin-07/fill")["latest"]["measured_at"], "2026-11-23T08:00:00+07:00");
    hub.stop();
}

#[test]
fn an_alarm_goes_its_way_and_survives_a_kill_in_every_state() {
    let mut server = ModbusServer::start(0, &units());
    let folder = Folder::pilot(&format!("127.0.0.1:{}", server.port));
    let token = folder.token("staff");
    let hub = folder.run(&token);
    wait_for_value(&hub, CHLORINE, &json!(0.42));
    assert_eq!(alarm(&hub), None);

    // The delay is running when the hub is killed: it goes on afterwards.
    server.set(1, "holding", 10, &json!([12]));
    wait_for_value(&hub, CHLORINE, &json!(0.12));
    hub.kill();
    let hub = folder.run(&token);
    let raised = wait_for_state(&hub, "unacknowledged");
    assert_eq!((&raised["value"], &raised["priority"]), (&json!(0.12), &json!("high")));
    assert_eq!(raised["point"], CHLORINE);

    hub.kill();
    let hub = folder.run(&token);
    assert_eq!(wait_for_state(&hub, "unacknowledged")["id"], raised["id"]);
    let path = format!("/alarms/{}", raised["id"]);
    let (status, acknowledged) =
        hub.post(&format!("{path}/acknowledge"), &json!({"comment": "Đang châm thêm clo"}));
    assert_eq!((status, &acknowledged["state"]), (200, &json!("acknowledged")));
    assert_eq!(acknowledged["acknowledged_by"], "test-staff");
    assert_eq!(hub.post(&format!("{path}/acknowledge"), &json!({})).0, 409);

    hub.kill();
    let hub = folder.run(&token);
    assert_eq!(wait_for_state(&hub, "acknowledged")["id"], raised["id"]);
    server.set(1, "holding", 10, &json!([45]));
    wait_for_value(&hub, CHLORINE, &json!(0.45));
    let normal = wait_for_state(&hub, "normal");
    assert_eq!(normal["id"], raised["id"]);
    assert!(normal["cleared_at"].is_string());

    hub.kill();
    let hub = folder.run(&token);
    let history = hub.get(&path)["history"].clone();
    let states: Vec<_> =
        history.as_array().unwrap().iter().map(|step| step["to"].as_str().unwrap()).collect();
    assert_eq!(states, ["unacknowledged", "acknowledged", "normal"]);
    assert_eq!(history[1]["comment"], "Đang châm thêm clo");
    // What was learnt afterwards belongs beside it, too.
    let (status, noted) = hub.post(&format!("{path}/comment"), &json!({"comment": "Bơm định lượng bị tắc"}));
    assert_eq!((status, &noted["history"][3]["comment"]), (200, &json!("Bơm định lượng bị tắc")));
    assert_eq!(hub.post(&format!("{path}/comment"), &json!({"comment": " "})).0, 400);
    assert_eq!(hub.post("/alarms/999/comment", &json!({"comment": "x"})).0, 404);
    hub.stop();
}

#[test]
fn a_dead_modbus_server_makes_its_points_missing_and_they_return_by_themselves() {
    let server = ModbusServer::start(0, &units());
    let port = server.port;
    let folder = Folder::pilot(&format!("127.0.0.1:{port}"));
    let hub = folder.run(&folder.token("viewer"));
    wait_for_value(&hub, CHLORINE, &json!(0.42));
    publish_all(&hub);

    server.kill();
    let dead = wait_for("a missing chlorine", SOON, || {
        Some(hub.point(CHLORINE)).filter(|point| point["latest"]["quality"] == "missing")
    });
    assert!(dead["latest"]["value"].is_null());
    let reason = dead["latest"]["reason"].as_str().unwrap();
    assert!(["refused", "disconnected", "timeout"].contains(&reason), "{reason}");
    assert_eq!(dead["last_good"]["value"], 0.42);
    assert_eq!(hub.point("dong-bai-waste/gas/h2s")["latest"]["quality"], "good");
    mosquitto_pub(
        hub.mqtt,
        ("dong-bai-gas", "gas-pilot-1"),
        "commune/v1/dong-bai-waste/gas/telemetry",
        r#"{"m":{"h2s":13}}"#,
        &[],
    );
    wait_for_value(&hub, "dong-bai-waste/gas/h2s", &json!(13.0));

    let _server = ModbusServer::start(port, &units());
    wait_for_value(&hub, CHLORINE, &json!(0.42));
    wait_for_value(&hub, "tam-hop-water/flow-meter/flow", &json!(36.625));
    hub.stop();
}

#[test]
fn a_device_that_is_gone_is_offline_by_its_last_will() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    publish_all(&hub);
    wait_for_value(&hub, "van-hoa-wifi/ap-01/clients", &json!(12.0));
    let login = ("ap-01", "ap-pilot-1");
    mosquitto_pub(hub.mqtt, login, "commune/v1/van-hoa-wifi/ap-01/status", "offline", &["-r"]);
    wait_for("the access point's clients to be missing", SOON, || {
        (hub.point("van-hoa-wifi/ap-01/clients")["latest"]["reason"] == "offline").then_some(())
    });
    // What a device may not say is dropped and disturbs nothing.
    mosquitto_pub(hub.mqtt, login, "commune/v1/dong-bai-waste/gas/telemetry", r#"{"m":{"h2s":999}}"#, &[]);
    mosquitto_pub(
        hub.mqtt,
        login,
        "commune/v1/van-hoa-wifi/ap-01/telemetry",
        r#"{"m":{"clients":NaN}}"#,
        &[],
    );
    mosquitto_pub(
        hub.mqtt,
        login,
        "commune/v1/van-hoa-wifi/ap-01/telemetry",
        r#"{"m":{"clients":3,"cats":1}}"#,
        &[],
    );
    wait_for_value(&hub, "van-hoa-wifi/ap-01/clients", &json!(3.0));
    assert_eq!(value(&hub, "dong-bai-waste/gas/h2s"), json!(12.34567));
    hub.stop();
}
