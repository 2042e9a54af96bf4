//! What the hub itself remarks of an alarm's step, on its way through InfluxDB to the province's hub: a code there, both languages here.

use adapters_sdk::Clock;
use serde_json::{Value, json};

use super::grafana::RULE;
use super::province::province;
use super::support::engines::{BUCKET, Engine, Kind};
use super::support::{Folder, wait_for};
use super::{BOUND, HUB, line, push, settled, site};

#[test]
fn a_remark_of_the_hub_reaches_the_province_in_both_languages() {
    let engine = Engine::start(Kind::Influx);
    let forward = engine.forward("province", &engine.url(""));
    let commune = Folder::with(&[
        ("hub.toml", &format!("{HUB}[rules]\ndir = \"rules\"\n{forward}")),
        ("sites/water.toml", &site("water")),
        ("rules/high.rhai", RULE),
    ]);
    let token = commune.token("integrator");
    let hub = commune.run(&token);
    let now = Clock::system().now().as_millis();
    push(&hub, &token, &(line("water/edge/ph", 7.5, now - 60_000) + &line("water/edge/ph", 9.5, now)));
    let id = wait_for("an alarm", BOUND, || hub.get("/alarms").as_array().unwrap().first()?["id"].as_i64());
    let shelved = json!({"until": now + 3_600_000, "reason": "đang súc rửa bể"});
    assert_eq!(hub.post(&format!("/alarms/{id}/shelve"), &shelved).0, 200);
    // The condition goes while nobody is to be bothered: the hub says so itself.
    push(&hub, &token, &line("water/edge/ph", 7.5, now + 1_000));
    wait_for("the hub's remark", BOUND, || {
        let history = hub.get(&format!("/alarms/{id}"))["history"].clone();
        history.as_array().unwrap().iter().any(|step| step["comment_en"].is_string()).then_some(())
    });
    settled(&hub, "province");
    let rows = wait_for("the remark in the engine", BOUND, || {
        let script = format!(
            "from(bucket: \"{BUCKET}\") |> range(start: -1h) |> filter(fn: (r) => r._measurement == \"alarm\")
             |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\") |> group()
             |> filter(fn: (r) => exists r.remark) |> keep(columns: [\"remark\", \"comment\"])"
        );
        Some(engine.flux(&script)).filter(|rows| !rows.is_empty())
    });
    assert_eq!(rows.len(), 1, "people's words have no code: {rows:?}");
    assert_eq!(rows[0]["remark"], "gone_while_hidden");
    assert_eq!(rows[0]["comment"], "Hết điều kiện khi đang ẩn / Condition gone while hidden");

    let above = province(&engine);
    let token = above.token("integrator");
    let province = above.run(&token);
    // With the commune that is found the API is another one: what was listed by the one may not be known to the other yet.
    let found = |path: &str| {
        let (status, answer) = province.try_get(path);
        (status == 200).then_some(answer)
    };
    let history = wait_for("the alarm in the province", BOUND, || {
        let is_its = |alarm: &&Value| alarm["site"] == "yen-lac--water" && alarm["rule"] == "high";
        let seen = found("/alarms?state=all")?.as_array()?.iter().find(is_its)?["id"].as_i64()?;
        Some(found(&format!("/alarms/{seen}"))?["history"].clone())
    });
    let said: Vec<_> =
        history.as_array().unwrap().iter().map(|step| (&step["comment"], &step["comment_en"])).collect();
    let gone = (&json!("Hết điều kiện khi đang ẩn"), &json!("Condition gone while hidden"));
    assert!(said.contains(&gone), "{history}");
    assert!(said.contains(&(&shelved["reason"], &Value::Null)), "people's words stay theirs: {history}");
    province.stop();
    hub.stop();
}
