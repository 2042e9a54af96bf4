//! What the loudspeakers may say of an alarm: filled in as it is spoken, read over by somebody, kept with who and when.

use hub_api::auth::Role;
use hub_model::{Alarm, AlarmState};
use serde_json::{Value, json};

use crate::clients::{Answer, Call, look};
use crate::world::{CHLORINE, FILL, World, alarm};

const ADDRESS: &str = "/api/v1/alarms/1/announcement";

async fn told(world: &World) -> Value {
    let answer = Call::get(ADDRESS.to_owned()).by(Role::Staff).send(world).await;
    serde_json::from_str(&answer.text).unwrap()
}

async fn review(world: &World, body: &Value) -> Answer {
    Call::post(ADDRESS.to_owned(), body).by(Role::Staff).send(world).await
}

#[tokio::test]
async fn figures_and_times_are_spelt_as_they_are_spoken() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let told = told(&world).await;
    let vi = told["text"]["vi"].as_str().unwrap();
    assert!(
        vi.contains("lúc chín giờ, chủ nhật, ngày mùng một tháng ba năm hai nghìn không trăm hai mươi sáu"),
        "{vi}"
    );
    assert!(
        vi.contains("là không phẩy mười bốn miligam trên lít, tối thiểu không phẩy hai miligam trên lít."),
        "{vi}"
    );
    let en = told["text"]["en"].as_str().unwrap();
    assert!(
        en.contains("at 09:00 on Sunday, 1 March 2026")
            && en.contains("was 0.14 milligrams per litre, least 0.2"),
        "{en}"
    );
    assert_eq!((&told["reviewed"], &told["rule_changed"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn a_rule_that_was_changed_since_is_told_and_its_delays_are_not_given_for_those_of_then() {
    let world = World::new();
    world
        .keep_alarm(Alarm { rule_version: "0".to_owned(), ..alarm(1, CHLORINE, AlarmState::Unacknowledged) });
    assert_eq!(told(&world).await["rule_changed"], true);
    assert_eq!(look(&world, "/api/v1/alarms/1").await["delays"], Value::Null);
}

#[tokio::test]
async fn a_text_that_was_read_over_is_kept_with_who_and_when() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let answer = review(&world, &json!({"text": "Đề nghị bà con đun sôi nước."})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    review(&world, &json!({"text": "Đề nghị bà con đun sôi nước trước khi uống."})).await;
    let reviewed = &told(&world).await["reviewed"];
    assert_eq!(reviewed["text"], "Đề nghị bà con đun sôi nước trước khi uống.");
    assert_eq!(reviewed["by"], "staff");
    assert!(reviewed["at"].as_str().unwrap().ends_with("+07:00"), "{reviewed}");
    let history = look(&world, "/api/v1/alarms/1").await["history"].clone();
    let reviews = history.as_array().unwrap().iter().filter(|step| step["why"] == "text_reviewed");
    assert_eq!(reviews.count(), 2, "both texts stay in the history");
}

#[tokio::test]
async fn what_cannot_be_announced_is_told() {
    let world = World::new();
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let mut other = alarm(2, FILL, AlarmState::Unacknowledged);
    other.rule = "no-such-rule".into();
    world.keep_alarm(other);
    assert_eq!(look(&world, "/api/v1/alarms/2").await["announces"], false);
    for (path, says) in [
        ("/api/v1/alarms/2/announcement", "no text for loudspeakers"),
        ("/api/v1/alarms/9/announcement", "no alarm 9"),
        ("/api/v1/alarms/x/announcement", "whole number"),
    ] {
        let answer = Call::get(path.to_owned()).by(Role::Staff).send(&world).await;
        assert!(answer.status == 404 && answer.text.contains(says), "{path}: {answer:?}");
        let answer = Call::post(path.to_owned(), &json!({"text": "x"})).by(Role::Staff).send(&world).await;
        assert_eq!(answer.status, 404, "{path}: nothing is kept of what cannot be announced");
    }
    for body in [json!({"text": ""}), json!({}), json!({"text": "x", "more": 1})] {
        assert_eq!(review(&world, &body).await.status, 400, "{body}");
    }
}
