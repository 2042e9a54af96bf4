//! Whatever no other model knows: steady numbers with a little life in them.

use super::Scene;
use super::noise;

/// A battery is changed after so many days.
const BATTERY_DAYS: i64 = 400;

pub(super) fn value(code: &str, scene: &Scene) -> (f64, &'static str) {
    let wander = scene.drift(60.0);
    match code {
        "battery" => {
            let (day, hours) = scene.moment.day_from(0);
            let age = (day + (scene.seed % BATTERY_DAYS as u64) as i64).rem_euclid(BATTERY_DAYS);
            (100.0 - 0.2 * (age as f64 + hours / 24.0), "%")
        }
        "signal" if scene.point.unit.code() == "dB" => (-62.0 + 4.0 * wander + scene.flicker(), "dB"),
        "signal" => (91.0 + 4.0 * wander + scene.flicker(), "%"),
        "voltage" => (226.0 + 5.0 * wander + scene.flicker(), "V"),
        "frequency" => (50.0 + 0.04 * wander + 0.02 * scene.flicker(), "Hz"),
        "ammonium" => (0.12 + 0.05 * wander, "mg/L"),
        "nitrate" => (1.1 + 0.3 * wander, "mg/L"),
        "cod" => (9.0 + 2.0 * wander, "mg/L"),
        "bod" => (4.0 + wander, "mg/L"),
        "tss" => (12.0 + 3.0 * wander, "mg/L"),
        "state" => (f64::from(u8::from(!scene.point.alarm)), "1"),
        _ => (10.0 + 5.0 * noise::unit(scene.seed, 0) + 0.5 * wander, scene.point.unit.code()),
    }
}
