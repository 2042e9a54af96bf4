//! Speed and memory of the whole hub as a process, beside a broker that acknowledges without a disk: `cargo xtask bench`.
//!
//! Prints figures, never fails on one: a machine's speed is no test. Ratios are taken within one run.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/support/mod.rs"]
mod support;

mod load;
mod polling;

use std::fmt::Display;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use support::Folder;

const STARTS: usize = 7;

fn main() {
    let folder = Folder::pilot("127.0.0.1:1");
    let token = folder.token("viewer");
    print("hub ready after start, median of 7", format!("{} ms", ready_ms(&folder, &token)));

    let hub = folder.run(&token);
    let ours = load::acknowledged_a_second(hub.mqtt, Some(("dong-bai-gas", "gas-pilot-1")));
    print("QoS 1 publishes over 50 connections, acknowledged after the commit", format!("{ours:.0} /s"));
    print("resident memory after that load", format!("{} MiB", hub.resident_kib() / 1024));
    hub.stop();
    let (mosquitto, address) = mosquitto();
    let theirs = load::acknowledged_a_second(address, None);
    drop(mosquitto);
    print("the same load on mosquitto, acknowledged from memory", format!("{theirs:.0} /s"));
    print("ratio hub / mosquitto", format!("{:.2}", ours / theirs));

    polling::measure();
}

/// Prints one figure.
pub fn print(what: &str, figure: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what:<75} {figure:>12}").unwrap();
}

fn ready_ms(folder: &Folder, token: &str) -> u64 {
    let mut spans: Vec<u64> = (0..STARTS)
        .map(|_| {
            let elapsed_ms = stopwatch();
            let hub = folder.run(token);
            let span = elapsed_ms();
            hub.stop();
            span
        })
        .collect();
    spans.sort_unstable();
    spans[STARTS / 2]
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn mosquitto() -> (Ended, std::net::SocketAddr) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let arguments = ["-p", &address.port().to_string()];
    let child = Command::new("mosquitto")
        .args(arguments)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    support::wait_for("mosquitto", Duration::from_secs(10), || std::net::TcpStream::connect(address).ok());
    (Ended(child), address)
}
