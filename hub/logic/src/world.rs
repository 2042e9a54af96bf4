//! All that a rule can look at: the commune and what is remembered of its points.
//!
//! Handed to scripts by reference count, so that looking costs nothing and changes nothing. Read next:
//! [`crate::rules::watched`], the face that scripts see.

use std::collections::HashMap;
use std::sync::Arc;

use hub_model::{LocalText, Quality, Reading, Reason, Timestamp, Upkeep, own};

use crate::judge::LIVE_WITHIN;
use crate::memory::PointMemory;
use crate::places::{DeviceNo, Places, PointNo, Target};

/// The commune and its points' memories.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) places: Arc<Places>,
    pub(crate) memories: Vec<PointMemory>,
    /// For each device, whether all of its points that ever said anything are missing now; `None` where none ever did. Rules ask it of every
    /// device of a site whenever one of them speaks.
    silent: Vec<Option<bool>>,
    pub(crate) started_at: Timestamp,
    /// Calibrations in force and work under way.
    pub(crate) upkeep: Arc<Upkeep>,
    /// Whether the hub's own time can be trusted.
    pub(crate) is_clock_trusted: bool,
    /// What is wrong with rules, by the points that stand for them.
    pub(crate) faults: HashMap<PointNo, Arc<LocalText>>,
}

impl World {
    pub(crate) fn new(
        places: Arc<Places>,
        memories: Vec<PointMemory>,
        started_at: Timestamp,
        upkeep: Arc<Upkeep>,
    ) -> Self {
        Self {
            silent: vec![None; places.device_count()],
            places,
            memories,
            started_at,
            upkeep,
            is_clock_trusted: true,
            faults: HashMap::new(),
        }
    }

    pub(crate) fn memory(&self, point: PointNo) -> &PointMemory {
        &self.memories[point]
    }

    /// Whether nothing is to be judged because somebody works on the target, or did when its latest reading was taken.
    pub(crate) fn is_maintained(&self, target: Target, now: Timestamp) -> bool {
        let then = self.latest(target).is_some_and(|latest| {
            latest.quality == Quality::Calibrating && latest.reason == Some(Reason::Maintenance)
        });
        then || self.upkeep.is_subject_maintained(&self.places.subject(target), now)
    }

    /// The latest reading of a point; others have none.
    pub(crate) fn latest(&self, target: Target) -> Option<&Reading> {
        match target {
            Target::Point(point) => self.memories[point].latest.as_ref(),
            _ => None,
        }
    }

    /// Since when what the hub says of itself has been so. Of others it only knows when it heard of it.
    pub(crate) fn own_since(&self, target: Target) -> Option<Timestamp> {
        let is_own = own::is_own(&self.places.site(target).id);
        self.latest(target).filter(|_| is_own).map(|latest| latest.measured_at)
    }

    /// Whether all points of the target's devices that ever said anything are missing now; `None` when none ever did.
    pub(crate) fn all_is_missing(&self, target: Target) -> Option<bool> {
        self.places.devices_of(target).filter_map(|device| self.silent[device]).min()
    }

    /// Whether all of the device's points that ever said anything are missing now; `None` when none ever did.
    pub(crate) fn is_silent(&self, device: DeviceNo) -> Option<bool> {
        self.silent[device]
    }

    /// To be called whenever the latest reading of a point has become another one.
    pub(crate) fn follow_silence(&mut self, point: PointNo) {
        let device = self.places.device_of(point);
        let heard = |memory: &PointMemory| memory.latest.is_some();
        self.silent[device] = match (&self.memories[point], self.silent[device]) {
            (memory, before) if !heard(memory) => before,
            (memory, _) if !memory.is_missing() => Some(false),
            (_, None | Some(true)) => Some(true),
            (_, Some(false)) => {
                let mut others = self.memories_of(Target::Device(device)).filter(|memory| heard(memory));
                Some(others.all(PointMemory::is_missing))
            }
        };
    }

    /// Whether what is known of the target is from this run of the hub, or from so shortly before it that it still counts.
    /// Else a rule waits for the first word: after a long standstill nobody knows what is the case.
    pub(crate) fn is_known(&self, target: Target) -> bool {
        self.is_heard_since(target, self.started_at.minus(LIVE_WITHIN))
    }

    /// Whether anything was received of the target in this run of the hub, be it a cause of missing.
    pub(crate) fn is_heard_since_start(&self, target: Target) -> bool {
        self.is_heard_since(target, self.started_at)
    }

    fn is_heard_since(&self, target: Target, since: Timestamp) -> bool {
        let mut latest = self.memories_of(target).filter_map(|memory| memory.latest.as_ref());
        latest.any(|latest| latest.received_at >= since)
    }

    /// When the target was last heard, but never before the hub was started: of the time before it knows nothing.
    pub(crate) fn heard_at(&self, target: Target) -> Timestamp {
        let heard = self.memories_of(target).filter_map(PointMemory::heard_at).max();
        heard.map_or(self.started_at, |at| at.max(self.started_at))
    }

    fn memories_of(&self, target: Target) -> impl Iterator<Item = &PointMemory> {
        self.places.points_of(target).iter().flat_map(|range| &self.memories[range.clone()])
    }
}
