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
    assert_eq!(answer.unwrap()["words"]["vi"], "2 thanh ghi giữ: 40E3 D70A");

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

/// A device for the API, read from the same server.
fn meter(port: u16, keys: &str) -> String {
    format!(
        "# Lắp ngày 26/11.\n[[device]]\nid = \"meter\"\nadapter = \"modbus\"\nendpoint = \"tcp://127.0.0.1:{port}\"\n\
         unit_id = 1\npoll = \"100ms\"\n{keys}\n[[device.point]]\nid = \"cl\"\nquantity = \"free_chlorine\"\n\
         register = \"holding\"\naddress = 4\ntype = \"UINT16\"\nscale = 0.01\n"
    )
}

#[test]
fn a_device_is_saved_read_changed_rolled_back_and_taken_out_while_the_file_stays_as_it_was_written() {
    let server = ModbusServer::start(0, &units());
    let folder = folder(server.port);
    let hub = folder.run(&folder.token("integrator"));
    let path = folder.path().join("sites/a.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let profiles = hub.get("/profiles");
    let tuf = profiles.as_array().unwrap().iter().find(|one| one["id"] == "tuf-2000m").unwrap().clone();
    assert_eq!((&tuf["shipped"], &tuf["points"][0]["id"]), (&json!(true), &json!("flow")), "{tuf}");
    assert!(hub.get("/profiles/tuf-2000m")["toml"].as_str().unwrap().contains("byte_order"));

    let file = hub.get("/sites/station/file");
    assert_eq!((&file["file"], &file["versions"]), (&json!("sites/a.toml"), &json!([])), "{file}");
    let seen = file["revision"].as_str().unwrap();
    let save = |toml: &str, seen: &str| {
        hub.put("/sites/station/devices/meter", &json!({"toml": toml, "revision": seen, "why": "mới lắp"}))
    };
    let (status, refused) = save(&meter(server.port, "timeot = \"1s\""), seen);
    let told = refused["errors"].to_string();
    assert_eq!(status, 400, "{refused}");
    assert!(told.contains("device:8: device[meter].timeot") && told.contains("did you mean"), "{told}");
    let (status, clash) = save(&meter(server.port, "pause_between = \"50ms\""), seen);
    assert_eq!(status, 400, "a line has one pause: {clash}");
    assert_eq!(save(&meter(server.port, "login = { password_file = \"../key\" }"), seen).0, 400);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "nothing was written");

    let (status, checked) =
        hub.post("/sites/station/devices/meter/check", &json!({"toml": meter(server.port, "")}));
    assert_eq!((status, checked["text"].as_str().unwrap().starts_with(&before)), (200, true), "{checked}");
    let (status, saved) = save(&meter(server.port, ""), seen);
    assert_eq!((status, &saved["in_force"]), (200, &json!(true)), "{saved}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("{before}\n{}", meter(server.port, "")), "word for word below what was there");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);
    wait_for_value(&hub, "station/meter/cl", 0.5);
    assert_eq!(save(&meter(server.port, ""), seen).0, 409, "somebody has seen the file before that");

    let slower = meter(server.port, "").replace("100ms", "200ms");
    let (_, changed) = save(&slower, saved["revision"].as_str().unwrap());
    let steps: Vec<_> =
        changed["versions"].as_array().unwrap().iter().map(|one| one["what"].clone()).collect();
    assert_eq!(steps, ["changed", "added", "found"], "{changed}");
    let first = &changed["versions"][2]["id"];
    assert_eq!(hub.get(&format!("/sites/station/file/versions/{first}"))["text"], json!(before));
    let restore = json!({"version": changed["versions"][1]["id"], "revision": changed["revision"]});
    let (status, restored) = hub.post("/sites/station/file/restore", &restore);
    assert_eq!((status, &restored["in_force"]), (200, &json!(true)), "{restored}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let gone = format!("/sites/station/devices/meter?revision={}", restored["revision"].as_str().unwrap());
    let (status, removed) = hub.delete(&gone);
    assert_eq!((status, &removed["in_force"]), (200, &json!(true)), "{removed}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    assert!(hub.get("/points").as_array().unwrap().iter().all(|point| point["device"] != "station/meter"));
    let deeds = hub.by(&folder.token("admin")).get("/audit?object=station/meter");
    let actions: Vec<_> = deeds.as_array().unwrap().iter().map(|deed| deed["action"].clone()).collect();
    assert_eq!(actions, ["device_removed", "device_changed", "device_added"]);
}
