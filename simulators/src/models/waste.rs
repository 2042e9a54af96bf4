//! A place where waste is gathered: bins that fill by day and are emptied at dawn, and the gases by wind, hour and heat.

use super::Scene;
use super::counter::{DAY_START_HOUR, DayCurve};
use super::moment::bell;
use super::noise;

/// Bins are emptied at this local hour.
const EMPTYING_HOUR: i64 = 5;
/// Wind of a site, for all of its sensors.
const WIND: u64 = 0x319D;

pub(super) fn value(code: &str, scene: &Scene) -> Option<(f64, &'static str)> {
    Some(match code {
        "fill_level" => (fill(scene), "%"),
        "weight" => (40.0 + 5.2 * fill(scene), "kg"),
        "h2s" => (gas(scene, 7.0, 22.0), "ug/m3"),
        "nh3" => (gas(scene, 35.0, 95.0), "ug/m3"),
        "ch4" => (gas(scene, 1.5, 3.0), "mg/m3"),
        _ => return None,
    })
}

/// Still air at night and in the morning keeps gases near the ground; wind carries them away.
fn gas(scene: &Scene, least: f64, more: f64) -> f64 {
    let hour = scene.moment.hour();
    let still = 0.35 + 0.45 * bell(hour, 5.0, 3.0) + 0.3 * bell(hour, 20.5, 2.5);
    let wind = 0.5 + 0.5 * scene.site_drift(WIND, 170.0);
    let carried_away = 1.0 - 0.65 * wind;
    let size = least + more * still * carried_away;
    (size * (1.0 + 0.08 * scene.drift(6.0) + 0.02 * scene.flicker())).max(0.0)
}

/// Fullness, %: what people bring by day since the bin was last emptied, every second day or every day.
fn fill(scene: &Scene) -> f64 {
    let (day, hours) = scene.moment.day_from(EMPTYING_HOUR);
    let every = 1 + (scene.seed % 2) as i64;
    let turn = (scene.seed >> 8) as i64 & 0xFF;
    let days_since = (day + turn).rem_euclid(every);
    let brought = |day: i64| {
        let share = 62.0 / every as f64;
        share * (0.9 + 0.2 * noise::unit(scene.seed, day as u64))
    };
    let before: f64 = (1..=days_since).map(|ago| brought(day - ago)).sum();
    3.0 + before + brought(day) * scene.curves.bins.passed(hours)
}

/// What is brought over a day that begins with the emptying.
pub(super) fn bin_curve() -> DayCurve {
    DayCurve::new(|hour| {
        // The curve's own day begins at the counters' hour.
        let hour = (hour - DAY_START_HOUR as f64 + EMPTYING_HOUR as f64).rem_euclid(24.0);
        bell(hour, 7.5, 1.5) + 0.5 * bell(hour, 12.0, 2.5) + 1.1 * bell(hour, 18.0, 1.8)
    })
}
