//! What the engine bears: requests that lie ready, one after another from one client, with nobody behind them who reads a store.

use std::fmt::Write as _;
use std::ops::Range;

use adapters_influxdb::{Client, Precision, deliver};
use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;

use crate::support::engines::Engine;
use crate::{POINTS, STEP_MS, line};

/// As many as a hub puts into one.
const REQUEST_LINES: usize = 5_000;

/// Lines a second of which the engine takes `lines`, point by point as debts are paid.
pub fn rate(engine: &Engine, lines: usize) -> f64 {
    let client = Client::new(&engine.target()).unwrap();
    let each = lines / POINTS;
    let now = Clock::system().now();
    let start = now.as_millis() - each as i64 * STEP_MS;
    let requests: Vec<String> = (0..lines)
        .step_by(REQUEST_LINES)
        .map(|first| request(first..(first + REQUEST_LINES).min(lines), each, start))
        .collect();
    let elapsed_ms = stopwatch();
    for request in &requests {
        let sent = deliver(&client, request, Precision::Milliseconds, now).unwrap();
        assert_eq!(sent.refused, []);
    }
    lines as f64 / (elapsed_ms() as f64 / 1_000.0)
}

fn request(numbers: Range<usize>, each: usize, start: i64) -> String {
    let mut text = String::new();
    for number in numbers {
        let (point, step) = (number / each, number % each);
        let at = start + step as i64 * STEP_MS;
        writeln!(text, "{}{at}", line("bare", point, step)).unwrap();
    }
    text
}
