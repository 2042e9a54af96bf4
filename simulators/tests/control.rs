//! The control page over HTTP, a replayed recording, and the note of what was sent.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use common::{MORNING, WATER, configure, id, scenario, within};
use serde_json::{Value, json};
use simulators::{Fleet, Scenario};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_modbus::client::tcp;
use tokio_modbus::prelude::{ExceptionCode, Reader, Slave};

const ENDPOINT: &str = "tcp://127.0.0.1:5020";

/// Status and body of one request.
async fn http(fleet: &Fleet, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
    let mut stream = TcpStream::connect(fleet.control_address().unwrap()).await.unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

async fn controlled() -> Fleet {
    let mut scenario = scenario(&[("water.toml", WATER)]);
    scenario.control = Some("127.0.0.1:0".parse().unwrap());
    Fleet::start(scenario, || MORNING).await.unwrap()
}

#[tokio::test]
async fn a_fault_is_made_listed_and_mended_over_http() {
    let fleet = controlled().await;
    let wanted = json!({"target": "water/plc", "kind": "exception", "code": 6});
    let (status, made) = http(&fleet, "POST", "/faults", Some(&wanted)).await;
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let (_, listed) = http(&fleet, "GET", "/faults", None).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed, json!([{"id": made["id"], "target": "water/plc", "kind": "exception"}]));

    let address = fleet.modbus_addresses()[ENDPOINT];
    let mut plc = within("a connection", tcp::connect_slave(address, Slave(1))).await.unwrap();
    let answer = within("an exception", plc.read_holding_registers(0, 2)).await.unwrap();
    assert_eq!(answer, Err(ExceptionCode::ServerDeviceBusy));
    let (status, _) = http(&fleet, "DELETE", &format!("/faults/{}", made["id"]), None).await;
    assert_eq!(status, 204);
    assert!(within("values again", plc.read_holding_registers(0, 2)).await.unwrap().is_ok());
    fleet.stop().await;
}

#[tokio::test]
async fn a_senseless_fault_is_refused_with_its_reason_and_the_page_is_there() {
    let fleet = controlled().await;
    for (wanted, told) in [
        (json!({"target": "water/nobody", "kind": "silence"}), "no simulated device"),
        (json!({"target": "water/plc", "kind": "silense"}), "allowed: silence"),
        (json!({"target": "water/plc", "kind": "silence", "for": "soon"}), "for: "),
        (json!({"target": "water/plc", "kind": "duplicate"}), "MQTT"),
        (json!({"target": "water/plc/ph", "kind": "level"}), "needs a value"),
    ] {
        let (status, body) = http(&fleet, "POST", "/faults", Some(&wanted)).await;
        assert!(status == 400 && body.contains(told), "{wanted}: {status} {body}");
    }
    let (status, page) = http(&fleet, "GET", "/", None).await;
    assert!(status == 200 && page.contains("Mô phỏng"), "{status}");
    let (_, devices) = http(&fleet, "GET", "/devices", None).await;
    assert!(devices.contains("water/meter/flow"), "{devices}");
    fleet.stop().await;
}

#[tokio::test]
async fn a_recording_is_replayed_and_what_was_sent_is_noted() {
    let dir = tempfile::tempdir().unwrap();
    configure(&dir.path().join("hub"), &[("water.toml", WATER)]);
    std::fs::write(dir.path().join("old.csv"), "point,time,value\nwater/plc/free-chlorine,0,0.42\n").unwrap();
    let path = dir.path().join("scenario.toml");
    let text = "config = \"hub\"\n[modbus]\nlisten = \"any port\"\n[[replay]]\npoint = \"water/plc/free-chlorine\"\nfile = \"old.csv\"\n";
    std::fs::write(&path, text).unwrap();
    let mut scenario = Scenario::load(&path).unwrap();
    let noted = dir.path().join("sent.csv");
    scenario.check = Some(noted.clone());
    let fleet = Fleet::start(scenario, || MORNING).await.unwrap();
    let mut plc = within("a connection", tcp::connect_slave(fleet.modbus_addresses()[ENDPOINT], Slave(1)))
        .await
        .unwrap();
    let words = within("chlorine", plc.read_holding_registers(10, 1)).await.unwrap().unwrap();
    assert_eq!(words, [42]);
    fleet.stop().await;
    let rows = std::fs::read_to_string(&noted).unwrap();
    let at = MORNING.as_millis();
    assert_eq!(rows, format!("point,time,value,unit\nwater/plc/free-chlorine,{at},0.42,mg/L\n"));
}

#[test]
fn a_counter_that_is_reset_begins_again_at_zero() {
    let mut scenario = scenario(&[("water.toml", WATER)]);
    let at_ms = -60_000;
    let target = simulators::Target::parse("water/meter/net-volume").unwrap();
    let kind = simulators::FaultKind::CounterReset;
    scenario.faults.push(simulators::PlannedFault { at_ms, lasts: None, target, kind });
    let world = simulators::World::new(&scenario, MORNING).unwrap();
    let volume = |ms: i64| {
        let moment = hub_model::Timestamp::from_millis(MORNING.as_millis() + ms);
        world.raw_at(&id("water/meter/net-volume"), moment).unwrap()
    };
    assert!(volume(at_ms - 1) > 1_000.0, "a meter that has run for years");
    assert!(volume(at_ms) < 1.0 && volume(3_600_000) > 1.0, "{} {}", volume(at_ms), volume(3_600_000));
}
