//! Air and noise: two rush hours, heat for ozone, still nights for dust.

use super::Scene;
use super::moment::bell;

/// Wind of a site, for all of its sensors.
const WIND: u64 = 0x319D;

pub(super) fn value(code: &str, scene: &Scene) -> Option<(f64, &'static str)> {
    let hour = scene.moment.hour();
    let traffic = bell(hour, 7.0, 1.2) + bell(hour, 17.5, 1.5);
    let heat = bell(hour, 13.5, 2.5);
    let still = 0.55 - 0.45 * scene.site_drift(WIND, 170.0);
    let with_noise = |value: f64| (value * (1.0 + 0.05 * scene.drift(8.0) + 0.01 * scene.flicker())).max(0.0);
    Some(match code {
        "pm2_5" => (with_noise(13.0 + 14.0 * traffic * still + 12.0 * still), "ug/m3"),
        "pm10" => (with_noise(24.0 + 24.0 * traffic * still + 18.0 * still), "ug/m3"),
        "tsp" => (with_noise(55.0 + 50.0 * traffic * still + 40.0 * still), "ug/m3"),
        "so2" => (with_noise(11.0 + 6.0 * traffic), "ug/m3"),
        "no2" => (with_noise(14.0 + 26.0 * traffic * still), "ug/m3"),
        "co" => (with_noise(450.0 + 700.0 * traffic * still), "ug/m3"),
        "o3" => (with_noise(28.0 + 75.0 * heat), "ug/m3"),
        "noise" => (43.0 + 12.0 * traffic.min(1.0) + 2.5 * scene.drift(3.0) + 1.5 * scene.flicker(), "dB"),
        _ => return None,
    })
}
