//! Somebody else's brokers: one connection for all devices behind the same one, renewed by difference.
//!
//! It decides nothing about messages. Read next: `adapters_mqtt::client`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use adapters_mqtt::client::{Endpoint, LinkHealth, Listener, Listening};
use adapters_mqtt::{Answers, Arrivals, MqttDevice, Trails};
use adapters_sdk::{Clock, Intake};
use bytes::Bytes;
use hub_model::DeviceId;
use tokio::sync::mpsc;

use crate::config::ForeignDevice;

/// How long nothing may come from a broker whose devices say nothing of `expire_after`.
const QUIET_AFTER: Duration = Duration::from_secs(600);

/// What every connection needs.
#[derive(Clone)]
pub struct Shared {
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

/// The connections that run.
pub struct Foreign {
    links: HashMap<Endpoint, Running>,
    shared: Shared,
    watch: ForeignWatch,
}

struct Running {
    devices: Vec<MqttDevice>,
    quiet_after: Duration,
    listener: Listener,
}

/// What can be seen of them. Clones share it.
#[derive(Clone, Default)]
pub struct ForeignWatch(Arc<RwLock<Vec<Seen>>>);

struct Seen {
    health: Box<dyn Fn() -> LinkHealth + Send + Sync>,
    /// Those that speak the hub's own topics, and so take commands.
    devices: Vec<DeviceId>,
    commands: mpsc::Sender<(String, Bytes)>,
}

impl ForeignWatch {
    /// Each connection now, in the order of the brokers' addresses.
    pub fn health(&self) -> Vec<LinkHealth> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = seen.iter().map(|one| (one.health)()).collect();
        all.sort_by(|a, b| (&a.broker, &a.client_id).cmp(&(&b.broker, &b.client_id)));
        all
    }

    /// The way for commands to a device behind somebody else's broker.
    pub fn commands(&self, device: &DeviceId) -> Option<(mpsc::Sender<(String, Bytes)>, LinkHealth)> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let one = seen.iter().find(|one| one.devices.contains(device))?;
        Some((one.commands.clone(), (one.health)()))
    }
}

impl Foreign {
    /// Connects to every broker of `devices`.
    pub fn start(devices: Vec<ForeignDevice>, shared: Shared) -> Self {
        let mut foreign = Self { links: HashMap::new(), shared, watch: ForeignWatch::default() };
        for (endpoint, (devices, quiet_after)) in by_broker(devices) {
            foreign.listen(endpoint, devices, quiet_after, Vec::new());
        }
        foreign.show();
        foreign
    }

    /// Takes up other devices: connections whose devices did not change are left alone.
    pub async fn renew(&mut self, devices: Vec<ForeignDevice>) {
        let mut wanted = by_broker(devices);
        let mut gone = Vec::new();
        for (endpoint, running) in std::mem::take(&mut self.links) {
            match wanted.get(&endpoint) {
                Some((devices, quiet_after)) if running.is_same(devices, *quiet_after) => {
                    wanted.remove(&endpoint);
                    self.links.insert(endpoint, running);
                }
                _ => gone.push((endpoint, running)),
            }
        }
        let mut formerly: HashMap<Endpoint, Vec<String>> = HashMap::new();
        for (endpoint, running) in gone {
            formerly.insert(endpoint, running.listener.filters().to_vec());
            // Two connections of one name would push each other out.
            running.listener.stop().await;
        }
        for (endpoint, (devices, quiet_after)) in wanted {
            let formerly = formerly.remove(&endpoint).unwrap_or_default();
            self.listen(endpoint, devices, quiet_after, formerly);
        }
        self.show();
    }

    /// What can be seen of them.
    pub fn watch(&self) -> ForeignWatch {
        self.watch.clone()
    }

    /// Stops all of them; what is under way is acknowledged once it is on disk.
    pub async fn stop(self) {
        for running in self.links.into_values() {
            running.listener.stop().await;
        }
    }

    fn listen(
        &mut self,
        endpoint: Endpoint,
        devices: Vec<MqttDevice>,
        quiet_after: Duration,
        formerly: Vec<String>,
    ) {
        let Shared { intake, clock, arrivals, answers, trails } = self.shared.clone();
        let listening = Listening {
            endpoint: endpoint.clone(),
            devices: devices.clone(),
            quiet_after,
            formerly,
            intake,
            clock,
            arrivals,
            answers,
            trails,
        };
        self.links.insert(endpoint, Running { devices, quiet_after, listener: listening.start() });
    }

    fn show(&self) {
        let seen = self.links.values().map(|running| Seen {
            health: running.listener.watch(),
            devices: running
                .devices
                .iter()
                .filter(|device| device.speaks_own())
                .map(|device| device.id.clone())
                .collect(),
            commands: running.listener.commands(),
        });
        *self.watch.0.write().unwrap_or_else(PoisonError::into_inner) = seen.collect();
    }
}

impl Running {
    fn is_same(&self, devices: &[MqttDevice], quiet_after: Duration) -> bool {
        self.devices == devices && self.quiet_after == quiet_after
    }
}

/// The devices of each broker, and how long it may be quiet.
fn by_broker(devices: Vec<ForeignDevice>) -> HashMap<Endpoint, (Vec<MqttDevice>, Duration)> {
    let mut brokers: HashMap<Endpoint, (Vec<MqttDevice>, Option<Duration>)> = HashMap::new();
    for ForeignDevice { device, endpoint, expire_after } in devices {
        let (devices, quiet_after) = brokers.entry(endpoint).or_default();
        devices.push(device);
        *quiet_after = [*quiet_after, expire_after].into_iter().flatten().min();
    }
    let quiet = |(endpoint, (devices, quiet_after)): (_, (_, Option<Duration>))| {
        (endpoint, (devices, quiet_after.unwrap_or(QUIET_AFTER)))
    };
    brokers.into_iter().map(quiet).collect()
}
