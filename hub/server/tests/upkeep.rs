//! Calibrations, corrections and maintenance on the whole hub: what is stored follows, also over SIGKILL, and raises nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const POINT: &str = "a/lab/level";
/// A minute apart: three weeks.
const READINGS: i64 = 30_000;
const STEP_MS: i64 = 60_000;
const WITHIN: Duration = Duration::from_secs(60);

fn folder(calibration: &str) -> Folder {
    let site = format!(
        "id = \"a\"\nkind = \"water_station\"\n[[device]]\nid = \"lab\"\nadapter = \"push\"\n[[device.point]]\n\
         id = \"level\"\nquantity = \"level\"\n{calibration}\n"
    );
    let hub = "[commune]\nid = \"a\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
               [rules]\ndir = \"rules\"\n";
    let rule = "fn rule() { #{ title: \"high\", priority: \"high\", watches: #{ quantity: \"level\" } } }\n\
                fn active(p) { p.value > 100 }\n";
    Folder::with(&[("hub.toml", hub), ("sites/a.toml", &site), ("rules/high.rhai", rule)])
}

/// Readings 0.01, 0.02, … up to now; gives back when the first was measured.
fn fill(hub: &Hub, count: i64) -> i64 {
    let start = Clock::system().now().as_millis() - count * STEP_MS;
    let numbers: Vec<i64> = (0..count).collect();
    for part in numbers.chunks(10_000) {
        let readings: Vec<Value> = part
            .iter()
            .map(|n| json!({"point": POINT, "t": start + n * STEP_MS, "v": (n + 1) as f64 / 100.0}))
            .collect();
        assert_eq!(hub.post("/readings", &json!({"readings": readings})).0, 204);
    }
    start
}

fn values(hub: &Hub, start: i64, count: i64) -> Vec<f64> {
    let found = hub.get(&format!("/readings?point={POINT}&from={start}&to={}", start + count * STEP_MS));
    found["v"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn finished(hub: &Hub, job: &Value) -> Value {
    wait_for("the end of the job", WITHIN, || {
        let job = hub.get(&format!("/jobs/{job}"));
        job["finished_at"].is_string().then_some(job)
    })
}

/// `(n + 1) / 100 · gain`, as a person would write it.
fn expected(n: i64, gain_percent: i64) -> f64 {
    let ten_thousandths = (n + 1) * gain_percent;
    format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000).parse().unwrap()
}

#[test]
fn a_calibration_of_the_past_is_applied_to_all_that_is_stored_over_kills_and_raises_no_alarm() {
    let folder = folder("");
    let token = folder.token("admin");
    let mut hub = folder.run(&token);
    let start = fill(&hub, READINGS);
    let half = start + READINGS / 2 * STEP_MS;
    let body = json!({"from": half, "gain": 1.07, "by": "Lan", "certificate": "KĐ 17"});
    let path = format!("/points/{POINT}/calibrations");
    // Killed while it is under way, however far it has come: asked from another thread, since the answer waits for it.
    let mut seen = 0;
    std::thread::scope(|scope| {
        let asking = &hub;
        scope.spawn(move || {
            let agent = ureq::Agent::new_with_defaults();
            let url = format!("http://{}/api/v1{path}", asking.http);
            // The hub is killed before it answers, or just after.
            let _ = agent
                .post(url)
                .header("Authorization", format!("Bearer {token}", token = asking.token()))
                .send_json(&body);
        });
        seen = wait_for("the first bit of the job", WITHIN, || {
            let jobs = hub.get("/jobs");
            jobs[0]["seen"].as_i64().filter(|seen| *seen > 0)
        });
        hub.signal_kill();
    });
    for _ in 0..2 {
        hub = folder.run(&token);
        seen = wait_for("more of the job", WITHIN, || {
            let now = hub.get("/jobs/1")["seen"].as_i64().unwrap();
            (now > seen || now == READINGS / 2).then_some(now)
        });
        hub.kill();
    }
    hub = folder.run(&token);
    let job = finished(&hub, &json!(1));
    assert_eq!((&job["seen"], &job["share"]), (&json!(READINGS / 2), &json!(1.0)));
    for (n, value) in (0..).zip(values(&hub, start, READINGS)) {
        let gain = if n < READINGS / 2 { 100 } else { 107 };
        assert_eq!(value, expected(n, gain), "reading {n}");
    }
    // The latest follows; what it would have raised lies in the past.
    assert_eq!(hub.point(POINT)["latest"]["value"], json!(expected(READINGS - 1, 107)));
    let raised = hub.get("/alarms?state=all").as_array().unwrap().len();
    assert!(raised <= 1, "the live reading alone may have raised one: {raised}");

    // Removed, it is undone to the last bit: the raw numbers were kept.
    let one = &hub.get(&format!("/points/{POINT}/calibrations"))[0];
    let (status, removed) = hub.delete(&format!("/calibrations/{}?version={}", one["id"], one["version"]));
    assert_eq!(status, 200, "{removed}");
    finished(&hub, &removed["job"]["id"]);
    let all = values(&hub, start, READINGS);
    assert!((0..).zip(all).all(|(n, value)| value == expected(n, 100)));
    hub.stop();
}

#[test]
fn officers_correct_and_restore_and_what_was_there_is_kept() {
    let folder = folder("range = { min = 0.015 }");
    let token = folder.token("officer");
    let hub = folder.run(&folder.token("integrator"));
    let start = fill(&hub, 10);
    let hub = hub.by(&token);
    let correct = |body: Value| {
        let (status, job) = hub.post(&format!("/points/{POINT}/corrections"), &body);
        assert_eq!(status, 200, "{job}");
        finished(&hub, &job["id"])
    };
    let look = |n: i64| {
        let (from, to) = (start + n * STEP_MS, start + n * STEP_MS + 1);
        let found = hub.get(&format!("/readings?point={POINT}&from={from}&to={to}"));
        (found["v"][0].clone(), found["q"][0].as_str().unwrap().to_owned())
    };
    let (from, to) = (start + STEP_MS, start + 4 * STEP_MS);
    let out = correct(json!({"from": from, "to": to, "action": "exclude", "reason": "rửa bể"}));
    assert_eq!((&out["seen"], &out["changed"]), (&json!(3), &json!(3)));
    assert_eq!(look(2), (json!(0.03), "fail".to_owned()));
    correct(json!({"from": start + 2 * STEP_MS, "action": "set", "value": 0.5, "reason": "đo tay"}));
    correct(json!({"from": start, "action": "set", "value": 0.2, "reason": "đo tay"}));
    assert_eq!(look(2), (json!(0.5), "good".to_owned()));
    let again = correct(json!({"from": from, "to": to, "action": "exclude", "reason": "lần nữa"}));
    assert_eq!(again["changed"], json!(1), "what is out already stays as it is");
    // A calibration meanwhile is in what is restored.
    let calibration = json!({"from": start, "gain": 2.0});
    let (status, change) = hub.post(&format!("/points/{POINT}/calibrations"), &calibration);
    assert_eq!(status, 200, "{change}");
    finished(&hub, &change["job"]["id"]);
    let back = correct(json!({"from": start, "to": to, "action": "restore", "reason": "nhầm"}));
    assert_eq!(back["changed"], json!(4));
    assert_eq!([look(0), look(1), look(2)].map(|found| found.0), [json!(0.02), json!(0.04), json!(0.06)]);
    assert_eq!(look(0).1, "good");

    let audit = hub.get(&format!("/points/{POINT}/audit"));
    let audit = audit.as_array().unwrap();
    assert_eq!(audit.len(), 3 + 1 + 1 + 1 + 4, "one for each reading that an officer changed");
    assert_eq!(
        (&audit[0]["before"]["value"], &audit[0]["before"]["quality"]),
        (&json!(0.02), &json!("good"))
    );
    assert_eq!((&audit[0]["by"], &audit[0]["reason"]), (&json!("test-officer"), &json!("rửa bể")));
    assert_eq!(audit[3]["before"]["reason"], json!("excluded"));
    let last_good = &hub.point(POINT)["last_good"]["value"];
    assert_eq!(last_good, &json!(0.2), "the newest value is doubled, too");
    hub.stop();
}

#[test]
fn maintenance_marks_what_was_and_what_comes_and_its_end_is_followed() {
    let folder = folder("");
    let token = folder.token("admin");
    let hub = folder.run(&token);
    let start = fill(&hub, 10);
    let window = json!({"about": "a/lab", "from": start + 5 * STEP_MS, "to": start + 600 * STEP_MS, "text": "Thay đầu đo"});
    let (status, made) = hub.post("/maintenance", &window);
    assert_eq!(status, 200, "{made}");
    finished(&hub, &made["job"]["id"]);
    let now = Clock::system().now().as_millis();
    assert_eq!(hub.post("/readings", &json!({"readings": [{"point": POINT, "t": now, "v": 500}]})).0, 204);
    let found = hub.get(&format!("/readings?point={POINT}&from={start}&to={}", now + 1));
    let marked = found["q"].as_array().unwrap().iter().filter(|q| **q == "calibrating").count();
    assert_eq!(marked, 6);
    assert_eq!(hub.point(POINT)["latest"]["reason"], json!("maintenance"));
    assert_eq!(hub.get("/alarms?state=all"), json!([]), "500 m would have raised one");
    let path = format!("/maintenance/{}?version=1", made["entry"]["id"]);
    let (status, gone) = hub.delete(&path);
    assert_eq!(status, 200, "{gone}");
    finished(&hub, &gone["job"]["id"]);
    let found = hub.get(&format!("/readings?point={POINT}&from={start}&to={}", now + 1));
    assert!(found["q"].as_array().unwrap().iter().all(|q| q == "not_evaluated"), "{found}");
    hub.stop();
}

#[test]
fn a_calibration_of_the_configuration_is_applied_when_it_is_added_and_taken_back_when_it_goes() {
    let folder = folder("");
    let token = folder.token("admin");
    let hub = folder.run(&token);
    let start = fill(&hub, 100);
    hub.stop();
    let site = folder.path().join("sites/a.toml");
    let before = std::fs::read_to_string(&site).unwrap();
    let with = format!("{before}calibration = [{{ from = 2020-01-01, gain = 1.5, by = \"Lan\" }}]\n");
    for (text, gain) in [(&with, 150), (&before, 100)] {
        std::fs::write(&site, text).unwrap();
        let hub = folder.run(&token);
        wait_for("the values with what the configuration says", WITHIN, || {
            let all = values(&hub, start, 100);
            (0..).zip(all).all(|(n, value)| value == expected(n, gain)).then_some(())
        });
        let refused = json!({"from": "2020-01-01", "gain": 2.0});
        let (status, _) = hub.post(&format!("/points/{POINT}/calibrations"), &refused);
        assert_eq!(status, if gain == 150 { 409 } else { 200 });
        hub.stop();
        if gain == 100 {
            break;
        }
    }
}
