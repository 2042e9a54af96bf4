//! What an integrator sees and does, from outside: buses with their frames, a live look over a bus that runs, and writing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::peers::ModbusServer;
use support::{Folder, Hub, wait_for};

const SOON: Duration = Duration::from_secs(20);

fn units() -> Value {
    json!({ "1": { "holding": { "0": [0x40E3, 0xD70A], "4": [50], "8": [0x5255, 0x4E00] } } })
}

fn folder(port: u16) -> Folder {
    let site = format!(
        r#"id = "station"
kind = "water_station"

[[device]]
id = "plc"
adapter = "modbus"
endpoint = "tcp://127.0.0.1:{port}"
unit_id = 1
poll = "100ms"

[[device.point]]
id = "ph"
quantity = "ph"
register = "holding"
address = 0
type = "FLOAT32"

[[device.point]]
id = "setpoint"
quantity = "free_chlorine"
register = "holding"
address = 4
type = "UINT16"
scale = 0.01
range = {{ min = 0.2, max = 1.0 }}
write = true

[[device.point]]
id = "mode"
quantity = "state"
register = "holding"
address = 8
type = "STRING"
length = 2
states = ["STOP", "RUN"]

[[device.point]]
id = "nowhere"
quantity = "state"
register = "holding"
address = 5
type = "UINT16"
"#
    );
    let hub = "[commune]\nid = \"c\"\nname = \"C\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";
    Folder::with(&[("hub.toml", hub), ("sites/a.toml", &site)])
}

fn wait_for_value(hub: &Hub, point: &str, expected: f64) {
    wait_for(&format!("{point} to be {expected}"), SOON, || {
        (hub.point(point)["latest"]["value"] == json!(expected)).then_some(())
    });
}

#[test]
fn buses_are_seen_and_points_are_written_with_proof() {
    let server = ModbusServer::start(0, &units());
    let folder = folder(server.port);
    let hub = folder.run(&folder.token("integrator"));
    wait_for_value(&hub, "station/plc/ph", 7.12);
    wait_for_value(&hub, "station/plc/setpoint", 0.5);
    wait_for_value(&hub, "station/plc/mode", 1.0);

    let bus = hub.get("/buses")[0].clone();
    assert_eq!((&bus["connected"], &bus["devices"][0]["id"]), (&json!(true), &json!("station/plc")), "{bus}");
    assert_eq!(bus["devices"][0]["refused"], json!(["station/plc/nowhere"]), "{bus}");
    assert_eq!(bus["devices"][0]["texts"]["station/plc/mode"], "RUN");
    assert_eq!(bus["id"], json!(format!("tcp-127.0.0.1-{}", server.port)));
    let frames = hub.get(&format!("/buses/{}/frames", bus["id"].as_str().unwrap()));
    let frames = frames.as_array().unwrap();
    assert!(frames.len() <= 64);
    let asked = frames.iter().find(|frame| frame["words"]["en"] == "read holding 0, count 2").unwrap();
    let answer = frames.iter().find(|frame| frame["sent"] == false && frame["request"] == asked["request"]);
    assert_eq!((&asked["sent"], &asked["outcome"]), (&json!(true), &json!("answered")), "{asked}");
    assert_eq!(answer.unwrap()["words"]["vi"], "holding: 2 thanh ghi 40E3 D70A");

    let write = |point: &str, value: f64| {
        hub.post(&format!("/points/station/plc/{point}/write"), &json!({"value": value}))
    };
    let (status, written) = write("setpoint", 0.8);
    assert_eq!((status, &written["outcome"]), (200, &json!("done")), "{written}");
    wait_for_value(&hub, "station/plc/setpoint", 0.8);
    assert_eq!(write("setpoint", 1.5).0, 400, "outside of its range");
    assert_eq!(write("ph", 7.0).0, 409, "not for writing");
    let noted = hub.get("/points/station/plc/setpoint/write");
    assert_eq!(noted.as_array().unwrap().len(), 1);
    assert_eq!((&noted[0]["by"], &noted[0]["value"]), (&json!("test-integrator"), &json!(0.8)));

    let trial = |keys: &str, points: &str| {
        let endpoint = format!("tcp://127.0.0.1:{}", server.port);
        let toml = format!(
            "[[device]]\nid = \"new\"\nadapter = \"modbus\"\nendpoint = \"{endpoint}\"\n{keys}\n{points}"
        );
        hub.post("/devices/try", &json!({ "toml": toml }))
    };
    let point = |id: &str, address: u16, more: &str| {
        format!(
            "[[device.point]]\nid = \"{id}\"\nquantity = \"free_chlorine\"\nregister = \"holding\"\naddress = {address}\ntype = \"UINT16\"\n{more}\n"
        )
    };
    let (status, tried) =
        trial("unit_id = 1", &[point("cl", 4, "scale = 0.01"), point("gone", 5, "")].concat());
    assert_eq!(status, 200, "{tried}");
    assert_eq!((&tried["points"][0]["value"], &tried["points"][0]["raw"]), (&json!(0.8), &json!(80.0)));
    assert_eq!(tried["points"][1]["reason"], "exception:2", "{tried}");
    let (status, refused) = trial("unit_id = 0", &point("cl", 4, "scal = 0.01"));
    assert_eq!(status, 400);
    let told = refused["errors"].to_string();
    assert!(told.contains("unit_id") && told.contains("did you mean") && told.contains("device:"), "{told}");

    let ask = json!({"endpoint": format!("tcp://127.0.0.1:{}", server.port), "unit_id": 1, "register": "holding",
        "address": 0, "count": 2, "quantity": "ph", "reads": 1});
    let (status, probed) = hub.post("/probe/modbus", &ask);
    assert_eq!(status, 200, "{probed}");
    let best = &probed["interpretations"][0];
    assert_eq!(
        (&best["type"], &best["byte_order"], &best["value"]),
        (&json!("FLOAT32"), &json!("ABCD"), &json!(7.12))
    );
}
