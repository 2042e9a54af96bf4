//! The state table of ISA-18.2, driven through the API of the hub's own binary: every state, left by every way out of it.
//!
//! Gone through twice, once in one run and once with SIGKILL after every step. After each step all alarms and all that was ever
//! noted of them must be the same, their times aside. Read next: `hub_logic`'s `tests/it/recovery.rs`, which stops between
//! any two events of random histories.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const SOON: Duration = Duration::from_secs(30);
/// How long something is put aside, or a delay runs, where its end is a step of the table.
const SHORTLY: Duration = Duration::from_secs(2);

const HUB_TOML: &str = r#"
[commune]
id = "an-phu"
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
[store]
commit_window = "10ms"
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
id = "plain"
quantity = "level"
[[device.point]]
id = "latched"
quantity = "level"
[[device.point]]
id = "slow"
quantity = "level"
[[device.point]]
id = "cause"
quantity = "level"
"#;

/// Raises above 10, each in its own way.
fn rule(point: &str, more: &str) -> String {
    let watches = match point {
        "cause" => "scope: \"device\", device: \"lab\"".to_owned(),
        _ => format!("point: \"{point}\""),
    };
    let value = match point {
        "cause" => "p.sibling(\"cause\").value",
        _ => "p.value",
    };
    format!(
        "fn rule() {{ #{{ title: \"{point}\", priority: \"high\", watches: #{{ {watches} }}, {more} }} }}\nfn active(p) {{ {value} > 10 }}\n"
    )
}

fn folder() -> Folder {
    let rules = [
        ("rules/plain.rhai", rule("plain", "")),
        ("rules/latched.rhai", rule("latched", "latching: true")),
        ("rules/slow.rhai", rule("slow", "on_delay: \"2s\", off_delay: \"2s\"")),
        ("rules/cause.rhai", rule("cause", "explains: [\"plain\"]")),
    ];
    let mut files = vec![("hub.toml", HUB_TOML), ("sites/station.toml", SITE)];
    files.extend(rules.iter().map(|(name, text)| (*name, text.as_str())));
    Folder::with(&files)
}

/// One step of the table.
enum Do {
    /// The point is measured.
    Measure(&'static str, f64),
    /// Somebody does this with the rule's newest alarm.
    Act(&'static str, Value),
    /// Somebody puts the rule's newest alarm aside for so long.
    Shelve(Duration),
    /// The device is taken out of service.
    OutOfService,
    /// It is in service again.
    InService,
}

/// What is done, the rule whose newest alarm it concerns, and where that alarm must stand then.
type Step = (Do, &'static str, &'static str);

fn table() -> Vec<Step> {
    use Do::{Act, InService, Measure, OutOfService, Shelve};
    let acknowledge = || Act("acknowledge", json!({"comment": "Đã xem"}));
    let hour = Duration::from_secs(3_600);
    vec![
        // Normal to unacknowledged, acknowledged, normal.
        (Measure("plain", 20.0), "plain", "unacknowledged"),
        (acknowledge(), "plain", "acknowledged"),
        (Act("comment", json!({"comment": "Đang xử lý"})), "plain", "acknowledged"),
        (Measure("plain", 5.0), "plain", "normal"),
        // Returned before anybody saw it; back again; returned; acknowledged.
        (Measure("plain", 21.0), "plain", "unacknowledged"),
        (Measure("plain", 5.0), "plain", "rtn_unacknowledged"),
        (Measure("plain", 22.0), "plain", "unacknowledged"),
        (Measure("plain", 4.0), "plain", "rtn_unacknowledged"),
        (acknowledge(), "plain", "normal"),
        // Shelved from unacknowledged: it goes and comes beneath, and is taken back.
        (Measure("plain", 23.0), "plain", "unacknowledged"),
        (Shelve(hour), "plain", "shelved"),
        (Measure("plain", 5.0), "plain", "shelved"),
        (Measure("plain", 24.0), "plain", "shelved"),
        (Act("unshelve", json!({})), "plain", "unacknowledged"),
        // Shelved from acknowledged until its time is over.
        (acknowledge(), "plain", "acknowledged"),
        (Shelve(SHORTLY), "plain", "acknowledged"),
        // Shelved from acknowledged, and over beneath it.
        (Shelve(hour), "plain", "shelved"),
        (Measure("plain", 5.0), "plain", "normal"),
        // Shelved after it returned.
        (Measure("plain", 25.0), "plain", "unacknowledged"),
        (Measure("plain", 5.0), "plain", "rtn_unacknowledged"),
        (Shelve(hour), "plain", "shelved"),
        (Act("unshelve", json!({})), "plain", "rtn_unacknowledged"),
        (acknowledge(), "plain", "normal"),
        // Out of service: what comes meanwhile is told when it is in service again.
        (OutOfService, "plain", "normal"),
        (Measure("plain", 26.0), "plain", "out_of_service"),
        (InService, "plain", "unacknowledged"),
        (OutOfService, "plain", "out_of_service"),
        (Measure("plain", 5.0), "plain", "normal"),
        (InService, "plain", "normal"),
        // Suppressed by design: explained by another one until that is gone.
        (Measure("cause", 20.0), "cause", "unacknowledged"),
        (Measure("plain", 27.0), "plain", "suppressed_by_design"),
        (acknowledge(), "cause", "acknowledged"),
        (Measure("cause", 5.0), "plain", "unacknowledged"),
        (Measure("cause", 20.0), "plain", "suppressed_by_design"),
        (Measure("plain", 5.0), "plain", "normal"),
        (acknowledge(), "cause", "acknowledged"),
        (Measure("cause", 5.0), "cause", "normal"),
        // Latched: it stays until somebody resets it, seen or not.
        (Measure("latched", 20.0), "latched", "unacknowledged"),
        (Measure("latched", 5.0), "latched", "unacknowledged"),
        (Act("reset", json!({"comment": "Đã sửa"})), "latched", "rtn_unacknowledged"),
        (acknowledge(), "latched", "normal"),
        (Measure("latched", 20.0), "latched", "unacknowledged"),
        (acknowledge(), "latched", "acknowledged"),
        (Measure("latched", 5.0), "latched", "acknowledged"),
        (Act("reset", json!({})), "latched", "normal"),
        // Delays that run while the hub is killed.
        (Measure("slow", 20.0), "slow", "unacknowledged"),
        (acknowledge(), "slow", "acknowledged"),
        (Measure("slow", 5.0), "slow", "normal"),
    ]
}

fn all_alarms(hub: &Hub) -> Vec<Value> {
    let mut alarms = hub.get("/alarms?state=all&site=station").as_array().unwrap().clone();
    alarms.sort_by_key(|alarm| alarm["id"].as_u64());
    alarms
}

fn newest(hub: &Hub, rule: &str) -> Option<Value> {
    all_alarms(hub).into_iter().rev().find(|alarm| alarm["rule"] == rule)
}

/// Does one step; what is answered is committed.
fn act(hub: &Hub, (what, rule, _): &Step) {
    let now = Clock::system().now();
    let with_alarm = |deed: &str, body: &Value| {
        let id = newest(hub, rule).unwrap()["id"].clone();
        hub.post(&format!("/alarms/{id}/{deed}"), body)
    };
    let (status, answer) = match what {
        Do::Measure(point, value) => {
            let point = format!("station/lab/{point}");
            hub.post("/readings", &json!({"readings": [{"point": point, "t": now.as_millis(), "v": value}]}))
        }
        Do::Act(deed, body) => with_alarm(deed, body),
        Do::Shelve(span) => {
            let body = json!({"until": now.plus(*span).as_millis(), "reason": "Chờ phụ tùng"});
            with_alarm("shelve", &body)
        }
        Do::OutOfService => {
            hub.post("/out-of-service", &json!({"scope": "station/lab", "reason": "Thay đầu đo"}))
        }
        Do::InService => hub.post("/out-of-service/end", &json!({"scope": "station/lab"})),
    };
    assert!((200..300).contains(&status), "{status} {answer}");
}

/// All alarms with all their steps, without the times.
fn told(hub: &Hub) -> Value {
    let details = all_alarms(hub).into_iter().map(|alarm| {
        let mut detail = hub.get(&format!("/alarms/{}", alarm["id"]));
        forget_times(&mut detail);
        detail
    });
    details.collect()
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_time = name == "at" || name.ends_with("_at") || name == "shelved_until";
                match field {
                    Value::String(_) if is_time => *field = json!("a time"),
                    other => forget_times(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

/// Waits until the alarm stands where the table says.
fn wait_for_state(hub: &Hub, number: usize, (_, rule, expected): &Step) {
    let mut found = None;
    wait_for(&format!("step {number}: the alarm of {rule} to be {expected}"), SOON, || {
        found = newest(hub, rule);
        // Whatever waits for its time (a shelving that ends, a delay) is still to come while another state is told.
        found.as_ref().filter(|alarm| alarm["state"] == *expected).map(|_| ())
    });
}

/// Goes through the table; what was told after each step.
fn go_through(killed: bool) -> Vec<Value> {
    let folder = folder();
    let token = folder.token("admin");
    let mut hub = folder.run(&token);
    let mut after_each = Vec::new();
    for (number, step) in table().iter().enumerate() {
        act(&hub, step);
        if killed {
            hub.kill();
            hub = folder.run(&token);
        }
        if matches!(step.0, Do::Shelve(span) if span == SHORTLY) {
            wait_for("the shelving to end", SOON, || {
                let id = newest(&hub, step.1)?["id"].clone();
                let history = hub.get(&format!("/alarms/{id}"))["history"].clone();
                history.as_array()?.iter().any(|one| one["why"] == "shelving_ended").then_some(())
            });
        }
        wait_for_state(&hub, number, step);
        after_each.push(told(&hub));
    }
    hub.stop();
    after_each
}

#[test]
fn the_state_table_is_the_same_with_sigkill_between_any_two_steps() {
    let undisturbed = go_through(false);
    let killed = go_through(true);
    for (number, (expected, found)) in undisturbed.iter().zip(&killed).enumerate() {
        assert_eq!(expected, found, "after step {number}");
    }
    // Each step is told with who, why, the value and the rule's version.
    let last = undisturbed.last().unwrap();
    let steps = || last.as_array().unwrap().iter().flat_map(|alarm| alarm["history"].as_array().unwrap());
    assert!(steps().all(|step| step["rule_version"].as_str().is_some_and(|version| version.len() == 16)));
    assert!(steps().all(|step| step["why"] != "acknowledged" || step["by"] == "test-admin"));
    let without_value = |step: &Value| step["value"].is_null();
    let of_points = last.as_array().unwrap().iter().filter(|alarm| alarm["rule"] != "cause");
    let mut of_points = of_points.flat_map(|alarm| alarm["history"].as_array().unwrap());
    assert!(!of_points.any(without_value), "a step about a point has its value: {last}");
    let states: std::collections::BTreeSet<_> = steps().map(|step| step["to"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 7, "every state was reached: {states:?}");
}
