//! Readings that have left the store, from the engine that `[history] remote` names.
//!
//! An engine that did not answer is not asked again for a while, so that charts do not wait for it one after the other.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters_influxdb::history::{Remote, Series};
use adapters_influxdb::{Client, remote};
use adapters_sdk::Clock;
use hub_api::Older;
use hub_model::{Commune, PointId, Reading, Timestamp};
use hub_store::Store;

use crate::config::{Forwarding, StoreSettings};

/// For so long an engine that failed is not asked again.
const REST: Duration = Duration::from_secs(15);

/// Somebody waits before a chart.
const PATIENCE: Duration = Duration::from_secs(8);

/// Older readings from another engine.
pub struct RemoteOlder {
    remote: Box<dyn Remote>,
    commune: Arc<Commune>,
    store: Arc<Store>,
    clock: Clock,
    keep: (Duration, Duration),
    failed: Mutex<Option<(Timestamp, String)>>,
}

impl RemoteOlder {
    /// The place that the configuration names, if it names one.
    ///
    /// # Errors
    /// When the issuer's certificate cannot be read.
    pub fn of(
        forwarding: &Forwarding,
        kept: &StoreSettings,
        commune: &Arc<Commune>,
        store: &Arc<Store>,
        clock: &Clock,
    ) -> anyhow::Result<Option<Arc<dyn Older>>> {
        let named = forwarding.remote.as_ref();
        let Some(target) = named.and_then(|id| forwarding.targets.iter().find(|target| target.id == *id))
        else {
            return Ok(None);
        };
        let client = Client::new(target).map_err(|why| anyhow::anyhow!("[history] remote: ca {why}"))?;
        Ok(Some(Arc::new(Self {
            remote: remote(client.within(PATIENCE)),
            commune: commune.clone(),
            store: store.clone(),
            clock: clock.clone(),
            keep: (kept.keep_raw, kept.keep_hourly),
            failed: Mutex::new(None),
        })))
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Older for RemoteOlder {
    fn since(&self) -> Timestamp {
        self.store.readings_since(self.clock.now().minus(self.keep.0))
    }

    fn hours_since(&self) -> Timestamp {
        self.clock.now().minus(self.keep.1)
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(&Reading) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let now = self.clock.now();
        if let Some((at, why)) = &*self.failed()
            && now.since(*at) < REST
        {
            return Err(why.clone());
        }
        let Some(known) = self.commune.points().find(|known| known.id == *point) else { return Ok(()) };
        let series = Series { commune: &self.commune.id, quantity: known.quantity.code(), point };
        let read = self.remote.readings(&series, from, to, &mut |reading| visit(&reading));
        let read = read.map_err(|error| error.to_string());
        *self.failed() = read.as_ref().err().map(|why| (self.clock.now(), why.clone()));
        read
    }
}
