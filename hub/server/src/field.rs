//! The field for the API: what the Modbus buses tell, and what people ask of them, in the API's words.
//!
//! Decides nothing. Read next: `hub_api::Field`, `adapters_modbus::Buses`.

use std::fmt::Write as _;
use std::time::Duration;

use adapters_modbus::probe::{Asks, Look, Prober, interpretations, look, point_toml};
use adapters_modbus::register::Register;
use adapters_modbus::{
    Ask, BusHealth, Buses, DeviceHealth, Endpoint, Failure, Fault, MAX_REGISTERS, Outcome, TracedFrame,
    WireCounts, WriteError,
};
use adapters_sdk::Clock;
use hub_api::{
    Bus, BusDevice, BusFault, Field, Frame, FrameOutcome, Interpretation, Pending, ProbeAsk, Probed,
    WriteRefused,
};
use hub_model::PointId;

use crate::adapters::Watch;

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
                | WriteError::DoesNotFit { .. } => WriteRefused::NotAllowed(error.to_string()),
                _ => WriteRefused::Failed(error.to_string()),
            })
        })
    }

    fn probe(&self, ask: ProbeAsk) -> Pending<Result<Probed, String>> {
        let (buses, clock) = (self.adapters.modbus(), self.clock.clone());
        Box::pin(async move { probe(&buses, clock, &ask).await })
    }
}

async fn probe(buses: &Buses, clock: Clock, ask: &ProbeAsk) -> Result<Probed, String> {
    let endpoint: Endpoint = ask.endpoint.parse().map_err(|error| format!("endpoint: {error}"))?;
    let register =
        Register::WORDS.iter().find(|(word, _)| *word == ask.register).map(|(_, register)| *register);
    let register = register.ok_or("register: coil, discrete, holding and input are allowed")?;
    if !(1..=MAX_REGISTERS).contains(&ask.count) {
        return Err(format!("count: found {}, allowed: 1 to {MAX_REGISTERS}", ask.count));
    }
    if u32::from(ask.address) + u32::from(ask.count) > 65_536 {
        return Err("count: the last address would be beyond 65535".to_owned());
    }
    if !matches!(ask.unit_id, 1..=247 | 255) {
        return Err(format!("unit_id: found {}, allowed: 1 to 247, or 255", ask.unit_id));
    }
    let wanted = Look {
        unit_id: ask.unit_id,
        register,
        start: ask.address,
        count: ask.count,
        times: ask.reads,
        every: PROBE_EVERY,
    };
    let told = |failure: Failure| format!("{endpoint} unit {}: {failure}", ask.unit_id);
    let rounds = if buses.owns(&endpoint) {
        look(&mut OverBus { buses, endpoint: &endpoint }, &wanted).await.map_err(told)?
    } else {
        look(&mut Prober::new(endpoint.clone(), PROBE_TIMEOUT, clock), &wanted).await.map_err(told)?
    };
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

/// A bus that runs: asked between its polls, for a line has one owner.
struct OverBus<'a> {
    buses: &'a Buses,
    endpoint: &'a Endpoint,
}

impl Asks for OverBus<'_> {
    async fn ask(&mut self, unit_id: u8, ask: Ask) -> Result<Vec<u16>, Failure> {
        let asked = self.buses.ask(self.endpoint, unit_id, ask, PROBE_TIMEOUT).await;
        asked.unwrap_or_else(|| {
            let text = "the hub reads this line with other settings".to_owned();
            Err(Failure::Unreachable { cause: hub_model::Reason::Refused, text })
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
