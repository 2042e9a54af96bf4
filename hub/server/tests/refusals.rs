//! What keeps a hub from starting is told in one sentence, with exit code 1, and costs a running hub nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use support::Folder;

/// Runs the hub and gives back what it says last; panics unless it refuses with exit code 1.
fn refusal(config: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(["run", "--log-format", "text", "--config"])
        .arg(config)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().last().unwrap().to_owned()
}

fn with(folder: &Folder, file: &str, from: &str, to: &str) {
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let http = Folder::pilot("127.0.0.1:1");
    with(&http, "hub.toml", "127.0.0.1:0", &address);
    let said = refusal(http.path());
    assert!(said.starts_with(&format!("error: [http] listen: cannot listen on {address}")), "{said}");

    let mqtt = Folder::pilot("127.0.0.1:1");
    with(&mqtt, "hub.toml", "[mqtt]\nlisten = \"127.0.0.1:0\"", &format!("[mqtt]\nlisten = \"{address}\""));
    let said = refusal(mqtt.path());
    assert!(said.starts_with("error: [mqtt] listen: ") && said.contains(&address), "{said}");
}

#[test]
fn a_store_in_use_is_named_and_the_hub_that_has_it_goes_on() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    let said = refusal(folder.path());
    assert!(said.starts_with("error: store ") && said.ends_with("is in use by another hub"), "{said}");
    assert_eq!(hub.get("/sites").as_array().unwrap().len(), 3);
    hub.stop();
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = Folder::pilot("127.0.0.1:1");
    fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    let said = refusal(folder.path());
    assert!(said.contains("store folder") && said.contains("cannot be written"), "{said}");
}

#[test]
fn a_refused_rule_is_told_with_its_line_and_the_rest_runs() {
    let folder = Folder::pilot("127.0.0.1:1");
    fs::write(folder.path().join("rules/broken.rhai"), "// Broken.\nfn rule() { #{\n").unwrap();
    let hub = folder.run(&folder.token("viewer"));
    let rules = hub.get("/rules");
    let fault =
        |id: &str| rules.as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap()["fault"].clone();
    assert!(fault("chlorine-low").is_null());
    assert!(fault("broken")["line"].as_u64().unwrap() >= 2, "{}", fault("broken"));
    hub.stop();
}
