//! Which faults there are and when: those of the scenario and those that a test injects while the devices run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub_model::{DeviceId, PointId, Timestamp};
use tokio::sync::watch;

use super::{FaultKind, Target};
use crate::SimError;
use crate::clock::Clock;
use crate::clock::Timeline;
use crate::config::SimCommune;
use crate::scenario::PlannedFault;

/// Names an injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(u64);

impl FaultId {
    /// Its number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for FaultId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// A fault and its span of simulated time.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    id: FaultId,
    pub from: Timestamp,
    until: Timestamp,
    target: Target,
    pub kind: FaultKind,
}

impl Span {
    fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// All faults. Shared by the values and the sockets.
#[derive(Debug)]
pub(crate) struct Board {
    spans: Mutex<Vec<Span>>,
    next: std::sync::atomic::AtomicU64,
    changed: watch::Sender<()>,
}

impl Board {
    pub fn new(faults: &[PlannedFault], timeline: Timeline) -> Arc<Self> {
        let start_ms = timeline.start().as_millis();
        let spans = faults.iter().enumerate().map(|(index, fault)| {
            let from = Timestamp::from_millis(start_ms.saturating_add(fault.at_ms));
            let until = fault.lasts.map_or(Timestamp::from_millis(i64::MAX), |lasts| from.plus(lasts));
            let (target, kind) = (fault.target.clone(), fault.kind.clone());
            Span { id: FaultId(index as u64), from, until, target, kind }
        });
        Arc::new(Self {
            spans: Mutex::new(spans.collect()),
            next: (faults.len() as u64).into(),
            changed: watch::Sender::new(()),
        })
    }

    /// The faults of a whole device at simulated `now`.
    pub fn of_device(&self, device: &DeviceId, now: Timestamp) -> Vec<Span> {
        self.holding(now, |target| matches!(target, Target::Device(id) if id == device))
    }

    /// The faults of a point at simulated `now`, its device's among them.
    pub fn of_point(&self, point: &PointId, now: Timestamp) -> Vec<Span> {
        let device = point.device();
        self.holding(now, |target| match target {
            Target::Device(id) => *id == device,
            Target::Point(id) => id == point,
            // Faults happen to devices and points only: `FaultKind::check` refuses others.
            Target::Line(_) | Target::Site(_) => false,
        })
    }

    /// Whether the device is cut off at simulated `now`.
    pub fn is_disconnected(&self, device: &DeviceId, now: Timestamp) -> bool {
        self.of_device(device, now).iter().any(|fault| fault.kind == FaultKind::Disconnect)
    }

    /// Waits until `condition` holds of the simulated time; looks again whenever a fault begins, ends or is changed.
    pub async fn until(&self, clock: &Clock, condition: impl Fn(Timestamp) -> bool) {
        let mut changed = self.changed.subscribe();
        loop {
            let now = clock.simulated();
            if condition(now) {
                return;
            }
            let wait = clock.wait_for(self.next_edge(now));
            // A lapse of the time and a change both mean: look again. The sender lives as long as `self`.
            let _ = tokio::time::timeout(wait, changed.changed()).await;
        }
    }

    fn next_edge(&self, now: Timestamp) -> Timestamp {
        let spans = self.lock();
        let edges = spans.iter().flat_map(|span| [span.from, span.until]);
        edges.filter(|edge| *edge > now).min().unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    fn holding(&self, now: Timestamp, concerns: impl Fn(&Target) -> bool) -> Vec<Span> {
        self.lock().iter().filter(|span| span.holds(now) && concerns(&span.target)).cloned().collect()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Span>)) {
        change(&mut self.lock());
        self.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Span>> {
        // A list of spans is whole after every single change, so a panic elsewhere leaves nothing half done.
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes faults and mends them while the devices run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FaultControl {
    board: Arc<Board>,
    clock: Clock,
    commune: Arc<SimCommune>,
}

impl FaultControl {
    pub(crate) fn new(board: Arc<Board>, clock: Clock, commune: Arc<SimCommune>) -> Self {
        Self { board, clock, commune }
    }

    /// Lets `kind` happen to `target` (`site/device` or `site/device/point`) from now on, for `lasts` of simulated time or
    /// until it is mended.
    ///
    /// # Errors
    /// When there is no such target or the fault cannot happen to it.
    pub fn inject(
        &self,
        target: &str,
        kind: FaultKind,
        lasts: Option<Duration>,
    ) -> Result<FaultId, SimError> {
        let unknown = || SimError::UnknownTarget { target: target.to_owned() };
        let parsed = Target::parse(target).ok_or_else(unknown)?;
        kind.check(&parsed, &self.commune)?;
        let id = FaultId(self.board.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let from = self.clock.simulated();
        let until = lasts.map_or(Timestamp::from_millis(i64::MAX), |lasts| from.plus(lasts));
        self.board.change(|spans| spans.push(Span { id, from, until, target: parsed, kind }));
        Ok(id)
    }

    /// The simulated devices.
    pub fn devices(&self) -> impl Iterator<Item = &crate::config::SimDevice> {
        self.commune.devices()
    }

    /// The faults that stand now.
    pub fn standing(&self) -> Vec<(FaultId, Target, FaultKind)> {
        let standing = self.board.holding(self.clock.simulated(), |_| true);
        standing.into_iter().map(|span| (span.id, span.target, span.kind)).collect()
    }

    /// Mends one fault. One that is already gone stays gone.
    pub fn mend(&self, id: FaultId) {
        self.board.change(|spans| spans.retain(|span| span.id != id));
    }

    /// Mends everything, the scenario's own faults too.
    pub fn mend_all(&self) {
        self.board.change(Vec::clear);
    }
}
