//! The ways out of the hub, started and renewed together: forwarding to other engines, bridges to somebody else's brokers, and
//! the way back from an engine to readings that have left the store.
//!
//! Each has a feed in the store, and the store keeps those feeds alone. Read next: `forward`, `bridge`, `older.rs`.

use std::sync::Arc;

use adapters_sdk::Clock;
use hub_api::Older;
use hub_model::Commune;
use hub_store::Store;

use crate::bridge::{self, Bridges};
use crate::config::{Bridge, Forwarding, StoreSettings};
use crate::feed;
use crate::forward::{self, Forwards};
use crate::older::RemoteOlder;

/// What a configuration says of them.
pub struct WantedOutward {
    /// Engines that readings are forwarded to, and which of them older ones come from.
    pub forwarding: Forwarding,
    /// Brokers that readings are republished to.
    pub bridges: Vec<Bridge>,
    /// How long readings are kept here.
    pub kept: StoreSettings,
}

/// The ways out at work.
pub struct Outward {
    forwards: Forwards,
    bridges: Bridges,
    older: Option<Arc<dyn Older>>,
    store: Arc<Store>,
    clock: Clock,
}

impl Outward {
    /// Begins to carry readings out. Needs a tokio runtime.
    ///
    /// # Errors
    /// When a certificate cannot be read, the store cannot be written, or the system gives no thread.
    pub async fn start(
        wanted: WantedOutward,
        commune: &Arc<Commune>,
        around: bridge::Shared,
    ) -> anyhow::Result<Self> {
        let (store, clock) = (around.store.clone(), around.clock.clone());
        let WantedOutward { forwarding, bridges, kept } = wanted;
        let older = RemoteOlder::of(&forwarding, &kept, commune, &store, &clock)?;
        feed::keep(&store, &forwarding.targets, &bridges)?;
        let forwards = Forwards::start(forwarding.targets, commune, store.clone(), clock.clone())?;
        let bridges = Bridges::start(bridges, commune, around).await?;
        Ok(Self { forwards, bridges, older, store, clock })
    }

    /// Goes on by another configuration. A way's place and debts stay while its id does.
    ///
    /// # Errors
    /// As for [`Outward::start`].
    pub async fn renew(&mut self, wanted: WantedOutward, commune: &Arc<Commune>) -> anyhow::Result<()> {
        let WantedOutward { forwarding, bridges, kept } = wanted;
        self.older = RemoteOlder::of(&forwarding, &kept, commune, &self.store, &self.clock)?;
        feed::keep(&self.store, &forwarding.targets, &bridges)?;
        self.forwards.renew(forwarding.targets, commune)?;
        self.bridges.renew(bridges, commune).await
    }

    /// Where older readings come from, if from anywhere.
    pub fn older(&self) -> Option<Arc<dyn Older>> {
        self.older.clone()
    }

    /// How the engines fare.
    pub fn forwards(&self) -> forward::Watch {
        self.forwards.watch()
    }

    /// What the API shows of the engines.
    pub fn shown(&self) -> forward::Shown {
        self.forwards.shown()
    }

    /// How the bridges fare.
    pub fn bridges(&self) -> bridge::Watch {
        self.bridges.watch()
    }

    /// Ends the work. What is under way is sent again after the next start.
    pub async fn stop(self) {
        self.forwards.stop().await;
        self.bridges.stop().await;
    }
}
