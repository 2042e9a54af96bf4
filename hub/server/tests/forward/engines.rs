//! A real engine behind a link that is cut, and killed like the hub itself: counts and values are equal on both sides afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::Value;

use super::support::engines::{Engine, Kind};
use super::support::proxy::Proxy;
use super::support::{Folder, Hub, wait_for};
use super::{BOUND, folder, line, push, settled};

const POINTS: [&str; 3] = ["water/edge/ph", "water/edge/level", "north/edge/flow"];
const MINUTE_MS: i64 = 60_000;

/// A point's readings by their time, as the hub tells them.
fn told_by_hub(hub: &Hub, point: &str, from: i64, to: i64) -> BTreeMap<i64, f64> {
    let readings = hub.get(&format!("/readings?point={point}&from={from}&to={to}"));
    let (times, values) = (readings["t"].as_array().unwrap(), readings["v"].as_array().unwrap());
    times.iter().zip(values).map(|(at, value)| (at.as_i64().unwrap(), value.as_f64().unwrap())).collect()
}

/// As the engine tells them; a moment that it has twice is a fault.
fn told_by_engine(engine: &Engine, point: &str, from: i64, to: i64) -> BTreeMap<i64, f64> {
    let mut parts = point.split('/');
    let (site, name) = (parts.next().unwrap(), parts.next_back().unwrap());
    let mut found = BTreeMap::new();
    engine.get("/internal/force_flush");
    let path = format!(
        "/api/v1/export?match[]={name}_value%7Bsite=%22{site}%22%7D&reduce_mem_usage=0&start={}&end={}",
        from / 1_000 - 1,
        to / 1_000 + 1
    );
    for series in engine.get(&path).lines() {
        let series: Value = serde_json::from_str(series).unwrap();
        let (times, values) =
            (series["timestamps"].as_array().unwrap(), series["values"].as_array().unwrap());
        for (at, value) in times.iter().zip(values) {
            let (at, value) = (at.as_i64().unwrap(), value.as_f64().unwrap());
            assert!(found.insert(at, value).is_none_or(|known| known == value), "{point} {at} twice");
        }
    }
    found
}

/// Readings of all points, `count` of each, ten a second from `from` on; some come late.
fn feed(hub: &Hub, token: &str, from: i64, count: i64) {
    for first in (0..count).step_by(200) {
        let rows = (first..(first + 200).min(count)).flat_map(|n| {
            POINTS.map(|point| line(point, ((from + n * 7) % 1_013) as f64 / 100.0, from + n * 100))
        });
        push(hub, token, &rows.collect::<String>());
    }
}

fn same_on_both_sides(hub: &Hub, engine: &Engine, from: i64, to: i64) {
    for point in POINTS {
        let ours = told_by_hub(hub, point, from, to);
        assert!(!ours.is_empty());
        let theirs = wait_for("the engine to show what it has taken", BOUND, || {
            let theirs = told_by_engine(engine, point, from, to);
            (theirs.len() >= ours.len()).then_some(theirs)
        });
        assert_eq!(theirs, ours, "{point}");
    }
}

#[test]
fn a_victoria_metrics_has_everything_after_outages_and_kills_of_both_sides() {
    let mut engine = Engine::start(Kind::Victoria);
    let proxy = Proxy::before(engine.address);
    let folder: Folder = folder(&engine.forward("province", &proxy.url()));
    let token = folder.token("integrator");
    let mut hub = folder.run(&token);
    let from = Clock::system().now().as_millis() - 300 * MINUTE_MS;
    let mut next = from;
    let mut more = |hub: &Hub| {
        feed(hub, &token, next, 1_000);
        next += 1_000 * 100;
        next
    };
    more(&hub);
    settled(&hub, "province");
    // Cut, under load, and mended.
    proxy.cut(true);
    more(&hub);
    more(&hub);
    wait_for("the cut to be noticed", BOUND, || {
        super::forward(&hub, "province")["failing"].as_str().map(drop)
    });
    // The hub dies while the link is cut.
    hub.kill();
    hub = folder.run(&token);
    more(&hub);
    proxy.cut(false);
    settled(&hub, "province");
    // Answers are lost: what has arrived is sent again.
    proxy.lose_answers(true);
    more(&hub);
    wait_for("the lost answer to be noticed", BOUND, || {
        super::forward(&hub, "province")["failing"].as_str().map(drop)
    });
    proxy.lose_answers(false);
    // Connections are reset in the middle of a request, and slow.
    proxy.reset_after(20_000);
    proxy.delay(Duration::from_millis(50));
    more(&hub);
    proxy.reset_after(0);
    // Both sides die. VictoriaMetrics answers before what it took is on its disk; what it has in memory only is its own loss, so
    // that a snapshot has it write that down.
    settled(&hub, "province");
    assert!(engine.get("/snapshot/create").contains("\"ok\""));
    engine.kill();
    more(&hub);
    hub.kill();
    hub = folder.run(&token);
    let to = more(&hub);
    engine.resume();
    settled(&hub, "province");
    same_on_both_sides(&hub, &engine, from, to);
    hub.stop();
}
