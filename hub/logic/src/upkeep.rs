//! Calibrations and work on instruments, as the logic follows them: for what arrives, and for what is judged once more.
//!
//! Judging once more never asks a rule: the past raises no alarm. Read next: [`crate::judge`] (what arrives).

use std::sync::Arc;

use hub_model::{
    Calibration, Commune, Point, PointId, Quality, Reading, Reason, Scaling, Timestamp, Upkeep, calibrated,
};

use crate::Logic;
use crate::judge::check_alone;

/// What the configuration says of calibrations.
pub fn configured_upkeep(commune: &Commune) -> Upkeep {
    let all = commune.points().flat_map(|point| {
        point.calibrations.iter().map(|calibration| (point.id.clone(), calibration.clone()))
    });
    Upkeep::new(all, Vec::new())
}

/// A stored reading as it would be kept with the calibrations and windows of `upkeep`, from its raw number.
///
/// What an officer has put in its place stays, and so does what came as a value beside a point's own scaling: there is no
/// raw number to begin from. A verdict that only the readings around it can give (too fast, standing still) stays, too.
pub fn rejudge(point: &Point, upkeep: &Upkeep, reading: &Reading) -> Reading {
    let mut again = reading.clone();
    if reading.reason == Some(Reason::Corrected) {
        return again;
    }
    let calibration = upkeep.calibration(&point.id, reading.measured_at);
    (again.raw, again.value) = number(point, calibration, reading);
    let Some(value) = again.value else { return again };
    if reading.reason == Some(Reason::Excluded) {
        return again;
    }
    (again.quality, again.reason) = match check_alone(point, &again, value) {
        _ if upkeep.is_maintained(&point.id, reading.measured_at) => {
            (Quality::Calibrating, Some(Reason::Maintenance))
        }
        (Quality::Fail, why) => (Quality::Fail, why),
        _ if matches!(reading.reason, Some(Reason::Rate | Reason::Stuck)) => {
            (Quality::Suspect, reading.reason)
        }
        // Why it was left out of account when it came is still true.
        (quality, _) if is_about_its_time(reading.reason) => (quality, reading.reason),
        verdict => verdict,
    };
    again
}

/// The reading taken out of account by an officer: it keeps its value, and is never judged.
pub fn excluded(point: &Point, reading: &Reading) -> Reading {
    let raw = own_number(point, reading);
    Reading { raw, quality: Quality::Fail, reason: Some(Reason::Excluded), ..reading.clone() }
}

/// The reading with an officer's value instead of its own.
pub fn corrected(point: &Point, reading: &Reading, value: f64) -> Reading {
    let raw = own_number(point, reading);
    let reason = Some(Reason::Corrected);
    Reading { raw, value: Some(value), quality: Quality::Good, reason, ..reading.clone() }
}

/// Whether an officer has changed the reading.
pub fn is_officers(reading: &Reading) -> bool {
    matches!(reading.reason, Some(Reason::Excluded | Reason::Corrected))
}

/// The instrument's own number, which calibrations are applied to. Where values are not scaled, a value is that number.
fn own_number(point: &Point, reading: &Reading) -> Option<f64> {
    let unscaled = reading
        .value
        .filter(|_| point.scaling == Scaling::NONE && !matches!(reading.reason, Some(Reason::Corrected)));
    reading.raw.or(unscaled)
}

fn number(point: &Point, calibration: Option<&Calibration>, reading: &Reading) -> (Option<f64>, Option<f64>) {
    // A total is the sum of what came before it: its own number does not say it.
    if point.counter.is_some() {
        return (reading.raw, reading.value);
    }
    let Some(raw) = own_number(point, reading) else { return (reading.raw, reading.value) };
    let is_sentinel = reading.value.is_none() && reading.reason == Some(Reason::Sentinel);
    if is_sentinel || (calibration.is_none() && reading.raw.is_none()) {
        return (reading.raw, reading.value);
    }
    let value = calibrated(point.scaling, calibration, raw);
    (Some(raw), value.is_finite().then_some(value).or(reading.value))
}

fn is_about_its_time(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::Late | Reason::Untimed | Reason::Retimed))
}

/// A reading that was judged once more, as it is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Amended {
    /// The reading.
    pub reading: Reading,
    /// Whether it is the point's latest.
    pub latest: bool,
    /// The point's last good value and when it was measured.
    pub last_good: Option<(f64, Timestamp)>,
}

impl Logic {
    /// From now on, what arrives is judged with these calibrations and windows.
    pub fn set_upkeep(&mut self, upkeep: Arc<Upkeep>) {
        Arc::make_mut(&mut self.world).upkeep = upkeep;
    }

    /// Takes readings that were changed after the fact. The latest value follows; no rule is asked.
    pub fn amend(&mut self, readings: Vec<Reading>) -> Vec<Amended> {
        let world = Arc::make_mut(&mut self.world);
        let amended = readings.into_iter().map(|reading| {
            let Some(point) = world.places.number(&reading.point) else {
                return Amended { reading, latest: false, last_good: None };
            };
            let latest = world.memories[point].amend(&reading);
            world.follow_silence(point);
            Amended { reading, latest, last_good: world.memories[point].last_good }
        });
        amended.collect()
    }

    /// Forgets what the point's windows hold, before they are filled again by [`Logic::warm`].
    pub fn forget_windows(&mut self, point: &PointId) {
        let world = Arc::make_mut(&mut self.world);
        if let Some(point) = world.places.number(point) {
            world.memories[point].forget_window();
        }
    }
}
