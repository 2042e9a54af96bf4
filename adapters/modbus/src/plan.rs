//! All buses with their devices, checked together before anything is opened. Pure until [`Plan::run`].
//!
//! Devices with the same endpoint share one connection. Two devices may have the same unit id on one endpoint: registers
//! that are wanted at different paces are configured so. Each of the two keeps its own schedule and back-off.
//!
//! Read next: `health.rs` for what a running plan tells.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use adapters_sdk::config::{Place, Problem};
use adapters_sdk::{Clock, Intake};
use hub_model::text::Told;
use hub_model::{DeviceId, LocalText, PointId, duration};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, batches};
use crate::calls::WAITING_CALLS;
use crate::config::{DeviceSettings, PointSettings};
use crate::endpoint::Endpoint;
use crate::owner::{Owner, Start};
use crate::running::{Bus, Running, Starting};

/// What a request is taken to cost in estimates of load, on top of the device's `pause_between`: a device's usual
/// answer. A gateway to a slow serial line takes longer.
pub const ASSUMED_ROUND_TRIP: Duration = Duration::from_millis(10);
/// First polls are spread over at most this, so that every value is there soon after the start.
const LONGEST_SPREAD: Duration = Duration::from_secs(1);
/// Polls of different buses fall on common moments this far apart, or a hundredth of their pace: waking once for ten of them takes less
/// than waking ten times.
const COMMON: Duration = Duration::from_millis(10);
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;
/// Bytes of a request's serial frame and around its answer.
const SERIAL_FRAMES: usize = 8 + 3;

/// A device as configured.
#[derive(Debug, Clone)]
pub struct ModbusDevice {
    /// The device.
    pub id: DeviceId,
    /// How it is read.
    pub settings: DeviceSettings,
    /// Its points.
    pub points: Vec<(PointId, PointSettings)>,
    /// Where it is configured, for error texts.
    pub place: Place,
}

impl ModbusDevice {
    /// Whether `other` is read in the same way, wherever the two are configured.
    pub fn is_read_as(&self, other: &Self) -> bool {
        self.id == other.id && self.settings == other.settings && self.points == other.points
    }
}

/// Buses with their devices, ready to run.
#[derive(Debug)]
pub struct Plan {
    buses: BTreeMap<Endpoint, Vec<PlannedDevice>>,
}

/// A device with its requests.
#[derive(Debug)]
pub(crate) struct PlannedDevice {
    pub(crate) device: ModbusDevice,
    pub(crate) batches: Vec<Batch>,
    /// Its place among all devices, for spreading the first polls.
    number: u32,
}

/// Devices that cannot run together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A setting is the bus's: its devices must agree.
    #[error(
        "found \"{found}\", but \"{other}\" ({other_place}) has \"{other_found}\" on the same endpoint {endpoint}"
    )]
    Differs {
        /// The shared endpoint.
        endpoint: Endpoint,
        /// The key that they differ in.
        key: &'static str,
        /// The later device.
        device: DeviceId,
        /// Where it is configured.
        place: Place,
        /// What it says.
        found: String,
        /// The earlier device.
        other: DeviceId,
        /// Where that is configured.
        other_place: Place,
        /// What the earlier device says.
        other_found: String,
    },
    /// One wire, two ways to speak on it.
    #[error("found \"{found}\", but \"{other}\" ({other_place}) has \"{other_found}\" on the same wire")]
    WireTwice {
        /// The later device.
        device: DeviceId,
        /// Where it is configured.
        place: Place,
        /// Its endpoint.
        found: Endpoint,
        /// The earlier device.
        other: DeviceId,
        /// Where that is configured.
        other_place: Place,
        /// The earlier device's endpoint.
        other_found: Endpoint,
    },
    /// One id, two devices.
    #[error("the device \"{device}\" is configured twice, first at {other_place}")]
    DeviceTwice {
        /// The device.
        device: DeviceId,
        /// Where it is configured for the second time.
        place: Place,
        /// Where it is configured first.
        other_place: Place,
    },
    /// Two values, each with a part of the other's registers.
    #[error(
        "takes the registers {} to {}, of which those of the point \"{}\" ({} to {}) are a part only; allowed: apart, or one within the other",
        .span.0, .span.1, .other.name(), .other_span.0, .other_span.1
    )]
    Overlaps {
        /// The point with the later address.
        point: PointId,
        /// Where its device is configured.
        place: Place,
        /// Its first and its last register, from 0.
        span: (u16, u16),
        /// The point with the earlier address.
        other: PointId,
        /// The earlier point's registers.
        other_span: (u16, u16),
    },
}

impl PlanError {
    /// The fault with its place, for [`adapters_sdk::config::Problems`].
    pub fn problem(&self) -> Problem {
        let (place, key) = match self {
            Self::Differs { place, device, key, .. } => (place, format!("device[{}].{key}", device.name())),
            Self::WireTwice { place, device, .. } => (place, format!("device[{}].endpoint", device.name())),
            Self::DeviceTwice { place, device, .. } => (place, format!("device[{}].id", device.name())),
            Self::Overlaps { place, point, .. } => {
                (place, format!("device[{}].point[{}].address", point.device().name(), point.name()))
            }
        };
        Problem { place: place.clone(), key, message: self.told() }
    }
}

impl Told for PlanError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Differs { endpoint, found, other, other_place, other_found, .. } => format!(
                "có \"{found}\", nhưng \"{other}\" ({other_place}) có \"{other_found}\" trên cùng kết nối {endpoint}"
            ),
            Self::WireTwice { found, other, other_place, other_found, .. } => format!(
                "có \"{found}\", nhưng \"{other}\" ({other_place}) có \"{other_found}\" trên cùng đường truyền"
            ),
            Self::DeviceTwice { device, other_place, .. } => {
                format!("thiết bị \"{device}\" được cấu hình hai lần, lần đầu ở {other_place}")
            }
            Self::Overlaps { span, other, other_span, .. } => format!(
                "lấy các thanh ghi {} đến {}, trong đó thanh ghi của điểm đo \"{}\" ({} đến {}) chỉ trùng một phần; được phép: tách rời nhau, hoặc nằm trọn trong nhau",
                span.0,
                span.1,
                other.name(),
                other_span.0,
                other_span.1
            ),
        };
        LocalText { vi, en: self.to_string() }
    }
}

/// What a bus has to do, for `commune-hub check`.
#[derive(Debug, Clone, PartialEq)]
pub struct BusSummary {
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// Its devices, in the order of the configuration.
    pub devices: Vec<DeviceSummary>,
    /// The part of its time that the bus is busy, in percent: the sum over its devices. Above 100 polls are left out.
    pub load_percent: f64,
}

/// What one device asks of its bus.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSummary {
    /// The device.
    pub id: DeviceId,
    /// Its number on the bus.
    pub unit_id: u8,
    /// How often it is read.
    pub poll: Duration,
    /// Requests per poll.
    pub requests: usize,
    /// Registers per poll, of gaps too; 16 bits count as one.
    pub registers: u32,
    /// An estimate: requests × ([`ASSUMED_ROUND_TRIP`] + `pause_between`, and the time of the bytes on a serial
    /// line), in percent of `poll`.
    pub load_percent: f64,
}

impl Plan {
    /// Plans the requests of every device.
    ///
    /// # Errors
    /// Every clash between devices, or between the points of one.
    pub fn build(devices: Vec<ModbusDevice>) -> Result<Self, Vec<PlanError>> {
        let mut errors = Vec::new();
        let mut seen: HashMap<DeviceId, Place> = HashMap::new();
        let mut wires: HashMap<String, ModbusDevice> = HashMap::new();
        let mut buses: BTreeMap<Endpoint, Vec<PlannedDevice>> = BTreeMap::new();
        for (number, device) in (0..).zip(devices) {
            if let Some(first) = seen.insert(device.id.clone(), device.place.clone()) {
                errors.push(PlanError::DeviceTwice {
                    device: device.id.clone(),
                    place: device.place.clone(),
                    other_place: first,
                });
            }
            errors.extend(overlaps(&device));
            let wire = device.settings.endpoint.wire();
            let other = wires.entry(wire).or_insert_with(|| device.clone());
            errors.extend(wire_clash(other, &device));
            let bus = buses.entry(device.settings.endpoint.clone()).or_default();
            errors.extend(bus.first().and_then(|first| setting_clash(&first.device, &device)));
            bus.push(PlannedDevice::new(device, number));
        }
        if errors.is_empty() { Ok(Self { buses }) } else { Err(errors) }
    }

    /// Each bus by itself, for those who start and stop them one by one.
    pub fn split(self) -> BTreeMap<Endpoint, Self> {
        let alone = |(endpoint, devices): (Endpoint, _)| {
            (endpoint.clone(), Self { buses: BTreeMap::from([(endpoint, devices)]) })
        };
        self.buses.into_iter().map(alone).collect()
    }

    /// The devices, in the order of buses and of the configuration.
    pub fn devices(&self) -> impl Iterator<Item = &ModbusDevice> {
        self.buses.values().flatten().map(|planned| &planned.device)
    }

    /// The devices of a plan of one bus.
    pub(crate) fn into_devices(self) -> Vec<PlannedDevice> {
        self.buses.into_values().flatten().collect()
    }

    /// What each bus has to do.
    pub fn buses(&self) -> Vec<BusSummary> {
        let summary = |(endpoint, devices): (&Endpoint, &Vec<PlannedDevice>)| {
            let devices: Vec<_> = devices.iter().map(PlannedDevice::summary).collect();
            let load_percent = devices.iter().map(|device| device.load_percent).sum();
            BusSummary { endpoint: endpoint.clone(), devices, load_percent }
        };
        self.buses.iter().map(summary).collect()
    }

    /// Starts one owner task for each bus. They read until `stop` is cancelled or nobody takes deliveries any more; every
    /// failure is retried for ever.
    pub fn run(self, intake: Intake, clock: Clock, stop: CancellationToken) -> Running {
        // Buses are started one by one: counted from the clock, their moments are the same.
        let past = clock.now().as_millis().rem_euclid(COMMON.as_millis() as i64);
        let now = Instant::now();
        let start = now.checked_sub(Duration::from_millis(past.unsigned_abs())).unwrap_or(now);
        let mut starting = Starting::default();
        for (endpoint, devices) in self.buses {
            devices.iter().for_each(|planned| starting.note_points(&planned.device));
            let starts = devices.into_iter().map(|planned| planned.starts_at(start)).collect();
            let (call, calls) = mpsc::channel(WAITING_CALLS);
            let (renewal, renewals) = mpsc::channel(1);
            let owner =
                Owner::new(endpoint.clone(), starts, (calls, renewals), intake.clone(), clock.clone());
            let (health, stop) = (owner.health(), stop.clone());
            starting.start(Bus { endpoint, health, calls: call, renewals: renewal }, async move {
                stop.run_until_cancelled(owner.run()).await;
            });
        }
        starting.done()
    }
}

impl PlannedDevice {
    pub(crate) fn new(device: ModbusDevice, number: u32) -> Self {
        let points: Vec<_> = device.points.iter().map(|(_, settings)| settings.clone()).collect();
        let batches = batches(&points, device.settings.max_registers, device.settings.max_gap);
        Self { device, batches, number }
    }

    /// When it is first asked, and a moment of its grid. Both are spread evenly whichever of the devices have the same `poll`:
    /// multiples of the golden ratio leave no two neighbours close.
    pub(crate) fn starts_at(self, start: Instant) -> Start {
        let poll = self.device.settings.poll;
        let part = (f64::from(self.number) * GOLDEN_RATIO).fract();
        let common = COMMON.min(poll / 100).as_secs_f64();
        let spread = |span: Duration, part: f64| {
            Duration::from_secs_f64((span.mul_f64(part).as_secs_f64() / common).floor() * common)
        };
        (self, start + spread(poll.min(LONGEST_SPREAD), part), start + spread(poll, 0.5 + part))
    }

    fn summary(&self) -> DeviceSummary {
        let settings = &self.device.settings;
        let registers = |batch: &Batch| match batch.register.is_bit() {
            true => u32::from(batch.count).div_ceil(16),
            false => u32::from(batch.count),
        };
        let busy: Duration = self.batches.iter().map(|batch| self.time_of(batch)).sum();
        DeviceSummary {
            id: self.device.id.clone(),
            unit_id: settings.unit_id,
            poll: settings.poll,
            requests: self.batches.len(),
            registers: self.batches.iter().map(registers).sum(),
            load_percent: 100.0 * busy.as_secs_f64() / settings.poll.as_secs_f64(),
        }
    }

    /// What a request is taken to cost the bus.
    fn time_of(&self, batch: &Batch) -> Duration {
        let settings = &self.device.settings;
        let on_the_line = match &settings.endpoint {
            Endpoint::Serial(line) => {
                let bytes = SERIAL_FRAMES + batch.ask().answer_length();
                line.time_of(u32::try_from(bytes).unwrap_or(u32::MAX)) + line.frame_gap() * 2
            }
            _ => Duration::ZERO,
        };
        ASSUMED_ROUND_TRIP + settings.pause_between + on_the_line
    }
}

/// Values that share some of their registers, neither lying within the other: one of the two addresses or types is wrong. Bits of
/// a word, and a word of a longer value, are read so on purpose.
fn overlaps(device: &ModbusDevice) -> Vec<PlanError> {
    let last = |point: &PointSettings| point.address.saturating_add(point.words - 1);
    let mut points: Vec<_> = device.points.iter().collect();
    points.sort_by_key(|(_, point)| (point.register, point.address));
    let mut errors = Vec::new();
    for (index, (other, first)) in points.iter().enumerate() {
        let reached = |(_, point): &&&(PointId, PointSettings)| {
            point.register == first.register && point.address <= last(first)
        };
        let crossing = points[index + 1..].iter().take_while(reached);
        let crossing =
            crossing.filter(|(_, point)| point.address > first.address && last(point) > last(first));
        errors.extend(crossing.map(|(point, settings)| PlanError::Overlaps {
            point: point.clone(),
            place: device.place.clone(),
            span: (settings.address, last(settings)),
            other: other.clone(),
            other_span: (first.address, last(first)),
        }));
    }
    errors
}

fn wire_clash(first: &ModbusDevice, device: &ModbusDevice) -> Option<PlanError> {
    let (found, other_found) = (&device.settings.endpoint, &first.settings.endpoint);
    (found != other_found).then(|| PlanError::WireTwice {
        device: device.id.clone(),
        place: device.place.clone(),
        found: found.clone(),
        other: first.id.clone(),
        other_place: first.place.clone(),
        other_found: other_found.clone(),
    })
}

fn setting_clash(first: &ModbusDevice, device: &ModbusDevice) -> Option<PlanError> {
    let (own, others) = (&device.settings, &first.settings);
    let (key, found, other_found) = if own.pause_between != others.pause_between {
        let pause = |settings: &DeviceSettings| duration::format(settings.pause_between);
        ("pause_between", pause(own), pause(others))
    } else if own.max_in_flight != others.max_in_flight {
        ("max_in_flight", own.max_in_flight.to_string(), others.max_in_flight.to_string())
    } else {
        return None;
    };
    Some(PlanError::Differs {
        endpoint: own.endpoint.clone(),
        key,
        device: device.id.clone(),
        place: device.place.clone(),
        found,
        other: first.id.clone(),
        other_place: first.place.clone(),
        other_found,
    })
}
