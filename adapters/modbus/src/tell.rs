//! What the owner of a bus tells: observations to the pipeline, its state to those who look, and outages of the whole bus.
//!
//! Logs each trouble once, when it begins and when it ends. Read next: `health.rs`.

use adapters_sdk::{Clock, Committed, Delivery, Intake};
use hub_model::{LocalText, Observation, Reason, Timestamp};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::bus::Link;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::health::{BusHealth, DeviceHealth, Fault, SharedHealth};
use crate::owner::Owner;
use crate::poll::{Polled, missing};
use crate::trace::Trace;
use crate::unit::{RECONNECT_FIRST, Unit};

/// The time in which no connection can be made.
pub(crate) struct Outage {
    pub(crate) cause: Reason,
    pub(crate) retry_at: Instant,
}

/// Nobody takes deliveries any more.
pub(crate) struct IntakeClosed;

/// What a bus is told through.
pub(crate) struct Teller {
    endpoint: Endpoint,
    intake: Intake,
    clock: Clock,
    health: SharedHealth,
}

impl Teller {
    pub(crate) fn new(endpoint: &Endpoint, units: &[Unit], intake: Intake, clock: Clock) -> Self {
        let health = BusHealth::new(endpoint.clone(), units.iter().map(|unit| &unit.device));
        let trace = Trace::new(clock.clone());
        Self { endpoint: endpoint.clone(), intake, clock, health: SharedHealth::new(health, trace) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.health.trace()
    }

    pub(crate) fn health(&self) -> SharedHealth {
        self.health.clone()
    }

    pub(crate) async fn deliver(&self, observations: Vec<Observation>) -> Result<(), IntakeClosed> {
        let delivery = Delivery { observations, committed: Committed::unheard() };
        self.intake.send(delivery).await.map_err(|_| IntakeClosed)
    }

    pub(crate) fn overran(&self, index: usize, overruns: u64) {
        if overruns > 0 {
            self.health.update(|health| health.devices[index].overruns += overruns);
        }
    }

    /// Notes how a poll went.
    pub(crate) fn note(&self, index: usize, unit: &mut Unit, polled: &Polled, link: &Link, places: usize) {
        let now = self.clock.now();
        let id = unit.device.id.clone();
        let unreachable = matches!(polled.failure, Some(Failure::Unreachable { .. }));
        let text =
            polled.failure.as_ref().map(|failure| match (failure.words(), polled.asked_for.as_str()) {
                (words, "") => words,
                (words, asked_for) => {
                    LocalText::new(format!("{}: {asked_for}", words.vi), format!("{}: {asked_for}", words.en))
                }
            });
        if !unreachable && unit.complain(polled.failure.as_ref().map(ToString::to_string)) {
            match text.as_ref().map(|text| &text.en) {
                Some(problem) => warn!(device = %id, unit_id = unit.device.settings.unit_id,
                    endpoint = %self.endpoint, problem, "a Modbus device does not answer as it should"),
                None => info!(device = %id, endpoint = %self.endpoint, "a Modbus device answers again"),
            }
        }
        let failures = unit.failures();
        self.health.update(|health| {
            health.connected = link.is_connected();
            health.places = places;
            health.meter.read(Instant::now(), link);
            if health.connected {
                health.down_since = None;
            }
            if let Some(text) = text {
                health.last_error = Some(Fault { at: now, device: (!unreachable).then_some(id), text });
            }
            let device = &mut health.devices[index];
            device.silent = unit.silent();
            device.failures = failures;
            device.count(polled);
            if polled.answered {
                device.last_answered = Some(now);
            }
            if device.refused.len() != unit.culprits().count() {
                device.refused = unit.culprits().cloned().collect();
            }
            for (point, text) in &polled.texts {
                device.texts.insert(unit.device.points[*point].0.clone(), text.clone());
            }
        });
    }

    /// The bus has other devices now: those that stayed, by their number before, keep their state.
    pub(crate) fn renewed(&self, units: &[Unit], stayed: &[Option<usize>]) {
        self.health.update(|health| {
            let of = |(unit, before): (&Unit, &Option<usize>)| {
                let known = before.and_then(|before| health.devices.get(before).cloned());
                known.unwrap_or_else(|| DeviceHealth::new(&unit.device))
            };
            health.devices = units.iter().zip(stayed).map(of).collect();
        });
    }

    pub(crate) fn outage_begins(&self, failure: &Failure) {
        let now = self.clock.now();
        self.health.update(|health| {
            health.connected = false;
            health.down_since.get_or_insert(now);
            health.last_error = Some(Fault { at: now, device: None, text: failure.words() });
        });
        warn!(endpoint = %self.endpoint, problem = %failure, "a Modbus bus cannot be reached");
    }

    fn outage_goes_on(&self, failure: &Failure) {
        debug!(endpoint = %self.endpoint, problem = %failure, "a Modbus bus still cannot be reached");
        let fault = Fault { at: self.clock.now(), device: None, text: failure.words() };
        self.health.update(|health| health.last_error = Some(fault));
    }

    fn outage_ends(&self) {
        info!(endpoint = %self.endpoint, "a Modbus bus is reached again");
        self.health.update(|health| (health.connected, health.down_since) = (true, None));
    }
}

impl Owner {
    /// What others may know of it.
    pub(crate) fn health(&self) -> SharedHealth {
        self.teller.health()
    }

    pub(crate) async fn try_to_reconnect(&mut self) -> Result<(), IntakeClosed> {
        let patience = self.units.iter().map(|unit| unit.device.settings.timeout).max();
        let connected = self.link.connect(patience.unwrap_or(RECONNECT_FIRST)).await;
        let now = Instant::now();
        let Err(failure) = connected else {
            self.teller.outage_ends();
            self.outage = None;
            self.reconnect.succeeded();
            self.units.iter_mut().for_each(|unit| unit.wake(now));
            return Ok(());
        };
        self.teller.outage_goes_on(&failure);
        let cause = failure.reason();
        self.outage = Some(Outage { cause, retry_at: now + self.reconnect.failed() });
        for index in 0..self.units.len() {
            if self.units[index].silent().is_some() {
                self.tell_of_outage(index, cause, now).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn tell_of_outage(
        &mut self,
        index: usize,
        cause: Reason,
        now: Instant,
    ) -> Result<(), IntakeClosed> {
        let unit = &mut self.units[index];
        if !unit.unreachable(cause, now) {
            return Ok(());
        }
        let received_at = self.teller.now();
        let observations = unit.batches.iter().flat_map(|batch| missing(unit, batch, cause, received_at));
        let observations = observations.collect();
        self.teller.health().update(|health| health.devices[index].silent = Some(cause));
        self.teller.deliver(observations).await?;
        // Polls left out in an outage are no overruns.
        self.units[index].schedule(Instant::now());
        Ok(())
    }
}
