//! Buses, frames, writes and probes as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::field;
use crate::local::Zone;
use crate::wire::{FrameOutcome, LocalText};

/// A bus and its devices.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bus {
    /// Its name in addresses.
    pub id: String,
    /// Where it is reached.
    pub endpoint: String,
    /// Whether there is a connection.
    pub connected: bool,
    /// Since when no connection can be made: one cause for the silence of all its devices.
    pub down_since: Option<String>,
    /// The last thing that went wrong.
    pub last_error: Option<BusFault>,
    /// The part of its time that it is busy, in percent.
    pub load_percent: f64,
    /// Requests a second.
    pub requests_per_s: f64,
    /// How many requests it is given at once.
    pub places: usize,
    /// Answers that came after their request was given up, since the start.
    pub late_answers: u64,
    /// Answers that nobody asked for, since the start.
    pub stray_answers: u64,
    /// Requests to its devices that were not answered in time, since the start.
    pub timeouts: u64,
    /// Those answered with an exception.
    pub exceptions: u64,
    /// Those whose answer was spoilt or did not fit.
    pub bad_answers: u64,
    /// Polls left out because the bus was busy.
    pub overruns: u64,
    /// Its devices, in the order of the configuration.
    pub devices: Vec<BusDevice>,
}

/// Something that went wrong on a bus.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BusFault {
    /// When.
    pub at: String,
    /// The device's full id; null when it was the connection.
    pub device: Option<String>,
    /// What, in words.
    pub text: LocalText,
}

/// A device of a bus. Counts are since the start.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BusDevice {
    /// The device's full id.
    pub id: String,
    /// Its number on the bus.
    pub unit_id: u8,
    /// How often it is read, in seconds.
    pub poll_s: f64,
    /// Why it gave nothing at its last poll; null when it answered or was not asked yet.
    pub silent: Option<String>,
    /// Polls in a row that failed; after two it is asked rarely until it answers.
    pub failures: u32,
    /// When it last answered.
    pub last_answered: Option<String>,
    /// Times that it was asked.
    pub polls: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests not answered in time.
    pub timeouts: u64,
    /// Requests answered with an exception.
    pub exceptions: u64,
    /// Answers that were spoilt or did not fit.
    pub bad_answers: u64,
    /// Polls left out because the bus was busy.
    pub overruns: u64,
    /// Points whose address it refuses.
    pub refused: Vec<String>,
    /// What its text points said last, by the point's full id.
    pub texts: BTreeMap<String, String>,
}

/// One frame on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Frame {
    /// When.
    pub at: String,
    /// The number of the request that it is or that it answers; null where it belongs to none.
    pub request: Option<u64>,
    /// Whether the hub sent it.
    pub sent: bool,
    /// The unit that it names.
    pub unit_id: u8,
    /// All of its bytes, in hexadecimal digits.
    pub bytes: String,
    /// What it says.
    pub words: LocalText,
    /// Milliseconds from the request to its end; null while it is not known, and for what belongs to no request.
    pub took_ms: Option<f64>,
    /// What came of it.
    pub outcome: FrameOutcome,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteRequest {
    /// The value in the point's unit. It is written by the point's scale and offset, to the nearest number that the device
    /// knows.
    pub value: f64,
}

/// What was written by whom.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Write {
    /// Its number.
    pub id: i64,
    /// When it was asked for.
    pub at: String,
    /// Who asked.
    pub by: String,
    /// The point's full id.
    pub point: String,
    /// The value that was asked for, in the point's unit.
    pub value: f64,
    /// `done`, or why not; null while it is not known, as when the hub was stopped just then.
    pub outcome: Option<String>,
    /// The same in Vietnamese; of a write from before it was kept, in English.
    pub outcome_vi: Option<String>,
}

/// What is to be read live.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeRequest {
    /// A device of the configuration, `site/device`, in place of endpoint and unit_id.
    pub device: Option<String>,
    /// `tcp://HOST:PORT`, `rtu+tcp://HOST:PORT` or `serial:///dev/…`.
    pub endpoint: Option<String>,
    /// The device's number on the bus.
    pub unit_id: Option<u8>,
    /// `coil`, `discrete`, `holding` or `input`.
    pub register: String,
    /// The first address, from 0.
    pub address: u16,
    /// How many registers (1 to 125) or bits (1 to 2000).
    pub count: u16,
    /// What it is said to measure, such as `ph`.
    pub quantity: Option<String>,
    /// How many times it is read, 1 to 10, half a second apart; 3 where it is left out.
    pub reads: Option<u32>,
}

/// A device that is in no file yet.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryDeviceRequest {
    /// One `[[device]]` with its `[[device.point]]`, as it would stand in a site's file.
    pub toml: String,
}

/// What each point of a device would read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TriedDevice {
    /// The bus that it was read over.
    pub endpoint: String,
    /// Its number on the bus.
    pub unit_id: u8,
    /// Its points, in the order of the configuration.
    pub points: Vec<TriedPoint>,
}

/// A point that was read once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TriedPoint {
    /// Its id within the device.
    pub id: String,
    /// Its name.
    pub name: LocalText,
    /// What it measures.
    pub quantity: String,
    /// The unit, as a UCUM code.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
    /// The words that were read; bits are 0 and 1.
    pub words: Vec<u16>,
    /// The raw number; null when there is none.
    pub raw: Option<f64>,
    /// The value in the point's unit; null when there is none.
    pub value: Option<f64>,
    /// Why there is no value, as in readings.
    pub reason: Option<String>,
    /// Whether the value is outside of the point's `range`.
    pub out_of_range: bool,
    /// What a text point said.
    pub text: Option<String>,
    /// What went wrong on the way.
    pub trouble: Option<LocalText>,
}

/// What was read, and every way to read it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Probe {
    /// The words of each read, the newest last; bits are 0 and 1.
    pub words: Vec<Vec<u16>>,
    /// Every way to read them, the most plausible first, at most 200.
    pub interpretations: Vec<Interpretation>,
}

/// One way to read a value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Interpretation {
    /// The address, from 0.
    pub address: u16,
    /// The type, as in the configuration.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The byte order, as in the configuration.
    pub byte_order: String,
    /// The factor, as a decimal.
    pub scale: String,
    /// The number, scaled; null when it is none.
    pub value: Option<f64>,
    /// How plausible it is, the greatest first.
    pub score: i32,
    /// Why.
    pub reasons: Vec<LocalText>,
    /// The point's configuration.
    pub toml: String,
}

impl Bus {
    pub(crate) fn of(bus: field::Bus, zone: &Zone) -> Self {
        let sum = |count: fn(&field::BusDevice) -> u64| bus.devices.iter().map(count).sum();
        Self {
            id: bus.id,
            endpoint: bus.endpoint,
            connected: bus.connected,
            down_since: bus.down_since.map(|at| zone.print(at)),
            last_error: bus.last_error.map(|fault| BusFault {
                at: zone.print(fault.at),
                device: fault.device.map(|device| device.to_string()),
                text: (&fault.text).into(),
            }),
            load_percent: bus.load_percent,
            requests_per_s: bus.requests_per_s,
            places: bus.places,
            late_answers: bus.late_answers,
            stray_answers: bus.stray_answers,
            timeouts: sum(|device| device.timeouts),
            exceptions: sum(|device| device.exceptions),
            bad_answers: sum(|device| device.bad_answers),
            overruns: sum(|device| device.overruns),
            devices: bus.devices.into_iter().map(|device| BusDevice::of(device, zone)).collect(),
        }
    }
}

impl BusDevice {
    fn of(device: field::BusDevice, zone: &Zone) -> Self {
        Self {
            id: device.id.to_string(),
            unit_id: device.unit_id,
            poll_s: device.poll_s,
            silent: device.silent.map(|reason| reason.to_string()),
            failures: device.failures,
            last_answered: device.last_answered.map(|at| zone.print(at)),
            polls: device.polls,
            requests: device.requests,
            timeouts: device.timeouts,
            exceptions: device.exceptions,
            bad_answers: device.bad_answers,
            overruns: device.overruns,
            refused: device.refused.iter().map(ToString::to_string).collect(),
            texts: device.texts.into_iter().map(|(point, text)| (point.to_string(), text)).collect(),
        }
    }
}

impl Frame {
    pub(crate) fn of(frame: field::Frame, zone: &Zone) -> Self {
        Self {
            at: zone.print(frame.at),
            request: frame.request,
            sent: frame.sent,
            unit_id: frame.unit_id,
            bytes: frame.bytes,
            words: (&frame.words).into(),
            took_ms: frame.took.map(|took| (took.as_secs_f64() * 10_000.0).round() / 10.0),
            outcome: frame.outcome.into(),
        }
    }
}

impl Write {
    pub(crate) fn of(write: &hub_store::DeviceWrite, zone: &Zone) -> Self {
        Self {
            id: write.id,
            at: zone.print(write.at),
            by: write.by.clone(),
            point: write.point.clone(),
            value: write.value,
            outcome: write.outcome.as_ref().map(|outcome| outcome.en.clone()),
            outcome_vi: write.outcome.as_ref().map(|outcome| outcome.vi.clone()),
        }
    }
}

impl From<field::TriedDevice> for TriedDevice {
    fn from(tried: field::TriedDevice) -> Self {
        let points = tried.points.into_iter().map(Into::into).collect();
        Self { endpoint: tried.endpoint, unit_id: tried.unit_id, points }
    }
}

impl From<field::TriedPoint> for TriedPoint {
    fn from(tried: field::TriedPoint) -> Self {
        let field::TriedPoint { point, words, raw, value, text, trouble } = tried;
        let range = point.checks.range.filter(|_| value.is_ok());
        Self {
            id: point.id.name().to_owned(),
            name: (&point.name).into(),
            quantity: point.quantity.code().to_owned(),
            unit: point.unit.code().to_owned(),
            decimals: point.decimals,
            words,
            raw,
            value: value.ok(),
            reason: value.err().map(|reason| reason.to_string()),
            out_of_range: range.is_some_and(|range| value.is_ok_and(|value| !range.contains(value))),
            text,
            trouble: trouble.as_ref().map(Into::into),
        }
    }
}

impl From<field::Interpretation> for Interpretation {
    fn from(found: field::Interpretation) -> Self {
        let field::Interpretation { address, data_type, byte_order, scale, value, score, reasons, toml } =
            found;
        let reasons = reasons.iter().map(Into::into).collect();
        Self { address, data_type, byte_order, scale, value, score, reasons, toml }
    }
}
