//! Real engines behind a link that is cut, and killed like the hub itself: counts and values are equal on both sides afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::Value;

use super::support::engines::{BUCKET, Engine, Kind};
use super::support::proxy::Proxy;
use super::support::{Folder, Hub, limit_files, wait_for};
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
fn told_by_engine(engine: &Engine, kind: Kind, point: &str, from: i64, to: i64) -> BTreeMap<i64, f64> {
    let mut parts = point.split('/');
    let (site, device, name) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let mut found = BTreeMap::new();
    match kind {
        Kind::Influx => {
            let script = format!(
                "from(bucket: \"{BUCKET}\") |> range(start: time(v: {from}000000), stop: time(v: {to}000000))
                 |> filter(fn: (r) => r._measurement == \"{name}\" and r.site == \"{site}\" and r.device == \"{device}\" and r._field == \"value\")
                 |> map(fn: (r) => ({{at: int(v: r._time) / 1000000, value: r._value}}))"
            );
            for row in engine.flux(&script) {
                let at: i64 = row["at"].parse().unwrap();
                assert_eq!(found.insert(at, row["value"].parse().unwrap()), None, "{point} {at} twice");
            }
        }
        Kind::Victoria => {
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
        }
    }
    found
}

/// How often the points of [`feed`] are read.
const EVERY_MS: i64 = 1_000;
/// So long ago that the bucket keeps nothing of it.
const LONG_AGO_MS: i64 = 365 * 86_400_000;

/// Readings of all points, `count` of each, one a second from `from` on.
fn feed(hub: &Hub, token: &str, from: i64, count: i64) {
    for first in (0..count).step_by(200) {
        let rows = (first..(first + 200).min(count)).flat_map(|n| {
            POINTS.map(|point| line(point, ((from + n * 7) % 1_013) as f64 / 100.0, from + n * EVERY_MS))
        });
        push(hub, token, &rows.collect::<String>());
    }
}

fn same_on_both_sides(hub: &Hub, engine: &Engine, kind: Kind, from: i64, to: i64) {
    for point in POINTS {
        let ours = told_by_hub(hub, point, from, to);
        assert!(!ours.is_empty());
        let theirs = wait_for("the engine to show what it has taken", BOUND, || {
            let theirs = told_by_engine(engine, kind, point, from, to);
            (theirs.len() >= ours.len()).then_some(theirs)
        });
        assert_eq!(theirs, ours, "{point}");
    }
}

fn outages(kind: Kind) {
    let mut engine = match kind {
        Kind::Influx => Engine::influx_keeping(Duration::from_secs(180 * 86_400)),
        Kind::Victoria => Engine::start(kind),
    };
    let proxy = Proxy::before(engine.address);
    let folder: Folder = folder(&engine.forward("province", &proxy.url()));
    let token = folder.token("integrator");
    let mut hub = folder.run(&token);
    let from = Clock::system().now().as_millis() - 300 * MINUTE_MS;
    let mut next = from;
    let mut more = |hub: &Hub| {
        feed(hub, &token, next, 1_000);
        next += 1_000 * EVERY_MS;
        next
    };
    more(&hub);
    settled(&hub, "province");
    // Cut for what is half an hour of readings and more, under load. One of them no bucket keeps: InfluxDB refuses it, and it alone.
    proxy.cut(true);
    more(&hub);
    push(&hub, &token, &line(POINTS[2], 13.13, from - LONG_AGO_MS));
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
    // Both sides die under load. VictoriaMetrics answers before what it took is on its disk; what it has in memory only is its own
    // loss, so that a snapshot has it write that down.
    if kind == Kind::Victoria {
        settled(&hub, "province");
        assert!(engine.get("/snapshot/create").contains("\"ok\""));
    }
    engine.kill();
    more(&hub);
    hub.kill();
    hub = folder.run(&token);
    let to = more(&hub);
    engine.resume();
    let refused = settled(&hub, "province")["refused"].clone();
    assert_eq!(refused, u64::from(kind == Kind::Influx), "{}", hub.get("/forwards/province/refused"));
    same_on_both_sides(&hub, &engine, kind, from, to);
    // And by the hub's own reckoning: counts and digests for each point and day.
    let moment = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
    let (from, to) = (moment(from), moment(to));
    let span = ["verify", "--target", "province", "--from", &from, "--to", &to];
    let (code, out, told) = super::commands::influxdb(&folder, &span);
    assert!(code == 0 && out.contains("; 0 differ"), "{out}{told}");
    hub.stop();
}

#[test]
fn an_influxdb_has_everything_after_outages_and_kills_of_both_sides() {
    outages(Kind::Influx);
}

#[test]
fn a_victoria_metrics_has_everything_after_outages_and_kills_of_both_sides() {
    outages(Kind::Victoria);
}

#[test]
fn what_is_late_corrected_or_out_of_range_reaches_influxdb_as_it_stands() {
    let engine = Engine::start(Kind::Influx);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let from = Clock::system().now().as_millis() - 10_000;
    push(&hub, &token, &(line("water/edge/ph", 7.25, from) + &line("water/edge/ph", 15.0, from + 2_000)));
    settled(&hub, "province");
    push(&hub, &token, &line("water/edge/ph", 6.5, from + 1_000));
    push(&hub, &token, &line("water/edge/ph", 7.5, from));
    settled(&hub, "province");
    let script = format!(
        "from(bucket: \"{BUCKET}\") |> range(start: time(v: {from}000000)) |> filter(fn: (r) => r._measurement == \"ph\")
         |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\") |> group() |> sort(columns: [\"_time\"])"
    );
    let columns = ["commune", "unit", "value", "quality", "reason"];
    let rows: Vec<_> =
        engine.flux(&script).into_iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(
        rows,
        [
            ["yen-lac", "[pH]", "7.5", "good", "late"],
            ["yen-lac", "[pH]", "6.5", "good", "late"],
            ["yen-lac", "[pH]", "15", "fail", "out_of_range"]
        ]
    );
    hub.stop();
}

#[test]
fn a_bucket_whose_field_has_another_type_refuses_its_lines_only() {
    let engine = Engine::start(Kind::Influx);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    let from = Clock::system().now().as_millis() - 60 * MINUTE_MS;
    // Somebody wrote whole numbers before.
    let theirs = format!("ph,site=theirs value=7i {from}\n");
    let path = format!("/api/v2/write?org=phu-tho&bucket={BUCKET}&precision=ms");
    assert_eq!(engine.post(&path, theirs.as_bytes()).0, 204);
    let hub = folder.run(&token);
    push(&hub, &token, &(line("water/edge/ph", 7.25, from) + &line("water/edge/level", 1.5, from)));
    let shown = settled(&hub, "province");
    assert_eq!(shown["refused"], 1);
    let refused = hub.get("/forwards/province/refused");
    assert!(refused[0]["why"].as_str().unwrap().contains("field type conflict"), "{refused}");
    let levels = told_by_engine(&engine, Kind::Influx, "water/edge/level", from, from + 1);
    assert_eq!(levels, BTreeMap::from([(from, 1.5)]));
    hub.stop();
}

#[test]
fn a_full_disk_of_the_engine_is_told_in_its_words_and_costs_nothing() {
    let mut engine = Engine::start(Kind::Influx);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let from = Clock::system().now().as_millis() - 60 * MINUTE_MS;
    feed(&hub, &token, from, 200);
    settled(&hub, "province");
    limit_files(engine.id(), "1");
    feed(&hub, &token, from + 200 * EVERY_MS, 200);
    let told = wait_for("the engine's words", BOUND, || {
        super::forward(&hub, "province")["failing"].as_str().map(str::to_owned)
    });
    assert!(told.contains("500") && told.contains("file too large"), "{told}");
    assert!(hub.metrics().contains("commune_forward_up{target=\"province\"} 0"), "{}", hub.metrics());
    // Readings are taken in as ever, and nobody is told that one was refused for good.
    feed(&hub, &token, from + 400 * EVERY_MS, 200);
    // InfluxDB keeps the error of its log until it is started anew, whatever room there is by then.
    engine.kill();
    engine.resume();
    assert_eq!(settled(&hub, "province")["refused"], 0);
    same_on_both_sides(&hub, &engine, Kind::Influx, from, from + 600 * EVERY_MS);
    hub.stop();
}
