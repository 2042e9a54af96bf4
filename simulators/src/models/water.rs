//! A water station: what its plant does, and what its probes see of the water.

use super::Scene;
use super::counter::DAY_START_HOUR;
use super::moment::bell;
use super::noise;

/// Energy for a cubic metre pumped, kW·h.
const ENERGY_PER_M3: f64 = 0.32;
/// Cross-section of the main (DN 150), m².
const MAIN_AREA_M2: f64 = 0.0177;
/// Raw water is so many times as turbid as treated water.
const RAW_TURBIDITY: f64 = 22.0;

pub(super) fn value(code: &str, scene: &Scene) -> Option<(f64, &'static str)> {
    let (_, hours) = scene.moment.day_from(DAY_START_HOUR);
    let plant = scene.plant;
    let name = scene.point.id.as_str();
    // A meter says by its name that it stands before the tank.
    let is_inlet = ["inlet", "intake", "raw"].iter().any(|word| name.contains(word));
    let flow = || {
        let flow = if is_inlet { plant.inflow(hours) } else { plant.demand(hours) };
        (flow * (1.0 + 0.01 * scene.drift(3.0) + 0.004 * scene.flicker())).max(0.0)
    };
    let pumped = || if is_inlet { plant.inflow_total(hours) } else { plant.demand_total(hours) };
    let day_heat = bell(scene.moment.hour(), 14.0, 4.0);
    Some(match code {
        "flow" => (flow(), "m3/h"),
        "volume" => (pumped(), "m3"),
        "state" if scene.point.unit.code() == "m/s" => (flow() / 3600.0 / MAIN_AREA_M2, "m/s"),
        "level" => (plant.level(hours) + 0.001 * scene.flicker(), "m"),
        "pump_state" => {
            let is_on_duty = plant.duty_pump(scene.pump.count) == scene.pump.index;
            (f64::from(u8::from(is_on_duty && plant.is_pumping(hours))), "1")
        }
        "pressure" => (2.9 - 0.012 * plant.demand(hours) + 0.03 * scene.drift(2.0), "bar"),
        "power" if plant.is_pumping(hours) => (plant.inflow(hours) * ENERGY_PER_M3 * running(scene), "kW"),
        "power" => (0.12 + 0.02 * scene.drift(5.0), "kW"),
        "energy" => (plant.inflow_total(hours) * ENERGY_PER_M3, "kW.h"),
        "current" if plant.is_pumping(hours) => (21.0 * running(scene), "A"),
        "current" => (0.4, "A"),
        "free_chlorine" => (plant.chlorine(hours) + 0.01 * scene.drift(7.0), "mg/L"),
        "turbidity" if is_inlet => (RAW_TURBIDITY * turbidity(scene), "[NTU]"),
        "turbidity" => (turbidity(scene), "[NTU]"),
        "ph" => (7.25 + 0.06 * day_heat + 0.12 * scene.drift(240.0) + 0.01 * scene.flicker(), "[pH]"),
        "colour" => (4.0 + 5.0 * rain(scene) + scene.drift(120.0), "[TCU]"),
        "conductivity" => (335.0 - 60.0 * rain(scene) + 18.0 * scene.drift(300.0), "uS/cm"),
        "tds" => (175.0 - 30.0 * rain(scene) + 9.0 * scene.drift(300.0), "mg/L"),
        "temperature" => {
            (21.0 + 7.0 * scene.moment.wetness() + 2.5 * day_heat + 0.6 * scene.drift(180.0), "Cel")
        }
        "dissolved_oxygen" => (6.4 + 0.5 * day_heat + 0.4 * scene.drift(180.0), "mg/L"),
        "orp" => (640.0 + 300.0 * (plant.chlorine(hours) - 0.45) + 8.0 * scene.drift(20.0), "mV"),
        _ => return None,
    })
}

fn running(scene: &Scene) -> f64 {
    1.0 + 0.02 * scene.drift(1.0)
}

fn turbidity(scene: &Scene) -> f64 {
    (0.42 + 0.13 * scene.drift(90.0) + 0.9 * rain(scene) + 0.02 * scene.flicker()).max(0.05)
}

/// How much a shower still shows in the water, 0 to 1: it comes on within half an hour and goes within hours.
fn rain(scene: &Scene) -> f64 {
    let (day, hours) = scene.moment.day_from(DAY_START_HOUR);
    // A shower of the evening before may still show in the morning.
    [(day, hours), (day - 1, hours + 24.0)]
        .into_iter()
        .map(|(day, hours)| {
            let chance = 0.12 + 0.4 * scene.moment.wetness();
            let seed = noise::mix(scene.site_seed, 0x8A14);
            let begin = 6.0 + 12.0 * noise::unit(seed, day as u64 ^ 0xB0);
            let since = hours - begin;
            if noise::unit(seed, day as u64) > chance || since < 0.0 {
                return 0.0;
            }
            let strength = 0.3 + 0.7 * noise::unit(seed, day as u64 ^ 0xC0);
            strength * (since / 0.5).min(1.0) * (-since / 2.5).exp()
        })
        .fold(0.0, f64::max)
}
