//! The store beside VictoriaMetrics and InfluxDB 2, fed the same generated year: `cargo xtask bench store`.
//!
//! Prints figures, never fails on one. Ratios are taken within one run. Read next: `year.rs` for what is fed.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod living;
mod ours;
mod peer;
mod queries;
mod year;

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use peer::Peer;
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

fn main() {
    let victoria_folder = TempDir::new().unwrap();
    let victoria = Peer::victoria(victoria_folder.path());
    if let Some(victoria) = &victoria {
        victoria.import_year();
    }
    let folder = queries::commune();
    let rate = our_year(&folder.path().join("data"));
    if victoria.is_some() {
        print("VictoriaMetrics: bytes a reading, the same year", per_reading(victoria_folder.path()));
    }
    queries::measure(&folder, victoria.as_ref());
    drop(victoria);
    influx(rate);
    many();
    stalls();
    living::measure();
}

/// Prints one figure.
pub fn print(what: &str, figure: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what:<78} {figure:>16}").unwrap();
}

fn per_reading(folder: &Path) -> String {
    format!("{:.2}", ours::size(folder) as f64 / READINGS)
}

fn our_year(data: &Path) -> f64 {
    let store = ours::open(data);
    let committed = ours::fill(&store, &year::points(), STEPS, STEP_MS);
    print("readings committed, 1,000 a commit, synced each", format!("{:.0} /s", committed.rate()));
    print("of these the slowest commit", format!("{:.0} ms", committed.longest.as_secs_f64() * 1e3));
    store.close().unwrap();
    print(&format!("bytes a reading, {:.1} M readings at 10 min", READINGS / 1e6), per_reading(data));
    committed.rate()
}

fn influx(ours: f64) {
    let folder = TempDir::new().unwrap();
    let Some(influx) = Peer::influx(folder.path()) else { return };
    let mut series: Vec<Series> = (0..SERIES).map(|number| Series::new(number, STEP_MS)).collect();
    let spent_ms = ours::took_ms(|| influx.write_lines(&mut series, 0, COMPARED_STEPS, ours::BATCH));
    let theirs = (COMPARED_STEPS * SERIES) as f64 / spent_ms as f64 * 1e3;
    print("InfluxDB 2: readings written, 1,000 a request", format!("{theirs:.0} /s"));
    print("ratio hub / InfluxDB 2", format!("{:.1}", ours / theirs));
    influx.write_lines(&mut series, COMPARED_STEPS, STEPS, BULK);
    support::wait_for("its cache written to disk", std::time::Duration::from_secs(120), || {
        let wal = ours::size(&folder.path().join("engine/wal"));
        (wal < 1 << 20).then_some(())
    });
    print("InfluxDB 2: bytes a reading, the same year", per_reading(folder.path()));
}

/// A start with very many readings.
fn many() {
    let folder = queries::commune();
    let store = ours::open(&folder.path().join("data"));
    let committed = ours::fill(&store, &year::points(), MANY / SERIES, MANY_STEP_MS);
    store.close().unwrap();
    print(
        &format!("{:.0} M readings at 10 s: committed", committed.readings as f64 / 1e6),
        format!("{:.0} /s", committed.rate()),
    );
    let bytes = ours::size(&folder.path().join("data")) as f64 / committed.readings as f64;
    print("bytes a reading at 10 s", format!("{bytes:.2}"));
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
    print("start with that many readings until ready, median of 5", format!("{} ms", spans[2]));
}

/// The longest that a commit waits while thousands of series are sealed.
fn stalls() {
    let folder = TempDir::new().unwrap();
    let store = ours::open(folder.path());
    let points = living::points(5_000);
    let committed = ours::fill(&store, &points, 600, 1_000);
    store.close().unwrap();
    let longest = committed.longest.as_secs_f64() * 1e3;
    print("the slowest commit of 3 M readings while 5,000 series are sealed", format!("{longest:.0} ms"));
}
