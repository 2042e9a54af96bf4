//! The store for a command that reads a lot of it, whether a hub runs or not; and moments as people write them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters_sdk::Clock;
use anyhow::Context;
use hub_model::Timestamp;
use hub_store::{Settings, Store, StoreError, archive};
use jiff::tz::TimeZone;

/// The store, or a copy of it while a hub has it open.
pub(super) struct Readable {
    /// The store.
    pub(super) store: Arc<Store>,
    copy: Option<PathBuf>,
}

impl Readable {
    /// Opens it; a hub that runs is not disturbed.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        match Store::open(Settings::new(dir)) {
            Ok(store) => Ok(Self { store: Arc::new(store), copy: None }),
            Err(StoreError::InUse { .. }) => {
                let copy = std::env::temp_dir().join(format!("commune-hub-copy-{}", std::process::id()));
                std::fs::create_dir_all(&copy)?;
                let file = copy.join("backup");
                archive::backup(
                    dir,
                    &file,
                    &super::archive::BROKER,
                    Clock::system().now(),
                    env!("CARGO_PKG_VERSION"),
                )?;
                let restored = copy.join("store");
                archive::restore(&file, &restored, &super::archive::BROKER)?;
                std::fs::remove_file(file)?;
                Ok(Self { store: Arc::new(Store::open(Settings::new(restored))?), copy: Some(copy) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Readable {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            // What is left of it lies in the folder for temporary files.
            drop(std::fs::remove_dir_all(copy));
        }
    }
}

/// A moment as people write it: with an offset, or a local time or day.
pub(super) fn moment(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_millis(at.as_millisecond()));
    }
    let time = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into))
        .with_context(|| format!("{text}: allowed: 2026-03-01, 2026-03-01T08:00 or RFC 3339"))?;
    Ok(Timestamp::from_millis(time.to_zoned_datetime(zone.clone())?.timestamp().as_millisecond()))
}
