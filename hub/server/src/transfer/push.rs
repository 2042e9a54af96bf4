//! Stored readings out to a target, day by day, and counted there afterwards.
//!
//! How far it is stands in a file beside the store: run again with the same span, it goes on after the last day that had arrived.
//! Sending a reading twice changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use adapters_influxdb::history::Series;
use adapters_influxdb::{Client, Encoder, Precision, Sent, Target, deliver, remote};
use adapters_sdk::clock::stopwatch;
use adapters_sdk::{Backoff, Clock};
use anyhow::{Context, bail};
use hub_model::{PointId, Timestamp};
use hub_store::{History, Spans};
use serde_json::json;

use super::{Day, Span};
use crate::config::Config;
use crate::forward::means;

/// Readings in one request.
const BATCH: usize = 5_000;
/// A server that has no time is asked so often before it is given up.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What has arrived is counted so often again, over all points, should some be missing yet. VictoriaMetrics may answer for ten
/// seconds from what it knew of its series before.
const COUNTS_AGAIN: u32 = 30;
/// Progress is told so often, in ms.
const TELL_EVERY_MS: u64 = 2_000;
/// Refused lines that are told.
const MAX_EXAMPLES: usize = 10;

/// What became of it.
#[derive(Default)]
struct Account {
    sent: BTreeMap<PointId, u64>,
    bytes: u64,
    refused: u64,
    examples: Vec<String>,
}

/// Sends the readings of `span`, tells progress to `progress` and what became of them to `out`.
///
/// # Errors
/// When the target is not to be had, refuses a line, or has fewer readings afterwards than the store.
pub fn push(
    config: &Config,
    target: &Target,
    span: &Span,
    history: &dyn History,
    out: &mut impl Write,
    progress: &mut impl Write,
) -> anyhow::Result<()> {
    let client = Client::new(target).map_err(|why| anyhow::anyhow!("ca {why}"))?;
    let encoder = Encoder::new(&config.commune, target);
    let points = encoder.points();
    let days = span.days()?;
    let mut place = Place::open(config.store.dir.join(format!("push-{}.json", target.id)), span);
    let begin = days.iter().position(|day| day.from.as_millis() >= place.done_until).unwrap_or(days.len());
    if begin > 0 {
        writeln!(progress, "goes on after {}", days[begin - 1].name)?;
    }
    let mut push = Push {
        client: &client,
        encoder: &encoder,
        history,
        account: Account::default(),
        lines: String::new(),
    };
    let (elapsed_ms, mut told_ms) = (stopwatch(), 0);
    for (n, day) in days.iter().enumerate().skip(begin) {
        for point in &points {
            push.day(day, point)?;
            if elapsed_ms() >= told_ms + TELL_EVERY_MS {
                told_ms = elapsed_ms();
                let sent: u64 = push.account.sent.values().sum();
                writeln!(
                    progress,
                    "{} %: {}, {sent} sent, {} refused",
                    n * 100 / days.len(),
                    day.name,
                    push.account.refused
                )?;
            }
        }
        place.arrived(day.to)?;
    }
    let Account { sent, bytes, refused, examples } = push.account;
    writeln!(out, "{} sent in {bytes} bytes, {refused} refused", sent.values().sum::<u64>())?;
    examples.iter().try_for_each(|line| writeln!(out, "  refused {line}"))?;
    if target.what.width_ms().is_some() {
        writeln!(out, "means are not counted back")?;
    } else {
        let missing = count_back(config, &client, span, history, &points, out)?;
        anyhow::ensure!(missing == 0, "{missing} readings have not arrived; influxdb verify tells which");
    }
    anyhow::ensure!(refused == 0, "{refused} lines were refused for ever");
    place.finished()
}

/// Counts on both sides. Gives how many are missing there.
fn count_back(
    config: &Config,
    client: &Client,
    span: &Span,
    history: &dyn History,
    points: &[PointId],
    out: &mut impl Write,
) -> anyhow::Result<u64> {
    let remote = remote(client.clone());
    let (mut missing, mut counts_left) = (0, COUNTS_AGAIN);
    for point in points {
        let mut here = 0_u64;
        history.readings(point, span.from, span.to, &mut |_| {
            here += 1;
            ControlFlow::Continue(())
        })?;
        if here == 0 {
            continue;
        }
        let known = config.commune.points().find(|known| known.id == *point);
        let quantity = known.map_or("", |known| known.quantity.code());
        let series = Series { commune: &config.commune.id, quantity, point };
        // Some engines show what they have taken a moment later.
        let there = loop {
            let mut there = 0_u64;
            remote.readings(&series, span.from, span.to, &mut |_| {
                there += 1;
                ControlFlow::Continue(())
            })?;
            if there >= here || counts_left == 0 {
                break there;
            }
            counts_left -= 1;
            std::thread::sleep(FIRST_PAUSE);
        };
        writeln!(out, "{point}: {here} here, {there} there")?;
        missing += here.saturating_sub(there);
    }
    Ok(missing)
}

struct Push<'a> {
    client: &'a Client,
    encoder: &'a Encoder,
    history: &'a dyn History,
    account: Account,
    lines: String,
}

impl Push<'_> {
    /// A point's readings of a day.
    fn day(&mut self, day: &Day, point: &PointId) -> anyhow::Result<()> {
        if let Some(width_ms) = self.client.target().what.width_ms() {
            let width = Duration::from_millis(width_ms.cast_unsigned());
            let origin = Timestamp::from_millis(day.from.as_millis().div_euclid(width_ms) * width_ms);
            let spans = Spans::Every { width, origin };
            for bucket in self.history.buckets(point, origin, day.to, &spans)? {
                self.encoder.means(point, &means(&bucket), &mut self.lines);
            }
            return self.send(point);
        }
        let mut from = day.from;
        while from < day.to {
            let (mut rows, mut next) = (0, day.to);
            let (encoder, lines) = (self.encoder, &mut self.lines);
            self.history.readings(point, from, day.to, &mut |reading| {
                if rows == BATCH {
                    next = reading.measured_at;
                    return ControlFlow::Break(());
                }
                rows += 1;
                encoder.reading(&reading, lines);
                ControlFlow::Continue(())
            })?;
            self.send(point)?;
            from = next;
        }
        Ok(())
    }

    fn send(&mut self, point: &PointId) -> anyhow::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let sent = loop {
            match deliver(self.client, &self.lines, Precision::Milliseconds, Clock::system().now()) {
                Ok(sent) => break sent,
                Err(not_now) if backoff.failures() + 1 < TRIES => {
                    let pause = backoff.failed();
                    std::thread::sleep(not_now.after.unwrap_or(pause));
                }
                Err(not_now) => bail!("{not_now}; run it again: it goes on where it was"),
            }
        };
        let Sent { lines, bytes, refused, .. } = sent;
        *self.account.sent.entry(point.clone()).or_default() += lines;
        self.account.bytes += bytes;
        self.account.refused += refused.len() as u64;
        let room = MAX_EXAMPLES.saturating_sub(self.account.examples.len());
        let told = refused.iter().take(room).map(|(line, why)| format!("{line}: {why}"));
        self.account.examples.extend(told);
        self.lines.clear();
        Ok(())
    }
}

/// How far a push is, in a file.
struct Place {
    file: PathBuf,
    span: (i64, i64),
    /// All before this moment has arrived.
    done_until: i64,
}

impl Place {
    fn open(file: PathBuf, span: &Span) -> Self {
        let span = (span.from.as_millis(), span.to.as_millis());
        let known: Option<serde_json::Value> =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        // Another span begins anew.
        let is_same = |known: &serde_json::Value| known["from"] == span.0 && known["to"] == span.1;
        let done_until = known.filter(is_same).and_then(|known| known["done_until"].as_i64());
        Self { file, span, done_until: done_until.unwrap_or(i64::MIN) }
    }

    fn arrived(&mut self, until: Timestamp) -> anyhow::Result<()> {
        self.done_until = until.as_millis();
        let text = json!({"from": self.span.0, "to": self.span.1, "done_until": self.done_until}).to_string();
        fs::write(&self.file, text).with_context(|| format!("{} cannot be written", self.file.display()))
    }

    fn finished(self) -> anyhow::Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.file.display()))
            }
            _ => Ok(()),
        }
    }
}
