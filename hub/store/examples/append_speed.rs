//! How fast a store takes readings while it seals them, opens and answers, on this machine's disk:
//! `cargo run --release -p hub-store --example append_speed [points] [commits] [seconds]`.
//!
//! Commits of 1,000 readings, each waited for, each with its sync to disk. Readings are random walks of two decimals, so many
//! seconds apart (ten). Making them is not measured.

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use hub_model::PointId;
use hub_store::conformance::samples::{at, good, point};
use hub_store::{Append, Batch, History, LocalDay, Settings, Spans, Store, StoredReading};

const BATCH: usize = 1_000;
const LOT: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let points = numbers.next().transpose()?.unwrap_or(500);
    let commits = numbers.next().transpose()?.unwrap_or(5_000);
    let seconds = numbers.next().transpose()?.unwrap_or(10);
    let place = tempfile::tempdir()?;
    let mut out = std::io::stdout().lock();
    let settings = Settings { commit_window: Duration::ZERO, ..Settings::new(place.path()) };
    let store = Store::open(settings.clone())?;
    let mut walks = Walks::new(points, i64::try_from(seconds)? * 1_000);

    let mut latencies = Vec::with_capacity(commits);
    while latencies.len() < commits {
        for batch in (0..LOT).map(|_| walks.batch()).collect::<Vec<_>>() {
            latencies.push(commit(&store, batch)?);
        }
    }
    let took: Duration = latencies.iter().sum();
    let readings = (latencies.len() * BATCH) as f64;
    latencies.sort_unstable();
    let ms = |latency: Option<&Duration>| latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3);
    writeln!(out, "{points} points, {} commits of {BATCH}, synced each", latencies.len())?;
    writeln!(out, "{:.0} readings/s while sealing", readings / took.as_secs_f64())?;
    writeln!(
        out,
        "commit: median {:.2} ms, 99 % {:.2} ms, longest {:.2} ms",
        ms(latencies.get(latencies.len() / 2)),
        ms(latencies.get(latencies.len() * 99 / 100)),
        ms(latencies.last())
    )?;
    writeln!(out, "{:?}", store.stats())?;
    writeln!(out, "resident: {}", resident())?;

    // All series at once, with commits going on.
    let (took, longest) = std::thread::scope(|scope| -> Result<_, Box<dyn Error>> {
        let sealing = scope.spawn(|| timed(|| store.seal_everything()).0);
        let mut longest = Duration::ZERO;
        while !sealing.is_finished() {
            longest = longest.max(commit(&store, walks.batch())?);
        }
        Ok((sealing.join().unwrap_or_default(), longest))
    })?;
    writeln!(
        out,
        "all sealed in {:.0} ms; longest commit meanwhile {:.2} ms",
        took.as_secs_f64() * 1e3,
        ms(Some(&longest))
    )?;
    store.seal_everything()?;
    drop(store);
    let readings = walks.made as f64;
    let file = rusqlite::Connection::open(place.path().join("hub.sqlite"))?;
    let ask = |question| file.query_row(question, [], |row| row.get::<_, f64>(0));
    let (pages, free) = (ask("PRAGMA page_count")?, ask("PRAGMA freelist_count")?);
    let chunks = ask(
        "SELECT CAST(sum(length(summary) + ifnull(length(hours), 0) + length(body)) AS REAL) FROM chunk",
    )?;
    writeln!(
        out,
        "{:.2} bytes a reading in the file, {:.2} without its free pages, {:.2} in chunks",
        pages * 4_096.0 / readings,
        (pages - free) * 4_096.0 / readings,
        chunks / readings
    )?;
    drop(file);
    let (took, store) = timed(|| Store::open(settings));
    let store = store?;
    writeln!(out, "opened with {readings} readings in {:.1} ms", took.as_secs_f64() * 1e3)?;

    let ph = walks.points.first().ok_or("no points")?;
    let mut seen = 0_u32;
    let mut count = |_| {
        seen += 1;
        ControlFlow::Continue(())
    };
    let (took, result) = timed(|| store.readings(ph, at(i64::MIN), at(i64::MAX), &mut count));
    result?;
    writeln!(out, "{seen} readings of one point read in {:.1} ms", took.as_secs_f64() * 1e3)?;
    let days = Spans::Every {
        width: Duration::from_secs(86_400),
        origin: LocalDay(0).start(hub_store::VIETNAM_OFFSET_S),
    };
    let (took, buckets) = timed(|| store.buckets(ph, at(i64::MIN), at(i64::MAX), &days));
    writeln!(out, "{} days of one point in {:.2} ms", buckets?.len(), took.as_secs_f64() * 1e3)?;
    Ok(())
}

/// Random walks, one a point, always the same.
struct Walks {
    points: Vec<PointId>,
    values: Vec<i32>,
    made: usize,
    random: u64,
    step_ms: i64,
}

impl Walks {
    fn new(points: usize, step_ms: i64) -> Self {
        let points: Vec<PointId> =
            (0..points).map(|n| point(&format!("site-{}/device/p{n}", n % 20))).collect();
        Self { values: vec![700; points.len()], points, made: 0, random: 88_172_645_463_325_252, step_ms }
    }

    fn batch(&mut self) -> Batch {
        Batch { readings: (0..BATCH).map(|_| self.reading()).collect(), ..Batch::default() }
    }

    fn reading(&mut self) -> StoredReading {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let which = self.made % self.points.len();
        let step = i64::try_from(self.made / self.points.len()).unwrap_or(0);
        self.made += 1;
        let value = &mut self.values[which];
        *value = (*value + [-1, 0, 0, 0, 1, 0, 2, -2][(self.random >> 40) as usize % 8]).clamp(1, 1_400);
        let reading =
            good(&self.points[which], 1_700_000_000_000 + step * self.step_ms, f64::from(*value) / 100.0);
        StoredReading { reading, latest: true }
    }
}

fn commit(store: &Store, batch: Batch) -> Result<Duration, Box<dyn Error>> {
    let (told, committed) = crossbeam_channel::bounded(1);
    let (took, result) = timed(|| {
        store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(())))?;
        committed.recv().map_err(|_| hub_store::Closed)
    });
    result?;
    Ok(took)
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}

/// A measurement is the one place where the time is not an argument.
#[allow(clippy::disallowed_methods)]
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = std::time::Instant::now();
    let result = work();
    (begin.elapsed(), result)
}
