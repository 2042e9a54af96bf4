//! What each command does, step by step.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::bail;

use crate::demo_hub::DemoHub;
use crate::peers::Peer;
use crate::process::{command, output, root, run, say, target_dir};
use crate::{setup, tidy};

const BINARIES: [&str; 4] = ["--package", "hub-server", "--package", "simulators"];

/// Builds both binaries with the dashboard inside.
pub fn build() -> anyhow::Result<()> {
    setup::for_build()?;
    dashboard()?;
    run(command("cargo", &["build", "--release", "--locked"]).args(BINARIES))
}

/// Builds all and runs the demo commune until it is interrupted.
pub fn demo(speed: f64) -> anyhow::Result<()> {
    build()?;
    run(command(target_dir().join("release/commune-hub"), &["demo", "--speed"]).arg(speed.to_string()))
}

/// Every check there is.
pub fn test() -> anyhow::Result<()> {
    let python = setup::for_tests()?;
    // Built once; before anything long runs, so that a missing Go is said at once.
    let peers = Peer::ALL.map(|peer| peer.binary().map(|binary| (peer.variable(), binary)));
    let peers = peers.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    run(&mut command("cargo", &["fmt", "--all", "--check"]))?;
    dashboard()?;
    npm("test")?;
    npm("size")?;
    run(&mut command(
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    ))?;
    let mut tests = command("cargo", &["test", "--workspace", "--locked"]);
    run(tests.env("COMMUNE_TEST_PYTHON", python).envs(peers))?;
    tidy()?;
    e2e()?;
    say("every check has passed")
}

/// Checks the tree itself.
pub fn tidy() -> anyhow::Result<()> {
    let mut faults = tidy::faults(&root())?;
    faults.extend(drift()?);
    if faults.is_empty() {
        return say("the tree is tidy");
    }
    bail!("the tree is not tidy:\n{}", faults.join("\n"));
}

/// The browser tests, on the real hub with real simulators.
pub fn e2e() -> anyhow::Result<()> {
    in_browser("e2e", &[])
}

/// Pictures of every page, for people to look at.
pub fn shots(folder: &Path) -> anyhow::Result<()> {
    let folder = std::path::absolute(folder)?;
    in_browser("shots", &["--", &folder.to_string_lossy()])
}

/// What can be measured.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Bench {
    /// The whole hub: messages a second beside mosquitto, polling, start, memory
    Hub,
    /// The store beside VictoriaMetrics and InfluxDB 2, fed the same generated year
    Store,
    /// A thousand Modbus units beside Telegraf, a dead unit among twenty, ten thousand simulated points
    Modbus,
    /// The MQTT door beside mosquitto: acknowledged publishes, fan-out, idle connections, latency, a soak of ten minutes
    Mqtt,
    /// The dashboard in Chromium: sizes, a slow phone, a year drawn and dragged, 500 live points, the calls behind each page
    Web,
    /// Rules and alarms: evaluations a second, months gone through again, reading to alarm, ten thousand alarms, memory
    Rules,
    /// Forwarding to InfluxDB 2 beside Telegraf: rate, processor time, lag while catching up, what it takes from commits
    Influxdb,
    /// A thousand rounds of SIGKILL under load, and a hundred under fifty clients: what was acknowledged and lost, or is there twice
    Kills,
    /// Ten million hostile blobs for the decoder of sealed readings
    Decoder,
    /// Ten million inputs for the MQTT door's packets and for every payload parser
    Fuzz,
}

/// Rounds of the long run; the tests do fifty.
const KILL_ROUNDS: &str = "1000";
/// Blobs of the long run; the tests do some hundred.
const HOSTILE_BLOBS: &str = "10000000";
/// The same under fifty clients; the tests do three.
const CLIENT_KILL_ROUNDS: &str = "100";
/// Inputs of each fuzz target in the long run; the tests do some hundreds.
const FUZZ_INPUTS: &str = "10000000";
/// What parses what strangers send over MQTT and HTTP.
const FUZZED: [&str; 3] = ["hub-broker", "adapters-mqtt", "adapters-push"];

/// Speed and memory of the release build.
pub fn bench(what: Bench, parts: &[String]) -> anyhow::Result<()> {
    let (name, peers): (_, &[Peer]) = match what {
        Bench::Kills => {
            build()?;
            let tests = ["--package", "hub-server", "--test", "kill", "--test", "kill_clients"];
            let mut kills = command("cargo", &["test", "--release", "--locked"]);
            kills.args(tests).env("COMMUNE_KILL_ROUNDS", KILL_ROUNDS);
            return run(kills.env("COMMUNE_CLIENT_KILL_ROUNDS", CLIENT_KILL_ROUNDS));
        }
        Bench::Fuzz => {
            for package in FUZZED {
                let arguments = ["test", "--release", "--locked", "--package", package, "fuzz_"];
                run(command("cargo", &arguments).env("PROPTEST_CASES", FUZZ_INPUTS))?;
            }
            return Ok(());
        }
        Bench::Web => {
            build()?;
            setup::for_tests()?;
            let hub = target_dir().join("release/commune-hub");
            let mut bench = command("npm", &["run", "--silent", "bench", "--"]);
            bench.args(parts);
            return run(bench.current_dir(root().join("dashboards")).env("COMMUNE_HUB", hub));
        }
        Bench::Decoder => {
            let arguments =
                ["run", "--release", "--locked", "--package", "hub-store", "--example", "fuzz_chunk"];
            return run(command("cargo", &arguments).args(["--", HOSTILE_BLOBS]));
        }
        Bench::Hub => ("hub", &[]),
        Bench::Mqtt => ("mqtt", &[]),
        Bench::Modbus => ("modbus", &[Peer::Telegraf]),
        Bench::Rules => {
            run(&mut command("cargo", &["bench", "--locked", "--package", "hub-logic", "--bench", "speed"]))?;
            ("rules", &[])
        }
        Bench::Influxdb => ("influxdb", &[Peer::Influxd, Peer::Telegraf]),
        Bench::Store => ("store", &[Peer::VictoriaMetrics, Peer::Influxd]),
    };
    build()?;
    let mut bench =
        command("cargo", &["bench", "--locked", "--package", "hub-server", "--bench", name, "--"]);
    bench.args(parts);
    for peer in peers {
        bench.env(peer.variable(), peer.binary()?);
    }
    run(&mut bench)
}

/// Makes the OpenAPI document and the dashboard's client anew.
pub fn generate() -> anyhow::Result<()> {
    fs::write(root().join("dashboards/openapi.json"), openapi()?)?;
    npm("generate")
}

/// What is generated must be what the handlers say today.
fn drift() -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    if fs::read_to_string(root().join("dashboards/openapi.json"))? != openapi()? {
        faults.push(
            "dashboards/openapi.json: is not what the handlers say; run cargo xtask generate".to_owned(),
        );
    }
    let client = root().join("dashboards/src/api/schema.gen.ts");
    let before = fs::read(&client)?;
    npm("generate")?;
    if fs::read(&client)? != before {
        faults.push(format!("{}: was not made from openapi.json; it is now", client.display()));
    }
    Ok(faults)
}

fn openapi() -> anyhow::Result<String> {
    output(&mut command(debug_hub()?, &["openapi"]))
}

/// Type-checks and builds the dashboard. A file or folder that comes out as it was keeps its time of change, so that the programs
/// that hold the dashboard are not built again for nothing.
fn dashboard() -> anyhow::Result<()> {
    let dist = root().join("dashboards/dist");
    let before = contents(&dist)?;
    npm("build")?;
    let after = contents(&dist)?;
    for (path, (changed, content)) in before {
        if after.get(&path).is_some_and(|(_, now)| *now == content) {
            fs::File::open(&path)?.set_modified(changed)?;
        }
    }
    Ok(())
}

/// A folder and all below it: when each was changed, and what it holds, a folder its names. Nothing where there is no folder yet.
fn contents(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, (SystemTime, Vec<u8>)>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, about) = (entry.path(), entry.metadata()?);
        names.push(entry.file_name().into_encoded_bytes());
        if about.is_dir() {
            found.append(&mut contents(&path)?);
        } else {
            found.insert(path.clone(), (about.modified()?, fs::read(&path)?));
        }
    }
    names.sort();
    found.insert(folder.to_owned(), (fs::metadata(folder)?.modified()?, names.join(&b'\n')));
    Ok(found)
}

fn npm(script: &str) -> anyhow::Result<()> {
    run(command("npm", &["run", "--silent", script]).current_dir(root().join("dashboards")))
}

fn in_browser(script: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let python = setup::for_tests()?;
    dashboard()?;
    let binary = debug_hub()?;
    let hub = DemoHub::start(&binary)?;
    let mut npm = command("npm", &["run", "--silent", script]);
    npm.args(arguments).current_dir(root().join("dashboards"));
    npm.env("HUB_URL", &hub.url).env("HUB_USER", &hub.user).env("HUB_PASSWORD", &hub.password);
    npm.env("HUB_ADMIN", &hub.admin).env("HUB_ADMIN_PASSWORD", &hub.admin_password);
    npm.env("COMMUNE_TEST_PYTHON", python).env("COMMUNE_HUB", binary);
    let engine = Peer::VictoriaMetrics;
    npm.env(engine.variable(), engine.binary()?);
    run(&mut npm)
}

/// The hub as the tests use it. Built together with them: alone it would want its dependencies once more, with other features.
fn debug_hub() -> anyhow::Result<PathBuf> {
    run(&mut command("cargo", &["build", "--quiet", "--workspace", "--bins", "--tests", "--locked"]))?;
    Ok(target_dir().join("debug/commune-hub"))
}
