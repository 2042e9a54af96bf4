//! Readings on their way to other engines: what a real hub sends, over links and to servers of every kind.
//!
//! Read next: `faults.rs` (a server that answers as it is told), `engines.rs` (real engines).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod engines;
mod faults;
mod grafana;
mod history;
mod influx1;
mod province;
mod remarks;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use serde_json::Value;
use support::{Folder, Hub};

/// Conditions are waited for so long on a machine that has other things to do.
const BOUND: Duration = Duration::from_secs(180);

const HUB: &str = "[commune]\nid = \"yen-lac\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ncommit_window = \"10ms\"\n";

/// Two sites, each with a device that pushes.
fn site(id: &str) -> String {
    format!(
        "id = \"{id}\"\nkind = \"water_station\"\n[[device]]\nid = \"edge\"\nadapter = \"push\"\n\
         [[device.point]]\nid = \"ph\"\nquantity = \"ph\"\nrange = {{ min = 0, max = 14 }}\n\
         [[device.point]]\nid = \"level\"\nquantity = \"level\"\n\
         [[device.point]]\nid = \"flow\"\nquantity = \"flow\"\n"
    )
}

/// A hub's folder with these `[[forward]]`s.
fn folder(forwards: &str) -> Folder {
    let hub = format!("{HUB}{forwards}");
    Folder::with(&[
        ("hub.toml", hub.as_str()),
        ("sites/water.toml", &site("water")),
        ("sites/north.toml", &site("north")),
    ])
}

/// Writes lines to the hub, which answers after the commit.
fn push(hub: &Hub, token: &str, lines: &str) {
    let url = format!("http://{}/api/v2/write?precision=ms", hub.http);
    // A hub that is busy says so, and is asked again.
    support::wait_for("the hub to take lines", BOUND, || {
        let request = ureq::post(&url).header("Authorization", format!("Token {token}"));
        request.send(lines).ok().filter(|answer| answer.status() == 204)
    });
}

/// One reading as a line.
fn line(point: &str, value: f64, at_ms: i64) -> String {
    format!("x,point={point} value={value} {at_ms}\n")
}

/// A way out as the API shows it.
fn forward(hub: &Hub, id: &str) -> Value {
    let all = hub.get("/forwards");
    all.as_array().unwrap().iter().find(|forward| forward["id"] == id).unwrap().clone()
}

/// Waits until all has arrived there.
fn settled(hub: &Hub, id: &str) -> Value {
    support::wait_for("everything to arrive", BOUND, || {
        let forward = forward(hub, id);
        let is_settled =
            forward["owed"] == 0 && forward["waiting_commits"] == 0 && forward["failing"].is_null();
        (is_settled && !forward["arrived_at"].is_null()).then_some(forward)
    })
}
