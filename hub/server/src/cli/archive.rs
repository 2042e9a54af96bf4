//! `commune-hub backup` and `restore`: the whole store, accounts, records and retained messages included, as one file, and back.
//!
//! The configuration is no part of it: its files are the commune's own, and hold secrets that a backup should not carry.

use std::io::Write;
use std::path::PathBuf;

use adapters_sdk::Clock;
use clap::Args;
use hub_store::archive::{self, Archive, BrokerFile};

use super::{ConfigDir, warn};
use crate::config::Config;
use crate::own::BackupNote;
use crate::wanted::MQTT_FILE;

pub(super) const BROKER: BrokerFile =
    BrokerFile { name: MQTT_FILE, layout: hub_broker::LAYOUT, forget: hub_broker::FORGET_SESSIONS };

#[derive(Args)]
pub struct ArchiveOptions {
    /// The backup's file
    file: PathBuf,
    #[command(flatten)]
    config: ConfigDir,
}

/// Writes a backup, whether the hub runs or not, and prints its digest as `sha256sum` does.
pub fn backup(options: &ArchiveOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let store = Config::store_dir(&options.config.dir)?;
    let version = env!("CARGO_PKG_VERSION");
    let now = Clock::system().now();
    let archive = archive::backup(&store, &options.file, &BROKER, now, version)?;
    if let Err(error) = BackupNote::Made(now).write(&store) {
        warn(&[format!("the backup is sound, but the hub does not know of it: {error}")]);
    }
    // Nothing else on stdout, so that `sha256sum --check` takes it as it is.
    writeln!(out, "{}  {}", archive.sha256, options.file.display())?;
    warn_of(&archive);
    Ok(())
}

/// Brings a backup back into a folder without a store.
pub fn restore(options: &ArchiveOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let store = Config::store_dir(&options.config.dir)?;
    let archive = archive::restore(&options.file, &store, &BROKER)?;
    warn_of(&archive);
    let Archive { sha256, bytes, made_at, made_by, .. } = archive;
    let made_at = jiff::Timestamp::from_millisecond(made_at.as_millis())?;
    writeln!(out, "{sha256}  {}", options.file.display())?;
    writeln!(
        out,
        "restored {bytes} bytes, made {made_at:.0} by version {made_by}, into {}",
        store.display()
    )?;
    Ok(())
}

/// What could not be read before the backup cannot be read after it.
fn warn_of(archive: &Archive) {
    if archive.unreadable > 0 {
        let days = archive.unreadable;
        warn(&[format!("{days} days of points in it cannot be read; commune-hub store check tells which")]);
    }
}
