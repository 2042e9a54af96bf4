//! Alarms: lists, one with its history, and what people do with them.

use hub_api::auth::Role;
use hub_model::{Alarm, AlarmId, AlarmState};
use serde_json::{Value, json};

use crate::clients::{Answer, Call, look};
use crate::world::{CHLORINE, FILL, START_MS, World, alarm};

async fn act(world: &World, action: &str, body: &Value) -> Answer {
    Call::post(format!("/api/v1/alarms/1/{action}"), body).by(Role::Staff).send(world).await
}

async fn ids(world: &World, query: &str) -> Vec<u64> {
    let list = look(world, &format!("/api/v1/alarms{query}")).await;
    list.as_array().unwrap().iter().map(|alarm| alarm["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn lists_are_narrowed_by_state_site_and_time() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Normal));
    world.keep_alarm(alarm(2, "tam-hop-water/plc", AlarmState::Shelved));
    world.keep_alarm(alarm(3, FILL, AlarmState::Unacknowledged));
    assert_eq!(ids(&world, "").await, [3, 2]);
    assert_eq!(ids(&world, "?state=active").await, [3, 2]);
    assert_eq!(ids(&world, "?state=all").await, [3, 2, 1]);
    assert_eq!(ids(&world, "?state=all&site=tam-hop-water").await, [2, 1]);
    assert_eq!(ids(&world, &format!("?state=all&from={}", START_MS + 1501)).await, [3, 2]);
    assert_eq!(ids(&world, &format!("?state=all&to={}", START_MS + 2000)).await, [1]);
    for (query, says) in [("state=open", "active, all"), ("site=x", "no site"), ("from=2&to=1", "earlier")] {
        let answer = Call::get(format!("/api/v1/alarms?{query}")).by(Role::Viewer).send(&world).await;
        assert!(answer.status.is_client_error() && answer.text.contains(says), "{answer:?}");
    }
}

#[tokio::test]
async fn an_alarm_says_what_where_and_since_when() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    world.keep_alarm(alarm(2, "tam-hop-water/plc", AlarmState::Unacknowledged));
    let raised = json!({
        "at": "2026-03-01T09:00:01+07:00", "from": null, "to": "unacknowledged",
        "by": null, "comment": null, "comment_en": null, "value": 0.14, "why": "raised", "rule_version": "1",
    });
    let expected = json!({
        "id": 1, "rule": "chlorine-low", "title": {"vi": "Clo dư thấp", "en": "Free chlorine low"},
        "rule_version": "1", "subject": CHLORINE,
        "point": CHLORINE, "device": "tam-hop-water/plc", "site": "tam-hop-water",
        "beneath": null, "parent": null, "latching": false, "raises": 1, "chattering": false, "flood": false, "tags": [],
        "priority": "high", "state": "unacknowledged", "raised_at": "2026-03-01T09:00:01+07:00",
        "cleared_at": null, "acknowledged_at": null, "acknowledged_by": null, "shelved_until": null,
        "value": 0.14, "unit": "mg/L", "message": {"vi": "Clo dư 0.14", "en": "Free chlorine 0.14"},
        "clause": "Bảng 1", "clause_en": "Bảng 1", "runbook": null, "announces": true,
        "delays": {"on_s": 600.0, "off_s": 300.0},
        "history": [raised],
    });
    assert_eq!(look(&world, "/api/v1/alarms/1").await, expected);
    let of_device = look(&world, "/api/v1/alarms/2").await;
    assert_eq!((&of_device["point"], &of_device["device"]), (&Value::Null, &json!("tam-hop-water/plc")));
}

#[tokio::test]
async fn acknowledging_says_who_and_when() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let answer = act(&world, "acknowledge", &json!({"comment": "đang châm thêm clo"})).await;
    assert_eq!(answer.status, 200);
    let alarm = answer.json();
    assert_eq!(alarm["state"], "acknowledged");
    assert_eq!(alarm["acknowledged_by"], "staff");
    assert_eq!(alarm["acknowledged_at"], "2026-03-01T09:00:00+07:00");
    assert_eq!(alarm["history"][1]["comment"], "đang châm thêm clo");
    assert_eq!(alarm["history"][1]["from"], "unacknowledged");
    act(&world, "acknowledge", &json!({})).await.assert_problem(409, &["acknowledged"]);
}

#[tokio::test]
async fn a_token_may_acknowledge_without_a_body() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let answer = Call::new("POST", "/api/v1/alarms/1/acknowledge").by(Role::Staff).send(&world).await;
    assert_eq!(answer.json()["history"][1]["comment"], Value::Null);
}

#[tokio::test]
async fn comments_and_shelving_are_kept_in_the_history() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    act(&world, "comment", &json!({"comment": "đã gọi thợ"})).await;
    let until = START_MS + 3_600_000;
    let shelved = act(&world, "shelve", &json!({"until": until, "reason": "bảo trì"})).await.json();
    assert_eq!(shelved["state"], "shelved");
    assert_eq!(shelved["shelved_until"], "2026-03-01T10:00:00+07:00");
    act(&world, "shelve", &json!({"until": until, "reason": "again"}))
        .await
        .assert_problem(409, &["shelved"]);
    let back = act(&world, "unshelve", &json!({})).await.json();
    assert_eq!((&back["state"], &back["shelved_until"]), (&json!("unacknowledged"), &Value::Null));
    let steps: Vec<_> =
        back["history"].as_array().unwrap().iter().map(|s| (&s["to"], &s["comment"])).collect();
    let expected = json!([
        ["unacknowledged", null],
        ["unacknowledged", "đã gọi thợ"],
        ["shelved", "bảo trì"],
        ["unacknowledged", null],
    ]);
    assert_eq!(serde_json::to_value(steps).unwrap(), expected);
}

#[tokio::test]
async fn what_cannot_be_done_is_told_and_changes_nothing() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    for (action, body, says) in [
        ("comment", json!({}), "missing field `comment`"),
        ("comment", json!({"comment": ""}), "1 to 2000"),
        ("comment", json!({"comment": "a", "by": "admin"}), "unknown field `by`"),
        ("shelve", json!({"until": START_MS - 1, "reason": "x"}), "2026-03-31T09:00:00+07:00"),
        ("shelve", json!({"until": "tomorrow", "reason": "x"}), "RFC 3339"),
        ("shelve", json!({"until": START_MS + 1000}), "missing field `reason`"),
        ("unshelve", json!({"now": true}), "unknown field `now`"),
        ("acknowledge", json!({"comment": 5}), "invalid type"),
    ] {
        act(&world, action, &body).await.assert_problem(400, &[says]);
    }
    act(&world, "unshelve", &json!({})).await.assert_problem(409, &["unacknowledged"]);
    assert_eq!(look(&world, "/api/v1/alarms/1").await["history"].as_array().unwrap().len(), 1);
    // A closed alarm is known but takes nothing; an unknown one is not found.
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Normal));
    act(&world, "acknowledge", &json!({})).await.assert_problem(409, &["normal"]);
    for id in ["2", "x", "-1", "99999999999999999999"] {
        let path = format!("/api/v1/alarms/{id}");
        Call::get(&path).by(Role::Viewer).send(&world).await.assert_problem(404, &["\"at\":\"id\""]);
        let call = Call::post(format!("{path}/acknowledge"), &json!({})).by(Role::Staff);
        call.send(&world).await.assert_problem(404, &["\"at\":\"id\""]);
    }
}

#[tokio::test]
async fn many_alarms_of_a_site_are_one_group_and_each_is_still_reachable() {
    let world = World::new();
    for id in 1..=12 {
        let state = if id == 12 { AlarmState::Acknowledged } else { AlarmState::Unacknowledged };
        world.keep_alarm(Alarm { flood: id > 10, ..alarm(id, CHLORINE, state) });
    }
    let hidden = Alarm {
        beneath: Some(AlarmState::Unacknowledged),
        parent: Some(AlarmId(1)),
        ..alarm(13, "tam-hop-water/plc", AlarmState::SuppressedByDesign)
    };
    world.keep_alarm(hidden);
    let groups = look(&world, "/api/v1/alarms/groups").await;
    let group = &groups[0];
    assert_eq!(
        (&group["site"], &group["open"], &group["awaiting"], &group["hidden"], &group["flood"]),
        (&json!("tam-hop-water"), &json!(13), &json!(11), &json!(1), &json!(2))
    );
    assert_eq!(group["ids"].as_array().unwrap().len(), 13);
    assert_eq!(look(&world, "/api/v1/alarms/13").await["parent"], 1);
}

#[tokio::test]
async fn an_officer_takes_something_out_of_service_and_puts_it_in_again() {
    let world = World::new();
    let out = json!({"scope": "tam-hop-water/plc", "reason": "thay đầu đo"});
    let call = |path: &str, body: &Value| Call::post(path, body).by(Role::Officer);
    let answer = call("/api/v1/out-of-service", &out).send(&world).await.json();
    assert_eq!((&answer[0]["scope"], &answer[0]["by"]), (&out["scope"], &json!("officer")));
    assert_eq!(look(&world, "/api/v1/out-of-service").await.as_array().unwrap().len(), 1);
    let unknown = json!({"scope": "tam-hop-water/plx", "reason": "x"});
    call("/api/v1/out-of-service", &unknown).send(&world).await.assert_problem(400, &["nearest"]);
    let end = json!({"scope": "tam-hop-water/plc"});
    assert_eq!(call("/api/v1/out-of-service/end", &end).send(&world).await.json(), json!([]));
    call("/api/v1/out-of-service/end", &end).send(&world).await.assert_problem(409, &["not out of service"]);
    let all = look(&world, "/api/v1/out-of-service?state=all").await;
    assert_eq!(all[0]["ended_by"], "officer");
}
