//! Our own store, in this process: how fast it commits, how large it grows, how long a commit waits while it seals.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use hub_model::{PointId, Quality, Reading, Timestamp};
use hub_store::{Append, Batch, Settings, Store, StoredReading};

use crate::year::{BEGIN_MS, SERIES, Series};

/// Readings of one commit.
pub const BATCH: usize = 1_000;
/// Batches made ahead of the clock that measures.
const AHEAD: usize = 1_000;

/// What committing some data took.
pub struct Committed {
    /// Readings in all.
    pub readings: usize,
    /// Time spent from handing a batch over until it was on disk, summed.
    pub spent: Duration,
    /// The longest that one commit took.
    pub longest: Duration,
}

impl Committed {
    /// Readings a second.
    pub fn rate(&self) -> f64 {
        self.readings as f64 / self.spent.as_secs_f64()
    }
}

/// Opens a store that commits at once.
pub fn open(folder: &Path) -> Store {
    Store::open(Settings { commit_window: Duration::ZERO, utc_offset_s: 7 * 3_600, ..Settings::new(folder) })
        .unwrap()
}

/// Commits `steps` readings of each point, `step_ms` apart, in batches of [`BATCH`], each on disk before the next is given.
pub fn fill(store: &Store, points: &[PointId], steps: usize, step_ms: i64) -> Committed {
    let mut series: Vec<Series> =
        (0..points.len()).map(|number| Series::new(number % SERIES, step_ms)).collect();
    let mut made = (0..steps).flat_map(|step| {
        let at = Timestamp::from_millis(BEGIN_MS + step as i64 * step_ms);
        let row: Vec<_> =
            points.iter().zip(&mut series).map(|(point, values)| reading(point, at, values)).collect();
        row
    });
    let mut committed = Committed { readings: 0, spent: Duration::ZERO, longest: Duration::ZERO };
    loop {
        let batches: Vec<Batch> = (0..AHEAD)
            .map(|_| Batch { readings: made.by_ref().take(BATCH).collect(), ..Batch::default() })
            .take_while(|batch| !batch.is_empty())
            .collect();
        if batches.is_empty() {
            return committed;
        }
        committed.readings += batches.iter().map(Batch::rows).sum::<usize>();
        let elapsed = stopwatch_precise();
        let mut before = Duration::ZERO;
        for batch in batches {
            let (told, heard) = mpsc::sync_channel(1);
            store.append(batch, Box::new(move |seq| told.send(seq).unwrap())).unwrap();
            heard.recv().unwrap();
            let now = elapsed();
            committed.longest = committed.longest.max(now - before);
            before = now;
        }
        committed.spent += before;
    }
}

fn reading(point: &PointId, at: Timestamp, values: &mut Series) -> StoredReading {
    let value = values.next();
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
}

/// A watch finer than the milliseconds of the hub's own.
#[allow(clippy::disallowed_methods, reason = "a measurement is where the time is no argument")]
fn stopwatch_precise() -> impl Fn() -> Duration {
    let begin = std::time::Instant::now();
    move || begin.elapsed()
}

/// Bytes of all files below a folder.
pub fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let meta = entry.metadata().unwrap();
            if meta.is_dir() { size(&entry.path()) } else { meta.len() }
        })
        .sum()
}

/// Runs `work` and gives back how many milliseconds it took.
pub fn took_ms(work: impl FnOnce()) -> u64 {
    let elapsed_ms = stopwatch();
    work();
    elapsed_ms()
}
