//! The hub's files and scenarios as they are read: what is taken, what is refused and how it is told.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::{WATER, configure, demo, id, scenario};
use simulators::config::{ByteOrder, DataType, Link, Place, Register, SimCommune};
use simulators::{FaultKind, Listen, Scenario, SimError};

#[test]
fn profiles_are_filled_in_and_single_keys_changed() {
    let commune = scenario(&[("water.toml", WATER)]).commune;
    let flow = commune.point(&id("water/meter/flow")).unwrap();
    assert_eq!((flow.scale, flow.unit.code()), (2.0, "m3/h"));
    let Place::Register(place) = flow.place else { panic!("{:?}", flow.place) };
    assert_eq!((place.order, place.kind), (ByteOrder::Cdab, DataType::Float32));
    let pump = commune.point(&id("water/plc/pump-2")).unwrap();
    let Place::Register(place) = pump.place else { panic!("{:?}", pump.place) };
    assert_eq!((place.register, place.address), (Register::Discrete, 3));
}

#[test]
fn what_is_not_simulated_is_passed_over_with_its_reason() {
    let site = r#"
        id = "s"
        kind = "other"
        device = [
            { id = "a", adapter = "push", point = [] },
            { id = "b", adapter = "modbus", endpoint = "udp://127.0.0.1:5020", unit_id = 1 },
            { id = "c", adapter = "mqtt", broker = "mqtts://u@h:8883" },
        ]"#;
    let commune = scenario(&[("s.toml", site)]).commune;
    let skipped: Vec<&str> = commune.skipped.iter().map(|(device, _)| device.name()).collect();
    assert_eq!(skipped, ["a", "b", "c"]);
    assert!(commune.skipped[1].1.contains("udp://127.0.0.1:5020"), "{:?}", commune.skipped);
}

#[test]
fn faults_of_the_files_name_file_and_line() {
    let cases = [
        ("unit_id = 1", "unit_id = 300", "water.toml:10: unit_id: found 300, allowed: 0 to 255"),
        ("\"ph\", quantity = \"ph\"", "\"ph\", quantity = \"acid\"", "water.toml:13: quantity: \"acid\""),
        ("\"10004\"", "\"20004\"", "water.toml:18: address: found \"20004\""),
        ("profile = \"tuf\"", "profile = \"tof\"", "water.toml:23: profile: \"tof\""),
        ("water_station", "well", "water.toml:3: kind: found \"well\", allowed: water_station"),
        ("\"UINT16\"", "\"UINT17\"", "water.toml:15: unknown variant"),
    ];
    for (right, wrong, expected) in cases {
        assert!(WATER.contains(right), "{right}");
        let dir = tempfile::tempdir().unwrap();
        configure(dir.path(), &[("water.toml", &WATER.replacen(right, wrong, 1))]);
        let told = SimCommune::load(dir.path()).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn passwords_are_read_from_files_and_never_printed() {
    let site = r#"
        id = "s"
        kind = "waste_site"
        [[device]]
        id = "gas"
        adapter = "mqtt"
        login = { username = "u", password_file = "secret" }
        point = [{ id = "h2s", quantity = "h2s" }]"#;
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), &[("s.toml", site)]);
    assert!(matches!(SimCommune::load(dir.path()), Err(SimError::Read { .. })));
    std::fs::write(dir.path().join("secret"), "hush-hush\n").unwrap();
    let commune = SimCommune::load(dir.path()).unwrap();
    let Link::Mqtt { login: Some(login), .. } = &commune.sites[0].devices[0].link else { panic!() };
    assert_eq!(login.password, "hush-hush");
    assert!(!format!("{commune:?}").contains("hush-hush"));
}

fn load(text: &str) -> Result<Scenario, SimError> {
    let dir = tempfile::tempdir().unwrap();
    configure(&dir.path().join("hub"), &[("water.toml", WATER)]);
    let path = dir.path().join("scenario.toml");
    std::fs::write(&path, text).unwrap();
    Scenario::load(&path)
}

#[test]
fn a_scenario_is_read_with_all_its_keys() {
    let scenario = load(
        r#"
        config = "hub"
        seed = 9
        speed = 60
        start = "2026-08-20T07:30:00+07:00"
        [mqtt]
        broker = "127.0.0.1:2883"
        every = "30s"
        [modbus]
        listen = { "tcp://127.0.0.1:5020" = "127.0.0.1:0" }
        [[fault]]
        at = "-30m"
        for = "5m"
        point = "water/plc/ph"
        kind = "level"
        value = 9
        ramp = "1m"
        [[fault]]
        at = "30s"
        device = "water/meter"
        kind = "exception"
        code = 2"#,
    )
    .unwrap();
    assert_eq!((scenario.seed, scenario.speed, scenario.start), (9, 60.0, Some(common::MORNING)));
    assert_eq!((scenario.broker.as_str(), scenario.every), ("127.0.0.1:2883", Duration::from_secs(30)));
    assert!(matches!(&scenario.listen, Listen::Instead(map) if map["tcp://127.0.0.1:5020"] == "127.0.0.1:0"));
    assert_eq!(
        (scenario.faults[0].at_ms, scenario.faults[0].lasts),
        (-1_800_000, Some(Duration::from_secs(300)))
    );
    assert_eq!(scenario.faults[0].kind, FaultKind::Level { value: 9.0, ramp: Duration::from_secs(60) });
    assert_eq!(
        (&scenario.faults[1].kind, scenario.faults[1].lasts),
        (&FaultKind::Exception { code: 2 }, None)
    );
}

#[test]
fn what_a_scenario_may_not_say_is_refused_with_its_line() {
    let cases = [
        ("config = \"hub\"\nsped = 2", "scenario.toml:2: unknown field `sped`"),
        ("config = \"hub\"\nspeed = 0", "scenario.toml:2: speed: found 0"),
        ("config = \"hub\"\nstart = \"today\"", "scenario.toml:2: start: found \"today\""),
        ("seed = 1", "missing field `config`"),
        (
            "config = \"hub\"\n[[fault]]\nat = \"soon\"\ndevice = \"water/plc\"\nkind = \"silence\"",
            "scenario.toml:3: at: found \"soon\"",
        ),
        (
            "config = \"hub\"\n[[fault]]\nat = \"1s\"\ndevice = \"water/pls\"\nkind = \"silence\"",
            "scenario.toml:4: \"water/pls\" is no simulated device",
        ),
        (
            "config = \"hub\"\n[[fault]]\nat = \"1s\"\npoint = \"water/plc/ph\"\nkind = \"silence\"",
            "scenario.toml:4: \"water/plc/ph\": fault \"silence\" needs a device, not a point",
        ),
        (
            "config = \"hub\"\n[[fault]]\nat = \"1s\"\npoint = \"water/plc/ph\"\nkind = \"level\"",
            "scenario.toml:5: kind \"level\" needs a value",
        ),
        (
            "config = \"hub\"\n[[fault]]\nat = \"1s\"\ndevice = \"water/plc\"\nkind = \"silent\"",
            "scenario.toml:5: kind: found \"silent\", allowed: silence, timeout",
        ),
        (
            "config = \"hub\"\n[[fault]]\nat = \"1s\"\ndevice = \"water/plc\"\nkind = \"silence\"\ncode = 2",
            "code: does not belong to kind \"silence\"",
        ),
    ];
    for (text, expected) in cases {
        let told = load(text).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
    assert!(matches!(Scenario::load(Path::new("nowhere.toml")), Err(SimError::Read { .. })));
}

#[test]
fn the_demonstration_is_whole() {
    let scenario = Scenario::load(&demo().join("scenario.toml")).unwrap();
    assert!((6..=8).contains(&scenario.commune.sites.len()));
    assert_eq!(scenario.commune.skipped, []);
    assert!(scenario.faults.iter().any(|fault| fault.at_ms < 0 && fault.kind.word() == "level"));
    // A login belongs to one device.
    let mut names: Vec<_> = scenario
        .commune
        .devices()
        .filter_map(|device| match &device.link {
            Link::Mqtt { login, .. } => Some(login.as_ref().unwrap().username.clone()),
            Link::Modbus { .. } => None,
        })
        .collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}
