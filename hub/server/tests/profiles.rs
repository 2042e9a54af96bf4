//! Every profile that comes with the hub, read from its simulated device to the exact value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::PointId;
use serde_json::{Value, json};
use simulators::config::SimCommune;
use simulators::{Fleet, Listen, Scenario};
use support::peers::mosquitto_pub;
use support::{Folder, wait_for};

const CASE: &str = "tests/cases/profiles-of-the-hub";
const ENDPOINT: &str = "tcp://127.0.0.1:5020";

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
    let points = wait_for("a value of every point", Duration::from_secs(30), || {
        let points = hub.get("/points");
        let all = points.as_array().unwrap().clone();
        let ours = all.iter().filter(|point| point["site"] == "all");
        ours.clone().all(|point| point["latest"]["value"].is_number()).then_some(all)
    });
    let mut compared = 0;
    for point in points.iter().filter(|point| point["site"] == "all") {
        let id = PointId::parse(point["id"].as_str().unwrap()).unwrap();
        let simulated = fleet.world().commune().point(&id).unwrap();
        let raw = fleet.world().raw_at(&id, moment).unwrap();
        let expected = raw * simulated.scale + simulated.offset;
        let found = point["latest"]["value"].as_f64().unwrap();
        // The hub scales in exact decimals; the expectation, in doubles, may be off by its last binary place.
        let dust = expected.abs() * f64::EPSILON * 2.0;
        assert!((found - expected).abs() <= dust, "{id}: found {found}, expected {expected}");
        compared += 1;
    }
    assert_eq!(compared, 45);
    hub.stop();
    runtime.block_on(fleet.stop());
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
    let hub_toml =
        "[commune]\nid = \"c\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n";
    let folder = Folder::with(&[("hub.toml", hub_toml), ("sites/lora.toml", &site)]);
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
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_commune-hub"))
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
