//! Old data in: a plant's spreadsheet as CSV, or line protocol, of any length in constant memory.
//!
//! It raises no alarm and runs no rule. Running it again changes nothing: a reading replaces the one of the same point and time.
//! Read next: `map.rs` (what the file means), `csv.rs` and `lines.rs` (reading it), `sink.rs` (where it goes).

mod account;
mod csv;
mod lines;
mod map;
mod moment;
mod number;
mod sink;

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use anyhow::{Context, bail};
use hub_model::{Observation, PointId, Timestamp};

use crate::config::Config;
use account::Account;
use map::Map;
use sink::Sink;

pub(crate) use sink::OfStore;

/// Readings that are handed on at once.
const BATCH: usize = 5_000;
/// Progress is told so often, in ms.
const TELL_EVERY_MS: u64 = 2_000;

/// What to import, and where.
pub struct Order {
    /// The file: `.csv`, `.tsv` or `.txt` for tables, `.lp` for line protocol.
    pub file: PathBuf,
    /// What it means; line protocol may do without.
    pub map: Option<PathBuf>,
    /// The configuration folder.
    pub config: PathBuf,
    /// Only count.
    pub dry_run: bool,
    /// The running hub to send it to, with a token of role integrator, instead of the store.
    pub hub: Option<(String, PathBuf)>,
}

/// Carries the order out, tells progress to `progress` and what became of all rows to `out`.
pub fn run(order: &Order, out: &mut impl Write, progress: &mut impl Write) -> anyhow::Result<()> {
    let (config, _) = Config::require(&order.config)?;
    let map = match &order.map {
        Some(path) => Map::load(path, &config.commune)?,
        None if is_lines(&order.file)? => Map::default(),
        None => bail!("--map is needed: it says which column is which point"),
    };
    let is_lines = is_lines(&order.file)?;
    let clock = Clock::system();
    let sink = match &order.hub {
        _ if order.dry_run => Sink::Dry,
        Some((url, token_file)) => Sink::hub(url, token_file)?,
        None => Sink::store(&config, clock.clone())?,
    };
    let file = File::open(&order.file).with_context(|| format!("{} cannot be read", order.file.display()))?;
    let length = file.metadata().map_or(0, |found| found.len());
    let mut import = Import {
        sink,
        waiting: Vec::with_capacity(BATCH),
        account: Account::default(),
        received_at: clock.now(),
        progress: Progress { length, told_ms: 0, elapsed_ms: Box::new(stopwatch()), out: progress },
    };
    let counted = Counted { inner: BufReader::with_capacity(1 << 20, file), bytes: 0 };
    let read = match is_lines {
        true => lines::read(counted, &map, &config, &mut import),
        false => csv::read(counted, &map, &config, &mut import),
    };
    // What was read before a fault goes in all the same, and the account says so.
    let finished = import.finish();
    import.account.tell(order.dry_run, out)?;
    read?;
    finished?;
    if import.account.taken == 0 {
        bail!("nothing was taken");
    }
    Ok(())
}

/// Tells line protocol from a table by the file's ending.
fn is_lines(file: &Path) -> anyhow::Result<bool> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("lp" | "line") => Ok(true),
        Some("csv" | "tsv" | "txt") => Ok(false),
        _ => bail!("{}: the ending says how it is written, allowed: .csv, .tsv, .txt, .lp", file.display()),
    }
}

/// An import under way.
struct Import<'a> {
    sink: Sink,
    waiting: Vec<Observation>,
    account: Account,
    received_at: Timestamp,
    progress: Progress<'a>,
}

impl Import<'_> {
    /// Takes a reading of a line.
    fn take(&mut self, point: &PointId, measured_at: Timestamp, value: f64) -> anyhow::Result<()> {
        self.account.take(point, measured_at, value);
        self.waiting.push(Observation {
            point: point.clone(),
            sample: hub_model::Sample::Value(value),
            measured_at: Some(measured_at),
            received_at: self.received_at,
        });
        if self.waiting.len() >= BATCH { self.hand_on() } else { Ok(()) }
    }

    /// Notes that a row was read, which ends after `bytes` of the file.
    fn row(&mut self, bytes: u64) -> anyhow::Result<()> {
        self.account.rows += 1;
        self.progress.tell(bytes, &self.account)
    }

    fn hand_on(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::replace(&mut self.waiting, Vec::with_capacity(BATCH));
        self.sink.put(batch)
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        if !self.waiting.is_empty() {
            self.hand_on()?;
        }
        self.sink.finish()
    }
}

struct Progress<'a> {
    length: u64,
    told_ms: u64,
    elapsed_ms: Box<dyn Fn() -> u64>,
    out: &'a mut dyn Write,
}

impl Progress<'_> {
    fn tell(&mut self, bytes: u64, account: &Account) -> anyhow::Result<()> {
        // The clock is asked now and then only: it costs more than a row.
        if !account.rows.is_multiple_of(1_024) {
            return Ok(());
        }
        let now_ms = (self.elapsed_ms)();
        if now_ms < self.told_ms + TELL_EVERY_MS {
            return Ok(());
        }
        self.told_ms = now_ms;
        let percent = (bytes * 100).checked_div(self.length).unwrap_or(100).min(100);
        writeln!(
            self.out,
            "{percent} %: {} rows, {} readings taken, {} dropped",
            account.rows,
            account.taken,
            account.dropped()
        )?;
        Ok(())
    }
}

/// A reader that knows how far it is.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}
