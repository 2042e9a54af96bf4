//! The MQTT door beside mosquitto: `cargo xtask bench mqtt`.
//!
//! Prints figures, never fails on one. The hub decodes, judges and commits each message before it acknowledges it; mosquitto
//! acknowledges from memory. Load and broker share the machine. Its parts can be run alone: `cargo xtask bench mqtt rate fan-out
//! idle stream soak`. Read next: `wire.rs`, the generator.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../parts/mod.rs"]
mod parts;
#[path = "../../tests/support/mod.rs"]
mod support;

mod loads;
mod wire;

use std::fmt::Display;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::{Folder, Hub, wait_for};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Connections that only are there.
const IDLE: usize = 5_000;
/// Who listens to one publisher.
const SUBSCRIBERS: usize = 1_000;
/// The soak lasts so many minutes; `COMMUNE_SOAK_MINUTES` shortens it.
const SOAK_MINUTES: u64 = 10;

/// Measures and prints.
type Part = fn(&Runtime);

fn main() {
    let parts: [(&str, Part); 5] =
        [("rate", rate), ("fan-out", fan_out), ("idle", idle), ("stream", stream), ("soak", soak)];
    let asked = parts::asked(&parts);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    asked.iter().for_each(|part| part(&runtime));
}

fn rate(runtime: &Runtime) {
    let theirs = runtime.block_on(loads::acknowledged_a_second(Mosquitto::start().address));
    let hub = OpenHub::start();
    let ours = runtime.block_on(loads::acknowledged_a_second(hub.hub.mqtt));
    loads::all_are_kept(&hub.hub);
    print("QoS 1, 50 connections, 100 in flight, after the commit", format!("{ours:.0} /s"));
    print("the same on mosquitto, from memory", format!("{theirs:.0} /s"));
    print("ratio hub / mosquitto", format!("{:.2}", ours / theirs));
}

fn fan_out(runtime: &Runtime) {
    let theirs = runtime.block_on(loads::fan_out_ms(Mosquitto::start().address, SUBSCRIBERS));
    let ours = runtime.block_on(loads::fan_out_ms(OpenHub::start().hub.mqtt, SUBSCRIBERS));
    print("100 messages to each of 1,000 subscribers", format!("{ours:.0} ms"));
    print("the same on mosquitto", format!("{theirs:.0} ms"));
    print("ratio hub / mosquitto", format!("{:.2}", ours / theirs));
}

fn idle(runtime: &Runtime) {
    let OpenHub { hub, .. } = &OpenHub::start();
    let before = hub.resident_kib();
    let _idle = runtime.block_on(loads::idle(hub.mqtt, IDLE));
    print("resident memory with 5,000 idle connections", format!("{} MiB", hub.resident_kib() / 1024));
    print("of these before they came", format!("{} MiB", before / 1024));
}

fn stream(_: &Runtime) {
    let OpenHub { hub, token, .. } = &OpenHub::start();
    let spans = loads::publish_to_stream(hub, token);
    print("publish to stream at 5,000 /s, median", format!("{} ms", spans.median_ms));
    print("publish to stream at 5,000 /s, 99 of 100", format!("{} ms", spans.p99_ms));
}

fn soak(runtime: &Runtime) {
    let minutes =
        std::env::var("COMMUNE_SOAK_MINUTES").map_or(SOAK_MINUTES, |minutes| minutes.parse().unwrap());
    let OpenHub { hub, .. } = &OpenHub::start();
    let soak = runtime.block_on(loads::soak(hub, Duration::from_secs(60 * minutes)));
    print("soak at 2,000 /s: resident memory once settled", format!("{} MiB", soak.first_kib / 1024));
    print(&format!("after {minutes} min"), format!("{} MiB", soak.last_kib / 1024));
    print("slope of the whole", format!("{:+.0} KiB/min", soak.kib_a_minute));
    print("slope of its second half", format!("{:+.0} KiB/min", soak.kib_a_minute_late));
}

/// Prints one figure.
pub fn print(what: &str, figure: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what:<70} {figure:>14}").unwrap();
}

/// A hub whose broker lets anybody do anything.
struct OpenHub {
    hub: Hub,
    token: String,
    _folder: Folder,
}

impl OpenHub {
    fn start() -> Self {
        let folder = Folder::pilot("127.0.0.1:1");
        let hub_toml = folder.path().join("hub.toml");
        // The window of commits is the one that a hub has unless told otherwise.
        let text = fs::read_to_string(&hub_toml).unwrap().replace("commit_window = \"20ms\"\n", "");
        fs::write(&hub_toml, text.replace("[mqtt]", "[mqtt]\nopen = true")).unwrap();
        fs::write(folder.path().join("sites/load.toml"), loads::site()).unwrap();
        let token = folder.token("viewer");
        Self { hub: folder.run(&token), token, _folder: folder }
    }
}

/// mosquitto, open to all on loopback; ends with its owner.
struct Mosquitto {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Mosquitto {
    fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("mosquitto.conf");
        fs::write(&file, format!("listener {} 127.0.0.1\nallow_anonymous true\n", address.port())).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(file).stderr(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        wait_for("mosquitto", Duration::from_secs(10), || TcpStream::connect(address).ok());
        Self { child, address, _folder: folder }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
