//! The hub as a process: how soon an alarm is heard, and what ten thousand of them cost.

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::support::{Folder, Hub};
use crate::wire::{Client, publish};

/// Readings a second beside the one that is watched.
const RATE: usize = 5_000;
const TICK: Duration = Duration::from_millis(10);
/// One alarm so often; an odd number of ticks, so that it comes at every moment of the commit window.
const ALARM_EVERY_TICKS: usize = 23;
const ALARMS: usize = 200;
/// Points of a request that posts readings: what the API takes at most.
const STANDING: usize = 10_000;
const SITES: usize = 20;
const MEMORY_POINTS: usize = 500;
const MEMORY_ROUNDS: u64 = 120;
const CALLS: u32 = 5;
/// The alarm's value is the time at which its reading was sent, in ms of the day's last ten million.
const CYCLE_MS: i64 = 10_000_000;

const HUB_TOML: &str = r#"
[commune]
id = "bench"
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
open = true
"#;
const OWN_RULES: &str = "[rules]\ndir = \"rules\"\n";
const RULE: &str = "fn rule() { #{ title: \"high\", priority: \"high\", watches: #{ point: \"watched\" } } }\nfn active(p) { p.value > 0 }\n";

/// From sending a reading to its alarm on the stream, in milliseconds, in ascending order.
pub fn reading_to_alarm_ms() -> Vec<u64> {
    let mut site = site_head("bench", "mqtt");
    site.push_str("login = { username = \"b\", password = \"a-secret-of-the-bench\" }\n");
    for point in ["watched", "other"] {
        writeln!(site, "[[device.point]]\nid = \"{point}\"\nquantity = \"level\"").unwrap();
    }
    let hub_toml = format!("{HUB_TOML}[store]\ncommit_window = \"100ms\"\n{OWN_RULES}");
    let files = [("hub.toml", &*hub_toml), ("sites/bench.toml", &*site), ("rules/high.rhai", RULE)];
    let folder = Folder::with(&files);
    let hub = folder.run(&folder.token("viewer"));
    let mut stream = hub.stream("?alarms=1");
    let (told, spans) = mpsc::channel();
    std::thread::spawn(move || {
        let clock = Clock::system();
        for _ in 0..ALARMS {
            loop {
                let alarm = stream.next_of("alarm");
                if alarm["state"] == "unacknowledged" {
                    let sent = alarm["value"].as_f64().unwrap() as i64;
                    let span = (clock.now().as_millis() - sent).rem_euclid(CYCLE_MS);
                    told.send(span.cast_unsigned()).unwrap();
                    break;
                }
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(load(&hub));
    let mut spans: Vec<u64> = spans.iter().collect();
    assert_eq!(spans.len(), ALARMS);
    spans.sort_unstable();
    spans
}

/// A steady load, and in it a reading that raises every so often and one that clears in between.
async fn load(hub: &Hub) {
    let clock = Clock::system();
    let topic = "commune/v1/bench/device/telemetry";
    let mut client = Client::connect(hub.mqtt, "load", None).await;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let per_tick = RATE * TICK.as_millis() as usize / 1_000;
    let (mut sent, mut acknowledged) = (0_usize, 0);
    for tick in 1..=ALARMS * ALARM_EVERY_TICKS {
        ticks.tick().await;
        let mut bytes = Vec::new();
        for number in 0..per_tick {
            let payload = match (number, tick % ALARM_EVERY_TICKS) {
                (0, 0) => format!(r#"{{"m":{{"watched":{}}}}}"#, clock.now().as_millis() % CYCLE_MS),
                (0, 12) => r#"{"m":{"watched":0}}"#.to_owned(),
                _ => format!(r#"{{"m":{{"other":{}}}}}"#, number + tick),
            };
            bytes.extend(publish(topic, Some((sent % 65_535 + 1) as u16), payload.as_bytes()));
            sent += 1;
        }
        client.send(&bytes).await;
        while sent - acknowledged > RATE {
            acknowledged += client.packets().await;
        }
    }
    while acknowledged < sent {
        acknowledged += client.packets().await;
    }
}

/// How long the calls behind each page take.
pub struct Standing {
    /// How many alarms stand.
    pub alarms: usize,
    /// Each call, and the slowest of its answers in milliseconds.
    pub calls: Vec<(String, u64)>,
}

/// Has ten thousand alarms raised on as many points, and asks what the pages ask.
pub fn standing_alarms() -> Standing {
    let hub_toml = format!("{HUB_TOML}{OWN_RULES}");
    let rule = RULE.replace("point: \"watched\"", "quantity: \"level\"");
    let each = STANDING / SITES;
    let (sites, points) = sites(SITES, each);
    let mut files: Vec<(&str, &str)> = vec![("hub.toml", &hub_toml), ("rules/high.rhai", &rule)];
    files.extend(sites.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let folder = Folder::with(&files);
    let hub = folder.run(&folder.token("integrator"));
    post(&hub, &points, 1.0);
    let groups = hub.get("/alarms/groups");
    let alarms = groups.as_array().unwrap().iter().map(|group| group["open"].as_u64().unwrap()).sum::<u64>();
    let some = hub.get("/alarms")[0]["id"].to_string();
    let calls = [
        "/session",
        "/sites",
        "/sites/s0",
        "/points",
        "/alarms",
        "/alarms?state=all",
        "/alarms/groups",
        "/rules",
    ];
    let calls = calls.map(ToOwned::to_owned).into_iter().chain([format!("/alarms/{some}")]);
    let timed = |call: String| {
        let slowest = (0..CALLS).map(|_| took_ms(&hub, &call)).max().unwrap();
        (call, slowest)
    };
    Standing { alarms: usize::try_from(alarms).unwrap(), calls: calls.map(timed).collect() }
}

fn took_ms(hub: &Hub, call: &str) -> u64 {
    let elapsed_ms = stopwatch();
    hub.bytes(call);
    elapsed_ms()
}

/// Resident KiB of a hub with five hundred points that has taken two minutes of readings, the shipped rules in force.
pub fn memory_kib() -> u64 {
    let (sites, points) = sites(5, MEMORY_POINTS / 5);
    let mut files: Vec<(&str, &str)> = vec![("hub.toml", HUB_TOML)];
    files.extend(sites.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let folder = Folder::with(&files);
    let hub = folder.run(&folder.token("integrator"));
    for round in 0..MEMORY_ROUNDS {
        post(&hub, &points, round as f64);
    }
    hub.resident_kib()
}

fn post(hub: &Hub, points: &[String], value: f64) {
    let at = Clock::system().now().as_millis();
    let readings: Vec<Value> =
        points.iter().map(|point| json!({"point": point, "t": at, "v": value})).collect();
    let (status, answer) = hub.post("/readings", &json!({ "readings": readings }));
    assert_eq!(status, 204, "{answer}");
}

fn site_head(id: &str, adapter: &str) -> String {
    format!(
        "id = \"{id}\"\nkind = \"water_station\"\nname = \"{id}\"\n[[device]]\nid = \"device\"\nadapter = \"{adapter}\"\n"
    )
}

/// Files of so many sites with so many points each, and the points' ids.
fn sites(count: usize, each: usize) -> (Vec<(String, String)>, Vec<String>) {
    let mut points = Vec::new();
    let files = (0..count).map(|site| {
        let mut text = site_head(&format!("s{site}"), "push");
        for point in 0..each {
            writeln!(text, "[[device.point]]\nid = \"p{point}\"\nquantity = \"level\"").unwrap();
            points.push(format!("s{site}/device/p{point}"));
        }
        (format!("sites/s{site}.toml"), text)
    });
    (files.collect(), points)
}
