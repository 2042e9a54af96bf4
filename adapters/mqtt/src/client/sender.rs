//! Messages out: takes them in order from a bounded queue, sends each at QoS 1, sends again what was not taken, and says how
//! far the broker has taken all. It never gives up and never overtakes.
//!
//! What is in its queue is gone with the process: whoever fills it keeps its own place and moves it only by what is taken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapters_sdk::Clock;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::Endpoint;
use super::attempts::Attempts;
use super::health::LinkHealth;
use super::link::{Fault, Link};
use super::packet::{self, Packet};

/// Messages sent and not taken. More would only wait in the broker's memory.
const WINDOW: usize = 100;
/// Messages that wait to be sent; whoever fills it waits.
const QUEUE: usize = 100;

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number: rising, without a meaning to the sender.
    pub ticket: u64,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// A running sender.
pub struct Sender {
    health: Arc<Mutex<LinkHealth>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What whoever fills it holds.
pub struct SenderEnd {
    /// The way in; waits while the queue is full.
    pub queue: mpsc::Sender<Outgoing>,
    /// The ticket up to which the broker has taken everything; 0 is none.
    pub taken: watch::Receiver<u64>,
}

impl Sender {
    /// Starts one. Needs a tokio runtime.
    pub fn start(endpoint: Endpoint, clock: Clock) -> (Self, SenderEnd) {
        let (queue, source) = mpsc::channel(QUEUE);
        let (taken, told) = watch::channel(0);
        let health = LinkHealth::new(
            endpoint.address.to_string(),
            endpoint.client_id.clone(),
            // Nobody expects anything from it.
            Duration::MAX,
        );
        let health = Arc::new(Mutex::new(health));
        let stop = CancellationToken::new();
        let attempts = Attempts::new(endpoint, "the bridge", health.clone(), clock.clone(), stop.clone());
        let task = Task {
            clock,
            health: health.clone(),
            stop: stop.clone(),
            source,
            open: VecDeque::new(),
            unsent: 0,
            next_id: 1,
            taken,
        };
        (Self { health, stop, task: tokio::spawn(task.run(attempts)) }, SenderEnd { queue, taken: told })
    }

    /// Tells how it fares, for whoever looks at it elsewhere.
    pub fn watch(&self) -> Box<dyn Fn() -> LinkHealth + Send + Sync> {
        let health = self.health.clone();
        Box::new(move || health.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Stops it; what was not taken stays with whoever filled it.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("a bridge's connection had failed within the hub");
        }
    }
}

/// A message that the broker has not taken, by packet identifier.
struct Open {
    id: u16,
    message: Outgoing,
    /// It was sent, over this connection or an earlier one.
    was_sent: bool,
    is_taken: bool,
}

struct Task {
    clock: Clock,
    health: Arc<Mutex<LinkHealth>>,
    stop: CancellationToken,
    source: mpsc::Receiver<Outgoing>,
    /// In their order; the first is not taken.
    open: VecDeque<Open>,
    /// From which of them on nothing was sent over this connection.
    unsent: usize,
    next_id: u16,
    taken: watch::Sender<u64>,
}

impl Task {
    async fn run(mut self, mut attempts: Attempts) {
        while let Some(opened) = attempts.open().await {
            let fault = match opened {
                Err(fault) => fault,
                Ok(link) => {
                    let before = *self.taken.borrow();
                    let Err(fault) = self.serve(link).await else { return };
                    if *self.taken.borrow() > before {
                        attempts.succeeded();
                    }
                    fault
                }
            };
            attempts.failed(&fault);
            if !attempts.wait().await {
                return;
            }
        }
    }

    /// Sends until the connection fails; `Ok` when it was stopped or nothing more will come.
    async fn serve(&mut self, mut link: Link) -> Result<(), Fault> {
        tracing::info!(broker = self.health().broker, "the bridge is connected");
        // A session that the broker has forgotten costs nothing: whatever it had not taken is sent again.
        self.health().connected(self.clock.now(), false);
        self.unsent = 0;
        let stop = self.stop.clone();
        loop {
            self.send(&mut link);
            link.flush().await?;
            let beat = link.next_beat();
            let has_room = self.open.len() < WINDOW;
            tokio::select! {
                () = stop.cancelled() => {
                    link.close().await;
                    return Ok(());
                }
                message = self.source.recv(), if has_room => match message {
                    Some(message) => self.take(message),
                    // Whoever filled it is gone, so the hub stops.
                    None => {
                        link.close().await;
                        return Ok(());
                    }
                },
                packet = link.read() => match packet? {
                    Packet::Puback(id) => self.was_taken(id),
                    Packet::Connack { .. } => return Err(Fault::NoGreeting),
                    // A session of ours that once subscribed to something: not our concern.
                    Packet::Publish { id: Some(id), .. } => link.queue(|out| packet::puback(id, out)),
                    Packet::Publish { .. } | Packet::Suback(_) | Packet::Unsuback | Packet::Pong => {}
                },
                () = sleep_until(beat) => link.beat().await?,
            }
        }
    }

    fn take(&mut self, message: Outgoing) {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        self.open.push_back(Open { id, message, was_sent: false, is_taken: false });
    }

    fn send(&mut self, link: &mut Link) {
        while let Some(open) = self.open.get_mut(self.unsent) {
            if !open.is_taken {
                let (id, again, message) = (open.id, open.was_sent, &open.message);
                link.queue(|out| packet::publish_to(id, &message.topic, &message.payload, again, out));
                open.was_sent = true;
            }
            self.unsent += 1;
        }
    }

    fn was_taken(&mut self, id: u16) {
        let Some(open) = self.open.iter_mut().find(|open| open.id == id) else { return };
        open.is_taken = true;
        let mut taken = None;
        while self.open.front().is_some_and(|open| open.is_taken) {
            let Some(open) = self.open.pop_front() else { break };
            self.unsent = self.unsent.saturating_sub(1);
            taken = Some(open.message.ticket);
            let mut health = self.health();
            health.messages += 1;
            health.last_message = Some(self.clock.now());
        }
        if let Some(ticket) = taken {
            self.taken.send_replace(ticket);
        }
    }

    fn health(&self) -> MutexGuard<'_, LinkHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
