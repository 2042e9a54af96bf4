//! Rules edited by the API while the hub runs: checked, run with their cases, saved, taken up with the alarms kept, rolled back,
//! switched off and on; two editors; texts and names that are refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Folder, Hub, wait_for};

const SOON: Duration = Duration::from_secs(20);
const HUB: &str = "[commune]\nid = \"c\"\nname = \"C\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n\
                   [store]\ndir = \"data\"\ncommit_window = \"20ms\"\n";
const SITE: &str = r#"id = "station"
kind = "water_station"
[[device]]
id = "plc"
adapter = "push"
[[device.point]]
id = "ph"
quantity = "ph"
"#;

fn folder() -> Folder {
    Folder::with(&[("hub.toml", HUB), ("sites/a.toml", SITE)])
}

fn rule(most: &str) -> String {
    format!(
        "// pH, for the test.\nfn rule() {{ #{{ title: \"pH cao\", priority: \"low\", watches: #{{ quantity: \"ph\" }} }} }}\n\
         fn active(p) {{ p.value > {most} }}\n"
    )
}

const CASES: &str = "[[case]]\nname = \"nine raises\"\nreadings = [{ at = \"0s\", value = 9 }]\nalarms = [{ raised = \"0s\" }]\n";

fn send(hub: &Hub, ph: f64) {
    let now = adapters_sdk::Clock::system().now().as_millis();
    let body = json!({"readings": [{"point": "station/plc/ph", "t": now, "v": ph}]});
    let (status, answer) = hub.post("/readings", &body);
    assert_eq!(status, 204, "{answer}");
}

fn alarm(hub: &Hub) -> Option<Value> {
    hub.get("/alarms?state=all").as_array().unwrap().iter().find(|alarm| alarm["rule"] == "ph-high").cloned()
}

fn wait_for_alarm(hub: &Hub, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, SOON, || alarm(hub).filter(&is_so))
}

fn save(source: &str, revision: &Value) -> Value {
    json!({"source": source, "cases": CASES, "why": "thử", "revision": revision})
}

#[test]
fn a_rule_is_written_checked_saved_edited_while_in_alarm_rolled_back_and_switched_off() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    let (_, checked) = hub.post("/rules/ph-high/check", &json!({"source": rule("8.5")}));
    assert_eq!((&checked["faults"], &checked["doubts"]), (&json!([]), &json!([])), "{checked}");
    assert_eq!(
        (&checked["rule"]["title"]["vi"], &checked["rule"]["priority"]),
        (&json!("pH cao"), &json!("low"))
    );
    let (_, run) = hub.post("/rules/ph-high/cases", &json!({"source": rule("8.5"), "cases": CASES}));
    assert_eq!(
        run["results"],
        json!([{"name": "nine raises", "line": 1, "failure": null, "failure_vi": null}]),
        "{run}"
    );
    assert_eq!(hub.try_get("/rules/ph-high").0, 404, "nothing was kept");

    let (status, saved) = hub.put("/rules/ph-high", &save(&rule("8.5"), &Value::Null));
    assert_eq!((status, &saved["in_force"], &saved["origin"]), (200, &json!(true), &json!("own")), "{saved}");
    assert_eq!(fs::read_to_string(folder.path().join("rules/ph-high.rhai")).unwrap(), rule("8.5"));
    assert!(hub.get("/rules").as_array().unwrap().len() > 1, "those that come with the hub are there, too");
    send(&hub, 9.0);
    let raised = wait_for_alarm(&hub, "the alarm", |alarm| alarm["state"] == "unacknowledged");
    let (status, _) =
        hub.post(&format!("/alarms/{}/acknowledge", raised["id"]), &json!({"comment": "đã xem"}));
    assert_eq!(status, 200);

    // Another limit, still in alarm: the same alarm goes on, acknowledged as it was.
    let (status, edited) = hub.put("/rules/ph-high", &save(&rule("8.8"), &saved["revision"]));
    assert_eq!((status, &edited["in_force"]), (200, &json!(true)), "{edited}");
    let kept = alarm(&hub).unwrap();
    assert_eq!((&kept["id"], &kept["state"]), (&raised["id"], &json!("acknowledged")));
    send(&hub, 8.6);
    wait_for_alarm(&hub, "its end by the new text", |alarm| alarm["state"] == "normal");

    // Back to the first text, which raises at 8.6.
    let first = edited["versions"].as_array().unwrap().last().unwrap()["id"].clone();
    let old = hub.get(&format!("/rules/ph-high/versions/{first}"));
    assert_eq!(
        (&old["source"], &old["by"], &old["why"]),
        (&json!(rule("8.5")), &json!("test-integrator"), &json!("thử"))
    );
    let (_, back) = hub.put("/rules/ph-high", &save(old["source"].as_str().unwrap(), &edited["revision"]));
    send(&hub, 8.6);
    let second = wait_for_alarm(&hub, "another alarm", |alarm| alarm["state"] == "unacknowledged");
    assert_ne!(second["id"], raised["id"]);

    let off = json!({"on": false, "why": "cảm biến hỏng", "revision": back["revision"]});
    let (status, off) = hub.post("/rules/ph-high/switch", &off);
    assert_eq!((status, &off["on"], &off["in_force"]), (200, &json!(false), &json!(true)), "{off}");
    wait_for_alarm(&hub, "the end of what is no longer watched", |alarm| alarm["cleared_at"].is_string());
    let listed = hub.get("/rules");
    let listed = listed.as_array().unwrap().iter().find(|rule| rule["id"] == "ph-high").unwrap().clone();
    assert_eq!((&listed["on"], &listed["subjects"]), (&json!(false), &json!(0)));
    let on = json!({"on": true, "why": "đã thay", "revision": off["revision"]});
    assert_eq!(hub.post("/rules/ph-high/switch", &on).1["on"], true);

    let audit: Vec<Value> =
        hub.by(&folder.token("admin")).get("/audit?object=ph-high").as_array().unwrap().clone();
    let actions: Vec<&str> = audit.iter().map(|deed| deed["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["rule_switched_on", "rule_switched_off", "rule_saved", "rule_saved", "rule_saved"]);
}

#[test]
fn a_rule_of_ones_own_is_deleted_with_its_alarms_closed_and_its_texts_kept() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    let (_, saved) = hub.put("/rules/ph-high", &save(&rule("8.5"), &Value::Null));
    send(&hub, 9.0);
    let raised = wait_for_alarm(&hub, "the alarm", |alarm| alarm["state"] == "unacknowledged");
    let delete = |rule: &str, revision: &Value| {
        hub.post(&format!("/rules/{rule}/delete"), &json!({"why": "không cần nữa", "revision": revision}))
    };
    let (status, late) = delete("ph-high", &json!("another"));
    assert_eq!((status, late["status"].as_u64()), (409, Some(409)), "{late}");
    assert_eq!(delete("ph-hihg", &saved["revision"]).0, 409, "there is none of that name");
    let shipped = hub.get("/rules/bin-full");
    let (status, refused) = delete("bin-full", &shipped["revision"]);
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains("comes with the hub"), "{refused}");
    assert_eq!(hub.get("/rules/ph-high")["revision"], saved["revision"], "nothing was changed");

    let (status, gone) = delete("ph-high", &saved["revision"]);
    assert_eq!((status, &gone["in_force"], &gone["waits_for"]), (200, &json!(true), &Value::Null), "{gone}");
    let steps: Vec<&str> =
        gone["versions"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["deleted", "saved"]);
    assert_eq!(hub.try_get("/rules/ph-high").0, 404);
    assert_eq!(fs::read_dir(folder.path().join("rules")).unwrap().count(), 0);
    wait_for_alarm(&hub, "its end", |alarm| alarm["state"] == "normal");
    let closed = hub.get(&format!("/alarms/{}", raised["id"]));
    let last = closed["history"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["why"], &last["comment"]), (&json!("no_longer_watched"), &json!("Quy tắc đã bị xóa")));

    // Back from its versions, as a rule that is new.
    assert_eq!(hub.get("/rules/ph-high/versions"), gone["versions"]);
    let old = hub.get(&format!("/rules/ph-high/versions/{}", gone["versions"][0]["id"]));
    let (status, back) = hub.put("/rules/ph-high", &save(old["source"].as_str().unwrap(), &Value::Null));
    assert_eq!((status, &back["in_force"], &back["on"]), (200, &json!(true), &json!(true)), "{back}");
}

#[test]
fn a_rule_that_a_site_says_something_of_is_not_deleted_and_the_place_is_told() {
    let site = format!("{SITE}\n[rules.ph-high]\non_delay = \"1m\"\n");
    let folder =
        Folder::with(&[("hub.toml", HUB), ("sites/a.toml", &site), ("rules/ph-high.rhai", &rule("8.5"))]);
    let hub = folder.run(&folder.token("integrator"));
    let request = json!({"why": "thử", "revision": hub.get("/rules/ph-high")["revision"]});
    let (status, refused) = hub.post("/rules/ph-high/delete", &request);
    assert_eq!(status, 409, "{refused}");
    assert!(
        refused["detail"].as_str().unwrap().contains("sites/a.toml:10 has a part [rules.ph-high]"),
        "{refused}"
    );
    assert!(folder.path().join("rules/ph-high.rhai").exists());
}

#[test]
fn a_rule_that_comes_with_the_hub_is_changed_beside_it_and_put_back() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    let shipped = hub.get("/rules/bin-full");
    assert_eq!((&shipped["origin"], &shipped["versions"]), (&json!("shipped"), &json!([])));
    let text = shipped["source"].as_str().unwrap();
    let changed = json!({"source": format!("// Ours.\n{text}"), "cases": shipped["cases"], "why": "thử", "revision": shipped["revision"]});
    let (status, changed) = hub.put("/rules/bin-full", &changed);
    assert_eq!(
        (status, &changed["origin"], &changed["in_force"]),
        (200, &json!("changed"), &json!(true)),
        "{changed}"
    );
    let steps: Vec<&str> =
        changed["versions"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["saved", "found"], "the text before is kept, too");
    assert!(folder.path().join("rules/bin-full.rhai").exists());
    let back =
        json!({"source": text, "cases": shipped["cases"], "why": "lại", "revision": changed["revision"]});
    assert_eq!(hub.put("/rules/bin-full", &back).1["origin"], "shipped");
    assert!(!folder.path().join("rules/bin-full.rhai").exists());
    folder.hub(&["check"], "");
    folder.hub(&["rules", "test"], "");
}

#[test]
fn the_second_of_two_editors_is_told_and_nothing_is_lost() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    let (_, first) = hub.put("/rules/ph-high", &save(&rule("8.5"), &Value::Null));
    let (status, again) = hub.put("/rules/ph-high", &save(&rule("8.6"), &Value::Null));
    assert_eq!(status, 409, "{again}");
    assert!(again["detail"].as_str().unwrap().contains("already"), "{again}");
    assert_eq!(hub.put("/rules/ph-high", &save(&rule("8.7"), &first["revision"])).0, 200);
    let (status, late) = hub.put("/rules/ph-high", &save(&rule("8.9"), &first["revision"]));
    assert_eq!(status, 409);
    assert!(late["detail"].as_str().unwrap().contains("test-integrator has changed"), "{late}");
    assert_eq!(hub.get("/rules/ph-high")["source"], rule("8.7"));

    // Whoever writes to the folder itself is somebody, too; the text that was there is found as a version.
    fs::write(folder.path().join("rules/ph-high.rhai"), rule("9.1")).unwrap();
    let found = hub.get("/rules/ph-high");
    assert_eq!(found["source"], rule("9.1"));
    let (status, mended) = hub.put("/rules/ph-high", &save(&rule("9.2"), &found["revision"]));
    assert_eq!(status, 200, "{mended}");
    let steps = mended["versions"].as_array().unwrap();
    assert_eq!(
        (&steps[0]["what"], &steps[1]["what"], &steps[1]["by"]),
        (&json!("saved"), &json!("found"), &Value::Null)
    );
}

#[test]
fn what_cannot_be_a_rule_is_refused_with_its_place_and_nothing_is_written() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    let refused = |path: &str, source: &str, cases: &str, words: &str| {
        let body = json!({"source": source, "cases": cases, "why": "thử", "revision": null});
        let (status, problem) = hub.put(path, &body);
        assert_eq!(status, 400, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    };
    let good = rule("8.5");
    refused("/rules/..%2Fsites", &good, "", "rule: ");
    refused("/rules/pH%20high", &good, "", "rule: ");
    refused("/rules/ph-high", &good.replace("p.value >", "p.value > >"), "", "source: line 3: ");
    refused("/rules/ph-high", &good.replace("\"low\"", "\"loud\""), "", "low, medium, high, critical");
    refused("/rules/ph-high", &format!("{good}{}", "// long\n".repeat(8192)), "", "allowed: 65536");
    refused("/rules/ph-high", &good, &"# long\n".repeat(10_000), "allowed: 65536");
    refused("/rules/ph-high", &good, "[[case]]\nname = 1\n", "cases: line ");
    let (status, problem) = hub.put("/rules/ph-high", &json!({"source": good, "why": " ", "revision": null}));
    assert_eq!((status, problem["errors"][0]["at"].as_str()), (400, Some("why")), "{problem}");
    assert!(!folder.path().join("rules").exists());

    let (_, checked) =
        hub.post("/rules/ph-high/check", &json!({"source": good.replace("value >", "value > >")}));
    assert_eq!(
        (&checked["faults"][0]["line"], &checked["faults"][0]["column"]),
        (&json!(3), &json!(26)),
        "{checked}"
    );
    // A misspelt field is found without any reading; it is a doubt, for a rule may be ahead of what it is tried on.
    let (_, doubted) =
        hub.post("/rules/ph-high/check", &json!({"source": good.replace("p.value", "p.valeu")}));
    assert_eq!((&doubted["faults"], &doubted["doubts"][0]["line"]), (&json!([]), &json!(3)), "{doubted}");
    // Cases that would run for ever are stopped; one that fails says what came.
    let (_, run) = hub.post("/rules/ph-high/cases", &json!({"source": rule("9.5"), "cases": CASES}));
    assert!(run["results"][0]["failure"].as_str().unwrap().contains("Found: none"), "{run}");
}

#[test]
fn a_saved_rule_waits_while_the_configuration_is_faulty_and_says_so() {
    let folder = folder();
    let hub = folder.run(&folder.token("integrator"));
    fs::write(folder.path().join("sites/b.toml"), "id = \"b\"\nkimd = \"other\"\n").unwrap();
    wait_for("the fault", SOON, || hub.ready().to_string().contains("kimd").then_some(()));
    let (status, saved) = hub.put("/rules/ph-high", &save(&rule("8.5"), &Value::Null));
    assert_eq!((status, &saved["in_force"]), (200, &json!(false)), "{saved}");
    assert!(saved["waits_for"].as_str().unwrap().contains("kimd"), "{saved}");
    fs::remove_file(folder.path().join("sites/b.toml")).unwrap();
    // A rule that somebody broke in the folder holds up the others until it is switched off.
    fs::write(folder.path().join("rules/broken.rhai"), "fn rule() {").unwrap();
    wait_for("the broken rule", SOON, || hub.ready().to_string().contains("broken.rhai").then_some(()));
    fs::write(folder.path().join("rules/broken.off"), "").unwrap();
    wait_for("the rule", SOON, || hub.get("/rules").to_string().contains("ph-high").then_some(()));
    assert!(!hub.ready()["rules"].to_string().contains("broken"), "{}", hub.ready());
}
