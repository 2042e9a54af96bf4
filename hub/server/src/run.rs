//! `commune-hub run`: the hub until SIGTERM or Ctrl-C.

use std::path::Path;

use adapters_sdk::Clock;
use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::hub::Hub;
use crate::reload::{self, Seen};

/// Threads for sockets and tasks. The pipeline, the store's writer, the broker and the Modbus buses have their own.
const WORKER_THREADS: usize = 2;
/// Threads for reading the store and checking passwords; more requests wait.
const BLOCKING_THREADS: usize = 8;

/// Runs the hub of `config`, read from the folder `dir` after its files were `seen`, until it is asked to end. Changed files are taken up meanwhile.
///
/// # Errors
/// When it cannot start, or what was queued could not be committed at the end.
pub fn run(config: Config, dir: &Path, seen: Seen) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let stop = stop_asked()?;
        // Before the hub says that it is ready: from then on the signal must not end it.
        let hangup = signal(SignalKind::hangup())?;
        let mut hub = Hub::start(config, Clock::system()).await?;
        let mqtt = hub.mqtt.map_or_else(|| "off".to_owned(), |address| address.to_string());
        tracing::info!(http = %hub.http, mqtt, "hub ready");
        let broken = hub.broken();
        tokio::select! {
            () = stop => tracing::info!("stopping"),
            () = broken => tracing::error!("the pipeline has ended; the hub cannot go on"),
            () = reload::watch(&mut hub, dir, seen, hangup, |_| ()) => {}
        }
        hub.stop().await?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Warns where nobody could log in yet: an empty dashboard should not be a riddle.
pub fn warn_without_accounts(store: &Path, config_dir: &Path) -> anyhow::Result<()> {
    let accounts = hub_store::Accounts::open(store)?;
    if accounts.list_users()?.is_empty() {
        let config = config_dir.display();
        tracing::warn!("nobody can log in yet: commune-hub user add NAME --role admin --config {config}");
    }
    Ok(())
}

/// The runtime of `run` and `demo`.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(WORKER_THREADS).max_blocking_threads(BLOCKING_THREADS).enable_all();
    builder.build().context("the system gives no threads")
}

/// Resolves when the process is asked to end, by SIGTERM or Ctrl-C.
pub fn stop_asked() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
