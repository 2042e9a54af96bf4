//! Polling many Modbus units, with Telegraf beside it in the same run: `cargo xtask bench modbus [polling|whole|dead|scenarios|sim]`.
//!
//! Prints a table of figures with their goals, never fails on one. Ratios are taken within one run. Read next: `units.rs`, `scenarios.rs`.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../parts/mod.rs"]
mod parts;
mod scenarios;
#[path = "../../tests/support/mod.rs"]
mod support;
mod units;

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use adapters_modbus::config::{DeviceSettings, PointSettings};
use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use adapters_modbus::{ModbusDevice, Plan};
use adapters_sdk::Clock;
use adapters_sdk::clock::stopwatch;
use adapters_sdk::config::Place;
use hub_model::{DeviceId, PointId, Sample, Timestamp};
use support::{Folder, wait_for};
use tokio_util::sync::CancellationToken;
use units::Units;

const UNITS: usize = 1_000;
const REGISTERS: u16 = 50;
const MEASURED: Duration = Duration::from_secs(30);
/// First polls and connections are over.
const SETTLED: Duration = Duration::from_secs(10);
/// The hub seals as many readings as come in: before, what comes in only waits.
const SEALING: Duration = Duration::from_secs(120);
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// Units of the line on which one dies, and how long an answer may take there.
const ON_ONE_LINE: u8 = 20;
const TIMEOUT: Duration = Duration::from_millis(300);
const POLL: Duration = Duration::from_secs(1);

fn main() {
    if let Ok(file) = std::env::var(POLLS_ONLY) {
        return poll_only(&file);
    }
    let parts: [(&str, fn()); 5] = [
        ("polling", polling),
        ("whole", whole),
        ("dead", dead),
        ("scenarios", scenarios::measure),
        ("sim", simulated),
    ];
    let asked = parts::asked(&parts);
    line("", "goal", "found");
    asked.iter().for_each(|part| part());
}

fn line(what: &str, goal: &str, found: &str) {
    writeln!(std::io::stdout().lock(), "{what:<72} {goal:>22} {found:>16}").unwrap();
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits, while others work.
fn pass(span: Duration) {
    let elapsed_ms = stopwatch();
    while let Some(left) =
        span.checked_sub(Duration::from_millis(elapsed_ms())).filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}

/// Processor time of a process, in ms, from the kernel's ticks of 10 ms.
fn cpu_ms(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().unwrap();
    (ticks(11) + ticks(12)) * 10
}

fn resident_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

/// What a process took while it polled.
struct Took {
    /// Share of one core, in percent.
    share: f64,
    mib: u64,
    /// Polls of the span that were not answered.
    missed: i64,
}

/// Watches a process that polls `units` once a second each, after so long.
fn watch(process: u32, units: &Units, settled: Duration) -> Took {
    wait_for("every unit's first answer", STARTS_WITHIN, || {
        (units.answered() >= units.addresses.len() as u64).then_some(())
    });
    pass(settled);
    let (cpu, answered, elapsed_ms) = (cpu_ms(process), units.answered(), stopwatch());
    pass(MEASURED);
    let span_ms = elapsed_ms() as f64;
    let expected = units.addresses.len() as f64 * span_ms / 1_000.0;
    Took {
        share: 100.0 * (cpu_ms(process) - cpu) as f64 / span_ms,
        mib: resident_mib(process),
        // Those of the span's two ends are on either side by chance.
        missed: ((expected - (units.answered() - answered) as f64) / units.addresses.len() as f64).floor()
            as i64
            * units.addresses.len() as i64,
    }
}

/// A thousand units of fifty registers each second: this process alone, and Telegraf.
fn polling() {
    let units = Units::start(UNITS);
    let telegraf = telegraf(&units);
    line("Telegraf, readings thrown away: of a core", "", &percent(telegraf.share));
    line("  polls missed", "", &telegraf.missed.max(0).to_string());
    line("  resident memory", "", &format!("{} MiB", telegraf.mib));
    let quarter = telegraf.share / 4.0;
    let alone = alone(&units);
    line(
        "1,000 units x 50 registers a second, polling alone: of a core",
        &format!("<= {quarter:.1} %"),
        &percent(alone.share),
    );
    line("  polls missed", "0", &alone.missed.max(0).to_string());
}

/// The same units, polled by the whole hub.
fn whole() {
    let hub = hub(&Units::start(UNITS));
    line("the same with judging and the commit, the whole hub: of a core", "<= 15.5 %", &percent(hub.share));
    line("  polls missed", "0", &hub.missed.max(0).to_string());
    line("  resident memory, 50,000 points", "<= 256 MiB", &format!("{} MiB", hub.mib));
}

fn percent(share: f64) -> String {
    format!("{share:.1} %")
}

/// The adapter by itself, in a process of its own so that the units' work is not counted: this program, started again.
fn alone(units: &Units) -> Took {
    let list: Vec<String> = units.addresses.iter().map(ToString::to_string).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("units");
    fs::write(&file, list.join("\n")).unwrap();
    let own = std::env::current_exe().unwrap();
    let child = Command::new(own).env(POLLS_ONLY, &file).stdout(Stdio::null()).spawn().unwrap();
    let poller = Ended(child);
    watch(poller.0.id(), units, SETTLED)
}

/// A program of this that was started to poll and nothing else.
const POLLS_ONLY: &str = "COMMUNE_BENCH_POLLS";

/// Polls the units of a file, one address a line, until it is killed.
fn poll_only(file: &str) {
    let addresses = fs::read_to_string(file).unwrap();
    let devices = addresses.lines().enumerate().map(|(n, address)| device(&format!("u{n}"), address, 1, 50));
    let plan = Plan::build(devices.collect()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (intake, mut deliveries) = tokio::sync::mpsc::channel(1_024);
        let _running = plan.run(intake, Clock::system(), CancellationToken::new());
        while deliveries.recv().await.is_some() {}
    });
}

fn device(name: &str, address: &str, unit_id: u8, points: u16) -> ModbusDevice {
    let id = DeviceId::parse(&format!("bench/{name}")).unwrap();
    let point = |n: u16| {
        let settings = PointSettings::new(Register::Holding, n, DataType::Uint16, ByteOrder::Abcd);
        (PointId::new(&id, &format!("p{n}")).unwrap(), settings)
    };
    let points = (0..points).map(point).collect();
    let settings = DeviceSettings {
        endpoint: format!("tcp://{address}").parse().unwrap(),
        unit_id,
        poll: POLL,
        timeout: TIMEOUT,
        ..DeviceSettings::for_checking_only()
    };
    ModbusDevice { id, settings, points, place: Place { file: "bench".into(), line: 0 } }
}

const HUB: &str = "[commune]\nid = \"bench\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";
/// A file of the configuration may have four megabytes.
const DEVICES_A_SITE: usize = 200;

/// The sites of so many devices of fifty points each, the device `n` at `address(n)` with `unit(n)`.
fn sites(
    count: usize,
    address: impl Fn(usize) -> String,
    unit: impl Fn(usize) -> usize,
) -> Vec<(String, String)> {
    let mut sites: Vec<(String, String)> = Vec::new();
    for n in 0..count {
        if n % DEVICES_A_SITE == 0 {
            let name = format!("bench-{}", n / DEVICES_A_SITE);
            sites.push((format!("sites/{name}.toml"), format!("id = \"{name}\"\nkind = \"other\"\n")));
        }
        let (_, text) = sites.last_mut().unwrap();
        let (address, unit) = (address(n), unit(n));
        write!(
            text,
            "[[device]]\nid = \"u{n}\"\nadapter = \"modbus\"\nendpoint = \"tcp://{address}\"\nunit_id = {unit}\npoll = \"1s\"\n"
        )
        .unwrap();
        for point in 0..REGISTERS {
            write!(
                text,
                "[[device.point]]\nid = \"p{point}\"\nquantity = \"state\"\nregister = \"holding\"\naddress = {point}\ntype = \"UINT16\"\n"
            )
            .unwrap();
        }
    }
    sites
}

fn folder(sites: &[(String, String)]) -> Folder {
    let mut files = vec![("hub.toml", HUB)];
    files.extend(sites.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Folder::with(&files)
}

/// The whole hub: judged, committed, kept.
fn hub(units: &Units) -> Took {
    let folder = folder(&sites(UNITS, |n| units.addresses[n].to_string(), |_| 1));
    let hub = folder.run(&folder.token("viewer"));
    let before = units.answered();
    wait_for("every unit's first answer", STARTS_WITHIN, || {
        (units.answered() - before >= UNITS as u64).then_some(())
    });
    let took = watch(hub.id(), units, SEALING);
    hub.stop();
    took
}

fn telegraf(units: &Units) -> Took {
    let mut text = "[agent]\ninterval = \"1s\"\nflush_interval = \"1s\"\nomit_hostname = true\nmetric_buffer_limit = 200000\n[[outputs.discard]]\n".to_owned();
    for address in &units.addresses {
        write!(
            text,
            "[[inputs.modbus]]\nname = \"u\"\nslave_id = 1\ntimeout = \"300ms\"\ncontroller = \"tcp://{address}\"\nholding_registers = ["
        )
        .unwrap();
        for n in 0..REGISTERS {
            write!(
                text,
                "{{ name = \"p{n}\", byte_order = \"AB\", data_type = \"UINT16\", scale = 1.0, address = [{n}] }},"
            )
            .unwrap();
        }
        text.push_str("]\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("telegraf.conf");
    fs::write(&config, text).unwrap();
    let binary = std::env::var_os("COMMUNE_PEER_TELEGRAF").unwrap();
    let mut command = Command::new(binary);
    command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let before = units.answered();
    let telegraf = Ended(command.spawn().unwrap());
    wait_for("Telegraf's first polls", STARTS_WITHIN, || {
        (units.answered() - before >= UNITS as u64).then_some(())
    });
    watch(telegraf.0.id(), units, SETTLED)
}

/// Twenty units on one line, of which one dies, and one on another line.
fn dead() {
    const DIES: u8 = 7;
    let (line_of_all, other) = (Units::start(1), Units::start(1));
    let mut devices: Vec<_> = (1..=ON_ONE_LINE)
        .map(|unit| device(&format!("u{unit}"), &line_of_all.addresses[0].to_string(), unit, 10))
        .collect();
    devices.push(device("other", &other.addresses[0].to_string(), 1, 10));
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (intake, mut deliveries) = tokio::sync::mpsc::channel(1_024);
            let _running =
                Plan::build(devices).unwrap().run(intake, Clock::system(), CancellationToken::new());
            while let Some(delivery) = deliveries.recv().await {
                let Some(first) = delivery.observations.first() else { continue };
                let is_there = matches!(first.sample, Sample::Raw(_));
                if sender.send((first.point.device(), first.received_at, is_there)).is_err() {
                    return;
                }
            }
        });
    });
    pass(SETTLED);
    let before = Gaps::of(told.try_iter());
    line_of_all.fall_silent(u16::from(DIES));
    pass(MEASURED * 2);
    let after = Gaps::of(told.try_iter());
    let is_on_line = |device: &DeviceId| device.name() != "other" && device.name() != format!("u{DIES}");
    let ms = |gap: i64| format!("{gap} ms");
    line("20 units on one line: most that a poll is late, all alive", "", &ms(before.latest(is_on_line)));
    line(
        "  one dead for a minute: most that another's poll is late",
        "<= 300 ms, a time-out",
        &ms(after.latest(is_on_line)),
    );
    let late = after.later_than(50, is_on_line);
    line("  polls more than 50 ms late, of some 1,140", "", &late.to_string());
    line(
        "  most that a poll on another line is late",
        "0",
        &ms(after.latest(|device| device.name() == "other")),
    );
}

/// How late each answer of a device came after the one before it, in ms beyond its `poll`.
struct Gaps(Vec<(DeviceId, i64)>);

impl Gaps {
    fn of(told: impl Iterator<Item = (DeviceId, Timestamp, bool)>) -> Self {
        let mut last: std::collections::BTreeMap<DeviceId, Timestamp> = std::collections::BTreeMap::new();
        let mut gaps = Vec::new();
        for (device, at, _) in told.filter(|(.., is_there)| *is_there) {
            if let Some(before) = last.insert(device.clone(), at) {
                gaps.push((device, at.as_millis() - before.as_millis() - POLL.as_millis() as i64));
            }
        }
        Self(gaps)
    }

    fn latest(&self, is_meant: impl Fn(&DeviceId) -> bool) -> i64 {
        self.0.iter().filter(|(device, _)| is_meant(device)).map(|(_, gap)| *gap).max().unwrap_or_default()
    }

    fn later_than(&self, ms: i64, is_meant: impl Fn(&DeviceId) -> bool) -> usize {
        self.0.iter().filter(|(device, gap)| is_meant(device) && *gap > ms).count()
    }
}

/// Ten thousand points of one `commune-sim`, polled each second.
fn simulated() {
    const DEVICES: usize = 200;
    const ON_ONE: usize = 20;
    let endpoint = |n: usize| format!("sim-{}:502", n / ON_ONE);
    let folder = folder(&sites(DEVICES, endpoint, |n| n % ON_ONE + 1));
    let scenario = folder.path().join("scenario.toml");
    fs::write(&scenario, "config = \".\"\nseed = 1\n[modbus]\nlisten = \"any port\"\n").unwrap();
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_commune-hub")).with_file_name("commune-sim");
    let mut child = Command::new(binary).arg("run").arg(&scenario).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut ready).unwrap();
    let simulator = Ended(child);
    let address = |n: usize| -> SocketAddr {
        let wanted = format!("tcp://{} on ", endpoint(n));
        let rest = ready.split_once(&wanted).unwrap_or_else(|| panic!("no {wanted}: {ready}")).1;
        rest.split([',', '\n']).next().unwrap().trim().parse().unwrap()
    };
    let devices = (0..DEVICES).map(|n| {
        let unit = u8::try_from(n % ON_ONE + 1).unwrap();
        device(&format!("u{n}"), &address(n).to_string(), unit, REGISTERS)
    });
    let devices: Vec<_> = devices.collect();
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (intake, mut deliveries) = tokio::sync::mpsc::channel(1_024);
            let _running =
                Plan::build(devices).unwrap().run(intake, Clock::system(), CancellationToken::new());
            while let Some(delivery) = deliveries.recv().await {
                let values =
                    delivery.observations.iter().filter(|one| matches!(one.sample, Sample::Raw(_))).count();
                if sender.send(values).is_err() {
                    return;
                }
            }
        });
    });
    pass(SETTLED);
    told.try_iter().for_each(drop);
    let (cpu, elapsed_ms) = (cpu_ms(simulator.0.id()), stopwatch());
    pass(MEASURED);
    let span_ms = elapsed_ms() as f64;
    let values = told.try_iter().sum::<usize>() as f64 / span_ms * 1_000.0;
    let share = 100.0 * (cpu_ms(simulator.0.id()) - cpu) as f64 / span_ms;
    line("10,000 points of one commune-sim, polled each second: of a core", "<= 100 %", &percent(share));
    line("  values read a second", "10,000", &format!("{values:.0}"));
}
