//! Prints how long the store takes for the questions that a dashboard asks, on a year of readings.
//!
//! `cargo run --release -p hub-store --example question_speed FOLDER [POINT]`: FOLDER is that of a store that holds a year, such as
//! one that `commune-hub import` has filled; nothing is changed in it. What HTTP and JSON add is in `cargo xtask bench store`.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hub_model::{PointId, Timestamp};
use hub_store::{History, Settings, Spans, Store};

const DAY_MS: i64 = 86_400_000;
/// Each question is asked so often; the median and the least are printed.
const ASKED: usize = 301;

#[expect(clippy::print_stdout, reason = "what an example is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let store = Store::open(Settings::new(args.next().ok_or("give the folder of a store")?))?;
    let point = match args.next() {
        Some(point) => PointId::parse(&point)?,
        None => store.latest()?.first().ok_or("there are no readings")?.reading.point.clone(),
    };
    let days = store.days(&point, Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX / 2))?;
    let end_ms = days.last().ok_or("there are no readings")?.start.as_millis() + DAY_MS;
    let end = Timestamp::from_millis(end_ms);
    let from = |days: i64| Timestamp::from_millis(end_ms - days * DAY_MS);
    let buckets = |days: i64, count: u64| {
        let width = Duration::from_millis(days.unsigned_abs() * DAY_MS.unsigned_abs() / count);
        store.buckets(&point, from(days), end, &Spans::Every { width, origin: from(days) })
    };
    let raw = |days: i64| {
        let mut count = 0;
        let read = store.readings(&point, from(days), end, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        read.map(|()| count)
    };
    println!("{point}, µs: median, least, how many came");
    print("24 h raw", || raw(1))?;
    print("30 d in 500", || buckets(30, 500).map(|found| found.len()))?;
    print("1 y in 365", || buckets(365, 365).map(|found| found.len()))?;
    print("1 y in 5,000", || buckets(365, 5_000).map(|found| found.len()))?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what an example is for")]
#[expect(clippy::disallowed_methods, reason = "a measurement is where the time is no argument")]
fn print<E>(what: &str, ask: impl Fn() -> Result<usize, E>) -> Result<(), E> {
    let (mut spans, mut count) = (Vec::with_capacity(ASKED), 0);
    for _ in 0..ASKED {
        let begin = Instant::now();
        count = ask()?;
        spans.push(begin.elapsed().as_micros());
    }
    spans.sort_unstable();
    println!("{what:14} {:7} {:7} {count:6}", spans[ASKED / 2], spans[0]);
    Ok(())
}
