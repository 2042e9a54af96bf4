//! What is told about running buses: to `/health/ready`, metrics and the integrator. Never decides anything.
//!
//! Read next: [`crate::plan`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hub_model::{DeviceId, Reason, Timestamp};
use tokio::task::{JoinError, JoinSet};

use crate::endpoint::Endpoint;

/// The state of one bus.
#[derive(Debug, Clone, PartialEq)]
pub struct BusHealth {
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// Whether there is a connection now.
    pub connected: bool,
    /// The last thing that went wrong, on the connection or with a device.
    pub last_error: Option<Fault>,
    /// Its devices, in the order of the configuration.
    pub devices: Vec<DeviceHealth>,
}

/// The state of one device. The counts are since the start.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceHealth {
    /// The device.
    pub id: DeviceId,
    /// Its number on the bus.
    pub unit_id: u8,
    /// Why it gave nothing at its last poll; `None` when it answered or was not asked yet.
    pub silent: Option<Reason>,
    /// When it last answered, with values or with an exception.
    pub last_answered: Option<Timestamp>,
    /// Times that it was asked.
    pub polls: u64,
    /// Requests that were not answered in time.
    pub timeouts: u64,
    /// Requests that were answered with an exception.
    pub exceptions: u64,
    /// Polls left out because the bus or the pipeline was still busy with earlier ones.
    pub overruns: u64,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// When.
    pub at: Timestamp,
    /// The device concerned; `None` when it was the connection.
    pub device: Option<DeviceId>,
    /// What, in words.
    pub text: String,
}

impl BusHealth {
    pub(crate) fn new(endpoint: Endpoint, devices: impl Iterator<Item = (DeviceId, u8)>) -> Self {
        let device = |(id, unit_id)| DeviceHealth {
            id,
            unit_id,
            silent: None,
            last_answered: None,
            polls: 0,
            timeouts: 0,
            exceptions: 0,
            overruns: 0,
        };
        Self { endpoint, connected: false, last_error: None, devices: devices.map(device).collect() }
    }
}

/// One bus's state, shared between its owner task and those who ask. The lock is held for a copy or a few assignments.
#[derive(Debug, Clone)]
pub(crate) struct SharedHealth(Arc<Mutex<BusHealth>>);

impl SharedHealth {
    pub(crate) fn new(health: BusHealth) -> Self {
        Self(Arc::new(Mutex::new(health)))
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut BusHealth)) {
        // A panic while it was held cannot have left it half changed in a way that matters: it is only shown.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn copy(&self) -> BusHealth {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks running buses how they are. Cheap to clone; stays valid after they have stopped.
#[derive(Debug, Clone)]
pub struct Health(Vec<SharedHealth>);

impl Health {
    /// Every bus's state now.
    pub fn buses(&self) -> Vec<BusHealth> {
        self.0.iter().map(SharedHealth::copy).collect()
    }
}

/// Buses that are being read. Dropping it ends them at once.
pub struct Running {
    tasks: JoinSet<()>,
    health: Vec<SharedHealth>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self { tasks: JoinSet::new(), health: Vec::new() }
    }

    pub(crate) fn start(&mut self, health: SharedHealth, owner: impl Future<Output = ()> + Send + 'static) {
        self.health.push(health);
        self.tasks.spawn(owner);
    }

    /// Every bus's state now.
    pub fn health(&self) -> Vec<BusHealth> {
        self.handle().buses()
    }

    /// For those who ask later and elsewhere.
    pub fn handle(&self) -> Health {
        Health(self.health.clone())
    }

    /// Waits until every bus has stopped: after the stop was asked for, or when nobody takes deliveries any more. A bus
    /// without points stops at once.
    ///
    /// # Errors
    /// As soon as a bus's task has panicked. The others go on; call again to wait for them.
    pub async fn stopped(&mut self) -> Result<(), JoinError> {
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(())
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("buses", &self.health()).finish()
    }
}
