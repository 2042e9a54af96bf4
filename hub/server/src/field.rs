//! The field for the API: what the Modbus buses tell, and what people ask of them, in the API's words.
//!
//! Decides nothing. Read next: `hub_api::Field`, `adapters_modbus::Buses`.

use std::fmt::Write as _;
use std::time::Duration;

use adapters_modbus::probe::{self, Asks, Look, Prober, interpretations, look, point_toml};
use adapters_modbus::register::Register;
use adapters_modbus::{
    Ask, BusHealth, Buses, DeviceHealth, Endpoint, Failure, Fault, MAX_BITS, MAX_REGISTERS, ModbusDevice,
    Outcome, TracedFrame, WireCounts, WriteError,
};
use adapters_sdk::Clock;
use hub_api::{
    Bus, BusDevice, BusFault, Field, Frame, FrameOutcome, Interpretation, Pending, ProbeAsk, ProbeTarget,
    Probed, TriedDevice, TriedPoint, WriteRefused,
};
use hub_model::text::Told as _;
use hub_model::{Device, LocalText, PointId, Reason, Sample, local};

use crate::adapters::Watch;
use crate::config::unsaved_device;

/// How long a device may take for an answer to a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two reads of a probe.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// The running adapters, as the API sees them.
pub struct WatchedField {
    /// The adapters.
    pub adapters: Watch,
    /// Tells the time.
    pub clock: Clock,
}

impl Field for WatchedField {
    fn buses(&self) -> Vec<Bus> {
        self.adapters.modbus().state().into_iter().map(|(health, counts)| bus(health, counts)).collect()
    }

    fn frames(&self, bus: &str) -> Option<Vec<Frame>> {
        let frames = self.adapters.modbus().frames(|endpoint| endpoint.slug() == bus)?;
        Some(frames.iter().map(frame).collect())
    }

    fn write(&self, point: &PointId, raw: f64) -> Pending<Result<(), WriteRefused>> {
        let (buses, point) = (self.adapters.modbus(), point.clone());
        Box::pin(async move {
            buses.write(&point, raw).await.map_err(|error| match error {
                WriteError::UnknownPoint { .. }
                | WriteError::NotWritable { .. }
                | WriteError::DoesNotFit { .. } => WriteRefused::NotAllowed(error.told()),
                _ => WriteRefused::Failed(error.told()),
            })
        })
    }

    fn try_device(&self, toml: String) -> Pending<Result<TriedDevice, Vec<LocalText>>> {
        let (buses, clock, dir) = (self.adapters.modbus(), self.clock.clone(), self.adapters.dir.clone());
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || unsaved_device(&dir, &toml)).await;
            let (device, settings) = match read {
                Ok(read) => read.map_err(|faulty| faulty.lines)?,
                Err(error) => {
                    return Err(vec![local!("lỗi bên trong máy chủ ({error})", "{error}")]);
                }
            };
            Ok(try_device(&buses, clock, device, &settings).await)
        })
    }

    fn probe(&self, ask: ProbeAsk) -> Pending<Result<Probed, LocalText>> {
        let (buses, clock) = (self.adapters.modbus(), self.clock.clone());
        Box::pin(async move { probe(&buses, clock, &ask).await })
    }
}

async fn try_device(buses: &Buses, clock: Clock, device: Device, settings: &ModbusDevice) -> TriedDevice {
    let mut line = Line::to(buses, &settings.settings.endpoint, settings.settings.timeout, clock);
    let tried = probe::try_device(&mut line, settings).await;
    let points = device.points.into_iter().zip(tried).map(|(point, tried)| {
        let (raw, value) = match tried.sample {
            Sample::Raw(raw) if point.missing.contains(&raw) => (Some(raw), Err(Reason::Sentinel)),
            Sample::Raw(raw) => (Some(raw), Ok(point.scaling.apply(raw))),
            Sample::Value(value) => (None, Ok(value)),
            Sample::Missing(reason) => (None, Err(reason)),
        };
        let trouble = tried.failure.map(|failure| failure.words());
        TriedPoint { point, words: tried.words, raw, value, text: tried.text, trouble }
    });
    TriedDevice {
        endpoint: settings.settings.endpoint.to_string(),
        unit_id: settings.settings.unit_id,
        points: points.collect(),
    }
}

async fn probe(buses: &Buses, clock: Clock, ask: &ProbeAsk) -> Result<Probed, LocalText> {
    let (endpoint, unit_id) = match &ask.target {
        ProbeTarget::Address { endpoint, unit_id } => {
            let endpoint = endpoint
                .parse::<Endpoint>()
                .map_err(|error| local!("endpoint: không hiểu ({error})", "endpoint: {error}"))?;
            (endpoint, *unit_id)
        }
        ProbeTarget::Device(device) => buses.address_of(device).ok_or_else(|| {
            local!(
                "device: \"{device}\" không được đọc qua Modbus",
                "device: \"{device}\" is not read over Modbus"
            )
        })?,
    };
    let register =
        Register::WORDS.iter().find(|(word, _)| *word == ask.register).map(|(_, register)| *register);
    let register = register.ok_or_else(|| {
        local!(
            "register: được phép: coil, discrete, holding và input",
            "register: coil, discrete, holding and input are allowed"
        )
    })?;
    let most = if register.is_bit() { MAX_BITS } else { MAX_REGISTERS };
    if !(1..=most).contains(&ask.count) {
        let count = ask.count;
        return Err(local!(
            "count: có {count}, được phép: 1 đến {most}",
            "count: found {count}, allowed: 1 to {most}"
        ));
    }
    if u32::from(ask.address) + u32::from(ask.count) > 65_536 {
        return Err(local!(
            "count: địa chỉ cuối sẽ vượt quá 65535",
            "count: the last address would be beyond 65535"
        ));
    }
    if !matches!(unit_id, 1..=247 | 255) {
        return Err(local!(
            "unit_id: có {unit_id}, được phép: 1 đến 247, hoặc 255",
            "unit_id: found {unit_id}, allowed: 1 to 247, or 255"
        ));
    }
    let wanted = Look {
        unit_id,
        register,
        start: ask.address,
        count: ask.count,
        times: ask.reads,
        every: PROBE_EVERY,
    };
    let told = |failure: Failure| {
        let why = failure.words();
        LocalText {
            vi: format!("{endpoint}, unit {unit_id}: {}", why.vi),
            en: format!("{endpoint} unit {unit_id}: {failure}"),
        }
    };
    let mut line = Line::to(buses, &endpoint, PROBE_TIMEOUT, clock);
    let rounds = look(&mut line, &wanted).await.map_err(told)?;
    let quantity = ask.quantity.as_deref();
    let found = interpretations(&rounds, register, quantity).into_iter().map(|one| Interpretation {
        address: ask.address + one.offset,
        data_type: one.data_type.word().to_owned(),
        byte_order: one.byte_order.word().to_owned(),
        scale: one.scale.to_owned(),
        value: Some(one.value).filter(|value| value.is_finite()),
        score: one.score,
        toml: point_toml(&wanted, &one, quantity),
        reasons: one.reasons,
    });
    Ok(Probed { found: found.collect(), words: rounds })
}

/// The way to a device.
enum Line<'a> {
    /// A bus that runs: asked between its polls, for a line has one owner.
    Bus { buses: &'a Buses, endpoint: &'a Endpoint, patience: Duration },
    /// A connection of one's own.
    Own(Box<Prober>),
}

impl<'a> Line<'a> {
    fn to(buses: &'a Buses, endpoint: &'a Endpoint, patience: Duration, clock: Clock) -> Self {
        match buses.owns(endpoint) {
            true => Self::Bus { buses, endpoint, patience },
            false => Self::Own(Box::new(Prober::new(endpoint.clone(), patience, clock))),
        }
    }
}

impl Asks for Line<'_> {
    async fn ask(&mut self, unit_id: u8, ask: Ask) -> Result<Vec<u16>, Failure> {
        let (buses, endpoint, patience) = match self {
            Self::Own(prober) => return prober.ask(unit_id, ask).await,
            Self::Bus { buses, endpoint, patience } => (buses, endpoint, *patience),
        };
        let asked = buses.ask(endpoint, unit_id, ask, patience).await;
        asked.unwrap_or_else(|| {
            let text = "the hub reads this line with other settings".to_owned();
            Err(Failure::Unreachable { cause: Reason::Refused, text })
        })
    }
}

fn bus(health: BusHealth, counts: WireCounts) -> Bus {
    Bus {
        id: health.endpoint.slug(),
        endpoint: health.endpoint.to_string(),
        connected: health.connected,
        down_since: health.down_since,
        last_error: health.last_error.map(|Fault { at, device, text }| BusFault { at, device, text }),
        load_percent: health.meter.load_percent,
        requests_per_s: health.meter.requests_per_s,
        places: health.places,
        late_answers: counts.late,
        stray_answers: counts.strays,
        devices: health.devices.into_iter().map(device).collect(),
    }
}

fn device(health: DeviceHealth) -> BusDevice {
    BusDevice {
        id: health.id,
        unit_id: health.unit_id,
        poll_s: health.poll.as_secs_f64(),
        silent: health.silent,
        failures: health.failures,
        last_answered: health.last_answered,
        polls: health.polls,
        requests: health.requests,
        timeouts: health.timeouts,
        exceptions: health.exceptions,
        bad_answers: health.bad_answers,
        overruns: health.overruns,
        refused: health.refused,
        texts: health.texts,
    }
}

fn frame(frame: &TracedFrame) -> Frame {
    let bytes = frame.bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    });
    Frame {
        at: frame.at,
        request: frame.request,
        sent: frame.sent,
        unit_id: frame.unit_id,
        bytes,
        words: frame.words(),
        took: frame.took,
        outcome: outcome(frame.outcome),
    }
}

fn outcome(outcome: Outcome) -> FrameOutcome {
    match outcome {
        Outcome::Waiting => FrameOutcome::Waiting,
        Outcome::Answered => FrameOutcome::Answered,
        Outcome::Exception => FrameOutcome::Exception,
        Outcome::Timeout => FrameOutcome::Timeout,
        Outcome::BadAnswer => FrameOutcome::BadAnswer,
        Outcome::BadChecksum => FrameOutcome::BadChecksum,
        Outcome::Disconnected => FrameOutcome::Disconnected,
        Outcome::Late => FrameOutcome::Late,
        Outcome::Stray => FrameOutcome::Stray,
        Outcome::Noise => FrameOutcome::Noise,
    }
}
