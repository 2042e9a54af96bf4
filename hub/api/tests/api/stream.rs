//! The live stream: order, ids, resuming, filters, and its ends. Time is tokio's paused clock.

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::http::header;
use hub_api::auth::Role;
use hub_model::AlarmState;
use serde_json::{Value, json};
use tokio_stream::StreamExt;

use crate::clients::Call;
use crate::world::{CHLORINE, FILL, TURBIDITY, World, alarm, missing, reading};

/// Longest time that a test waits for the stream, by the paused clock.
const PATIENCE: Duration = Duration::from_secs(60);

struct Events {
    body: BodyDataStream,
    text: String,
}

impl Events {
    async fn open(world: &World, query: &str, last_event_id: Option<&str>) -> Self {
        let mut call = Call::get(format!("/api/v1/stream{query}")).by(Role::Viewer);
        if let Some(id) = last_event_id {
            call = call.header("last-event-id", id);
        }
        let response = call.header("accept-encoding", "gzip").start(&world.router).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        let mut events = Self { body: response.into_body().into_data_stream(), text: String::new() };
        assert_eq!(events.block().await.unwrap(), "retry: 2000");
        events
    }

    /// The next block of lines; `None` when the stream has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let piece =
                tokio::time::timeout(PATIENCE, self.body.next()).await.expect("the stream says something");
            self.text.push_str(std::str::from_utf8(&piece?.unwrap()).unwrap());
        }
    }

    /// The next event: its name, its id and its data. Heartbeats and blocks with only an id are passed over.
    async fn event(&mut self) -> (String, Option<u64>, Value) {
        loop {
            let block = self.block().await.expect("the stream goes on");
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
            if let Some(data) = field("data: ") {
                let id = field("id: ").map(|id| id.parse().unwrap());
                return (field("event: ").unwrap(), id, serde_json::from_str(&data).unwrap());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_last_event_of_a_commit_has_an_id() {
    let world = World::new();
    let mut events = Events::open(&world, "", None).await;
    assert_eq!(events.block().await.unwrap(), "id: 0");
    world.keep(vec![reading(CHLORINE, 0, 0.42), missing(TURBIDITY, 0)]);
    let (name, id, data) = events.event().await;
    assert_eq!((name.as_str(), id), ("reading", None));
    let expected = json!({
        "point": CHLORINE, "value": 0.42, "quality": "good", "reason": null,
        "measured_at": "2026-03-01T09:00:00+07:00", "received_at": "2026-03-01T09:00:00.04+07:00",
        "last_good": {"value": 0.42, "measured_at": "2026-03-01T09:00:00+07:00"},
    });
    assert_eq!(data, expected);
    let (_, id, data) = events.event().await;
    assert_eq!((id, &data["reason"], &data["last_good"]), (Some(1), &json!("exception:2"), &Value::Null));
    world.keep_alarm(alarm(5, CHLORINE, AlarmState::Unacknowledged));
    let (name, id, data) = events.event().await;
    assert_eq!((name.as_str(), id, &data["id"]), ("alarm", Some(2), &json!(5)));
    assert!(data.get("history").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_misses_nothing() {
    let world = World::new();
    for n in 0..5 {
        world.keep(vec![reading(CHLORINE, n, n as f64)]);
    }
    for (query, header) in [("", Some("2")), ("?last_event_id=2", None), ("?last_event_id=4", Some("2"))] {
        let mut events = Events::open(&world, query, header).await;
        for expected in [2.0, 3.0, 4.0] {
            let (name, id, data) = events.event().await;
            assert_eq!((name.as_str(), data["value"].as_f64()), ("reading", Some(expected)));
            assert_eq!(id, Some(expected as u64 + 1));
        }
    }
    let answer = Call::get("/api/v1/stream?last_event_id=x").by(Role::Viewer).send(&world).await;
    answer.assert_problem(400, &["last_event_id"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_too_far_behind_is_told_to_load_again() {
    let world = World::new();
    let mut slow = Events::open(&world, "", None).await;
    for n in 0..3000 {
        world.keep(vec![reading(CHLORINE, n, 1.0)]);
    }
    for (mut events, case) in [
        (Events::open(&world, "", Some("10")).await, "before the ring"),
        (Events::open(&world, "", Some("999999")).await, "of another store"),
    ] {
        let (name, id, data) = events.event().await;
        assert_eq!((name.as_str(), id, data), ("resync", Some(3000), json!({})), "{case}");
    }
    assert_eq!(slow.event().await.0, "resync");
    world.keep(vec![reading(CHLORINE, 5000, 7.0)]);
    let (name, id, data) = slow.event().await;
    assert_eq!((name.as_str(), id, &data["value"]), ("reading", Some(3001), &json!(7.0)));
}

#[tokio::test(start_paused = true)]
async fn a_filter_lets_through_what_it_names() {
    for (query, expected) in [
        ("", vec!["a", CHLORINE, TURBIDITY, FILL]),
        ("?points=&alarms=", vec!["a", CHLORINE, TURBIDITY, FILL]),
        ("?alarms=1", vec!["a"]),
        ("?alarms=0", vec![CHLORINE, TURBIDITY, FILL]),
        ("?points=tam-hop-water/plc/turbidity", vec![TURBIDITY]),
        (
            "?points=tam-hop-water/plc/turbidity,dong-bai-waste/bin-1/fill&alarms=1",
            vec!["a", TURBIDITY, FILL],
        ),
        ("?points=tam-hop-water", vec![CHLORINE, TURBIDITY]),
    ] {
        let world = World::new();
        let mut events = Events::open(&world, query, None).await;
        world.keep_alarm(alarm(1, FILL, AlarmState::Unacknowledged));
        for point in [CHLORINE, TURBIDITY, FILL] {
            world.keep(vec![reading(point, 0, 1.0)]);
        }
        let mut seen = Vec::new();
        while seen.len() < expected.len() {
            let (name, _, data) = events.event().await;
            seen.push(if name == "alarm" {
                "a".to_owned()
            } else {
                data["point"].as_str().unwrap().to_owned()
            });
        }
        assert_eq!(seen, expected, "{query}");
    }
    let world = World::new();
    let answer = Call::get("/api/v1/stream?points=tam-hop-watr").by(Role::Viewer).send(&world).await;
    answer.assert_problem(404, &["no point, device or site"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_beats_and_ends_with_its_login() {
    let world = World::new();
    let mut events = Events::open(&world, "?alarms=1", None).await;
    assert_eq!(events.block().await.unwrap(), "id: 0");
    let before = tokio::time::Instant::now();
    assert_eq!(events.block().await.unwrap(), ": still here");
    assert_eq!(before.elapsed().as_secs(), 10);
    // What the filter holds back still moves the place to resume from.
    world.keep(vec![reading(CHLORINE, 0, 1.0)]);
    assert_eq!(events.block().await.unwrap(), ": still here");
    assert_eq!(events.block().await.unwrap(), "id: 1");
    world.accounts.revoke_token("viewer").unwrap();
    assert_eq!(events.block().await, None);
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_and_end_when_the_hub_stops() {
    let world = World::new();
    let mut open = Vec::new();
    for _ in 0..200 {
        open.push(Events::open(&world, "", None).await);
    }
    let answer = Call::get("/api/v1/stream").by(Role::Viewer).send(&world).await;
    answer.assert_problem(503, &["live streams"]);
    drop(open.pop());
    let mut last = Events::open(&world, "", None).await;
    assert_eq!(last.block().await.unwrap(), "id: 0");
    world.live.close();
    assert_eq!(last.block().await, None);
}
