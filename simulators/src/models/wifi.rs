//! A public access point: people while the house is open, bytes by people, a crowded channel by both. Counts only: no
//! simulated device ever names a person's device.

use super::Scene;
use super::counter::{self, DayCurve};
use super::moment::bell;

const BYTES_UP_PER_CLIENT_DAY: f64 = 45e6;
const BYTES_DOWN_PER_CLIENT_DAY: f64 = 320e6;
/// The crowd of a site, for all of its points.
const CROWD: u64 = 0xC0;
/// A restart every three weeks, s.
const RESTART_S: i64 = 21 * 86_400;

pub(super) fn value(code: &str, scene: &Scene) -> Option<(f64, &'static str)> {
    let capacity = 14.0 + 24.0 * scene.site_constant(CROWD);
    let crowd = (opening(scene.moment.hour()) * (0.85 + 0.15 * scene.site_drift(CROWD, 25.0))).max(0.0);
    let bytes = |per_client: f64| {
        let days = counter::total_days(scene.site_seed, &scene.curves.crowd, scene.moment);
        (days * capacity * per_client).floor()
    };
    Some(match code {
        "clients" => ((capacity * crowd).round(), "1"),
        "rx_bytes" => (bytes(BYTES_UP_PER_CLIENT_DAY), "By"),
        "tx_bytes" => (bytes(BYTES_DOWN_PER_CLIENT_DAY), "By"),
        "channel_utilisation" => (8.0 + 48.0 * crowd + 5.0 * scene.drift(4.0), "%"),
        "rtt" => ((13.0 + 22.0 * crowd + 5.0 * scene.drift(2.0) + 2.0 * scene.flicker()).max(1.0), "ms"),
        "packet_loss" => ((1.4 * scene.drift(11.0) - 0.7).max(0.0), "%"),
        "uptime" => {
            let phase = (scene.site_seed >> 16) as i64 % RESTART_S;
            ((scene.moment.utc_ms().div_euclid(1000) + phase).rem_euclid(RESTART_S) as f64, "s")
        }
        _ => return None,
    })
}

/// What goes over the air in a day: a little even when nobody is there.
pub(super) fn crowd_curve() -> DayCurve {
    DayCurve::new(|hour| 0.01 + opening(hour))
}

/// How busy the house is, 0 to 1: open in the morning, the afternoon and, most of all, the evening.
fn opening(hour: f64) -> f64 {
    0.55 * bell(hour, 9.5, 1.3) + 0.6 * bell(hour, 15.5, 1.4) + 0.95 * bell(hour, 19.8, 1.2)
}
