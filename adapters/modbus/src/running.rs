//! Buses that run: their state for those who look, and single requests for those who may. Read next: `write.rs`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hub_model::{DeviceId, PointId, Reason};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::ask::Ask;
use crate::calls::Call;
use crate::config::PointSettings;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::health::{BusHealth, SharedHealth};
use crate::plan::{ModbusDevice, Plan, PlannedDevice};
use crate::trace::{TracedFrame, WireCounts};

/// How long a request of people may wait for its turn, on top of its own patience.
const TURN: Duration = Duration::from_secs(10);

/// Running buses, for those who ask. Cheap to clone; stays valid after they have stopped.
#[derive(Clone, Default)]
pub struct Buses(Arc<Inner>);

#[derive(Default)]
struct Inner {
    buses: Vec<Bus>,
    points: HashMap<PointId, Target>,
}

/// What leads to the owner of a bus.
#[derive(Clone)]
pub(crate) struct Bus {
    pub(crate) endpoint: Endpoint,
    pub(crate) health: SharedHealth,
    pub(crate) calls: mpsc::Sender<Call>,
    pub(crate) renewals: mpsc::Sender<Vec<PlannedDevice>>,
}

/// Where a point is found.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    bus: usize,
    pub(crate) unit_id: u8,
    pub(crate) patience: Duration,
    pub(crate) settings: PointSettings,
}

impl Buses {
    /// All of these as one.
    pub fn joined(parts: impl IntoIterator<Item = Buses>) -> Self {
        let mut inner = Inner::default();
        for part in parts {
            let before = inner.buses.len();
            inner.buses.extend(part.0.buses.iter().cloned());
            let moved = |target: &Target| Target { bus: target.bus + before, ..target.clone() };
            inner.points.extend(part.0.points.iter().map(|(id, target)| (id.clone(), moved(target))));
        }
        Self(Arc::new(inner))
    }

    /// Every bus's state now.
    pub fn health(&self) -> Vec<BusHealth> {
        self.0.buses.iter().map(|bus| bus.health.copy()).collect()
    }

    /// Every bus's state with what came amiss on its wire.
    pub fn state(&self) -> Vec<(BusHealth, WireCounts)> {
        self.0.buses.iter().map(|bus| (bus.health.copy(), bus.health.trace().counts())).collect()
    }

    /// The last frames of the bus for whose endpoint `is_it` holds, the oldest first.
    pub fn frames(&self, is_it: impl Fn(&Endpoint) -> bool) -> Option<Vec<TracedFrame>> {
        self.0.buses.iter().find(|bus| is_it(&bus.endpoint)).map(|bus| bus.health.trace().frames())
    }

    /// Whether this endpoint's connection is a bus's: others must not open it beside it.
    pub fn owns(&self, endpoint: &Endpoint) -> bool {
        self.0.buses.iter().any(|bus| bus.endpoint.wire() == endpoint.wire())
    }

    /// Where a device is reached, and its number there; `None` for one that no bus reads.
    pub fn address_of(&self, device: &DeviceId) -> Option<(Endpoint, u8)> {
        self.0.buses.iter().find_map(|bus| {
            let health = bus.health.copy();
            let found = health.devices.iter().find(|one| one.id == *device)?;
            Some((health.endpoint, found.unit_id))
        })
    }

    /// One request over a running bus, between its polls. `None` when no bus has this endpoint.
    ///
    /// # Errors
    /// When it was refused, not answered, or had to wait too long for its turn.
    pub async fn ask(
        &self,
        endpoint: &Endpoint,
        unit_id: u8,
        ask: Ask,
        patience: Duration,
    ) -> Option<Result<Vec<u16>, Failure>> {
        let bus = self.0.buses.iter().find(|bus| bus.endpoint == *endpoint)?;
        Some(bus.ask(unit_id, ask, patience).await)
    }

    pub(crate) fn target(&self, point: &PointId) -> Option<&Target> {
        self.0.points.get(point)
    }

    pub(crate) async fn ask_target(&self, target: &Target, ask: Ask) -> Result<Vec<u16>, Failure> {
        self.0.buses[target.bus].ask(target.unit_id, ask, target.patience).await
    }
}

impl Bus {
    async fn ask(&self, unit_id: u8, ask: Ask, patience: Duration) -> Result<Vec<u16>, Failure> {
        let stopped =
            || Failure::Unreachable { cause: Reason::Offline, text: "the bus has stopped".to_owned() };
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let call = Call { unit_id, ask, patience, reply };
            self.calls.send(call).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        };
        timeout(TURN + patience, asked).await.unwrap_or(Err(Failure::Timeout(TURN + patience)))
    }
}

impl fmt::Debug for Buses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.health()).finish()
    }
}

/// Buses that are being read. Dropping it ends them at once.
pub struct Running {
    tasks: JoinSet<()>,
    inner: Arc<Inner>,
}

/// Gathers buses as they are started.
#[derive(Default)]
pub(crate) struct Starting {
    tasks: JoinSet<()>,
    inner: Inner,
}

impl Starting {
    pub(crate) fn note_points(&mut self, device: &ModbusDevice) {
        let bus = self.inner.buses.len();
        for (id, settings) in &device.points {
            let target = Target {
                bus,
                unit_id: device.settings.unit_id,
                patience: device.settings.timeout,
                settings: settings.clone(),
            };
            self.inner.points.insert(id.clone(), target);
        }
    }

    pub(crate) fn start(&mut self, bus: Bus, owner: impl Future<Output = ()> + Send + 'static) {
        self.inner.buses.push(bus);
        self.tasks.spawn(owner);
    }

    pub(crate) fn done(self) -> Running {
        Running { tasks: self.tasks, inner: Arc::new(self.inner) }
    }
}

impl Running {
    /// Every bus's state now.
    pub fn health(&self) -> Vec<BusHealth> {
        self.handle().health()
    }

    /// For those who ask later and elsewhere.
    pub fn handle(&self) -> Buses {
        Buses(Arc::clone(&self.inner))
    }

    /// Gives the one bus that runs the devices of `plan`, which has its endpoint and the bus's settings. Devices that are read as
    /// before are not disturbed, and the connection stays. Returns whether it is taken up: not by a bus that has stopped.
    pub async fn renew(&mut self, plan: Plan) -> bool {
        let Some(bus) = self.inner.buses.first().cloned() else { return false };
        let mut changed = Starting::default();
        plan.devices().for_each(|device| changed.note_points(device));
        changed.inner.buses.push(bus.clone());
        let is_taken = bus.renewals.send(plan.into_devices()).await.is_ok();
        if is_taken {
            self.inner = Arc::new(changed.inner);
        }
        is_taken
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
