//! From observation to reading: missing raw values, scaling, checks, and what counts as late.
//!
//! Pure: knows the point's configuration and what was last kept of it, nothing else. Everything that decides here can be
//! rebuilt from stored readings, so a restart judges as a hub that never stopped. Read next: [`crate::memory`].

use std::time::Duration;

use hub_model::Scaling;
use hub_model::{
    Calibration, Counter, Observation, Point, Quality, Reading, Reason, Sample, Timestamp, Upkeep, calibrated,
};

use crate::memory::PointMemory;

/// A reading measured more than this after its receipt is from the future.
pub const FUTURE_AFTER: Duration = Duration::from_secs(5 * 60);
/// A reading no older than this is live whatever came before it.
pub const LIVE_WITHIN: Duration = Duration::from_secs(10 * 60);

/// A judged reading, and whether it becomes the point's latest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) reading: Reading,
    pub(crate) latest: bool,
}

/// Judges one observation of `point`.
pub(crate) fn judge(
    point: &Point,
    memory: &PointMemory,
    upkeep: &Upkeep,
    is_clock_trusted: bool,
    observation: Observation,
) -> Judged {
    let received_at = observation.received_at;
    let measured_at = observation.measured_at.unwrap_or(received_at);
    let calibration = upkeep.calibration(&point.id, measured_at);
    let (raw, value) = match point.counter {
        Some(counter) => counted(point, counter, memory, observation.sample),
        None => number(point, calibration, observation.sample),
    };
    let mut reading = Reading {
        point: observation.point,
        measured_at,
        received_at,
        raw,
        value: value.ok(),
        quality: Quality::Missing,
        reason: value.err(),
    };
    // The hub itself notices silence, at its own time: that always follows whatever the device said before.
    let latest = memory.is_latest(&reading);
    let Some(value) = reading.value else { return Judged { reading, latest } };
    if upkeep.is_maintained(&point.id, measured_at) {
        (reading.quality, reading.reason) = (Quality::Calibrating, Some(Reason::Maintenance));
        return Judged { reading, latest };
    }
    (reading.quality, reading.reason) = check(point, memory, &reading, value, latest);
    if !is_clock_trusted && reading.reason == Some(Reason::Future) {
        // The device knows better than the hub what time it is.
        (reading.quality, reading.reason) =
            check_alone(point, &Reading { received_at: measured_at, ..reading.clone() }, value);
    }
    if !is_clock_trusted && observation.measured_at.is_none() && reading.reason.is_none() {
        reading.reason = Some(Reason::Untimed);
    }
    if !latest || !is_live(memory.latest.as_ref(), &reading) {
        reading.reason = Some(Reason::Late);
    }
    Judged { reading, latest }
}

/// Whether rules may take the reading for what is the case now. A missing value always is.
pub(crate) fn may_raise(reading: &Reading) -> bool {
    reading.reason != Some(Reason::Late)
}

/// Whether the device has not spoken at all, as opposed to having said something that is no value.
pub(crate) fn is_silence(reason: Option<Reason>) -> bool {
    use Reason::{Disconnected, Expired, Offline, Refused, Timeout};
    matches!(reason, Some(Timeout | Refused | Disconnected | Offline | Expired))
}

/// Whether a reading claims to be from the future.
pub(crate) fn is_future(reading: &Reading) -> bool {
    reading.measured_at > reading.received_at.plus(FUTURE_AFTER)
}

/// The moment that windows and checks count a reading at: never after its receipt.
pub(crate) fn counted_at(reading: &Reading) -> Timestamp {
    reading.measured_at.min(reading.received_at)
}

/// The raw number and the value, or why there is none.
fn number(
    point: &Point,
    calibration: Option<&Calibration>,
    sample: Sample,
) -> (Option<f64>, Result<f64, Reason>) {
    let finite = |value: f64| value.is_finite().then_some(value).ok_or(Reason::NotANumber);
    match sample {
        Sample::Missing(reason) => (None, Err(reason)),
        // Where values are not scaled, what was sent is the instrument's own number: it is kept beside what becomes of it.
        Sample::Value(value)
            if calibration.is_some() && point.scaling == Scaling::NONE && value.is_finite() =>
        {
            (Some(value), finite(calibrated(point.scaling, calibration, value)))
        }
        Sample::Value(value) => (None, finite(value)),
        Sample::Raw(raw) if !raw.is_finite() => (None, Err(Reason::NotANumber)),
        Sample::Raw(raw) if point.missing.contains(&raw) => (Some(raw), Err(Reason::Sentinel)),
        Sample::Raw(raw) => (Some(raw), finite(calibrated(point.scaling, calibration, raw))),
    }
}

/// The counter's number and the total. Where there is no total, the number that it last stood at is kept along, so that
/// counting goes on from there whatever happens meanwhile; the total itself goes on from the last one that is known.
fn counted(
    point: &Point,
    counter: Counter,
    memory: &PointMemory,
    sample: Sample,
) -> (Option<f64>, Result<f64, Reason>) {
    let latest = memory.latest.as_ref();
    let stood_at = latest.and_then(|latest| latest.raw);
    let total = latest.and_then(|latest| latest.value).or(memory.last_good.map(|(value, _)| value));
    match sample {
        Sample::Missing(reason) => (stood_at, Err(reason)),
        Sample::Value(value) => (None, value.is_finite().then_some(value).ok_or(Reason::NotANumber)),
        Sample::Raw(raw) if !raw.is_finite() => (stood_at, Err(Reason::NotANumber)),
        Sample::Raw(raw) if point.missing.contains(&raw) => (stood_at, Err(Reason::Sentinel)),
        Sample::Raw(raw) => {
            let grown = stood_at.zip(total);
            let grown = grown.map(|(before, total)| point.scaling.grown(total, counter.step(before, raw)));
            (Some(raw), Ok(grown.unwrap_or_else(|| point.scaling.apply(raw))))
        }
    }
}

/// The checks, worst first. Rate and standstill mean nothing for a reading out of order.
fn check(
    point: &Point,
    memory: &PointMemory,
    reading: &Reading,
    value: f64,
    in_order: bool,
) -> (Quality, Option<Reason>) {
    let checks = &point.checks;
    if checks.range.is_some_and(|range| !range.contains(value)) {
        return (Quality::Fail, Some(Reason::OutOfRange));
    }
    if is_future(reading) {
        return (Quality::Suspect, Some(Reason::Future));
    }
    if checks.suspect.is_some_and(|range| !range.contains(value)) {
        return (Quality::Suspect, Some(Reason::SuspectRange));
    }
    let too_fast = |most: f64| memory.change_per_minute(reading.measured_at, value).is_some_and(|r| r > most);
    if in_order && checks.max_rate_per_minute.is_some_and(too_fast) {
        return (Quality::Suspect, Some(Reason::Rate));
    }
    if in_order && checks.stuck_after.is_some_and(|after| memory.same_for(reading) >= Some(after)) {
        return (Quality::Suspect, Some(Reason::Stuck));
    }
    match checks.judge_values() {
        true => (Quality::Good, None),
        false => (Quality::NotEvaluated, None),
    }
}

/// The checks that need nothing but the reading itself, for one that is judged once more.
pub(crate) fn check_alone(point: &Point, reading: &Reading, value: f64) -> (Quality, Option<Reason>) {
    check(point, &PointMemory::default(), reading, value, false)
}

/// Live is what is fresh. A device whose clock is slow is live too: its time advances as the hub's does. A backlog that is
/// sent after an outage is not: there hours of measuring pass within seconds of receiving.
fn is_live(before: Option<&Reading>, reading: &Reading) -> bool {
    let fresh = reading.received_at.since(reading.measured_at) <= LIVE_WITHIN;
    let keeps_pace = before.is_some_and(|before| {
        let measured = reading.measured_at.since(before.measured_at);
        let received = reading.received_at.since(before.received_at);
        !is_silence(before.reason)
            && !is_future(before)
            && measured > Duration::ZERO
            && measured <= received * 2
    });
    fresh || keeps_pace
}
