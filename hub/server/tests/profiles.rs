//! Every profile that comes with the hub, read from its simulated device to the exact value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::PointId;
use simulators::config::SimCommune;
use simulators::{Fleet, Listen, Scenario};
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
