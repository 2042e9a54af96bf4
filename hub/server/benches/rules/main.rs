//! Rules and alarms at speed: `cargo xtask bench rules`. Each figure stands beside its goal.
//!
//! Prints figures, never fails on one: a machine's speed is no test. Load and hub share the machine. Read next: `living.rs`, and
//! `hub/logic/benches/speed.rs`, the logic alone.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod living;
#[path = "../mqtt/wire.rs"]
#[allow(dead_code, reason = "the other bench uses more of it")]
mod wire;

use std::fmt::Display;
use std::io::Write;

fn main() {
    let spans = living::reading_to_alarm_ms();
    print("reading to alarm on the stream at 5,000 readings/s, median", ms(spans[spans.len() / 2]), "");
    print("the same, 99 of 100", ms(spans[spans.len() * 99 / 100]), "≤ 150 ms");
    let standing = living::standing_alarms();
    print(&format!("alarms that stand for what follows: {}", standing.alarms), "", "");
    for (call, took_ms) in standing.calls {
        print(&format!("  GET {call}, slowest of 5"), ms(took_ms), "≤ 200 ms");
    }
    print("resident memory with 500 points and the shipped rules", mib(living::memory_kib()), "≤ 64 MiB");
}

fn print(what: &str, figure: impl Display, goal: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what:<68} {figure:>14} {goal:>14}").unwrap();
}

fn ms(figure: u64) -> String {
    format!("{figure} ms")
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1_024.0)
}
