//! The disk takes nothing more: nobody is told that anything was kept, everybody is told to wait, and it ends by itself.
//!
//! Played with a limit on the size of files whose signal is ignored, so that a write fails as on a full disk, and lifted again
//! while the hub runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::{Value, json};
use support::waiting_device::{SITE, WaitingDevice};
use support::{Folder, Hub, limit_files, wait_for};

const BOUND: Duration = Duration::from_secs(20);

const HUB_TOML: &str = r#"
[commune]
id = "an-phu"
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
[store]
commit_window = "10ms"
keep_raw = "90y"
keep_hourly = "90y"
"#;

fn ready(hub: &Hub) -> (u16, Value) {
    let mut answer = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent()
        .get(format!("http://{}/health/ready", hub.http))
        .call()
        .unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

#[test]
fn a_full_disk_makes_everybody_wait_and_is_over_when_there_is_space() {
    let folder = Folder::with(&[("hub.toml", HUB_TOML), ("sites/station.toml", SITE)]);
    let token = folder.token("integrator");
    let hub = folder.run_by_shell("trap '' XFSZ", &token);
    let reading = |at: i64| json!({"readings": [{"point": "station/lab/level", "t": at, "v": 1.5}]});
    let mut device = WaitingDevice::connect(hub.mqtt);
    device.publish(1, 1.25);
    assert_eq!(device.acknowledged(), 1);
    assert_eq!(hub.post("/readings", &reading(1_760_000_000_000)).0, 204);

    let mut stream = hub.stream("");
    limit_files(hub.id(), "4096");
    let full = Clock::system().now();
    device.publish(2, 2.25);
    device.is_silent();
    let told = wait_for("the store's failure in /health/ready", BOUND, || {
        Some(ready(&hub)).filter(|(status, _)| *status == 503)
    });
    assert!(told.1["store"]["detail"].as_str().unwrap().contains("commits have failed"), "{}", told.1);
    // No alarm can be committed, so nothing tells of one; the stream tells of the store itself.
    assert_eq!(stream.next_of("health")["store"], "failed");
    let found = Clock::system().now();
    assert_eq!(hub.get("/alarms?state=all"), json!([]));
    let request = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let refused = request
        .post(format!("http://{}/api/v1/readings", hub.http))
        .header("Authorization", format!("Bearer {token}"))
        .send_json(reading(1_760_000_060_000))
        .unwrap();
    assert_eq!(refused.status().as_u16(), 503);
    assert_eq!(refused.headers()["Retry-After"], "5");
    // What was there can still be read, and what is not committed is not shown.
    assert_eq!(hub.point("station/lab/level")["latest"]["value"], 1.25);

    limit_files(hub.id(), "unlimited");
    assert_eq!(device.acknowledged(), 2, "acknowledged once it is on disk");
    wait_for("the store to be well", BOUND, || (ready(&hub).0 == 200).then_some(()));
    assert_eq!(hub.point("station/lab/level")["latest"]["value"], 2.25);
    assert_eq!(hub.post("/readings", &reading(1_760_000_060_000)).0, 204);

    // Now it is an alarm, the hub's own and critical, as old as the failure.
    let alarm = stream.next_of("alarm");
    assert_eq!(
        (&alarm["rule"], &alarm["site"], &alarm["priority"]),
        (&json!("hub-store-failing"), &json!("_hub"), &json!("critical"))
    );
    let raised_at: jiff::Timestamp = alarm["raised_at"].as_str().unwrap().parse().unwrap();
    let raised_at = raised_at.as_millisecond();
    assert!((full.as_millis()..=found.as_millis()).contains(&raised_at), "{full} {alarm} {found}");
    assert_eq!(hub.get("/alarms?site=_hub")[0]["id"], alarm["id"]);
    assert_eq!(stream.next_of("health"), json!({"store": "ok", "since": null}));
    let all = hub.get("/readings?point=station/lab/level&from=2025-10-01T00:00:00Z&to=2100-01-01T00:00:00Z");
    assert_eq!(all["v"].as_array().unwrap().len(), 4, "{all}");
    hub.stop();
}
