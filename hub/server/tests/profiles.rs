//! Every profile that comes with the hub, read from its simulated device to the exact value; and the alarms that profiles name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::{PointId, Timestamp};
use serde_json::{Value, json};
use simulators::config::SimCommune;
use simulators::{FaultKind, Fleet, Listen, PlannedFault, Scenario, Target};
use support::peers::mosquitto_pub;
use support::{Folder, Hub, wait_for};

const CASE: &str = "tests/cases/profiles-of-the-hub";
const ENDPOINT: &str = "tcp://127.0.0.1:5020";
const HUB: &str =
    "[commune]\nid = \"c\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n";
const SOON: Duration = Duration::from_secs(30);
const BIT_SET: FaultKind = FaultKind::Level { value: 1.0, ramp: Duration::ZERO };

#[test]
fn every_profile_is_read_from_its_simulator_to_the_exact_value() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASE);
    let site = fs::read_to_string(case.join("sites/all.toml")).unwrap();
    let mut scenario = Scenario::new(SimCommune::load(&case).unwrap(), 7);
    scenario.listen = Listen::AnyPort;
    // The simulated clock stands, so that every poll finds the same values.
    let moment = Clock::system().now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fleet = runtime.block_on(Fleet::start(scenario, move || moment)).unwrap();
    let address = fleet.modbus_addresses()[ENDPOINT];

    let hub_toml = fs::read_to_string(case.join("hub.toml")).unwrap()
        + "[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";
    let site = site.replace(ENDPOINT, &format!("tcp://{address}"));
    let folder = Folder::with(&[("hub.toml", &hub_toml), ("sites/all.toml", &site)]);
    let hub = folder.run(&folder.token("viewer"));
    let compared = compare(&hub, &fleet, "all", moment);
    assert_eq!(compared, 49);
    hub.stop();
    runtime.block_on(fleet.stop());
}

/// Waits for a value of each of a site's points, holds it against what was simulated at this moment, and gives how many there are.
fn compare(hub: &Hub, fleet: &Fleet, site: &str, moment: Timestamp) -> usize {
    let points = wait_for("a value of every point", SOON, || {
        let points = hub.get("/points");
        let all = points.as_array().unwrap().iter().filter(|point| point["site"] == site);
        let all: Vec<Value> = all.cloned().collect();
        all.iter().all(|point| point["latest"]["value"].is_number()).then_some(all)
    });
    for point in &points {
        let id = PointId::parse(point["id"].as_str().unwrap()).unwrap();
        let simulated = fleet.world().commune().point(&id).unwrap();
        let raw = fleet.world().raw_at(&id, moment).unwrap();
        let expected = raw * simulated.scale + simulated.offset;
        let found = point["latest"]["value"].as_f64().unwrap();
        // The hub scales in exact decimals; the expectation, in doubles, may be off by its last binary place.
        let dust = expected.abs() * f64::EPSILON * 2.0;
        assert!((found - expected).abs() <= dust, "{id}: found {found}, expected {expected}");
    }
    points.len()
}

/// Devices that speak over MQTT in every way that the hub's configuration names.
#[test]
fn every_format_of_mqtt_is_read_from_its_simulator_to_the_exact_value() {
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/tank.toml", FORMATS)]);
    let hub = folder.run(&folder.token("viewer"));
    let mut scenario = Scenario::new(SimCommune::load(folder.path()).unwrap(), 7);
    scenario.broker = hub.mqtt.to_string();
    scenario.every = Duration::from_secs(1);
    let moment = Clock::system().now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fleet = runtime.block_on(Fleet::start(scenario, move || moment)).unwrap();
    assert_eq!(compare(&hub, &fleet, "tank", moment), 9);
    hub.stop();
    runtime.block_on(fleet.stop());
}

/// Each device twice in one message, where its format can hold more than one number.
const FORMATS: &str = r#"
id = "tank"
kind = "water_station"
[[device]]
id = "own"
adapter = "mqtt"
login = { username = "own", password = "a password of own" }
point = [{ id = "level", quantity = "level" }, { id = "ph", quantity = "ph" }]
[[device]]
id = "tree"
adapter = "mqtt"
login = { username = "tree", password = "a password of tree" }
[[device.point]]
id = "level"
quantity = "level"
topic = "tank/+/tree"
path = "values[1].level"
time_path = "at"
[[device]]
id = "plain"
adapter = "mqtt"
login = { username = "plain", password = "a password of plain" }
[[device.point]]
id = "level"
quantity = "level"
topic = "tank/plain"
format = "number"
[[device]]
id = "collectd"
adapter = "mqtt"
login = { username = "collectd", password = "a password of collectd" }
[[device.point]]
id = "level"
quantity = "level"
topic = "tank/collectd"
path = "[1]"
format = "collectd"
[[device]]
id = "pack"
adapter = "mqtt"
login = { username = "pack", password = "a password of pack" }
[[device.point]]
id = "level"
quantity = "level"
topic = "tank/senml"
path = "level"
format = "senml"
scale = 0.01
[[device.point]]
id = "ph"
quantity = "ph"
topic = "tank/senml"
path = "urn:dev:7:ph"
format = "senml"
[[device]]
id = "lines"
adapter = "mqtt"
login = { username = "lines", password = "a password of lines" }
[[device.point]]
id = "level"
quantity = "level"
topic = "tank/lines"
path = "level"
format = "line"
match = { measurement = "tank", tags = { no = "a 1" } }
[[device.point]]
id = "ph"
quantity = "ph"
topic = "tank/lines"
path = "ph value"
format = "line"
match = { measurement = "meter" }
"#;

/// A word of faults of a meter, and the input of a pump panel: each bit raises its alarm by its own name, and ends it.
#[test]
fn bits_of_devices_raise_alarms_by_their_names_and_end_them() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASE);
    let mut scenario = Scenario::new(SimCommune::load(&case).unwrap(), 7);
    scenario.listen = Listen::AnyPort;
    // Of the timetable: the pipe is not full from the start on.
    scenario.faults = vec![PlannedFault {
        at_ms: 0,
        lasts: None,
        target: Target::parse("all/tuf-2000m/pipe-empty").unwrap(),
        kind: BIT_SET,
    }];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fleet = runtime.block_on(Fleet::start(scenario, || Clock::system().now())).unwrap();
    let address = fleet.modbus_addresses()[ENDPOINT];
    let site = format!(
        "id = \"all\"\nkind = \"water_station\"\n[rules.device-alarm]\noff_delay = \"1s\"\n{}{}",
        device("tuf-2000m", address, 7),
        device("generic-pump-controller", address, 4)
    );
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/all.toml", &site)]);
    let hub = folder.run(&folder.token("viewer"));
    let alarms = |state: &str| -> Vec<Value> {
        let alarms = hub.get(&format!("/alarms?state={state}"));
        alarms.as_array().unwrap().iter().filter(|alarm| alarm["rule"] == "device-alarm").cloned().collect()
    };
    let raised = |count: usize| {
        wait_for("alarms of bits", SOON, || Some(alarms("active")).filter(|all| all.len() == count))
    };

    let empty = &raised(1)[0];
    assert_eq!(empty["point"], "all/tuf-2000m/pipe-empty");
    assert_eq!(empty["title"], json!({"vi": "Ống không đầy nước", "en": "Pipe not full"}));
    assert_eq!((&empty["priority"], &empty["state"]), (&json!("medium"), &json!("unacknowledged")));
    assert_eq!(empty["message"]["vi"], "Thiết bị báo: Ống không đầy nước");
    let value = |point: &str| hub.point(&format!("all/{point}"))["latest"]["value"].clone();
    assert_eq!(value("tuf-2000m/errors"), json!(8.0), "the whole word, of which it is the bit 3");
    assert_eq!(value("tuf-2000m/no-signal"), json!(0.0));

    fleet.control().inject("all/generic-pump-controller/fault", BIT_SET, None).unwrap();
    let both = raised(2);
    let panel = both.iter().find(|alarm| alarm["point"] == "all/generic-pump-controller/fault").unwrap();
    assert_eq!((&panel["title"]["vi"], &panel["priority"]), (&json!("Tủ bơm báo lỗi"), &json!("high")));

    fleet.control().mend_all();
    wait_for("the end of both alarms", SOON, || {
        let is_over =
            |alarm: &Value| alarm["state"] == "rtn_unacknowledged" && alarm["cleared_at"].is_string();
        Some(alarms("all")).filter(|all| all.len() == 2 && all.iter().all(is_over))
    });
    hub.stop();
    runtime.block_on(fleet.stop());
}

/// Telegraf's own configuration of three simulated devices, in each of its three ways, and what `import-telegraf` makes of it:
/// both read the same numbers.
#[test]
fn a_converted_telegraf_configuration_reads_what_telegraf_reads() {
    let telegraf = std::env::var_os("COMMUNE_PEER_TELEGRAF").expect(
        "COMMUNE_PEER_TELEGRAF names no Telegraf; run cargo xtask test, which builds one and sets it",
    );
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASE);
    let mut scenario = Scenario::new(SimCommune::load(&case).unwrap(), 7);
    scenario.listen = Listen::AnyPort;
    let moment = Clock::system().now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fleet = runtime.block_on(Fleet::start(scenario, move || moment)).unwrap();
    let controller = format!("tcp://{}", fleet.modbus_addresses()[ENDPOINT]);
    let text = TELEGRAF.replace("CONTROLLER", &controller);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();

    let theirs = Command::new(telegraf).arg("--config").arg(file.path()).arg("--once").output().unwrap();
    let lines = String::from_utf8(theirs.stdout).unwrap();
    let theirs: BTreeMap<String, f64> = lines.lines().flat_map(fields_of_line).collect();
    assert_eq!(theirs.len(), 10, "{lines}");

    let converted = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .arg("import-telegraf")
        .arg(file.path())
        .output()
        .unwrap();
    let site = String::from_utf8(converted.stdout).unwrap();
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/imported.toml", &site)]);
    let hub = folder.run(&folder.token("viewer"));
    let ours: BTreeMap<String, f64> = wait_for("a value of every point", SOON, || {
        let points = hub.get("/points?site=imported");
        let value = |point: &Value| {
            let name = PointId::parse(point["id"].as_str()?).ok()?.name().to_owned();
            Some((name, point["latest"]["value"].as_f64()?))
        };
        points
            .as_array()
            .unwrap()
            .iter()
            .map(value)
            .collect::<Option<_>>()
            .filter(|all: &BTreeMap<_, _>| !all.is_empty())
    });
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{site}");
    for (name, value) in ours {
        let dust = value.abs() * f64::from(f32::EPSILON);
        // Telegraf widens singles as they are; the hub keeps their shortest decimal.
        assert!((value - theirs[&name]).abs() <= dust, "{name}: {value}, Telegraf {}", theirs[&name]);
    }
    hub.stop();
    runtime.block_on(fleet.stop());
}

/// The fields of one line of line protocol: `name,tags a=1,b=2u 17…`.
fn fields_of_line(line: &str) -> Vec<(String, f64)> {
    let fields = line.rsplit_once(' ').and_then(|(rest, _)| rest.rsplit_once(' ')).unwrap().1;
    let number = |text: &str| text.trim_end_matches(['u', 'i']).parse().unwrap();
    fields
        .split(',')
        .map(|field| field.split_once('=').unwrap())
        .map(|(name, text)| (name.to_owned(), number(text)))
        .collect()
}

/// A flow meter by its tables, an energy meter by requests, a pump panel by metrics.
const TELEGRAF: &str = r#"
[agent]
interval = "1s"
omit_hostname = true
[[outputs.file]]
files = ["stdout"]
data_format = "influx"
influx_uint_support = true

[[inputs.modbus]]
name = "flow-meter"
slave_id = 7
timeout = "2s"
controller = "CONTROLLER"
holding_registers = [
  { name = "flow", byte_order = "CDAB", data_type = "FLOAT32-IEEE", scale = 1.0, address = [0, 1] },
  { name = "net", byte_order = "CDAB", data_type = "UINT32", scale = 1.0, address = [24, 25] },
  { name = "quality", byte_order = "AB", data_type = "UFIXED", scale = 0.01, address = [91] },
]

[[inputs.modbus]]
name = "energy-meter"
timeout = "2s"
controller = "CONTROLLER"
configuration_type = "request"
[[inputs.modbus.request]]
slave_id = 1
byte_order = "ABCD"
register = "input"
fields = [
  { address = 0, name = "voltage1", type = "FLOAT32" },
  { address = 52, name = "power", type = "FLOAT32", scale = 0.001 },
  { address = 72, name = "energy", type = "FLOAT32" },
]
[[inputs.modbus.request]]
slave_id = 4
register = "coil"
fields = [{ address = 0, name = "pump1" }, { address = 1, name = "pump2" }]

[[inputs.modbus]]
name = "panel"
timeout = "2s"
controller = "CONTROLLER"
configuration_type = "metric"
[[inputs.modbus.metric]]
slave_id = 4
byte_order = "ABCD"
fields = [
  { register = "input", address = 0, name = "pressure", type = "UINT16", scale = 0.01 },
  { register = "input", address = 1, name = "runtime", type = "UINT32" },
]
"#;

/// A device of a profile, polled five times a second.
fn device(profile: &str, address: SocketAddr, unit: u8) -> String {
    format!(
        "[[device]]\nid = \"{profile}\"\nprofile = \"{profile}\"\nendpoint = \"tcp://{address}\"\nunit_id = {unit}\npoll = \"200ms\"\n"
    )
}

/// The makers' own examples, as ChirpStack hands them on where it decodes nothing.
#[test]
fn lorawan_profiles_read_their_makers_bytes_by_the_number_of_the_device() {
    let device = |id: &str, dev_eui: &str| {
        format!(
            "[[device]]\nid = \"{id}\"\nprofile = \"{id}\"\nlogin = {{ username = \"{id}\", password = \"{id}-secret\", publish = [\"application/#\"] }}\ndev_eui = \"{dev_eui}\"\n"
        )
    };
    let devices =
        [device("milesight-em310-udl", "24E124713C140001"), device("dragino-ldds75", "a84041ffff000002")];
    let site = format!("id = \"lora\"\nkind = \"waste_site\"\n{}", devices.concat());
    let folder = Folder::with(&[("hub.toml", HUB), ("sites/lora.toml", &site)]);
    let hub = folder.run(&folder.token("viewer"));
    let uplink = |id: &str, dev_eui: &str, data: &str| {
        let now = Clock::system().now();
        let document = json!({
            "deduplicationId": format!("{dev_eui}-1"), "time": now.as_millis(), "fCnt": 1, "fPort": 2,
            "deviceInfo": {"devEui": dev_eui}, "data": data,
        });
        let topic = format!("application/1/device/{dev_eui}/event/up");
        mosquitto_pub(hub.mqtt, (id, &format!("{id}-secret")), &topic, &document.to_string(), &[]);
    };
    uplink("milesight-em310-udl", "24e124713c140001", "AXVcA4IeBQQAAQ==");
    uplink("dragino-ldds75", "a84041ffff000002", "C0ULBQAAAAE=");
    for (point, value) in [
        ("milesight-em310-udl/distance", 1_310.0),
        ("milesight-em310-udl/fill", -31.0),
        ("milesight-em310-udl/tilted", 1.0),
        ("milesight-em310-udl/battery", 92.0),
        ("dragino-ldds75/distance", 2_821.0),
        ("dragino-ldds75/battery", 2.885),
    ] {
        let found: Value = wait_for(point, Duration::from_secs(20), || {
            let latest = hub.point(&format!("lora/{point}"))["latest"].clone();
            latest["value"].is_number().then_some(latest)
        });
        assert_eq!(found["value"], json!(value), "{point}: {found}");
    }
    hub.stop();
    let missing = site.replace("dev_eui = \"a84041ffff000002\"\n", "").replace("24E124713C140001", "24E1");
    fs::write(folder.path().join("sites/lora.toml"), missing).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["check", "--config"])
        .arg(folder.path())
        .output()
        .unwrap();
    let told =
        String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(1));
    assert!(
        told.contains("dev_eui: is needed for the {dev_eui}") && told.contains("16 hexadecimal"),
        "{told}"
    );
}
