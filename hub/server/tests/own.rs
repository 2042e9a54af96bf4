//! The hub as a site of its own, from outside: what it says of itself, that people's sites stay what they count, and what it
//! raises: a rule's fault, a configuration that is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const SOON: Duration = Duration::from_secs(30);

const HUB_TOML: &str = r#"
[commune]
id = "an-phu"
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
[rules]
dir = "rules"
"#;

const SITE: &str = r#"
id = "station"
kind = "water_station"
name = "Trạm"
[[device]]
id = "lab"
adapter = "push"
[[device.point]]
id = "level"
quantity = "level"
"#;

const FRAGILE: &str =
    "fn rule() { #{ title: \"Mức nước\", priority: \"low\", watches: #{ quantity: \"level\" } } }

fn active(p) {
    if p.value >= 100 { throw \"không thể\" }
    p.value > 10
}";

/// The hub's own rule, without its delay: a folder's own file takes the place of the shipped one.
const REFUSED: &str = "fn rule() { #{ title: \"Cấu hình\", priority: \"low\", watches: #{ site: \"_hub\", point: \"configuration_refused\" } } }
fn active(p) { p.value > 0 }";

fn folder() -> Folder {
    Folder::with(&[
        ("hub.toml", HUB_TOML),
        ("sites/station.toml", SITE),
        ("rules/fragile.rhai", FRAGILE),
        ("rules/hub-configuration-refused.rhai", REFUSED),
    ])
}

fn send(hub: &Hub, value: f64) {
    let at = Clock::system().now().as_millis();
    let body = json!({"readings": [{"point": "station/lab/level", "t": at, "v": value}]});
    assert_eq!(hub.post("/readings", &body).0, 204);
}

/// The alarm of the rule, once it stands so.
fn wait_for_alarm(hub: &Hub, rule: &str, state: &str) -> Value {
    wait_for(&format!("{rule} to be {state}"), SOON, || {
        let alarms = hub.get("/alarms?state=all&site=_hub");
        alarms.as_array()?.iter().find(|alarm| alarm["rule"] == rule && alarm["state"] == state).cloned()
    })
}

fn own_point(hub: &Hub, name: &str) -> Option<f64> {
    let points = hub.get("/points?site=_hub");
    let wanted = format!("_hub/{name}");
    points.as_array()?.iter().find(|point| point["id"] == *wanted)?["latest"]["value"].as_f64()
}

#[test]
fn the_hub_watches_itself_and_disturbs_no_site() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    for name in ["machine/memory", "machine/disk_free", "machine/clock_trusted", "machine/store_failing"] {
        wait_for(name, SOON, || own_point(&hub, name));
    }
    assert_eq!(own_point(&hub, "machine/clock_trusted"), Some(1.0));
    let free = own_point(&hub, "machine/disk_free").unwrap();
    assert!((0.0..=100.0).contains(&free), "{free}");
    assert!(own_point(&hub, "machine/certificate_left").is_none(), "there is no certificate");
    // People's sites are what they were.
    assert_eq!(hub.get("/sites").as_array().unwrap().len(), 1);
    assert_eq!(hub.get("/points").as_array().unwrap().len(), 1);
    assert_eq!(hub.get("/sites/_hub")["name"]["vi"], "Máy chủ giám sát");
    // Nobody else speaks for it.
    let body = json!({"readings": [{"point": "_hub/machine/store_failing", "t": 1, "v": 1}]});
    assert_eq!(hub.post("/readings", &body).0, 400);
    // A backup is known from then on: the figure comes with the next reading of a hub that starts.
    folder.hub(&["backup", folder.path().join("backup.db").to_str().unwrap()], "");
    let token = hub.token().to_owned();
    hub.stop();
    // The commune wants to hear of it at once: figures of these rules are set in hub.toml.
    let stricter = format!("{HUB_TOML}[rules.hub-backup-old]\ndays = 0\non_delay = \"0s\"\n");
    fs::write(folder.path().join("hub.toml"), stricter).unwrap();
    let hub = folder.run(&token);
    wait_for_alarm(&hub, "hub-backup-old", "unacknowledged");
    let age = wait_for("the backup's age", SOON, || own_point(&hub, "machine/backup_age"));
    assert!((0.0..0.1).contains(&age), "{age} days");
    // The rule of the folder's own file is in force, the others of the hub's come with it.
    let rules = hub.get("/rules");
    let titled = |id: &str| {
        rules.as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap()["title"]["vi"].clone()
    };
    assert_eq!(titled("hub-configuration-refused"), "Cấu hình");
    assert_eq!(titled("hub-disk-low"), "Máy chủ giám sát: ổ đĩa sắp đầy");
    hub.stop();
}

#[test]
fn a_rule_that_fails_is_an_alarm_and_told_once_over_a_kill() {
    let folder = folder();
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    send(&hub, 1.0);
    send(&hub, 250.0);
    let alarm = wait_for_alarm(&hub, "hub-rule-fault", "unacknowledged");
    assert_eq!(alarm["point"], "_hub/rules/fragile");
    let message = alarm["message"]["vi"].as_str().unwrap();
    for part in ["Mức nước", "fragile.rhai:4", "không thể", "station/lab/level = 250 m"] {
        assert!(message.contains(part), "{message}");
    }
    send(&hub, 260.0);
    hub.kill();
    let hub = folder.run(&token);
    send(&hub, 270.0);
    let alarms = hub.get("/alarms?state=all&site=_hub");
    assert_eq!(alarms.as_array().unwrap().len(), 1, "{alarms}");
    assert_eq!(hub.get(&format!("/alarms/{}", alarm["id"]))["history"].as_array().unwrap().len(), 1);
    // It is tried again at every reading: once it works the point says so, and the alarm ends after its delay.
    send(&hub, 2.0);
    assert_eq!(own_point(&hub, "rules/fragile"), Some(0.0));
    hub.stop();
}

#[test]
fn a_configuration_that_is_refused_is_an_alarm_until_it_is_mended() {
    let folder = folder();
    let hub = folder.run(&folder.token("viewer"));
    fs::write(folder.path().join("sites/station.toml"), SITE.replace("level", "levle")).unwrap();
    wait_for_alarm(&hub, "hub-configuration-refused", "unacknowledged");
    fs::write(folder.path().join("sites/station.toml"), SITE).unwrap();
    wait_for_alarm(&hub, "hub-configuration-refused", "rtn_unacknowledged");
    hub.stop();
}
