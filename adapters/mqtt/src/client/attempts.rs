//! Connecting, and connecting again after every failure: the waits between, and what is told of an outage.
//!
//! It never gives up. Read next: `link.rs`, then `listener.rs` and `sender.rs`, which use the connections.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters_sdk::Clock;
use adapters_sdk::backoff::Backoff;
use hub_model::text::Told;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Endpoint;
use super::health::LinkHealth;
use super::link::{Fault, Link};

/// First and longest wait before another attempt to connect.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// The attempts to have a connection.
pub(super) struct Attempts {
    endpoint: Endpoint,
    /// What the connection is to whoever reads of its failures.
    what: &'static str,
    health: Arc<Mutex<LinkHealth>>,
    clock: Clock,
    stop: CancellationToken,
    backoff: Backoff,
}

impl Attempts {
    pub(super) fn new(
        endpoint: Endpoint,
        what: &'static str,
        health: Arc<Mutex<LinkHealth>>,
        clock: Clock,
        stop: CancellationToken,
    ) -> Self {
        Self { endpoint, what, health, clock, stop, backoff: Backoff::new(RETRY.0, RETRY.1) }
    }

    /// A connection that the broker has let in; `None` when it is time to end.
    pub(super) async fn open(&self) -> Option<Result<Link, Fault>> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            opened = Link::open(&self.endpoint) => Some(opened),
        }
    }

    /// The connection was a good one: the waits begin anew.
    pub(super) fn succeeded(&mut self) {
        self.backoff.succeeded();
    }

    /// Notes why there is no connection, or none any more; said once in an outage.
    pub(super) fn failed(&self, fault: &Fault) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        if health.failed(self.clock.now(), fault.told()) {
            let broker = &self.endpoint.address;
            tracing::warn!(%broker, "{} has no connection, trying again: {fault}", self.what);
        }
    }

    /// Waits until the next attempt is due; false when it is time to end.
    pub(super) async fn wait(&mut self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = sleep(self.backoff.failed()) => true,
        }
    }
}
