//! A hub that takes readings over HTTP while it seals: memory with 500 and with 5,000 points, also while a year is exported.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use hub_model::PointId;
use serde_json::json;

use crate::queries;
use crate::support::{Folder, Hub};
use crate::table::{Engine, Table};
use crate::year::Series;

/// Points of one site.
const POINTS_A_SITE: usize = 100;
/// Rounds of readings: enough that every series is sealed several times.
const ROUNDS: usize = 600;
/// Readings of one request.
const REQUEST: usize = 2_500;
/// Bytes written are taken over this many seconds: long enough that every point is sealed once (240 readings).
const WRITTEN_OVER_S: usize = 300;
/// Those who send then, each a tenth of a second after the one before: what a window brings together arrives spread over the second.
const SENDERS: usize = 10;

/// The ids of so many points.
pub fn points(count: usize) -> Vec<PointId> {
    (0..count).map(|number| PointId::parse(&name(number)).unwrap()).collect()
}

fn name(number: usize) -> String {
    format!("live-{:02}/device/p{:02}", number / POINTS_A_SITE, number % POINTS_A_SITE)
}

/// The most memory that a hub has with few and with many points.
pub fn memory(table: &mut Table) {
    for (count, goal) in [(500, "<= 64 MiB"), (5_000, "<= 128 MiB")] {
        memory_of(count, goal, table);
    }
}

/// What a hub writes to the disk, and what the commit window changes in it.
pub fn flash(table: &mut Table) {
    let windows = ["100ms", "1s"];
    let bytes = std::thread::scope(|scope| {
        windows.map(|window| scope.spawn(move || written(window))).map(|each| each.join().unwrap())
    });
    for (window, bytes) in windows.into_iter().zip(bytes) {
        let work = format!("bytes written to flash a reading, 500 a second, window {window}");
        table.note(&work, "", Engine::Hub, format!("{bytes:.1}"));
    }
}

fn commune(count: usize, window: &str) -> Folder {
    let hub = format!("{}commit_window = \"{window}\"\n", queries::HUB);
    let sites: Vec<_> = (0..count / POINTS_A_SITE)
        .map(|number| {
            let id = format!("live-{number:02}");
            (format!("sites/{id}.toml"), queries::site(&id, POINTS_A_SITE))
        })
        .collect();
    let mut files = vec![("hub.toml", hub.as_str())];
    files.extend(sites.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Folder::with(&files)
}

fn memory_of(count: usize, goal: &'static str, table: &mut Table) {
    let folder = commune(count, "100ms");
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let most = AtomicBool::new(false);
    let peak = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !most.load(Ordering::Relaxed) {
                peak = peak.max(hub.resident_kib());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            peak
        });
        for round in 0..ROUNDS {
            send(&hub, 0..count, round);
        }
        export(&hub);
        most.store(true, Ordering::Relaxed);
        watch.join().unwrap()
    });
    let work = format!("most resident memory, {count} points, sealing, exporting");
    table.note(&work, goal, Engine::Hub, format!("{} MiB", peak / 1024));
    hub.stop();
}

/// One reading of each point, ten minutes after the last, so that a year's days pass.
fn send(hub: &Hub, points: Range<usize>, round: usize) {
    let at = crate::year::BEGIN_MS + round as i64 * crate::year::STEP_MS;
    let numbers: Vec<usize> = points.collect();
    for some in numbers.chunks(REQUEST) {
        let readings: Vec<_> = some
            .iter()
            .map(|number| {
                let value = Series::new(*number, crate::year::STEP_MS).nth(round % 144).unwrap();
                json!({"point": name(*number), "t": at, "v": value})
            })
            .collect();
        assert_eq!(hub.post("/readings", &json!({ "readings": readings })).0, 204);
    }
}

fn export(hub: &Hub) {
    for number in 0..20 {
        let to = crate::year::BEGIN_MS + 400 * 86_400_000;
        let path = format!("/readings?point={}&from={}&to={to}", name(number), crate::year::BEGIN_MS);
        assert!(!hub.bytes(&path).is_empty());
    }
}

/// Bytes that a hub writes for a reading when 500 points are read each second.
fn written(window: &str) -> f64 {
    const POINTS: usize = 500;
    let folder = commune(POINTS, window);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let (before, elapsed_ms) = (hub.written_bytes(), stopwatch());
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (hub, elapsed_ms) = (&hub, &elapsed_ms);
            let size = POINTS / SENDERS;
            scope.spawn(move || {
                for round in 0..WRITTEN_OVER_S {
                    let due = (round * 1_000 + sender * 1_000 / SENDERS) as u64;
                    std::thread::park_timeout(Duration::from_millis(due.saturating_sub(elapsed_ms())));
                    send(hub, sender * size..(sender + 1) * size, round);
                }
            });
        }
    });
    let bytes = (hub.written_bytes() - before) as f64 / (WRITTEN_OVER_S * POINTS) as f64;
    hub.stop();
    bytes
}
