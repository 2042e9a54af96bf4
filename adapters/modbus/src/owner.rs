//! The owner of one bus: the only task that uses its connection.
//!
//! Never gives up, and never lets one device hold up the others longer than one time-out. When the pipeline is slow it
//! waits, and counts the polls that it leaves out. Read next: [`crate::unit`] for when a device is asked, [`crate::poll`] for
//! what is asked, `bus/mod.rs` for how.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters_sdk::{Backoff, Clock, Intake};
use hub_model::Reason;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::batch::Batch;
use crate::bus::{Answered, Link};
use crate::calls::Call;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::plan::PlannedDevice;
use crate::poll::{Poll, Step};
use crate::tell::{IntakeClosed, Outage, Teller};
use crate::unit::{RECONNECT_FIRST, RECONNECT_MOST, Unit};
use crate::window::Window;

/// A bus with its devices.
pub(crate) struct Owner {
    pub(crate) link: Link,
    pub(crate) units: Vec<Unit>,
    /// Polls under way, by the device's number.
    polls: BTreeMap<usize, Poll>,
    /// Requests under way, by their tag.
    jobs: BTreeMap<u64, Job>,
    last_tag: u64,
    window: Window,
    pub(crate) outage: Option<Outage>,
    pub(crate) reconnect: Backoff,
    calls: mpsc::Receiver<Call>,
    renewals: mpsc::Receiver<Vec<PlannedDevice>>,
    /// Other devices to take up, once the polls under way are over; none is begun before.
    renewal: Option<Vec<PlannedDevice>>,
    pub(crate) teller: Teller,
}

/// What a request under way is for.
enum Job {
    Wake(usize),
    Read(usize, Batch, u8),
    Call(Call),
}

enum Event {
    Answered(Answered),
    Called(Call),
    Renewed(Vec<PlannedDevice>),
    Due,
}

/// A device with the moments at which it is asked: the first one, and one of its grid.
pub(crate) type Start = (PlannedDevice, Instant, Instant);

impl Owner {
    /// A bus with its devices. Requests of people come through `calls`.
    pub(crate) fn new(
        endpoint: Endpoint,
        starts: Vec<Start>,
        (calls, renewals): (mpsc::Receiver<Call>, mpsc::Receiver<Vec<PlannedDevice>>),
        intake: Intake,
        clock: Clock,
    ) -> Self {
        let units: Vec<_> =
            starts.into_iter().map(|(planned, first, grid)| Unit::new(planned, first, grid)).collect();
        let settings = units.first().map(|unit| &unit.device.settings);
        let pause = settings.map_or(Duration::ZERO, |settings| settings.pause_between);
        let most = settings.map_or(1, |settings| settings.max_in_flight);
        let teller = Teller::new(&endpoint, &units, intake, clock);
        Self {
            link: Link::new(endpoint, pause, teller.trace()),
            units,
            polls: BTreeMap::new(),
            jobs: BTreeMap::new(),
            last_tag: 0,
            window: Window::new(usize::from(most)),
            outage: None,
            reconnect: Backoff::new(RECONNECT_FIRST, RECONNECT_MOST),
            calls,
            renewals,
            renewal: None,
            teller,
        }
    }

    /// Reads for ever; returns when nobody takes deliveries any more, or there is nothing to read.
    pub(crate) async fn run(mut self) {
        while self.units.iter().any(Unit::has_points) {
            if let Some(devices) = self.renewal.take_if(|_| self.polls.is_empty()) {
                self.renew(devices);
                continue;
            }
            if self.fill().await.is_err() {
                return;
            }
            if self.renewal.is_some() && self.polls.is_empty() {
                continue;
            }
            let wake = self.next_wake();
            let is_waiting = self.link.waiting() > 0;
            // In an outage calls are taken to be refused.
            let takes_calls = self.has_place() || self.outage.is_some();
            let takes_renewals = self.renewal.is_none();
            let Self { link, calls, renewals, .. } = &mut self;
            let event = tokio::select! {
                answered = link.next(), if is_waiting => Event::Answered(answered),
                Some(call) = calls.recv(), if takes_calls => Event::Called(call),
                Some(devices) = renewals.recv(), if takes_renewals => Event::Renewed(devices),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => Event::Due,
                else => return,
            };
            let done = match event {
                Event::Answered(answered) => self.answered(answered).await,
                Event::Called(call) => self.called(call).await,
                Event::Renewed(devices) => {
                    self.renewal = Some(devices);
                    Ok(())
                }
                Event::Due => Ok(()),
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Takes up other devices between polls. Those that are read as before keep their schedule, back-off and state.
    fn renew(&mut self, devices: Vec<PlannedDevice>) {
        let now = Instant::now();
        let mut before: Vec<Option<Unit>> = std::mem::take(&mut self.units).into_iter().map(Some).collect();
        let mut stayed = Vec::new();
        for planned in devices {
            let is_same = |unit: &Unit| unit.device.is_read_as(&planned.device);
            let index = before.iter().position(|unit| unit.as_ref().is_some_and(is_same));
            let kept = index.and_then(|index| before[index].take());
            self.units.push(kept.unwrap_or_else(|| {
                let (planned, first, grid) = planned.starts_at(now);
                Unit::new(planned, first, grid)
            }));
            stayed.push(index);
        }
        self.teller.renewed(&self.units, &stayed);
    }

    /// Sends what is due as long as there is a place for it.
    async fn fill(&mut self) -> Result<(), IntakeClosed> {
        loop {
            let now = Instant::now();
            if let Some(outage) = &self.outage {
                if now >= outage.retry_at {
                    self.try_to_reconnect().await?;
                } else if let Some(index) = self.due(now) {
                    let cause = outage.cause;
                    self.tell_of_outage(index, cause, now).await?;
                } else {
                    return Ok(());
                }
                continue;
            }
            if !self.has_place() {
                return Ok(());
            }
            let Some(index) = self.next_poll(now) else { return Ok(()) };
            let unit = &mut self.units[index];
            let poll = self.polls.entry(index).or_insert_with(|| Poll::begin(unit));
            let Some(step) = poll.next(unit, now) else { return Ok(()) };
            self.send(index, step).await?;
        }
    }

    fn has_place(&self) -> bool {
        self.outage.is_none() && self.link.waiting() < self.window.places()
    }

    /// The device whose request is next: of those that are due or being asked, the most urgent that has waited longest.
    fn next_poll(&self, now: Instant) -> Option<usize> {
        let being_asked =
            self.polls.iter().filter(|(_, poll)| poll.ready_at(now).is_some_and(|at| at <= now));
        let due = self.expectant().filter(|(_, unit)| unit.attempt_at() <= now).map(|(index, _)| index);
        let ready = being_asked.map(|(index, _)| *index).chain(due);
        ready.min_by_key(|index| (self.units[*index].urgency(now), self.units[*index].attempt_at()))
    }

    /// The device that has waited longest since it was due.
    fn due(&self, now: Instant) -> Option<usize> {
        let due = self.expectant().filter(|(_, unit)| unit.attempt_at() <= now);
        due.min_by_key(|(_, unit)| unit.attempt_at()).map(|(index, _)| index)
    }

    fn next_wake(&self) -> Option<Instant> {
        if let Some(outage) = &self.outage {
            return self.expectant().map(|(_, unit)| unit.attempt_at()).chain([outage.retry_at]).min();
        }
        if !self.has_place() {
            return None;
        }
        let now = Instant::now();
        let being_asked = self.polls.values().filter_map(|poll| poll.ready_at(now));
        self.expectant().map(|(_, unit)| unit.attempt_at()).chain(being_asked).min()
    }

    /// Devices that are not being asked and that there is something to do for. In an outage those are the ones that were not
    /// told of it yet.
    fn expectant(&self) -> impl Iterator<Item = (usize, &Unit)> {
        let cause = self.outage.as_ref().map(|outage| outage.cause);
        let waits = move |unit: &Unit| cause.is_none() || unit.silent() != cause;
        let is_idle = |index: &usize| self.renewal.is_none() && !self.polls.contains_key(index);
        let units = self.units.iter().enumerate();
        units.filter(move |(index, unit)| unit.has_points() && is_idle(index) && waits(unit))
    }

    async fn send(&mut self, index: usize, step: Step) -> Result<(), IntakeClosed> {
        let settings = &self.units[index].device.settings;
        let unit_id = settings.unit_id;
        let (ask, patience, job) = match step {
            Step::Wake(ask) => {
                let wait = settings.before_read.as_ref().map_or(settings.timeout, |wake| wake.wait);
                (ask, settings.timeout.min(wait), Job::Wake(index))
            }
            Step::Read(batch, tries) => (batch.ask(), settings.timeout, Job::Read(index, batch, tries)),
        };
        self.last_tag += 1;
        match self.link.send(self.last_tag, unit_id, ask, patience).await {
            Ok(()) => {
                self.jobs.insert(self.last_tag, job);
                Ok(())
            }
            Err(failure) => self.ended(job, Err(failure)).await,
        }
    }

    async fn called(&mut self, call: Call) -> Result<(), IntakeClosed> {
        if let Some(outage) = &self.outage {
            let text = "the bus cannot be reached just now".to_owned();
            call.answer(Err(Failure::Unreachable { cause: outage.cause, text }));
            return Ok(());
        }
        self.last_tag += 1;
        match self.link.send(self.last_tag, call.unit_id, call.ask.clone(), call.patience).await {
            Ok(()) => {
                self.jobs.insert(self.last_tag, Job::Call(call));
                Ok(())
            }
            Err(failure) => self.ended(Job::Call(call), Err(failure)).await,
        }
    }

    async fn answered(&mut self, answered: Answered) -> Result<(), IntakeClosed> {
        let Some(job) = self.jobs.remove(&answered.tag) else { return Ok(()) };
        let job = match (job, &answered.result) {
            (Job::Read(index, batch, 0), Err(failure))
                if self.deserves_another_try(index, failure, &answered) =>
            {
                if let Some(poll) = self.polls.get_mut(&index) {
                    poll.put_back(batch, 1);
                }
                return Ok(());
            }
            (job, result) => {
                if result.is_ok() {
                    self.window.answered(self.link.waiting() + 1);
                }
                job
            }
        };
        self.ended(job, answered.result).await
    }

    /// A request is tried a second time when its failure says nothing about the device: the connection had been idle and was
    /// closed, or the gateway was asked too much at once.
    fn deserves_another_try(&mut self, index: usize, failure: &Failure, answered: &Answered) -> bool {
        let was_idle = answered.had_served && matches!(failure, Failure::Disconnected(_));
        let was_too_much =
            answered.crowded && failure.may_be_of_crowding() && self.units[index].silent().is_none();
        if was_too_much {
            self.window.too_many();
        }
        was_idle || was_too_much
    }

    async fn ended(&mut self, job: Job, result: Result<Vec<u16>, Failure>) -> Result<(), IntakeClosed> {
        let now = self.teller.now();
        let unreachable = match &result {
            Err(Failure::Unreachable { cause, text }) => Some((*cause, text.clone())),
            _ => None,
        };
        let index = match job {
            Job::Call(call) => {
                call.answer(result);
                None
            }
            Job::Wake(index) => {
                if let Some(poll) = self.polls.get_mut(&index) {
                    poll.woke();
                    if let Err(failure @ Failure::Unreachable { .. }) = &result {
                        poll.end(&self.units[index], failure, now);
                    }
                }
                Some(index)
            }
            Job::Read(index, batch, _) => {
                if let Some(poll) = self.polls.get_mut(&index) {
                    poll.took(&mut self.units[index], batch, result, now);
                }
                Some(index)
            }
        };
        if let Some(index) = index.filter(|index| self.polls.get(index).is_some_and(Poll::is_over)) {
            self.conclude(index).await?;
        }
        if let Some((cause, text)) = unreachable {
            self.outage_begins(cause, &text).await?;
        }
        Ok(())
    }

    /// A poll is over: tells what it brought and sets the next one.
    pub(crate) async fn conclude(&mut self, index: usize) -> Result<(), IntakeClosed> {
        let Some(poll) = self.polls.remove(&index) else { return Ok(()) };
        let polled = poll.finish(&mut self.units[index]);
        let (now, is_alone) = (Instant::now(), self.others_are_silent(index));
        let unit = &mut self.units[index];
        let (mut tell, mut is_back) = (true, false);
        match &polled.failure {
            Some(Failure::Unreachable { cause, .. }) => {
                tell = unit.unreachable(*cause, now) || polled.answered;
            }
            Some(failure) if !polled.answered => tell = unit.failed(failure.reason(), now, is_alone),
            _ => is_back = unit.answered(),
        }
        self.teller.note(index, &mut self.units[index], &polled, &self.link, self.window.places());
        if tell {
            self.teller.deliver(polled.observations).await?;
        }
        let overruns = self.units[index].schedule(Instant::now());
        self.teller.overran(index, overruns);
        if is_alone && is_back {
            // The line behind a gateway was dead and one device is back: the others need not wait for their back-off.
            self.units.iter_mut().filter(|unit| unit.silent().is_some()).for_each(|unit| unit.wake(now));
        } else if is_alone && self.units[index].silent().is_some() {
            self.units.iter_mut().for_each(|unit| unit.hurry(now));
        }
        Ok(())
    }

    fn others_are_silent(&self, index: usize) -> bool {
        let mut others = self.units.iter().enumerate().filter(|(other, _)| *other != index);
        others.all(|(_, unit)| unit.silent().is_some() || !unit.has_points())
    }

    async fn outage_begins(&mut self, cause: Reason, text: &str) -> Result<(), IntakeClosed> {
        let retry_at = Instant::now() + self.reconnect.failed();
        self.outage = Some(Outage { cause, retry_at });
        let failure = Failure::Unreachable { cause, text: text.to_owned() };
        self.teller.outage_begins(&failure);
        let now = self.teller.now();
        for (index, poll) in &mut self.polls {
            poll.end(&self.units[*index], &failure, now);
        }
        let over: Vec<_> =
            self.polls.iter().filter(|(_, poll)| poll.is_over()).map(|(index, _)| *index).collect();
        for index in over {
            self.conclude(index).await?;
        }
        Ok(())
    }
}
