//! Between the MQTT door and the pipeline: messages that a bridge sends on as they are wait on disk before they are acknowledged.
//!
//! Without such a bridge every message passes straight through. With one all of them take the way by its thread, in their order; what
//! was put aside for a bridge is there before the readings go on to the store. Read next: `hub_store::relay`, `carrier.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use adapters_mqtt::bridge::BridgeSettings;
use adapters_sdk::{Delivery, INTAKE_CAPACITY, Intake};
use hub_model::Timestamp;
use hub_store::{Relay, Relayed};
use tokio::sync::mpsc;

/// Messages that are put aside in one transaction.
const AT_ONCE: usize = 512;

/// The way from the door to the pipeline. Clones share it.
#[derive(Clone)]
pub struct Relaying {
    intake: Intake,
    route: Arc<RwLock<Arc<Route>>>,
    thread: mpsc::Sender<Passing>,
    /// Messages with the thread. While there are any, none may overtake them.
    on_their_way: Arc<AtomicUsize>,
}

/// What is put aside for whom.
#[derive(Default)]
struct Route {
    commune: String,
    bridges: Vec<BridgeSettings>,
    relay: Option<Arc<Relay>>,
}

/// A message with the thread.
struct Passing {
    aside: Vec<Relayed>,
    relay: Option<Arc<Relay>>,
    delivery: Delivery,
}

impl Relaying {
    /// A way to the pipeline on which nothing is put aside yet.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(intake: Intake) -> std::io::Result<Self> {
        // As many as the broker lets in, so it is never full. Room is only made for what is there.
        let (thread, passing) = mpsc::channel(INTAKE_CAPACITY);
        let on_their_way = Arc::new(AtomicUsize::new(0));
        let (further, count) = (intake.clone(), on_their_way.clone());
        std::thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || work(passing, &further, &count))?;
        Ok(Self { intake, route: Arc::default(), thread, on_their_way })
    }

    /// Puts aside for these bridges from now on.
    pub(super) fn renew(&self, commune: &str, bridges: Vec<BridgeSettings>, relay: Option<Arc<Relay>>) {
        let route = Route { commune: commune.to_owned(), bridges, relay };
        *self.route.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(route);
    }

    /// Passes a message on. Never waits: one that there is no room for is dropped without an acknowledgement, so that its connection
    /// ends and its device sends it again.
    pub fn pass(&self, topic: &str, payload: &[u8], at: Timestamp, delivery: Delivery) {
        let route = self.route.read().unwrap_or_else(PoisonError::into_inner).clone();
        if route.relay.is_none() && self.on_their_way.load(Ordering::SeqCst) == 0 {
            drop(self.intake.try_send(delivery));
            return;
        }
        let aside = |bridge: &BridgeSettings| {
            let topic = bridge.onward(&route.commune, topic)?;
            Some(Relayed { bridge: bridge.id.clone(), at, topic, payload: payload.to_vec() })
        };
        let aside = route.bridges.iter().filter_map(aside).collect();
        self.on_their_way.fetch_add(1, Ordering::SeqCst);
        let passing = Passing { aside, relay: route.relay.clone(), delivery };
        if self.thread.try_send(passing).is_err() {
            self.on_their_way.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Puts aside what comes, and passes it on; ends when nobody can send any more.
fn work(mut passing: mpsc::Receiver<Passing>, intake: &Intake, on_their_way: &AtomicUsize) {
    let mut is_failing = false;
    loop {
        let mut batch = Vec::new();
        let count = passing.blocking_recv_many(&mut batch, AT_ONCE);
        if count == 0 {
            return;
        }
        match put_aside(&mut batch) {
            Ok(()) => {
                is_failing = false;
                for one in batch {
                    // Closed at a stop: what is dropped is not acknowledged.
                    drop(intake.blocking_send(one.delivery));
                }
            }
            Err(error) => {
                // Nothing of the batch goes on, so that nothing overtakes: their devices send all of it again.
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(%error, "messages for a bridge cannot be kept; their devices have to send again");
                }
            }
        }
        on_their_way.fetch_sub(count, Ordering::SeqCst);
    }
}

fn put_aside(batch: &mut [Passing]) -> Result<(), hub_store::RelayError> {
    let Some(relay) = batch.iter().rev().find_map(|one| one.relay.clone()) else { return Ok(()) };
    let aside: Vec<_> = batch.iter_mut().flat_map(|one| std::mem::take(&mut one.aside)).collect();
    if aside.is_empty() { Ok(()) } else { relay.put(&aside) }
}
