//! The owner of one bus: the only task that uses its connection.
//!
//! Never gives up, and never lets one device hold up the others longer than one time-out. When the pipeline is slow it
//! waits, and counts the polls that it leaves out. Read next: [`crate::unit`] for when a device is asked, [`crate::bus`].

use std::time::Duration;

use adapters_sdk::{Backoff, Clock, Committed, Delivery, Intake};
use hub_model::{Observation, Reason};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use crate::bus::Link;
use crate::endpoint::Endpoint;
use crate::health::{BusHealth, Fault, SharedHealth};
use crate::plan::PlannedDevice;
use crate::poll::{Polled, missing, poll};
use crate::unit::{RECONNECT_FIRST, RECONNECT_MOST, Unit};
use crate::wire::Failure;

/// A bus with its devices.
pub(crate) struct Owner {
    link: Link,
    units: Vec<Unit>,
    outage: Option<Outage>,
    reconnect: Backoff,
    intake: Intake,
    clock: Clock,
    health: SharedHealth,
}

/// The time in which no connection can be made.
struct Outage {
    cause: Reason,
    retry_at: Instant,
}

/// Nobody takes deliveries any more.
struct IntakeClosed;

impl Owner {
    /// A bus whose devices are first asked at the given moments.
    pub(crate) fn new(
        endpoint: Endpoint,
        starts: Vec<(PlannedDevice, Instant)>,
        intake: Intake,
        clock: Clock,
    ) -> Self {
        let units: Vec<_> = starts.into_iter().map(|(planned, first)| Unit::new(planned, first)).collect();
        let devices = units.iter().map(|unit| (unit.device.id.clone(), unit.device.settings.unit_id));
        let health = SharedHealth::new(BusHealth::new(endpoint.clone(), devices));
        let pause = units.first().map_or(Duration::ZERO, |unit| unit.device.settings.pause_between);
        Self {
            link: Link::new(endpoint, pause),
            units,
            outage: None,
            reconnect: Backoff::new(RECONNECT_FIRST, RECONNECT_MOST),
            intake,
            clock,
            health,
        }
    }

    /// What others may know of it.
    pub(crate) fn health(&self) -> SharedHealth {
        self.health.clone()
    }

    /// Reads for ever; returns when nobody takes deliveries any more.
    pub(crate) async fn run(mut self) {
        while let Some(wake) = self.next_wake() {
            sleep_until(wake).await;
            let now = Instant::now();
            let done = match &self.outage {
                Some(outage) if now >= outage.retry_at => self.try_to_reconnect().await,
                _ => match self.due(now) {
                    Some(index) => self.attend(index, now).await,
                    None => Ok(()),
                },
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let units = self.expectant().map(|(_, unit)| unit.attempt_at());
        units.chain(self.outage.as_ref().map(|outage| outage.retry_at)).min()
    }

    /// The device that has waited longest since it was due.
    fn due(&self, now: Instant) -> Option<usize> {
        let due = self.expectant().filter(|(_, unit)| unit.attempt_at() <= now);
        due.min_by_key(|(_, unit)| unit.attempt_at()).map(|(index, _)| index)
    }

    /// Devices that there is something to do for. In an outage those are the ones that were not told of it yet.
    fn expectant(&self) -> impl Iterator<Item = (usize, &Unit)> {
        let cause = self.outage.as_ref().map(|outage| outage.cause);
        let waits = move |unit: &Unit| cause.is_none() || unit.silent() != cause;
        self.units.iter().enumerate().filter(move |(_, unit)| !unit.batches.is_empty() && waits(unit))
    }

    async fn attend(&mut self, index: usize, now: Instant) -> Result<(), IntakeClosed> {
        if let Some(cause) = self.outage.as_ref().map(|outage| outage.cause) {
            return self.tell_of_outage(index, cause, now).await;
        }
        let polled = poll(&mut self.link, &mut self.units[index], &self.clock).await;
        let unit = &mut self.units[index];
        let (mut tell, mut is_back) = (true, false);
        match &polled.failure {
            Some(Failure::Unreachable { cause, .. }) => {
                tell = unit.unreachable(*cause, now) || polled.answered;
            }
            Some(failure) if !polled.answered => tell = unit.failed(failure.reason(), Instant::now()),
            _ => is_back = unit.answered(),
        }
        self.note(index, &polled);
        if tell {
            deliver(&self.intake, polled.observations).await?;
        }
        let overruns = self.units[index].schedule(Instant::now());
        self.health.update(|health| health.devices[index].overruns += overruns);
        if is_back {
            self.wake_if_all_were_silent(index);
        }
        if let Some(Failure::Unreachable { cause, text }) = polled.failure {
            self.outage_begins(cause, &text);
        }
        Ok(())
    }

    fn note(&mut self, index: usize, polled: &Polled) {
        let (unit, now) = (&mut self.units[index], self.clock.now());
        let (id, unit_id) = (&unit.device.id.clone(), unit.device.settings.unit_id);
        let text = polled.failure.as_ref().map(ToString::to_string);
        let unreachable = matches!(polled.failure, Some(Failure::Unreachable { .. }));
        if !unreachable && unit.complain(text.clone()) {
            match &text {
                Some(problem) => warn!(device = %id, unit_id, endpoint = %self.link.endpoint, problem,
                    "a Modbus device does not answer as it should"),
                None => info!(device = %id, unit_id, "a Modbus device answers again"),
            }
        }
        let (silent, connected) = (unit.silent(), self.link.is_connected());
        self.health.update(|health| {
            health.connected = connected;
            if let Some(text) = text {
                health.last_error = Some(Fault { at: now, device: (!unreachable).then(|| id.clone()), text });
            }
            let device = &mut health.devices[index];
            device.silent = silent;
            device.polls += 1;
            device.timeouts += polled.timeouts;
            device.exceptions += polled.exceptions;
            if polled.answered {
                device.last_answered = Some(now);
            }
        });
    }

    /// The line behind a gateway was dead and one device is back: the others need not wait for their back-off.
    fn wake_if_all_were_silent(&mut self, index: usize) {
        let mut others = self.units.iter().enumerate().filter(|(other, _)| *other != index);
        if others.all(|(_, unit)| unit.silent().is_some() || unit.batches.is_empty()) {
            let now = Instant::now();
            self.units.iter_mut().filter(|unit| unit.silent().is_some()).for_each(|unit| unit.wake(now));
        }
    }

    fn outage_begins(&mut self, cause: Reason, text: &str) {
        let retry_at = Instant::now() + self.reconnect.failed();
        self.outage = Some(Outage { cause, retry_at });
        warn!(endpoint = %self.link.endpoint, problem = text, "a Modbus bus cannot be reached");
    }

    async fn try_to_reconnect(&mut self) -> Result<(), IntakeClosed> {
        let patience = self.units.iter().map(|unit| unit.device.settings.timeout).max();
        let connected = self.link.connect(patience.unwrap_or(RECONNECT_FIRST)).await;
        let now = Instant::now();
        let Err(failure) = connected else {
            info!(endpoint = %self.link.endpoint, "a Modbus bus is reached again");
            self.outage = None;
            self.reconnect.succeeded();
            self.health.update(|health| health.connected = true);
            self.units.iter_mut().for_each(|unit| unit.wake(now));
            return Ok(());
        };
        debug!(endpoint = %self.link.endpoint, problem = %failure, "a Modbus bus still cannot be reached");
        let cause = failure.reason();
        self.outage = Some(Outage { cause, retry_at: now + self.reconnect.failed() });
        let fault = Fault { at: self.clock.now(), device: None, text: failure.to_string() };
        self.health.update(|health| health.last_error = Some(fault));
        for index in 0..self.units.len() {
            if self.units[index].silent().is_some() {
                self.tell_of_outage(index, cause, now).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_outage(
        &mut self,
        index: usize,
        cause: Reason,
        now: Instant,
    ) -> Result<(), IntakeClosed> {
        let unit = &mut self.units[index];
        if !unit.unreachable(cause, now) {
            return Ok(());
        }
        let received_at = self.clock.now();
        let observations = unit.batches.iter().flat_map(|batch| missing(unit, batch, cause, received_at));
        let observations = observations.collect();
        self.health.update(|health| health.devices[index].silent = Some(cause));
        deliver(&self.intake, observations).await?;
        // Polls left out in an outage are no overruns.
        self.units[index].schedule(Instant::now());
        Ok(())
    }
}

async fn deliver(intake: &Intake, observations: Vec<Observation>) -> Result<(), IntakeClosed> {
    let delivery = Delivery { observations, committed: Committed::unheard() };
    intake.send(delivery).await.map_err(|_| IntakeClosed)
}
