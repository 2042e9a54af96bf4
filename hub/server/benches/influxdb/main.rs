//! Forwarding to a real InfluxDB 2, with Telegraf's `outputs.influxdb_v2` beside it: `cargo xtask bench influxdb`.
//!
//! Prints figures, never fails on one. Ratios are taken within one run. Its parts can be run alone: `cargo xtask bench influxdb
//! catch-up commits`. Read next: `telegraf.rs`, `bare.rs`.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod bare;
#[path = "../load/mod.rs"]
mod load;
#[path = "../parts/mod.rs"]
mod parts;
#[path = "../../tests/support/mod.rs"]
mod support;
mod telegraf;

use std::fmt::Display;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use hub_model::{PointId, Quality, Reading, Timestamp};
use hub_store::{Append, Batch, Settings, Store, StoredReading};
use support::engines::{Engine, Kind};
use support::{Folder, Hub, wait_for};

/// What is caught up with: a tenth of a week of 500 points each ten seconds.
const POINTS: usize = 500;
const READINGS_EACH: usize = 6_000;
const STEP_MS: i64 = 10_000;
const READINGS: usize = POINTS * READINGS_EACH;
const BOUND: Duration = Duration::from_secs(240);
/// Runs of two seconds, each with and without forwarding: in one of them a disk's pause is five percent.
const COMMIT_RUNS: usize = 6;

const HUB: &str =
    "[commune]\nid = \"bench\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n";

/// Measures and prints.
type Part = fn(&Engine);

fn main() {
    let parts: [(&str, Part); 2] = [("catch-up", rates), ("commits", commits)];
    let asked = parts::asked(&parts);
    let engine = Engine::start(Kind::Influx);
    asked.iter().for_each(|part| part(&engine));
}

/// How fast a hub catches up, what the engine bears, and what Telegraf reaches.
fn rates(engine: &Engine) {
    let ours = catch_up(engine);
    let borne = bare::rate(engine, READINGS / 3);
    print("what this InfluxDB bears of such requests, lying ready", format!("{borne:.0} /s"));
    print("ratio of rates, hub / what it bears", format!("{:.2}", ours.rate / borne));
    let theirs = telegraf::measure(engine, READINGS / 3);
    print("Telegraf: lines a second into the same InfluxDB", format!("{:.0} /s", theirs.rate));
    print("Telegraf: processor time a line", format!("{:.2} us", theirs.cpu_us));
    print("Telegraf: resident memory", format!("{} MiB", theirs.resident_kib / 1024));
    print("ratio of rates, hub / Telegraf", format!("{:.2}", ours.rate / theirs.rate));
    print("ratio of processor time, hub / Telegraf", format!("{:.2}", ours.cpu_us / theirs.cpu_us));
}

/// Prints one figure.
pub fn print(what: &str, figure: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what:<75} {figure:>12}").unwrap();
}

/// What one side took.
pub struct Took {
    /// Lines a second.
    pub rate: f64,
    /// Processor time for each, in µs.
    pub cpu_us: f64,
    /// Memory at the end.
    pub resident_kib: u64,
}

/// Processor time of a process, in ms.
pub fn cpu_ms(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().unwrap();
    (ticks(11) + ticks(12)) * 10
}

/// The value of any point at a step.
fn value(step: usize) -> f64 {
    ((step * 7) % 1_400) as f64 / 100.0
}

/// What a hub sends of a point at a step, as a line up to its time.
fn line(measurement: &str, point: usize, step: usize) -> String {
    let value = value(step);
    format!(
        "{measurement},commune=bench,device=edge,point=p{point},site=bench,unit=[pH] value={value},raw={value},quality=\"good\",reason=\"\" "
    )
}

fn point(n: usize) -> String {
    format!("bench/edge/p{n}")
}

fn folder(forward: &str) -> Folder {
    let mut site =
        "id = \"bench\"\nkind = \"other\"\n[[device]]\nid = \"edge\"\nadapter = \"push\"\n".to_owned();
    for n in 0..POINTS {
        write!(site, "[[device.point]]\nid = \"p{n}\"\nquantity = \"ph\"\n").unwrap();
    }
    Folder::with(&[("hub.toml", &format!("{HUB}{forward}")), ("sites/bench.toml", &site)])
}

/// Fills a store that has a feed to catch up with, runs a hub on it beside live data, and measures until all has arrived.
fn catch_up(engine: &Engine) -> Took {
    let folder = folder(&engine.forward("bench", &engine.url("")));
    let token = folder.token("integrator");
    fill(&folder);
    let hub = folder.run(&token);
    let (cpu_before, elapsed_ms) = (cpu_ms(hub.id()), stopwatch());
    let (mut most_lag, mut most_kib, mut live) = (0.0_f64, 0, 0);
    loop {
        push(&hub, &token);
        live += POINTS;
        let shown = hub.get("/forwards")[0].clone();
        most_lag = most_lag.max(shown["lag_s"].as_f64().unwrap());
        most_kib = most_kib.max(hub.resident_kib());
        if shown["owed"] == 0 && shown["lines"].as_u64().unwrap() as usize >= READINGS {
            break;
        }
        assert!(u128::from(elapsed_ms()) < BOUND.as_millis(), "not caught up: {shown}");
        std::thread::park_timeout(Duration::from_millis(500));
    }
    let seconds = elapsed_ms() as f64 / 1_000.0;
    let lines = (READINGS + live) as f64;
    let took = Took {
        rate: lines / seconds,
        cpu_us: (cpu_ms(hub.id()) - cpu_before) as f64 * 1_000.0 / lines,
        resident_kib: most_kib,
    };
    print("hub: catching up with a tenth of a week of 500 points", format!("{:.0} /s", took.rate));
    print("hub: processor time a line, live data taken in besides", format!("{:.2} us", took.cpu_us));
    print("hub: longest lag of what came meanwhile", format!("{most_lag:.1} s"));
    print("hub: resident memory at most", format!("{} MiB", took.resident_kib / 1024));
    hub.stop();
    took
}

fn fill(folder: &Folder) {
    let store = Store::open(Settings::new(folder.path().join("data"))).unwrap();
    store.keep_feeds(&["bench"]).unwrap();
    let points: Vec<PointId> = (0..POINTS).map(|n| PointId::parse(&point(n)).unwrap()).collect();
    let start = Clock::system().now().as_millis() - READINGS_EACH as i64 * STEP_MS;
    let (told, committed) = sync_channel(READINGS_EACH);
    for step in 0..READINGS_EACH {
        let at = Timestamp::from_millis(start + step as i64 * STEP_MS);
        let reading = |point: &PointId| {
            let value = Some(value(step));
            let reading = Reading {
                point: point.clone(),
                measured_at: at,
                received_at: at,
                raw: value,
                value,
                quality: Quality::Good,
                reason: None,
            };
            StoredReading { reading, latest: true }
        };
        let batch = Batch { readings: points.iter().map(reading).collect(), ..Batch::default() };
        let told = told.clone();
        store.append(batch, Box::new(move |_| told.send(()).unwrap())).unwrap();
    }
    (0..READINGS_EACH).for_each(|_| committed.recv().unwrap());
    store.seal_everything().unwrap();
    store.close().unwrap();
}

/// One reading of each point, now.
fn push(hub: &Hub, token: &str) {
    let now = Clock::system().now().as_millis();
    let lines: String = (0..POINTS).map(|n| format!("x,point={} value=7.5 {now}\n", point(n))).collect();
    let url = format!("http://{}/api/v2/write?precision=ms", hub.http);
    let request = ureq::post(url).header("Authorization", format!("Token {token}"));
    assert_eq!(request.send(lines).unwrap().status(), 204);
}

/// What forwarding takes from the hub's own commits: the engine has a processor of its own, as one on another machine has; the hub
/// and its load share the other, with or without forwarding.
fn commits(engine: &Engine) {
    pin(engine.id(), "1");
    pin(std::process::id(), "0");
    let rate = |forward: &str| {
        let folder = Folder::pilot("127.0.0.1:1");
        let file = folder.path().join("hub.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n{forward}")).unwrap();
        let token = folder.token("viewer");
        let hub = folder.run(&token);
        let rate = load::acknowledged_a_second(hub.mqtt, Some(("dong-bai-gas", "gas-pilot-1")));
        if !forward.is_empty() {
            wait_for("the rest to arrive", BOUND, || {
                let shown = hub.get("/forwards")[0].clone();
                (shown["owed"] == 0 && shown["waiting_commits"] == 0).then_some(())
            });
        }
        let kib = hub.resident_kib();
        hub.stop();
        (rate, kib)
    };
    let forward = engine.forward("bench", &engine.url(""));
    // Alternately, so that neither has the machine at its best.
    let runs: Vec<[(f64, u64); 2]> = (0..COMMIT_RUNS).map(|_| [rate(""), rate(&forward)]).collect();
    let mean = |side: usize| runs.iter().map(|run| run[side].0).sum::<f64>() / runs.len() as f64;
    let (off, on) = (mean(0), mean(1));
    print("QoS 1 publishes acknowledged a second, nothing forwarded", format!("{off:.0} /s"));
    print("the same, forwarded to an InfluxDB on another processor", format!("{on:.0} /s"));
    print("ratio", format!("{:.2}", on / off));
    let most = |side: usize| runs.iter().map(|run| run[side].1).max().unwrap() as i64;
    let more = (most(1) - most(0)) / 1024;
    print("resident memory more, after that load", format!("{more} MiB"));
}

/// Holds a process, and those that it starts from now on, to a processor.
fn pin(process: u32, processor: &str) {
    let pinned = Command::new("taskset").args(["-a", "-p", "-c", processor, &process.to_string()]).output();
    assert!(pinned.unwrap().status.success());
}
