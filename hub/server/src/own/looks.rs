//! What is looked at of the hub itself, each figure with the point that it belongs to.
//!
//! Only looks; what cannot be found out is left out. Read next: `site.rs` (the points), `watcher.rs` (when they are read).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::Clock;
use hub_model::Timestamp;
use hub_store::Store;

use super::{BackupNote, Stall, certificate};
use crate::reload::Configuration;
use crate::report::resident_bytes;
use crate::{bridge, forward};

/// So many attempts in a row take about a second.
const FAILING_ATTEMPTS: u32 = 4;
const SECONDS_A_DAY: f64 = 86_400.0;

/// A point's own part of the id, and its value.
pub type Found = (&'static str, f64);

/// What is looked at.
pub struct Looks {
    /// The store, whose disk is looked at, too.
    pub store: Arc<Store>,
    /// Whether its writer gets on; looked at here.
    pub stall: Stall,
    /// The hub's time.
    pub clock: Clock,
    /// Whether the files are what runs.
    pub configuration: Configuration,
    /// How the ways out fare.
    pub forwards: forward::Watch,
    /// How the bridges fare.
    pub bridges: bridge::Watch,
    /// The listeners' certificates.
    pub certificates: Vec<PathBuf>,
    /// The store's folder, where backups are noted.
    pub dir: PathBuf,
}

impl Looks {
    /// Since when nothing can be stored, as far as this look tells, `running` after the start: commits fail, and not only once (one
    /// that succeeds at the next attempt is no failure), or one does not end.
    pub fn store_failing_since(&self, now: Timestamp, running: Duration) -> Option<Timestamp> {
        let health = self.store.health();
        let stalled_since = self.stall.look(health.busy, now, running);
        let is_failing = health.failing.is_some_and(|failing| failing.attempts >= FAILING_ATTEMPTS);
        stalled_since.or(is_failing.then_some(now))
    }

    /// What may change at any moment and costs nothing to look at.
    pub fn quick(&self) -> Vec<Found> {
        let word = |is_so: bool| f64::from(u8::from(is_so));
        vec![
            ("clock_trusted", word(self.clock.is_trusted())),
            ("configuration_refused", word(self.configuration.is_refused())),
        ]
    }

    /// What changes slowly, or costs a look at the disk.
    pub fn slow(&self, now: Timestamp) -> Vec<Found> {
        let ends = self.certificates.iter().filter_map(|file| certificate::ends_at(file)).min();
        let disk = self.store.health().disk;
        let found = [
            ("disk_free", disk.map(|disk| 100.0 * disk.free_bytes as f64 / disk.total_bytes.max(1) as f64)),
            ("disk_left", disk.map(|disk| disk.free_bytes as f64)),
            ("memory", resident_bytes()),
            ("certificate_left", ends.map(|ends| days_between(now, ends))),
            ("backup_age", self.last_backup(now).map(|since| days_between(since, now))),
            ("forward_lag", self.forwards.longest_lag_s(now)),
            ("bridge_lag", self.bridges.longest_lag_s(now)),
        ];
        found.into_iter().filter_map(|(point, value)| Some((point, value?))).collect()
    }

    /// When the last backup was made. Without one it is counted from the first look that could be noted down.
    fn last_backup(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(note) = BackupNote::read(&self.dir) {
            return Some(note.since());
        }
        // By a wrong clock, a backup would be missed for years or never.
        if self.clock.is_trusted()
            && let Err(error) = BackupNote::NoneSince(now).write(&self.dir)
        {
            tracing::debug!(%error, "it cannot be noted since when no backup was made");
        }
        None
    }
}

/// Below 0 when `to` is before `from`.
fn days_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_millis() - from.as_millis()) as f64 / 1_000.0 / SECONDS_A_DAY
}
