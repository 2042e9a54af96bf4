//! `commune-sim`: runs the devices of a scenario until it is told to stop. All it does is wire the library to the command
//! line, the clock and the signals.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::{Parser, Subcommand};
use hub_model::Timestamp;
use simulators::{Fleet, Scenario};
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

/// Simulated devices that speak real Modbus TCP and real MQTT.
#[derive(Debug, Parser)]
#[command(name = "commune-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the devices of a scenario until SIGTERM or Ctrl-C.
    Run {
        /// The scenario's file; it names the hub's configuration folder.
        scenario: PathBuf,
        /// Notes every value that is sent in this CSV file: what the hub should have read.
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "info,rumqttc=error".into()),
        )
        .init();
    let Command::Run { scenario, check } = cli.command;
    match run(&scenario, check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "commune-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(path: &std::path::Path, check: Option<PathBuf>) -> anyhow::Result<()> {
    let mut scenario = Scenario::load(path)?;
    scenario.check = check;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    for (device, reason) in &scenario.commune.skipped {
        warn!(%device, reason, "not simulated");
    }
    let fleet = Fleet::start(scenario, now).await?;
    tell_ready(&fleet).context("cannot write to standard output")?;
    tokio::select! {
        _ = terminate.recv() => {}
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C")?,
    }
    fleet.stop().await;
    Ok(())
}

fn tell_ready(fleet: &Fleet) -> std::io::Result<()> {
    let lines: Vec<String> = fleet
        .modbus_addresses()
        .iter()
        .map(|(endpoint, address)| format!("{endpoint} on {address}"))
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready: {} MQTT devices; Modbus {}", fleet.mqtt_devices(), lines.join(", "))?;
    for (endpoint, file) in fleet.device_files() {
        writeln!(out, "serial line {endpoint} at {}", file.display())?;
    }
    if let Some(address) = fleet.control_address() {
        writeln!(out, "faults: http://{address}/")?;
    }
    out.flush()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this binary that reads the clock; it is handed on as an argument"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
