//! When a device is asked next, and whether its silence must be told again. Pure: the time is an argument.
//!
//! A device has a grid of moments, `poll` apart from its first; a device that answers is asked on its grid. One that fails
//! is asked at times of its own until it answers, and then goes back to its grid. Read next: [`crate::owner`].

use std::collections::BTreeSet;
use std::time::Duration;

use adapters_sdk::Backoff;
use hub_model::{PointId, Reason};
use tokio::time::Instant;

use crate::batch::Batch;
use crate::plan::{ModbusDevice, PlannedDevice};

/// Time-outs and wrong answers in a row after which a device is asked rarely, to spare its neighbours on the bus.
const FAILURES_BEFORE_RARE: u32 = 2;
const RARE_FIRST: Duration = Duration::from_secs(5);
const RARE_MOST: Duration = Duration::from_secs(5 * 60);
/// As long as no other device of the bus answers there is nobody to spare, and nobody whose answer would wake this one.
const LONE_MOST: Duration = Duration::from_secs(10);
/// A connection that cannot be made, or that breaks at every request, costs its neighbours nothing: it is tried soon again.
pub(crate) const RECONNECT_FIRST: Duration = Duration::from_millis(500);
/// The longest wait between two attempts to connect.
pub(crate) const RECONNECT_MOST: Duration = Duration::from_secs(10);

/// A device on its bus.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) device: ModbusDevice,
    /// What to ask, in this order; see [`Unit::forget_splits`].
    pub(crate) batches: Vec<Batch>,
    planned: Vec<Batch>,
    /// The next moment of the grid.
    grid: Instant,
    /// When it is asked next: on the grid, or when a back-off says so.
    attempt_at: Instant,
    retry: Option<Retry>,
    silent: Option<Reason>,
    rare: Backoff,
    soon: Backoff,
    failures: u32,
    complaint: Option<String>,
    /// Points whose address the device has refused, by their number.
    refused: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Retry {
    /// At this moment, even before the grid's next.
    Soon(Instant),
    /// On the grid or at this moment, whichever is later.
    Rarely(Instant),
}

impl Unit {
    /// A device that is asked first at `first`, and from then on at moments of a grid of which `grid` is one.
    pub(crate) fn new(planned: PlannedDevice, first: Instant, grid: Instant) -> Self {
        Self {
            device: planned.device,
            planned: planned.batches.clone(),
            batches: planned.batches,
            grid,
            attempt_at: first,
            retry: None,
            silent: None,
            rare: Backoff::new(RARE_FIRST, RARE_MOST),
            soon: Backoff::new(RECONNECT_FIRST, RECONNECT_MOST),
            failures: 0,
            complaint: None,
            refused: BTreeSet::new(),
        }
    }

    /// Whether there is anything to ask of it.
    pub(crate) fn has_points(&self) -> bool {
        !self.planned.is_empty()
    }

    /// How soon it wants to be asked in comparison with others that are due: the least first. Whatever has waited for longer
    /// than its own `poll` comes before all others, so that nobody starves.
    pub(crate) fn urgency(&self, now: Instant) -> u8 {
        let starves = now.saturating_duration_since(self.attempt_at) > self.device.settings.poll;
        if starves { 0 } else { 1 + self.device.settings.priority as u8 }
    }

    /// The device gave a batch's values.
    pub(crate) fn accepted(&mut self, batch: &Batch) {
        if !self.refused.is_empty() {
            self.refused.retain(|point| !batch.slots.iter().any(|slot| slot.point == *point));
        }
    }

    /// The device has no such address. Returns whether that is news.
    pub(crate) fn refused(&mut self, batch: &Batch) -> bool {
        let known = self.refused.len();
        self.refused.extend(batch.slots.iter().map(|slot| slot.point));
        self.refused.len() > known
    }

    /// The points whose address the device has refused.
    pub(crate) fn culprits(&self) -> impl Iterator<Item = &PointId> {
        self.refused.iter().map(|point| &self.device.points[*point].0)
    }

    /// The names of a batch's points, for people.
    pub(crate) fn names_of(&self, batch: &Batch) -> String {
        let names: Vec<_> = batch.slots.iter().map(|slot| self.device.points[slot.point].0.name()).collect();
        names.join(", ")
    }

    /// When it is to be asked.
    pub(crate) fn attempt_at(&self) -> Instant {
        self.attempt_at
    }

    /// Why it gave nothing when it was last asked.
    pub(crate) fn silent(&self) -> Option<Reason> {
        self.silent
    }

    /// It answered, at least in part. Returns whether it had been silent.
    pub(crate) fn answered(&mut self) -> bool {
        self.failures = 0;
        self.rare.succeeded();
        self.soon.succeeded();
        self.silent.take().is_some()
    }

    /// It was asked and gave nothing. `is_alone`: no other device of the bus answers either. Returns whether that must be
    /// told: it is news, or its next poll is due.
    pub(crate) fn failed(&mut self, cause: Reason, now: Instant, is_alone: bool) -> bool {
        self.failures = self.failures.saturating_add(1);
        let most = if is_alone { LONE_MOST } else { RARE_MOST };
        self.retry = match cause {
            Reason::Disconnected => Some(Retry::Soon(now + self.soon.failed())),
            _ if self.failures >= FAILURES_BEFORE_RARE => {
                Some(Retry::Rarely(now + self.rare.failed().min(most)))
            }
            // Serial frames have no numbers: the late answer of this request must not be taken for the next one's.
            _ if self.device.settings.endpoint.is_rtu() => {
                Some(Retry::Rarely(now + self.device.settings.timeout))
            }
            _ => None,
        };
        self.unreachable(cause, now)
    }

    /// No device of the bus answers any more: it need not be spared for longer than a while.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.attempt_at = self.attempt_at.min((now + LONE_MOST).max(self.grid));
    }

    /// It could not be asked, for the whole bus is unreachable. Returns whether that must be told.
    pub(crate) fn unreachable(&mut self, cause: Reason, now: Instant) -> bool {
        let news = self.silent != Some(cause);
        self.silent = Some(cause);
        news || now >= self.grid
    }

    /// Notes what was wrong at the last poll, if anything. Returns whether that is another thing than before.
    pub(crate) fn complain(&mut self, complaint: Option<String>) -> bool {
        let news = self.complaint != complaint;
        self.complaint = complaint;
        news
    }

    /// Sets the next attempt once everything of this one is done. Returns how many polls were left out meanwhile.
    pub(crate) fn schedule(&mut self, now: Instant) -> u64 {
        let on_grid = self.attempt_at == self.grid;
        let missed = self.advance_grid(now);
        self.attempt_at = match self.retry.take() {
            None => self.grid,
            Some(Retry::Soon(at)) => at,
            Some(Retry::Rarely(at)) => at.max(self.grid),
        };
        if on_grid { missed } else { 0 }
    }

    /// How many polls in a row failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The bus is back: ask now if it was silent, and forget how often it failed.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.failures = 0;
        self.rare.succeeded();
        self.soon.succeeded();
        self.forget_splits();
        if self.silent.is_some() {
            self.attempt_at = self.attempt_at.min(now);
        }
    }

    /// Back to the planned batches: after an outage another device may stand in the old one's place.
    fn forget_splits(&mut self) {
        self.batches.clone_from(&self.planned);
        self.refused.clear();
    }

    /// Moves the grid beyond `now` and returns how many of its moments were passed over.
    fn advance_grid(&mut self, now: Instant) -> u64 {
        if self.grid > now {
            return 0;
        }
        let poll = self.device.settings.poll.max(Duration::from_millis(1));
        let passed = (now - self.grid).as_nanos() / poll.as_nanos();
        let steps = u32::try_from(passed + 1).unwrap_or(u32::MAX);
        self.grid += poll.saturating_mul(steps);
        u64::from(steps - 1)
    }
}

#[cfg(test)]
mod tests {
    use adapters_sdk::config::Place;
    use hub_model::DeviceId;

    use super::*;
    use crate::config::DeviceSettings;

    const POLL: Duration = Duration::from_secs(2);

    fn unit(start: Instant) -> Unit {
        let settings = DeviceSettings { poll: POLL, ..DeviceSettings::for_checking_only() };
        let id = DeviceId::parse("station/plc").unwrap();
        let device =
            ModbusDevice { id, settings, points: Vec::new(), place: Place { file: "".into(), line: 0 } };
        Unit::new(PlannedDevice::new(device, 0), start, start)
    }

    /// How long after `from` the next attempt is, in seconds.
    fn next(unit: &Unit, from: Instant) -> f64 {
        (unit.attempt_at() - from).as_secs_f64()
    }

    #[test]
    fn the_grid_does_not_drift_and_polls_left_out_are_counted() {
        let start = Instant::now();
        let mut unit = unit(start);
        for (after_ms, next_s, left_out) in
            [(300, 2.0, 0), (2_900, 4.0, 0), (9_100, 10.0, 2), (10_000, 12.0, 0)]
        {
            unit.answered();
            assert_eq!(unit.schedule(start + Duration::from_millis(after_ms)), left_out);
            assert_eq!(next(&unit, start), next_s);
        }
    }

    #[test]
    fn the_second_time_out_in_a_row_makes_polls_rare_until_an_answer() {
        let mut now = Instant::now();
        let mut unit = unit(now);
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert!(unit.failed(Reason::Timeout, now, false), "silence is told each time that it was asked");
            unit.schedule(now);
            waits.push(next(&unit, now));
            now = unit.attempt_at();
        }
        assert_eq!(waits[0], 2.0, "the first failure changes nothing");
        for (wait, full) in waits[1..].iter().zip([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]) {
            assert!(*wait <= full && *wait >= full * 0.75, "{waits:?}");
        }
        assert!(unit.answered(), "it had been silent");
        assert_eq!(unit.schedule(now), 0, "polls left out on purpose are no overruns");
        assert!(next(&unit, now) <= POLL.as_secs_f64());
        unit.failed(Reason::Timeout, now, false);
        unit.schedule(now);
        assert!(next(&unit, now) <= POLL.as_secs_f64(), "it starts again from nothing");
    }

    #[test]
    fn a_device_that_is_alone_on_its_bus_is_asked_every_ten_seconds() {
        let mut now = Instant::now();
        let (mut unit, mut neighbour) = (unit(now), unit(now));
        for _ in 0..9 {
            unit.failed(Reason::Timeout, now, true);
            unit.schedule(now);
            assert!(next(&unit, now) <= 10.0);
            now = unit.attempt_at();
        }
        for _ in 0..9 {
            neighbour.failed(Reason::Timeout, now, false);
            neighbour.schedule(now);
        }
        assert!(next(&neighbour, now) > 200.0);
        neighbour.hurry(now);
        assert_eq!(next(&neighbour, now), 10.0);
    }

    #[test]
    fn the_first_poll_is_soon_and_the_others_keep_to_the_grid() {
        let start = Instant::now();
        let settings = DeviceSettings { poll: POLL, ..DeviceSettings::for_checking_only() };
        let id = DeviceId::parse("station/plc").unwrap();
        let device =
            ModbusDevice { id, settings, points: Vec::new(), place: Place { file: "".into(), line: 0 } };
        let mut unit = Unit::new(PlannedDevice::new(device, 0), start, start + Duration::from_millis(1_500));
        for at in [1.5, 3.5, 5.5] {
            unit.answered();
            assert_eq!(unit.schedule(unit.attempt_at()), 0);
            assert_eq!(next(&unit, start), at);
        }
    }

    #[test]
    fn an_exception_of_the_gateway_counts_as_silence_and_a_broken_connection_is_tried_soon() {
        let now = Instant::now();
        let (mut behind_gateway, mut broken) = (unit(now), unit(now));
        for _ in 0..2 {
            behind_gateway.failed(Reason::Exception(11), now, false);
            behind_gateway.schedule(now);
        }
        assert!(next(&behind_gateway, now) >= 3.75);
        let mut at = now;
        for full in [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0] {
            broken.failed(Reason::Disconnected, at, false);
            broken.schedule(at);
            assert!(next(&broken, at) <= full && next(&broken, at) >= full * 0.75);
            at = broken.attempt_at();
        }
    }

    #[test]
    fn silence_is_told_as_news_and_then_not_more_often_than_its_poll() {
        let now = Instant::now();
        let mut unit = unit(now);
        let later = |ms| now + Duration::from_millis(ms);
        assert!(unit.failed(Reason::Disconnected, now, false));
        unit.schedule(now);
        assert!(!unit.failed(Reason::Disconnected, later(500), false), "tried again before its poll was due");
        assert!(unit.unreachable(Reason::Refused, later(900)), "another cause is news");
        unit.schedule(later(900));
        assert!(!unit.unreachable(Reason::Refused, later(1_900)));
        assert!(unit.unreachable(Reason::Refused, later(2_000)));
    }

    #[test]
    fn a_bus_that_is_back_asks_its_silent_devices_at_once() {
        let now = Instant::now();
        let (mut silent, mut well) = (unit(now), unit(now));
        for _ in 0..5 {
            silent.failed(Reason::Timeout, now, false);
            silent.schedule(now);
        }
        well.answered();
        well.schedule(now);
        let back = now + Duration::from_millis(10);
        silent.wake(back);
        well.wake(back);
        assert_eq!((silent.attempt_at(), next(&well, now)), (back, 2.0));
    }

    #[test]
    fn a_complaint_is_news_once() {
        let mut unit = unit(Instant::now());
        assert!(!unit.complain(None));
        assert!(unit.complain(Some("no answer".to_owned())));
        assert!(!unit.complain(Some("no answer".to_owned())));
        assert!(unit.complain(None));
    }
}
