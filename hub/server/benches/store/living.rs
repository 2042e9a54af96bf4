//! A hub that takes readings over HTTP while it seals: memory with 500 and with 5,000 points, also while a year is exported.

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
/// Bytes written are taken over this span.
const WRITTEN_OVER_MS: u64 = 30_000;

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
    for window in ["100ms", "1s"] {
        written(window, table);
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
            send(&hub, count, round);
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
fn send(hub: &Hub, count: usize, round: usize) {
    let at = crate::year::BEGIN_MS + round as i64 * crate::year::STEP_MS;
    let numbers: Vec<usize> = (0..count).collect();
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

fn written(window: &str, table: &mut Table) {
    let folder = commune(500, window);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let (before, elapsed_ms) = (hub.written_bytes(), stopwatch());
    let mut round = 0;
    while elapsed_ms() < WRITTEN_OVER_MS {
        send(&hub, 500, round);
        round += 1;
        // One reading of each point a second.
        let next = round as u64 * 1_000;
        std::thread::park_timeout(Duration::from_millis(next.saturating_sub(elapsed_ms())));
    }
    let bytes = (hub.written_bytes() - before) as f64 / (round * 500) as f64;
    let work = format!("bytes written to flash a reading, 500 a second, window {window}");
    table.note(&work, "", Engine::Hub, format!("{bytes:.1}"));
    hub.stop();
}
