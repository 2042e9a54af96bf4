//! The store beside VictoriaMetrics and InfluxDB 2, fed the same generated year: `cargo xtask bench store`.
//!
//! Prints figures, never fails on one. Ratios are taken within one run. Of its parts some can be run alone: `cargo xtask bench store
//! start flash`. Read next: `year.rs` for what is fed, `table.rs` for what a run ends with.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../parts/mod.rs"]
mod parts;
#[path = "../../tests/support/mod.rs"]
mod support;

mod living;
mod ours;
mod peer;
mod queries;
mod table;
mod year;

use std::path::Path;
use std::time::Duration;

use peer::Peer;
use table::{Engine, Table};
use tempfile::TempDir;
use year::{SERIES, STEP_MS, STEPS, Series};

/// Steps that the comparison with InfluxDB's commits takes: a million readings.
const COMPARED_STEPS: usize = 2_000;
/// Lines a request while InfluxDB takes the rest of the year.
const BULK: usize = 20_000;
/// Readings that a start is measured with.
const MANY: usize = 100_000_000;
/// How far apart they are.
const MANY_STEP_MS: i64 = 10_000;
const READINGS: f64 = (SERIES * STEPS) as f64;

/// Measures and notes.
type Part = fn(&mut Table);

fn main() {
    let parts: [(&str, Part); 5] = [
        ("year", year),
        ("start", many),
        ("stalls", stalls),
        ("memory", living::memory),
        ("flash", living::flash),
    ];
    let mut table = Table::default();
    parts::asked(&parts).iter().for_each(|part| part(&mut table));
    table.print();
}

/// The same year in all engines: commits, size, questions.
fn year(table: &mut Table) {
    let victoria_folder = TempDir::new().unwrap();
    let victoria = Peer::victoria(victoria_folder.path());
    if let Some(victoria) = &victoria {
        victoria.import_year();
    }
    let folder = queries::commune();
    let rate = our_year(&folder.path().join("data"), table);
    if victoria.is_some() {
        table.note(&size(), SIZE_GOAL, Engine::Victoria, per_reading(victoria_folder.path()));
    }
    queries::measure(&folder, victoria.as_ref(), table);
    drop(victoria);
    influx(rate, table);
}

const COMMITTED: &str = "readings a second, commits of 1,000, synced each";
const COMMITTED_GOAL: &str = ">= 1 M, 2 x InfluxDB";
const SIZE_GOAL: &str = "<= 1.4";

fn size() -> String {
    format!("bytes a reading, {:.1} M at 10 min", READINGS / 1e6)
}

fn per_reading(folder: &Path) -> String {
    format!("{:.2}", ours::size(folder) as f64 / READINGS)
}

fn our_year(data: &Path, table: &mut Table) -> f64 {
    let store = ours::open(data);
    let committed = ours::fill(&store, &year::points(), STEPS, STEP_MS);
    table.note(COMMITTED, COMMITTED_GOAL, Engine::Hub, format!("{:.0}", committed.rate()));
    table.note("of these the slowest commit", "", Engine::Hub, ms(committed.longest));
    store.close().unwrap();
    table.note(&size(), SIZE_GOAL, Engine::Hub, per_reading(data));
    committed.rate()
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1e3)
}

fn influx(ours: f64, table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let Some(influx) = Peer::influx(folder.path()) else { return };
    let mut series: Vec<Series> = (0..SERIES).map(|number| Series::new(number, STEP_MS)).collect();
    let spent_ms = ours::took_ms(|| influx.write_lines(&mut series, 0, COMPARED_STEPS, ours::BATCH));
    let theirs = (COMPARED_STEPS * SERIES) as f64 / spent_ms as f64 * 1e3;
    let figure = format!("{theirs:.0} ({:.1} x)", ours / theirs);
    table.note(COMMITTED, COMMITTED_GOAL, Engine::Influx, figure);
    influx.write_lines(&mut series, COMPARED_STEPS, STEPS, BULK);
    support::wait_for("its cache written to disk", Duration::from_secs(120), || {
        let wal = ours::size(&folder.path().join("engine/wal"));
        (wal < 1 << 20).then_some(())
    });
    table.note(&size(), SIZE_GOAL, Engine::Influx, per_reading(folder.path()));
}

/// A start with very many readings, and what the pages ask of them.
fn many(table: &mut Table) {
    let folder = queries::commune();
    let store = ours::open(&folder.path().join("data"));
    let committed = ours::fill(&store, &year::points(), MANY / SERIES, MANY_STEP_MS);
    store.close().unwrap();
    let bytes = ours::size(&folder.path().join("data")) as f64 / committed.readings as f64;
    let many = format!("{:.0} M readings at 10 s", committed.readings as f64 / 1e6);
    let rate = format!("{:.0}", committed.rate());
    table.note(&format!("readings a second, {many}"), COMMITTED_GOAL, Engine::Hub, rate);
    table.note(&format!("bytes a reading, {many}"), SIZE_GOAL, Engine::Hub, format!("{bytes:.2}"));
    let token = folder.token("viewer");
    let mut spans: Vec<u64> = (0..5)
        .map(|_| {
            let mut hub = None;
            let span = ours::took_ms(|| hub = Some(folder.run(&token)));
            hub.unwrap().stop();
            span
        })
        .collect();
    spans.sort_unstable();
    table.note(&format!("start until ready, {many}"), "<= 300 ms", Engine::Hub, format!("{} ms", spans[2]));
    let hub = folder.run(&token);
    queries::behind_pages(&hub, year::BEGIN_MS + (MANY / SERIES) as i64 * MANY_STEP_MS, &many, table);
    hub.stop();
}

/// The longest that a commit waits while thousands of series are sealed.
fn stalls(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let store = ours::open(folder.path());
    let points = living::points(5_000);
    let committed = ours::fill(&store, &points, 600, 1_000);
    store.close().unwrap();
    table.note(
        "longest commit while 5,000 series are sealed",
        "<= 100 ms",
        Engine::Hub,
        ms(committed.longest),
    );
}
