//! What is remembered of each point between steps: its latest reading, its last good value, its windows.
//!
//! All of it can be rebuilt from what the store holds. Read next: [`crate::judge`].

use std::time::Duration;

use hub_model::{Quality, Reading, Reason, Timestamp};

use crate::judge::{FUTURE_AFTER, Judged, counted_at, is_future, is_silence, may_raise};
use crate::window::Window;

/// The same raw number in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    number: f64,
    since: Timestamp,
}

/// The last two values that were judged live.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Previous {
    before: Option<f64>,
    last: Option<(f64, Timestamp)>,
}

/// How far back the value before the last one is looked for at a start.
const LOOK_FOR_PREVIOUS: Duration = Duration::from_secs(24 * 3600);

/// One point's memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PointMemory {
    pub(crate) latest: Option<Reading>,
    pub(crate) last_good: Option<(f64, Timestamp)>,
    pub(crate) window: Option<Window>,
    /// The value before the last one, and the last one, each with when it was measured; kept where a rule asks for it.
    previous: Option<Previous>,
    stuck_after: Option<Duration>,
    run: Option<Run>,
    warmed: bool,
    /// Whether a timer asks after the point's silence.
    pub(crate) expiry_set: bool,
}

impl PointMemory {
    pub(crate) fn new(window: Option<Duration>, stuck_after: Option<Duration>, previous: bool) -> Self {
        let previous = previous.then(Previous::default);
        Self { window: window.map(Window::new), stuck_after, previous, ..Self::default() }
    }

    /// How far back the memory looks, `None` when it needs no history.
    pub(crate) fn looks_back(&self) -> Option<Duration> {
        let previous = self.previous.map(|_| LOOK_FOR_PREVIOUS);
        self.window.as_ref().map(Window::span).max(self.stuck_after).max(previous)
    }

    /// Puts back what the store held.
    pub(crate) fn recover(&mut self, latest: Reading, last_good: Option<(f64, Timestamp)>) {
        self.follow_run(&latest);
        self.latest = Some(latest);
        self.last_good = last_good;
    }

    /// Takes in a stored reading that came before the latest.
    pub(crate) fn warm(&mut self, reading: &Reading) {
        if !self.warmed {
            self.warmed = true;
            self.run = None;
        }
        self.follow_run(reading);
        self.follow_previous(reading);
        self.fill_window(reading);
    }

    /// Takes in a reading that was just judged.
    pub(crate) fn keep(&mut self, judged: &Judged) {
        let reading = &judged.reading;
        let sent_again = self
            .latest
            .as_ref()
            .is_some_and(|latest| (latest.measured_at, latest.value) == (reading.measured_at, reading.value));
        if !sent_again {
            self.fill_window(reading);
        }
        if !judged.latest {
            return;
        }
        self.follow_run(reading);
        self.follow_previous(reading);
        if let Some(value) = reading.value.filter(|_| reading.quality.is_judged() && !is_future(reading)) {
            self.last_good = Some((value, reading.measured_at));
        }
        match &mut self.latest {
            // It is the same point's: what differs is copied, and its name, which others hold as well, is left alone.
            Some(latest) => {
                (latest.measured_at, latest.received_at) = (reading.measured_at, reading.received_at);
                (latest.raw, latest.value) = (reading.raw, reading.value);
                (latest.quality, latest.reason) = (reading.quality, reading.reason);
            }
            None => self.latest = Some(reading.clone()),
        }
    }

    /// Takes a change of a stored reading in; whether that is the latest one. Windows are filled again afterwards.
    pub(crate) fn amend(&mut self, reading: &Reading) -> bool {
        if self.last_good.is_some_and(|(_, at)| at == reading.measured_at) {
            self.last_good = reading
                .value
                .filter(|_| reading.quality.is_judged())
                .map(|value| (value, reading.measured_at));
        }
        let is_latest = self.latest.as_ref().is_some_and(|latest| latest.measured_at == reading.measured_at);
        if is_latest {
            self.latest = Some(reading.clone());
        }
        is_latest
    }

    /// The hub's time was set: what it was by the hub's own time moves along.
    pub(crate) fn shift(&mut self, moved: &impl Fn(Timestamp) -> Timestamp) {
        let Some(latest) = &mut self.latest else { return };
        if latest.measured_at == latest.received_at {
            self.last_good = self
                .last_good
                .map(|(value, at)| (value, if at == latest.measured_at { moved(at) } else { at }));
            self.run = self.run.map(|run| Run { since: moved(run.since), ..run });
            latest.measured_at = moved(latest.measured_at);
        }
        latest.received_at = moved(latest.received_at);
    }

    /// Forgets the window's values, to be filled anew by [`PointMemory::warm`].
    pub(crate) fn forget_window(&mut self) {
        self.window = self.window.take().map(|window| Window::new(window.span()));
    }

    /// The time that a reading must not precede to be the latest. Neither a notice of silence, which carries the hub's own
    /// time, nor a reading from the future stands in a reading's way.
    pub(crate) fn newest_measured(&self) -> Option<Timestamp> {
        let said = self.latest.as_ref().filter(|latest| !is_silence(latest.reason) && !is_future(latest));
        said.map(|latest| latest.measured_at).max(self.last_good.map(|(_, at)| at))
    }

    /// Whether a reading, received when it says, becomes the latest.
    pub(crate) fn is_latest(&self, reading: &Reading) -> bool {
        // What lies beyond the hub's own clock was kept before that clock was set back: it stands in nobody's way.
        let beyond = reading.received_at.plus(FUTURE_AFTER);
        is_silence(reading.reason)
            || self.newest_measured().is_none_or(|at| reading.measured_at >= at || at > beyond)
    }

    /// When the point was last heard, as far as the store knows it.
    pub(crate) fn heard_at(&self) -> Option<Timestamp> {
        match &self.latest {
            Some(latest) if !is_silence(latest.reason) => Some(latest.received_at),
            _ => self.last_good.map(|(_, at)| at),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.latest.as_ref().is_some_and(|latest| latest.quality == Quality::Missing)
    }

    /// How fast `value` would have come about since the last good one.
    pub(crate) fn change_per_minute(&self, measured_at: Timestamp, value: f64) -> Option<f64> {
        let (before, at) = self.last_good?;
        let minutes = measured_at.since(at).as_secs_f64() / 60.0;
        (minutes > 0.0).then(|| (value - before).abs() / minutes)
    }

    /// How long the number of `reading` has been the same, itself included.
    pub(crate) fn same_for(&self, reading: &Reading) -> Option<Duration> {
        let run = self.run.filter(|run| Some(run.number) == number_of(reading))?;
        Some(counted_at(reading).since(run.since))
    }

    fn follow_run(&mut self, reading: &Reading) {
        // What came out of its turn says nothing of standing still, now or when it is read back.
        let in_turn = number_of(reading).filter(|_| may_raise(reading));
        let Some((number, after)) = in_turn.zip(self.stuck_after) else { return };
        let at = counted_at(reading);
        let mut since = self.run.filter(|run| run.number == number).map_or(at, |run| run.since.min(at));
        // A stored verdict is believed even where the readings that led to it are not at hand.
        if reading.reason == Some(Reason::Stuck) {
            since = since.min(at.minus(after));
        }
        self.run = Some(Run { number, since });
    }

    /// The judged value before the last one.
    pub(crate) fn previous(&self) -> Option<f64> {
        self.previous.and_then(|previous| previous.before)
    }

    fn follow_previous(&mut self, reading: &Reading) {
        let Some(previous) = &mut self.previous else { return };
        let fits = reading.quality.is_judged() && may_raise(reading) && !is_future(reading);
        let Some(value) = reading.value.filter(|_| fits) else { return };
        match &mut previous.last {
            // Sent again, or corrected.
            Some((last, at)) if *at >= reading.measured_at => *last = value,
            last => {
                previous.before = last.map(|(value, _)| value);
                *last = Some((value, reading.measured_at));
            }
        }
    }

    fn fill_window(&mut self, reading: &Reading) {
        let value = reading.value.filter(|_| reading.quality.is_judged());
        if let Some((window, value)) = self.window.as_mut().zip(value) {
            window.push(counted_at(reading), value);
        }
    }
}

/// The device's own number, or the value where only that came.
fn number_of(reading: &Reading) -> Option<f64> {
    reading.raw.filter(|_| reading.value.is_some()).or(reading.value)
}
