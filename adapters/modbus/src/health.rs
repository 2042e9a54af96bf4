//! What is told about running buses: to `/health/ready`, metrics and the integrator. Never decides anything.
//!
//! Read next: `running.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hub_model::{DeviceId, LocalText, PointId, Reason, Timestamp};
use tokio::time::Instant;

use crate::bus::Link;
use crate::endpoint::Endpoint;
use crate::plan::ModbusDevice;
use crate::poll::Polled;
use crate::trace::Trace;

/// Load and requests a second are told of the last full span of at least this length.
const METER_SPAN: Duration = Duration::from_secs(10);

/// The state of one bus.
#[derive(Debug, Clone, PartialEq)]
pub struct BusHealth {
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// Whether there is a connection now.
    pub connected: bool,
    /// Since when no connection can be made: one cause for the silence of all of its devices.
    pub down_since: Option<Timestamp>,
    /// The last thing that went wrong, on the connection or with a device.
    pub last_error: Option<Fault>,
    /// How many requests it is given at once.
    pub places: usize,
    /// How busy it is.
    pub meter: Meter,
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
    /// How often it is read.
    pub poll: Duration,
    /// Why it gave nothing at its last poll; `None` when it answered or was not asked yet.
    pub silent: Option<Reason>,
    /// Polls in a row that failed; after two it is asked rarely.
    pub failures: u32,
    /// When it last answered, with values or with an exception.
    pub last_answered: Option<Timestamp>,
    /// Times that it was asked.
    pub polls: u64,
    /// Requests sent to it.
    pub requests: u64,
    /// Requests that were not answered in time.
    pub timeouts: u64,
    /// Requests that were answered with an exception.
    pub exceptions: u64,
    /// Answers that were spoilt or did not fit.
    pub bad_answers: u64,
    /// Polls left out because the bus or the pipeline was still busy with earlier ones.
    pub overruns: u64,
    /// Points whose address it has refused.
    pub refused: Vec<PointId>,
    /// What its text points said last.
    pub texts: BTreeMap<PointId, String>,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// When.
    pub at: Timestamp,
    /// The device concerned; `None` when it was the connection.
    pub device: Option<DeviceId>,
    /// What, in words.
    pub text: LocalText,
}

/// How busy a bus is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meter {
    /// The part of the time in which an answer was waited for, in percent.
    pub load_percent: f64,
    /// Requests a second.
    pub requests_per_s: f64,
    /// The beginning of the span being measured, and the totals then.
    begun: Option<(Instant, Duration, u64)>,
}

impl Meter {
    pub(crate) fn read(&mut self, now: Instant, link: &Link) {
        let (busy, requests) = link.meter(now);
        let Some((since, busy_then, requests_then)) = self.begun else {
            self.begun = Some((now, busy, requests));
            return;
        };
        let span = now.saturating_duration_since(since);
        if span >= METER_SPAN {
            let part = busy.saturating_sub(busy_then).as_secs_f64() / span.as_secs_f64();
            self.load_percent = 100.0 * part.min(1.0);
            self.requests_per_s = (requests - requests_then) as f64 / span.as_secs_f64();
            self.begun = Some((now, busy, requests));
        }
    }
}

impl BusHealth {
    pub(crate) fn new<'a>(endpoint: Endpoint, devices: impl Iterator<Item = &'a ModbusDevice>) -> Self {
        Self {
            endpoint,
            connected: false,
            down_since: None,
            last_error: None,
            places: 1,
            meter: Meter::default(),
            devices: devices.map(DeviceHealth::new).collect(),
        }
    }
}

impl DeviceHealth {
    pub(crate) fn new(device: &ModbusDevice) -> Self {
        Self {
            id: device.id.clone(),
            unit_id: device.settings.unit_id,
            poll: device.settings.poll,
            silent: None,
            failures: 0,
            last_answered: None,
            polls: 0,
            requests: 0,
            timeouts: 0,
            exceptions: 0,
            bad_answers: 0,
            overruns: 0,
            refused: Vec::new(),
            texts: BTreeMap::new(),
        }
    }

    pub(crate) fn count(&mut self, polled: &Polled) {
        self.polls += 1;
        self.requests += polled.requests;
        self.timeouts += polled.timeouts;
        self.exceptions += polled.exceptions;
        self.bad_answers += polled.bad_answers;
    }
}

/// One bus's state, shared between its owner task and those who ask. The lock is held for a copy or a few assignments.
#[derive(Debug, Clone)]
pub(crate) struct SharedHealth {
    health: Arc<Mutex<BusHealth>>,
    trace: Trace,
}

impl SharedHealth {
    pub(crate) fn new(health: BusHealth, trace: Trace) -> Self {
        Self { health: Arc::new(Mutex::new(health)), trace }
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut BusHealth)) {
        // A panic while it was held cannot have left it half changed in a way that matters: it is only shown.
        change(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace.clone()
    }

    pub(crate) fn copy(&self) -> BusHealth {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
