//! What arrives over MQTT, proposals and commands for integrators, with a door that is only pretended.

use std::time::Duration;

use hub_api::auth::Role;
use hub_api::{
    CommandAnswer, CommandRefused, LoginRefusals, MqttArrival, MqttDoor, MqttField, MqttLink, PayloadSample,
    Pending, PointProposal, UnknownTopic,
};
use hub_model::{DeviceId, PointId, local};
use serde_json::{Value, json};

use crate::clients::Call;
use crate::field::Pretended;
use crate::world::{CHLORINE, World, at};

const COMMAND: &str = "/api/v1/devices/tam-hop-water/plc/command";

fn sample() -> PayloadSample {
    PayloadSample { text: "{\"mac\":\"(mac)\"}".to_owned(), is_hex: false, bytes: 20 }
}

impl MqttField for Pretended {
    fn door(&self) -> MqttDoor {
        let refused = |login: &str, ms| LoginRefusals {
            login: login.to_owned(),
            count: 3,
            last: at(ms),
            what: "publish".to_owned(),
            topic: Some("other/topic".to_owned()),
        };
        MqttDoor {
            listens: true,
            figures: vec![("connections", 2), ("lost_telemetry", 7)],
            links: vec![MqttLink {
                broker: "mqtts://hub@elsewhere:8883".to_owned(),
                client_id: "commune-hub-x".to_owned(),
                bridge: None,
                owed: None,
                waiting_messages: Some(25),
                dropped_messages: Some(0),
                waiting_since: Some(at(0)),
                last_error: Some((at(0), local!("quá giờ", "timed out"))),
                connected_since: Some(at(0)),
                down_since: None,
                trouble: Some("connected, nothing received for 12 min".to_owned()),
                last_message: None,
                silent_s: Some(720),
                refused: vec![],
                messages: 4,
                connects: 2,
                sessions_lost: 1,
                waiting: None,
                devices: vec![(DeviceId::parse("tam-hop-water/plc").unwrap(), Some(at(5)))],
            }],
            refusals: vec![refused("early", 1), refused("late", 2)],
            left_out: 9,
        }
    }

    fn arrivals(&self, after: u64) -> Vec<MqttArrival> {
        let arrival = |number| MqttArrival {
            number,
            at: at(0),
            topic: "a/(mac)/b".to_owned(),
            sample: sample(),
            from: "ap".to_owned(),
            fate: "fed",
            points: vec![PointId::parse(CHLORINE).unwrap()],
            unknown_metrics: 1,
            problem: None,
        };
        (1..=3).filter(|number| *number > after).map(arrival).collect()
    }

    fn unknown(&self) -> Vec<UnknownTopic> {
        let (topic, from) = ("new/topic".to_owned(), "ap".to_owned());
        vec![UnknownTopic { topic, from, first: at(0), last: at(1), count: 2, sample: sample() }]
    }

    fn propose(&self, topic: &str, payload: &[u8]) -> Vec<PointProposal> {
        let toml = format!("{topic} {}", String::from_utf8_lossy(payload));
        vec![PointProposal { path: "x".to_owned(), value: 1.0, quantity: Some("level"), toml }]
    }

    fn command(
        &self,
        _: &DeviceId,
        command: Value,
        patience: Duration,
    ) -> Pending<Result<CommandAnswer, CommandRefused>> {
        let payload = match command["do"].as_str() {
            Some("text") => b"opened".to_vec(),
            _ => br#"{"open":true}"#.to_vec(),
        };
        let done = match command["do"].as_str() {
            Some("sleep") => {
                let seconds = patience.as_secs();
                Err(CommandRefused::NoAnswer(local!(
                    "{seconds} giây không ai trả lời",
                    "nothing within {seconds} s"
                )))
            }
            Some("away") => Err(CommandRefused::Offline(local!("không kết nối", "not connected"))),
            _ => Ok(CommandAnswer { number: 17, payload, took: Duration::from_millis(30) }),
        };
        Box::pin(std::future::ready(done))
    }
}

#[tokio::test]
async fn the_door_is_told_with_its_links_and_refusals() {
    let world = World::new();
    let door = Call::get("/api/v1/mqtt").by(Role::Integrator).send(&world).await.json();
    assert_eq!(door["figures"], json!({"connections": 2, "lost_telemetry": 7}));
    assert_eq!(door["links"][0]["silent_s"], 720);
    assert_eq!(door["links"][0]["connected_since"], "2026-03-01T09:00:00+07:00");
    assert_eq!(door["links"][0]["devices"][0]["id"], "tam-hop-water/plc");
    assert_eq!(
        (&door["links"][0]["waiting_messages"], &door["links"][0]["dropped_messages"]),
        (&json!(25), &json!(0))
    );
    assert_eq!(door["links"][0]["waiting_since"], "2026-03-01T09:00:00+07:00");
    assert_eq!(
        door["links"][0]["last_error"],
        json!({"at": "2026-03-01T09:00:00+07:00", "why": "timed out", "why_vi": "quá giờ"})
    );
    assert_eq!(door["refusals"][0]["login"], "late", "the latest first");
    assert_eq!(door["refusals"][0]["topic"], "other/topic");
}

#[tokio::test]
async fn messages_are_given_after_a_number_and_topics_without_a_point_with_a_sample() {
    let world = World::new();
    let ask = |path: &str| Call::get(path).by(Role::Integrator).send(&world);
    let all = ask("/api/v1/mqtt/arrivals").await.json();
    assert_eq!((all["last"].as_u64(), all["messages"].as_array().unwrap().len()), (Some(3), 3));
    assert_eq!(all["messages"][0]["points"], json!([CHLORINE]));
    let none = ask("/api/v1/mqtt/arrivals?after=3").await.json();
    assert_eq!(none, json!({"last": 3, "messages": []}));
    ask("/api/v1/mqtt/arrivals?after=x").await.assert_problem(400, &["after"]);
    let unknown = ask("/api/v1/mqtt/unknown").await.json();
    assert_eq!((&unknown[0]["topic"], &unknown[0]["sample"]["bytes"]), (&json!("new/topic"), &json!(20)));
}

#[tokio::test]
async fn proposals_take_texts_and_bytes_and_refuse_what_is_no_topic() {
    let world = World::new();
    let ask = |body: Value| Call::post("/api/v1/mqtt/proposal", &body).by(Role::Integrator).send(&world);
    let found = ask(json!({"topic": "a/b", "payload": "1.5"})).await.json();
    assert_eq!(found[0], json!({"path": "x", "value": 1.0, "quantity": "level", "toml": "a/b 1.5"}));
    let found = ask(json!({"topic": "a/b", "payload": "312e35", "is_hex": true})).await.json();
    assert_eq!(found[0]["toml"], "a/b 1.5");
    for (body, at) in [
        (json!({"topic": "a/+", "payload": ""}), "topic"),
        (json!({"topic": "", "payload": ""}), "topic"),
        (json!({"topic": "a", "payload": "3", "is_hex": true}), "payload"),
        (json!({"topic": "a", "payload": "đđ", "is_hex": true}), "payload"),
        (json!({"topic": "a", "payload": "x".repeat(65_537)}), "payload"),
    ] {
        ask(body).await.assert_problem(400, &[at]);
    }
}

#[tokio::test]
async fn a_command_is_noted_before_and_after_whatever_comes_of_it() {
    let world = World::new();
    let send = |body: Value| Call::post(COMMAND, &body).by(Role::Integrator).send(&world);
    let done = send(json!({"command": {"do": "open"}})).await.json();
    assert_eq!(done, json!({"id": 17, "answer": {"open": true}, "text": null, "took_ms": 30}));
    let done = send(json!({"command": {"do": "text"}})).await.json();
    assert_eq!((&done["answer"], &done["text"]), (&Value::Null, &json!("opened")));
    send(json!({"command": {"do": "away"}})).await.assert_problem(409, &["not connected"]);
    send(json!({"command": {"do": "sleep"}, "timeout_s": 3})).await.assert_problem(503, &["within 3 s"]);
    send(json!({"command": 1, "timeout_s": 31})).await.assert_problem(400, &["timeout_s"]);
    send(json!({"command": "x".repeat(5_000)})).await.assert_problem(400, &["command"]);
    let unknown = Call::post("/api/v1/devices/tam-hop-water/plx/command", &json!({"command": 1}));
    unknown.by(Role::Integrator).send(&world).await.assert_problem(404, &["tam-hop-water/plc"]);

    let noted =
        Call::get("/api/v1/audit?object=tam-hop-water/plc").by(Role::Officer).send(&world).await.json();
    let actions: Vec<_> =
        noted.as_array().unwrap().iter().map(|deed| deed["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["device_answer", "device_command"].repeat(4));
    assert_eq!(noted[0]["by"], "integrator");
    assert!(noted[1].to_string().contains("sleep") && noted[0].to_string().contains("within 3 s"), "{noted}");
}
