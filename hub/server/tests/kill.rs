//! SIGKILL under QoS 1 load: no reading that was acknowledged may be missing afterwards, and the file stays whole.
//!
//! `cargo xtask bench kills` runs the same with a thousand rounds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{HashMap, HashSet};
use std::process::Command;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use rumqttc::{Client, Event, Incoming, MqttOptions, Outgoing, QoS};
use support::{Folder, Hub};

const ROUNDS: u64 = 50;
/// A round is killed once so many of its readings were acknowledged, and up to twice as many in later ones: so that kills
/// fall into every part of the store's work.
const ACKNOWLEDGED_AT_LEAST: u64 = 200;
/// Readings lie so far apart that the rounds cross several midnights.
const STEP_MS: i64 = 10_000;
const IN_FLIGHT: u16 = 200;
const POINT: &str = "dong-bai-waste/gas/h2s";

#[test]
fn no_acknowledged_reading_is_lost_in_kills_under_load() {
    let rounds = std::env::var("COMMUNE_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let folder = Folder::pilot("127.0.0.1:1");
    let token = folder.token("viewer");
    let most_readings = rounds * (2 * ACKNOWLEDGED_AT_LEAST + 2 * u64::from(IN_FLIGHT));
    let start_ms = Clock::system().now().as_millis() - most_readings as i64 * STEP_MS;
    let mut acknowledged = HashSet::new();
    let mut next = 0;
    for round in 0..rounds {
        let hub = folder.run(&token);
        let enough = ACKNOWLEDGED_AT_LEAST + round * 37 % ACKNOWLEDGED_AT_LEAST;
        acknowledged.extend(publish_until_killed(hub, start_ms, enough as usize, &mut next));
        integrity(&folder);
    }
    assert!(acknowledged.len() as u64 >= ACKNOWLEDGED_AT_LEAST * rounds);

    let hub = folder.run(&token);
    let stored: HashSet<u64> = (0..next)
        .step_by(50_000)
        .flat_map(|first| {
            let (from, to) = (time_ms(start_ms, first), time_ms(start_ms, first + 50_000));
            let readings = hub.get(&format!("/readings?point={POINT}&from={from}&to={to}"));
            let values: Vec<u64> = readings["v"]
                .as_array()
                .unwrap()
                .iter()
                .map(|value| value.as_f64().unwrap() as u64)
                .collect();
            values
        })
        .collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged readings are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
    hub.stop();
    integrity(&folder);
}

/// When the reading of this number was measured.
fn time_ms(start_ms: i64, number: u64) -> i64 {
    start_ms + number as i64 * STEP_MS
}

/// SQLite's own tool finds nothing wrong with the file.
fn integrity(folder: &Folder) {
    let file = folder.path().join("data/hub.sqlite");
    let output = Command::new("sqlite3").arg(&file).arg("PRAGMA integrity_check").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok", "{output:?}");
}

/// Publishes readings whose value is their number, kills the hub in the middle, and gives back which were acknowledged.
fn publish_until_killed(hub: Hub, start_ms: i64, enough: usize, next: &mut u64) -> Vec<u64> {
    let mut options = MqttOptions::new(format!("load-{next}"), hub.mqtt.ip().to_string(), hub.mqtt.port());
    options.set_credentials("dong-bai-gas", "gas-pilot-1").set_inflight(IN_FLIGHT);
    let (client, mut connection) = Client::new(options, IN_FLIGHT as usize);
    let mut sent: HashMap<u16, u64> = HashMap::new();
    let mut acknowledged = Vec::new();
    let mut queued = std::collections::VecDeque::new();
    let mut hub = Some(hub);
    let elapsed_ms = stopwatch();
    for event in connection.iter() {
        assert!(elapsed_ms() < 60_000, "only {} acknowledged", acknowledged.len());
        match event {
            // The hub is gone: what was not acknowledged by now never will be.
            Err(_) if hub.is_none() => return acknowledged,
            Err(error) => panic!("the connection broke before the kill: {error}"),
            Ok(Event::Outgoing(Outgoing::Publish(id))) => {
                sent.insert(id, queued.pop_front().unwrap());
            }
            Ok(Event::Incoming(Incoming::PubAck(ack))) => acknowledged.push(sent.remove(&ack.pkid).unwrap()),
            Ok(_) => {}
        }
        while hub.is_some() && queued.len() + sent.len() < IN_FLIGHT as usize {
            let (number, ts) = (*next, time_ms(start_ms, *next));
            let payload = format!(r#"{{"ts":{ts},"m":{{"h2s":{number}}}}}"#);
            let topic = "commune/v1/dong-bai-waste/gas/telemetry";
            client.try_publish(topic, QoS::AtLeastOnce, false, payload).unwrap();
            queued.push_back(number);
            *next += 1;
        }
        if acknowledged.len() >= enough
            && let Some(hub) = hub.take()
        {
            hub.kill();
        }
    }
    unreachable!("the connection's events end with an error")
}

#[test]
fn a_clean_stop_finishes_acknowledgements_and_closes_the_store() {
    let folder = Folder::pilot("127.0.0.1:1");
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let body = serde_json::json!({"readings": [{"point": POINT, "t": Clock::system().now().as_millis(), "v": 7.25}]});
    assert_eq!(hub.post("/readings", &body).0, 204);
    hub.stop();
    let hub = folder.run(&token);
    support::wait_for("the reading after the restart", Duration::from_secs(5), || {
        (hub.point(POINT)["latest"]["value"] == 7.25).then_some(())
    });
}
