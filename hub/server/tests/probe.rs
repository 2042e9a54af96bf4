//! `commune-hub probe` as a program against a foreign device: the right reading first, the point's TOML at the end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::{Command, Output};

use serde_json::{Value, json};
use support::Folder;
use support::peers::ModbusServer;

/// pH 7.12 is 0x40E3D70A, low word first; free chlorine 0.42 mg/L is 42.
fn units() -> Value {
    json!({ "3": { "holding": { "0": [0xD70A, 0x40E3], "10": [42] }, "coil": { "0": [true, false] } } })
}

fn probe(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_commune-hub")).arg("probe").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_right_type_order_and_scale_come_first_with_the_configuration() {
    let server = ModbusServer::start(0, &units());
    let endpoint = format!("tcp://127.0.0.1:{}", server.port);
    let look = |more: &[&str]| {
        let common = ["modbus", &endpoint, "--unit", "3", "--register", "holding", "--every", "1ms"];
        said(&probe(&[&common[..], more].concat()))
    };
    let ph = look(&["--address", "0", "--count", "2", "--quantity", "ph"]);
    assert!(ph.contains("400001  D70A (55050)"), "{ph}");
    let first = ph.lines().skip_while(|line| !line.contains("the most plausible first")).nth(1).unwrap();
    assert!(first.contains("FLOAT32 CDAB") && first.contains("7.12"), "{ph}");
    assert!(ph.contains("FLOAT32 DCBA") && ph.contains("UINT16 ABCD"), "every order is shown: {ph}");
    assert!(ph.contains("address = 0\ntype = \"FLOAT32\"\nbyte_order = \"CDAB\"\n"), "{ph}");

    let chlorine = look(&["--address", "400011", "--count", "1", "--quantity", "free_chlorine"]);
    assert!(chlorine.contains("address = 10\ntype = \"UINT16\"\nscale = 0.01\n"), "{chlorine}");
}

#[test]
fn a_scan_finds_units_and_registers_and_what_is_wrong_is_told() {
    let server = ModbusServer::start(0, &units());
    let endpoint = format!("tcp://127.0.0.1:{}", server.port);
    let scan =
        ["scan", &endpoint, "--units", "2-3", "--addresses", "0-15", "--pause", "1ms", "--timeout", "300ms"];
    let found = said(&probe(&scan));
    assert!(found.contains("unit 3: holding 0-1: D70A 40E3"), "{found}");
    assert!(found.contains("unit 3: holding 10-10: 002A"), "{found}");
    assert!(!found.contains("unit 2: holding"), "{found}");
    // What it prints at the end is a configuration that is taken as it is.
    let device = found.split_once("[[device]]").unwrap().1;
    let site = format!("id = \"s\"\nkind = \"other\"\n[[device]]{device}");
    let folder = Folder::with(&[("hub.toml", "[commune]\nid = \"c\"\n"), ("sites/s.toml", &site)]);
    let checked = folder.hub(&["check"], "");
    assert!(checked.contains("unit-3"), "{checked}");

    let refused = probe(&["modbus", &endpoint, "--unit", "3", "--address", "5", "--count", "1"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("exception 2 (the device has no such address)"), "{told}");
    drop(server);
    let gone = probe(&["modbus", &endpoint, "--unit", "3", "--address", "0"]);
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no connection"), "{gone:?}");
    for wrong in [
        &["modbus", "tcp://h", "--address", "0"][..],
        &["modbus", &endpoint],
        &["modbus", &endpoint, "--unit", "0", "--address", "0"],
        &["modbus", &endpoint, "--address", "0", "--quantity", "phh"],
    ] {
        assert_eq!(probe(wrong).status.code(), Some(2), "{wrong:?}");
    }
    for wrong in [["--address", "0", "--count", "126"], ["--address", "65535", "--count", "2"]] {
        assert_eq!(probe(&[&["modbus", &endpoint][..], &wrong].concat()).status.code(), Some(1), "{wrong:?}");
    }
}
