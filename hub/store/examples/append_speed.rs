//! How fast a store takes readings, opens and answers, on this machine's disk: `cargo run --release -p hub-store --example append_speed`.
//!
//! Batches of 3,000 readings of 500 points, each batch a transaction of its own with its sync to disk.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use hub_model::PointId;
use hub_store::conformance::samples::{at, good, point};
use hub_store::{Append, Batch, CommitSeq, History, Settings, Store, StoredReading};

const POINTS: i64 = 500;
const BATCH: i64 = 3_000;
const BATCHES: i64 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir()?;
    let mut out = std::io::stdout().lock();
    let points: Vec<PointId> = (0..POINTS).map(|n| point(&format!("site-{}/device/p{n}", n % 20))).collect();
    let settings = Settings { commit_window: Duration::ZERO, ..Settings::new(place.path()) };
    let store = Store::open(settings.clone())?;
    let batches: Vec<Batch> = (0..BATCHES).map(|number| batch(&points, number)).collect();

    let mut last = CommitSeq::default();
    let (took, result) = timed(|| -> Result<(), Box<dyn std::error::Error>> {
        for batch in batches {
            let (told, committed) = crossbeam_channel::bounded(1);
            store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(())))?;
            last = committed.recv()?;
        }
        Ok(())
    });
    result?;
    let readings = (BATCH * BATCHES) as f64;
    writeln!(
        out,
        "{} commits of {BATCH}, synced each: {:.0} readings/s",
        last,
        readings / took.as_secs_f64()
    )?;

    store.close()?;
    let bytes = std::fs::metadata(place.path().join("hub.sqlite"))?.len();
    writeln!(out, "{:.1} bytes a reading", bytes as f64 / readings)?;
    let (took, store) = timed(|| Store::open(settings));
    let store = store?;
    writeln!(out, "opened with {readings} readings in {:.1} ms", took.as_secs_f64() * 1e3)?;

    let mut seen = 0_u32;
    let mut count = |_| {
        seen += 1;
        ControlFlow::Continue(())
    };
    let (took, result) = timed(|| store.readings(&points[0], at(i64::MIN), at(i64::MAX), &mut count));
    result?;
    writeln!(out, "{seen} readings of one point read in {:.1} ms", took.as_secs_f64() * 1e3)?;
    Ok(())
}

fn batch(points: &[PointId], number: i64) -> Batch {
    let reading = |n: i64| {
        let (which, second) = (n % POINTS, n / POINTS);
        let value = (f64::from(i32::try_from(n * 7 % 1_000).unwrap_or(0)) + 500.0) / 100.0;
        let point = &points[usize::try_from(which).unwrap_or(0)];
        StoredReading { reading: good(point, 1_700_000_000_000 + second * 1_000, value), latest: true }
    };
    Batch { readings: (number * BATCH..(number + 1) * BATCH).map(reading).collect(), ..Batch::default() }
}

/// A measurement is the one place where the time is not an argument.
#[allow(clippy::disallowed_methods)]
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = std::time::Instant::now();
    let result = work();
    (begin.elapsed(), result)
}
