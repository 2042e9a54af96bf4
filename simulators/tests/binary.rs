//! `commune-sim` as people run it: exit codes, plain errors, one line when ready, a clean end.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use common::{WATER, configure};

fn commune_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_commune-sim")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_is_given_and_wrong_usage_is_two() {
    let help = commune_sim(&["run", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("SCENARIO"));
    assert_eq!(commune_sim(&["walk"]).status.code(), Some(2));
    assert_eq!(commune_sim(&["run"]).status.code(), Some(2));
}

#[test]
fn a_faulty_scenario_is_one_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    configure(&dir.path().join("hub"), &[("water.toml", WATER)]);
    let path = dir.path().join("scenario.toml");
    std::fs::write(&path, "config = \"hub\"\nsped = 3\n").unwrap();
    let output = commune_sim(&["run", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("scenario.toml:2: unknown field `sped`"), "{told}");
    let output = commune_sim(&["run", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere.toml: cannot be read: "), "{}", text(&output.stderr));
}

#[test]
fn it_says_when_it_is_ready_and_ends_when_told() {
    let dir = tempfile::tempdir().unwrap();
    configure(&dir.path().join("hub"), &[("water.toml", WATER)]);
    let path = dir.path().join("scenario.toml");
    std::fs::write(&path, "config = \"hub\"\n[modbus]\nlisten = \"any port\"\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_commune-sim"))
        .args(["run", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready: 0 MQTT devices; Modbus tcp://127.0.0.1:5020 on 127.0.0.1:"), "{line}");
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
