//! What channels need of the hub: its broker, and a place for tokens that outlives a restart.

use std::sync::Arc;

use adapters_notify::Host;
use hub_store::{KeptSecret, OutboxChange};

use super::Stored;

/// Publishes on the hub's own broker.
pub type Publish = Arc<dyn Fn(&str, Vec<u8>) -> Result<(), String> + Send + Sync>;

/// The hub, as channels see it.
pub struct HubHost {
    /// The store.
    pub stored: Stored,
    /// The broker, where there is one.
    pub publish: Option<Publish>,
}

impl Host for HubHost {
    fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), String> {
        self.publish.as_ref().ok_or("the hub has no broker")?(topic, payload)
    }

    fn kept(&self, name: &str) -> Result<Option<String>, String> {
        let kept = self.stored.outbox.kept(name).map_err(|error| error.to_string())?;
        Ok(kept.map(|secret| secret.0))
    }

    fn keep(&self, name: &str, text: String) -> Result<(), String> {
        let change = OutboxChange::Keep { name: name.to_owned(), secret: KeptSecret(text) };
        self.stored.commit(change).map_err(|error| error.to_string())
    }
}
