//! Forwards readings to other engines: a thread for each target, and how each fares.
//!
//! A target that cannot be reached costs nothing but its own debts, which the store keeps. Read next: `carrier.rs` (one target's
//! work), `status.rs`.

mod carrier;
mod status;

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use adapters_influxdb::{Client, Encoder, Target};
use adapters_sdk::Clock;
use anyhow::Context;
use hub_model::Commune;
use hub_store::Store;
use tokio::sync::oneshot;

use carrier::Carrier;
pub use carrier::means;
pub use status::{Shown, Status, Watch};

/// How long a stop waits for a request under way. What it carried is sent again after the next start, which changes nothing.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// All targets.
pub struct Forwards {
    store: Arc<Store>,
    clock: Clock,
    running: Vec<Running>,
    shown: Watch,
}

/// One target at work.
struct Running {
    target: Target,
    /// Dropped to end it.
    stop: SyncSender<()>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl Forwards {
    /// Begins to forward. The store must keep the targets' feeds.
    ///
    /// # Errors
    /// When a certificate cannot be read, or the system gives no thread.
    pub fn start(
        targets: Vec<Target>,
        commune: &Arc<Commune>,
        store: Arc<Store>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let shown = Watch(Arc::new(RwLock::new(Vec::new())));
        let mut forwards = Self { store, clock, running: Vec::new(), shown };
        forwards.renew(targets, commune)?;
        Ok(forwards)
    }

    /// Goes on with other targets, or with another commune. A target's place and debts stay while its id does.
    ///
    /// # Errors
    /// As for [`Forwards::start`].
    pub fn renew(&mut self, targets: Vec<Target>, commune: &Arc<Commune>) -> anyhow::Result<()> {
        let mut before = std::mem::take(&mut self.running);
        let mut shown = Vec::new();
        for target in targets {
            let same_id = before.iter().position(|running| running.target.id == target.id);
            let replaced = same_id.map(|place| before.remove(place));
            let status = Status::of(&target);
            shown.push(status.clone());
            let client =
                Client::new(&target).map_err(|why| anyhow::anyhow!("forward {}: ca {why}", target.id))?;
            let encoder = Encoder::new(commune, &target);
            let carrier = Carrier::new(client, encoder, self.store.clone(), self.clock.clone(), status);
            let (stop, stopped) = sync_channel(0);
            let (end, ended) = oneshot::channel();
            let work = move || {
                // Two of the same name at once could leave the older state of a reading behind.
                if let Some(Running { stop, thread, .. }) = replaced {
                    drop(stop);
                    let _ = thread.join();
                }
                carrier.run(&stopped);
                drop(end);
            };
            let thread = std::thread::Builder::new().name(format!("forward-{}", target.id)).spawn(work);
            let thread = thread.with_context(|| format!("forward {}: no thread", target.id))?;
            self.running.push(Running { target, stop, ended, thread });
        }
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }

    /// How the targets fare.
    pub fn watch(&self) -> Watch {
        self.shown.clone()
    }

    /// What the API shows of them.
    pub fn shown(&self) -> Shown {
        Shown { watch: self.watch(), store: self.store.clone(), clock: self.clock.clone() }
    }

    /// Ends the work; a request under way is waited for a moment only.
    pub async fn stop(self) {
        let (stops, endings): (Vec<_>, Vec<_>) =
            self.running.into_iter().map(|running| (running.stop, running.ended)).unzip();
        drop(stops);
        let all = async {
            for ended in endings {
                // Told by being dropped.
                let _ = ended.await;
            }
        };
        if tokio::time::timeout(STOP_WITHIN, all).await.is_err() {
            tracing::info!("a request to another engine is given up; it is sent again after the next start");
        }
    }
}
