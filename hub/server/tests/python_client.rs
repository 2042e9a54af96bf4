//! A Python MQTT client, MQTT 3.1.1 and 5, against the hub's own binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;
use std::time::Duration;

use support::{Folder, peers, wait_for};

#[test]
fn a_foreign_client_publishes_subscribes_and_is_refused_what_is_not_its_own() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    for protocol in ["3", "5"] {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_client.py");
        let output = Command::new(peers::python())
            .args([script, &hub.mqtt.port().to_string(), protocol])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "MQTT {protocol}: {said} (cargo xtask test installs the client)");
    }
    wait_for("the value that the client sent", Duration::from_secs(10), || {
        (hub.point("van-hoa-wifi/ap-01/clients")["latest"]["value"] == 21.0).then_some(())
    });
    hub.stop();
}
