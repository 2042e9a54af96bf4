//! A generated year of believable sensor data, the same in every run: what all engines are fed.
//!
//! Random walks around a day's course, rounded as devices round. Nothing in it is random in the sense of unrepeatable.

use hub_model::PointId;

/// Series: 64 of each of eight kinds.
pub const SERIES: usize = 512;
/// One reading each ten minutes for a year.
pub const STEPS: usize = 52_560;
/// 1 November 2025, midnight in Vietnam, ms since 1970.
pub const BEGIN_MS: i64 = 1_761_930_000_000;
/// Ten minutes.
pub const STEP_MS: i64 = 600_000;
/// Points of one device; each device stands on a site of its own.
pub const POINTS_A_SITE: usize = 32;

/// Name of a series' site.
pub fn site(series: usize) -> String {
    format!("bench-{:02}", series / POINTS_A_SITE)
}

/// Full id of a series' point.
pub fn point(series: usize) -> String {
    format!("{}/device/p{:02}", site(series), series % POINTS_A_SITE)
}

/// The ids of all points.
pub fn points() -> Vec<PointId> {
    (0..SERIES).map(|series| PointId::parse(&point(series)).unwrap()).collect()
}

/// One series' values, one a step, without end.
pub struct Series {
    kind: &'static Kind,
    walk: f64,
    random: u64,
    step: usize,
    steps_a_day: usize,
}

/// How a quantity behaves: around `mean`, by `daily` over the day, wandering by `step`, told to `per_unit` parts of one.
struct Kind {
    mean: f64,
    daily: f64,
    step: f64,
    per_unit: f64,
}

/// Chlorine, turbidity, pH, level, flow, pressure, temperature, clients.
const KINDS: [Kind; 8] = [
    Kind { mean: 0.55, daily: 0.10, step: 0.008, per_unit: 100.0 },
    Kind { mean: 0.90, daily: 0.20, step: 0.02, per_unit: 100.0 },
    Kind { mean: 7.2, daily: 0.15, step: 0.01, per_unit: 100.0 },
    Kind { mean: 2.4, daily: 0.8, step: 0.01, per_unit: 100.0 },
    Kind { mean: 35.0, daily: 12.0, step: 0.4, per_unit: 10.0 },
    Kind { mean: 3.1, daily: 0.4, step: 0.02, per_unit: 100.0 },
    Kind { mean: 27.0, daily: 4.0, step: 0.08, per_unit: 10.0 },
    Kind { mean: 14.0, daily: 10.0, step: 0.7, per_unit: 1.0 },
];

impl Series {
    /// The series of this number, one value each `step_ms`.
    pub fn new(series: usize, step_ms: i64) -> Self {
        let steps_a_day = usize::try_from(86_400_000 / step_ms).unwrap();
        let random = 0x9E37_79B9_7F4A_7C15 ^ (series as u64 + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        Self { kind: &KINDS[series % KINDS.len()], walk: 0.0, random, step: 0, steps_a_day }
    }

    /// Between -1 and 1.
    fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

impl Iterator for Series {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let Kind { mean, daily, step, per_unit } = *self.kind;
        // Drawn back to the middle, so that a year stays within what the quantity can be.
        self.walk = self.walk * 0.99 + self.random() * step;
        let hour_angle =
            (self.step % self.steps_a_day) as f64 / self.steps_a_day as f64 * std::f64::consts::TAU;
        self.step += 1;
        Some(((mean + daily * hour_angle.sin() + self.walk).max(0.0) * per_unit).round() / per_unit)
    }
}
