//! Messages in: one task for all devices behind one broker. It connects, subscribes, hands over, acknowledges after the
//! commit, and comes back after every failure.
//!
//! It never acknowledges what is not on disk. Read next: `link.rs`, and `health.rs` for what it tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapters_sdk::{Clock, Committed, Delivery, Intake};
use bytes::Bytes;
use hub_model::{DeviceId, Observation, Reason, Sample, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::Endpoint;
use super::attempts::Attempts;
use super::health::{LinkHealth, LinkState};
use super::link::{Fault, Link};
use super::packet::{self, Packet};
use crate::answers::{Answers, answer_filter};
use crate::arrivals::Arrivals;
use crate::router::{MqttDevice, Router};
use crate::trails::Trails;

/// Messages that may wait for their commit. While it is full nothing more is read, so the broker keeps the rest.
const IN_FLIGHT: usize = 256;
/// Commands that may wait for the connection. Further ones are refused.
const COMMANDS: usize = 16;
/// An outage that lasts longer makes the points of its devices missing. Shorter ones are nobody's concern: the broker keeps
/// what comes meanwhile.
const TOLD_AFTER: Duration = Duration::from_secs(60);
/// A connection that lasted so long was a good one: the waits begin anew.
const GOOD_AFTER: Duration = Duration::from_secs(30);
/// How long a stop waits for what is under way to be on disk and acknowledged.
const LAST_ACKS: Duration = Duration::from_secs(5);

/// What a listener is made of.
pub struct Listening {
    /// The broker.
    pub endpoint: Endpoint,
    /// The devices behind it.
    pub devices: Vec<MqttDevice>,
    /// How long nothing may come before that is worth telling.
    pub quiet_after: Duration,
    /// Filters of the configuration before this one, which the broker still has.
    pub formerly: Vec<String>,
    /// Where readings go.
    pub intake: Intake,
    /// Tells the time.
    pub clock: Clock,
    /// Where messages are noted.
    pub arrivals: Arc<Arrivals>,
    /// Who waits for answers.
    pub answers: Answers,
    /// Through which hubs readings came.
    pub trails: Trails,
}

/// A running listener.
pub struct Listener {
    health: Arc<Mutex<LinkHealth>>,
    filters: Vec<String>,
    commands: mpsc::Sender<(String, Bytes)>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    /// What it subscribes to.
    fn filters(&self) -> Vec<String> {
        let mut filters = Vec::new();
        for device in &self.devices {
            if device.speaks_own() {
                let own = device.own_topic();
                filters.extend([
                    format!("{own}/telemetry"),
                    format!("{own}/status"),
                    answer_filter(&device.id),
                ]);
            }
            filters.extend(device.points.iter().filter_map(|(_, point)| point.topic.clone()));
        }
        filters.sort();
        filters.dedup();
        filters
    }

    /// Starts it. Needs a tokio runtime.
    pub fn start(self) -> Listener {
        let endpoint = &self.endpoint;
        let mut health =
            LinkHealth::new(endpoint.address.to_string(), endpoint.client_id.clone(), self.quiet_after);
        health.devices = self.devices.iter().map(|device| (device.id.clone(), None)).collect();
        let health = Arc::new(Mutex::new(health));
        let filters = self.filters();
        let stop = CancellationToken::new();
        let (commands, asked) = mpsc::channel(COMMANDS);
        let task = Task {
            router: Router::new(self.devices.iter()).with_trails(self.trails.clone()),
            is_first: true,
            next_id: 1,
            filters: filters.clone(),
            health: health.clone(),
            stop: stop.clone(),
            commands: asked,
            was_told: false,
            given: self,
        };
        Listener { health, filters, commands, stop, task: tokio::spawn(task.run()) }
    }
}

impl Listener {
    /// Tells how it fares, for whoever looks at it elsewhere.
    pub fn watch(&self) -> Box<dyn Fn() -> LinkHealth + Send + Sync> {
        let health = self.health.clone();
        Box::new(move || lock(&health).clone())
    }

    /// The way for commands: topic and payload, sent at QoS 1.
    pub fn commands(&self) -> mpsc::Sender<(String, Bytes)> {
        self.commands.clone()
    }

    /// What it subscribes to.
    pub fn filters(&self) -> &[String] {
        &self.filters
    }

    /// Ends it at once and without a word, as a power cut would: for tests.
    pub fn abort(self) {
        self.task.abort();
    }

    /// Stops it: what is under way is acknowledged once it is on disk; the broker keeps our session.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("a connection to a broker had failed within the hub");
        }
    }
}

fn lock(health: &Mutex<LinkHealth>) -> MutexGuard<'_, LinkHealth> {
    health.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Task {
    given: Listening,
    router: Router,
    filters: Vec<String>,
    health: Arc<Mutex<LinkHealth>>,
    stop: CancellationToken,
    commands: mpsc::Receiver<(String, Bytes)>,
    /// No connection was made yet: the filters that the broker has may be those of another configuration.
    is_first: bool,
    next_id: u16,
    /// The points were told to be missing in this outage.
    was_told: bool,
}

impl Task {
    async fn run(mut self) {
        let Listening { endpoint, clock, .. } = &self.given;
        let (endpoint, clock) = (endpoint.clone(), clock.clone());
        let what = "whoever listens at another broker";
        let mut attempts =
            Attempts::new(endpoint, what, self.health.clone(), clock.clone(), self.stop.clone());
        while let Some(opened) = attempts.open().await {
            let fault = match opened {
                Err(fault) => fault,
                Ok(link) => {
                    let since = clock.now();
                    let Err(fault) = self.serve(link).await else { return };
                    if clock.now().since(since) >= GOOD_AFTER {
                        attempts.succeeded();
                    }
                    fault
                }
            };
            attempts.failed(&fault);
            self.tell_missing(clock.now()).await;
            if !attempts.wait().await {
                return;
            }
        }
    }

    /// Serves a connection until it fails; `Ok` when it was stopped.
    async fn serve(&mut self, mut link: Link) -> Result<(), Fault> {
        let (acks, mut committed) = mpsc::channel(IN_FLIGHT);
        let mut in_flight = 0;
        let stop = self.stop.clone();
        self.greet(&mut link).await?;
        loop {
            let beat = link.next_beat();
            tokio::select! {
                () = stop.cancelled() => {
                    drop(acks);
                    finish(link, committed, in_flight).await;
                    return Ok(());
                }
                Some(id) = committed.recv() => {
                    in_flight -= acknowledge(&mut link, id, &mut committed);
                    link.flush().await?;
                }
                Some((topic, payload)) = self.commands.recv() => {
                    let id = self.fresh_id();
                    link.queue(|out| packet::publish_to(id, &topic, &payload, false, out));
                    link.flush().await?;
                }
                packet = link.read(), if in_flight < IN_FLIGHT => match packet? {
                    Packet::Publish { topic, payload, id } => {
                        let told = match id {
                            None => Committed::unheard(),
                            Some(id) => {
                                in_flight += 1;
                                let acks = acks.clone();
                                // As many places as messages may wait: it is never full.
                                Committed::then(move || acks.try_send(id).unwrap_or(()))
                            }
                        };
                        let delivery = self.take(&topic, &payload, told);
                        if self.given.intake.send(delivery).await.is_err() {
                            // The hub stops, and takes nothing more.
                            return Ok(());
                        }
                    }
                    Packet::Suback(codes) => self.subscribed(&codes),
                    // It took a command, forgot a filter, or lives.
                    Packet::Puback(_) | Packet::Unsuback | Packet::Pong => {}
                    Packet::Connack { .. } => return Err(Fault::NoGreeting),
                },
                // While the disk takes nothing we do not read, so an answer cannot be missed.
                () = sleep_until(beat), if in_flight < IN_FLIGHT => link.beat().await?,
            }
        }
    }

    async fn greet(&mut self, link: &mut Link) -> Result<(), Fault> {
        let was_lost = !self.is_first && !link.session_present;
        let broker = &self.given.endpoint.address;
        tracing::info!(%broker, session_present = link.session_present, "connected to the broker");
        lock(&self.health).connected(self.given.clock.now(), was_lost);
        self.was_told = false;
        if self.is_first || !link.session_present {
            lock(&self.health).refused.clear();
            let mut gone = std::mem::take(&mut self.given.formerly);
            gone.retain(|filter| !self.filters.contains(filter));
            if !gone.is_empty() {
                let id = self.fresh_id();
                link.queue(|out| packet::unsubscribe(id, &gone, out));
            }
            let id = self.fresh_id();
            link.queue(|out| packet::subscribe(id, &self.filters, out));
            link.flush().await?;
        }
        self.is_first = false;
        Ok(())
    }

    fn subscribed(&mut self, codes: &[u8]) {
        let refused = self.filters.iter().zip(codes).filter(|(_, code)| **code >= 0x80);
        let refused: Vec<String> = refused.map(|(filter, _)| filter.clone()).collect();
        if !refused.is_empty() {
            let broker = &self.given.endpoint.address;
            tracing::warn!(%broker, filters = refused.join(", "), "the broker refuses subscriptions");
        }
        lock(&self.health).refused = refused;
    }

    /// What a message says, for the pipeline. One that cannot be read is acknowledged too: it would come for ever.
    fn take(&mut self, topic: &str, payload: &[u8], committed: Committed) -> Delivery {
        let now = self.given.clock.now();
        let is_answer = self.given.answers.take(topic, payload);
        let result = self.router.message(topic, payload, now);
        let mut health = lock(&self.health);
        health.messages += 1;
        health.last_message = Some(now);
        if !is_answer {
            let broker = &health.broker;
            self.given.arrivals.note(broker, topic, payload, &result, now);
        }
        let observations = match result {
            Ok(accepted) => accepted.observations,
            Err(refused) => {
                health.undecodable += 1;
                if health.undecodable.is_power_of_two() {
                    tracing::warn!(
                        broker = health.broker,
                        count = health.undecodable,
                        "message refused: {refused}"
                    );
                }
                Vec::new()
            }
        };
        note_devices(&mut health.devices, &observations, now);
        Delivery { observations, committed }
    }

    /// Says of all points that they are missing, once in an outage that lasts.
    async fn tell_missing(&mut self, now: Timestamp) {
        let down = match lock(&self.health).state {
            LinkState::Down { since, .. } => now.since(since),
            _ => return,
        };
        if self.was_told || down < TOLD_AFTER {
            return;
        }
        self.was_told = true;
        let points = self.given.devices.iter().flat_map(|device| &device.points);
        let observations = points.map(|(point, _)| Observation {
            point: point.clone(),
            sample: Sample::Missing(Reason::Disconnected),
            measured_at: None,
            received_at: now,
        });
        let delivery = Delivery { observations: observations.collect(), committed: Committed::unheard() };
        if self.given.intake.send(delivery).await.is_err() {
            tracing::debug!("the hub stops");
        }
    }

    fn fresh_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        id
    }
}

fn note_devices(
    devices: &mut BTreeMap<DeviceId, Option<Timestamp>>,
    observations: &[Observation],
    now: Timestamp,
) {
    for observation in observations {
        if let Some(last) = devices.get_mut(&observation.point.device()) {
            *last = Some(now);
        }
    }
}

/// Queues the acknowledgement of `first` and of all that are on disk by now; gives their number.
fn acknowledge(link: &mut Link, first: u16, committed: &mut mpsc::Receiver<u16>) -> usize {
    link.queue(|out| packet::puback(first, out));
    let mut count = 1;
    while let Ok(id) = committed.try_recv() {
        link.queue(|out| packet::puback(id, out));
        count += 1;
    }
    count
}

/// Acknowledges what is under way as it gets onto the disk, and says goodbye.
async fn finish(mut link: Link, mut committed: mpsc::Receiver<u16>, mut in_flight: usize) {
    let acknowledging = async {
        while in_flight > 0 {
            let Some(id) = committed.recv().await else { break };
            in_flight -= acknowledge(&mut link, id, &mut committed);
            if link.flush().await.is_err() {
                break;
            }
        }
    };
    if tokio::time::timeout(LAST_ACKS, acknowledging).await.is_err() {
        tracing::warn!("stopping with messages that were not committed; the broker sends them again");
    }
    link.close().await;
}
