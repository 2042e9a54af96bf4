//! A water plant's day: a tank that pumps fill and the village empties, and the chlorine in it. Pure.
//!
//! The day begins at 04:00 with a full tank. Pumps start at the start level and stop at the stop level; from 01:00 on they
//! fill the tank for the morning, so that every day ends as the next one begins and can be worked out by itself.

use super::counter::{self, DayCurve};
use super::noise;

/// The least level at which pumps start, m.
pub const START_LEVEL_M: f64 = 1.8;
/// The level at which they stop, m.
pub const STOP_LEVEL_M: f64 = 3.5;
/// Chlorine at the beginning of every day, mg/L.
const MORNING_CHLORINE: f64 = 0.50;
/// Where dosing takes it while the pumps run, and how fast, minutes.
const DOSED: (f64, f64) = (0.57, 150.0);
/// Where decay takes it while they stand, and how fast.
const DECAYED: (f64, f64) = (0.33, 600.0);
/// Capacity of the pumps, in mean demands.
const PUMP_CAPACITY: f64 = 2.6;
/// Hours of mean demand that lie between start and stop level.
const BUFFER_HOURS: f64 = 5.0;
const MINUTES: usize = 1440;
/// Minute of the day, from 04:00, at which the filling for the morning begins: 01:00.
const TOP_UP: usize = 21 * 60;

/// What never changes of a plant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlantSize {
    seed: u64,
    /// Mean demand, m³/h.
    pub mean_demand: f64,
    /// Area of the tank, m².
    pub tank_area: f64,
}

impl PlantSize {
    /// A plant for a village of the size that the seed says.
    pub fn new(site_seed: u64) -> Self {
        let mean_demand = 18.0 + 14.0 * noise::unit(site_seed, 1);
        let tank_area = mean_demand * BUFFER_HOURS / (STOP_LEVEL_M - START_LEVEL_M);
        Self { seed: site_seed, mean_demand, tank_area }
    }

    fn daily(&self) -> f64 {
        self.mean_demand * 24.0
    }
}

/// One day of a plant, minute by minute.
#[derive(Debug, Clone)]
pub struct PlantDay {
    size: PlantSize,
    day: i64,
    curve: DayCurve,
    level: Vec<f64>,
    chlorine: Vec<f64>,
    is_pumping: Vec<bool>,
}

impl PlantDay {
    /// Works out the day `day` (days since 1970-01-01, beginning at 04:00).
    pub fn new(size: PlantSize, day: i64, curve: &DayCurve) -> Self {
        let mut plant = Self {
            size,
            day,
            curve: curve.clone(),
            level: vec![STOP_LEVEL_M],
            chlorine: vec![MORNING_CHLORINE],
            is_pumping: Vec::with_capacity(MINUTES + 1),
        };
        let (mut level, mut chlorine, mut pumping) = (STOP_LEVEL_M, MORNING_CHLORINE, false);
        for minute in 0..TOP_UP {
            pumping = if level <= START_LEVEL_M { true } else { pumping && level < STOP_LEVEL_M };
            let pumped = if pumping { size.mean_demand * PUMP_CAPACITY / 60.0 } else { 0.0 };
            let used = plant.demand_until(minute + 1) - plant.demand_until(minute);
            level = (level + (pumped - used) / size.tank_area).min(STOP_LEVEL_M);
            let (target, minutes) = if pumping { DOSED } else { DECAYED };
            chlorine += (target - chlorine) / minutes;
            plant.push(level, chlorine, pumping);
        }
        for minute in TOP_UP..MINUTES {
            let share = (minute + 1 - TOP_UP) as f64 / (MINUTES - TOP_UP) as f64;
            let towards = |from: f64, to: f64| from + (to - from) * share;
            plant.push(towards(level, STOP_LEVEL_M), towards(chlorine, MORNING_CHLORINE), true);
        }
        plant.is_pumping.push(true);
        plant
    }

    /// Level of the tank after `hours` of the day, m.
    pub fn level(&self, hours: f64) -> f64 {
        between(&self.level, hours)
    }

    /// Free chlorine after `hours` of the day, mg/L.
    pub fn chlorine(&self, hours: f64) -> f64 {
        between(&self.chlorine, hours)
    }

    /// Whether the pumps run after `hours` of the day.
    pub fn is_pumping(&self, hours: f64) -> bool {
        self.is_pumping[((hours * 60.0) as usize).min(MINUTES)]
    }

    /// The demand of the village after `hours` of the day, m³/h.
    pub fn demand(&self, hours: f64) -> f64 {
        self.size.mean_demand * self.factor() * self.curve.rate(hours)
    }

    /// What flows into the tank after `hours` of the day, m³/h.
    pub fn inflow(&self, hours: f64) -> f64 {
        if !self.is_pumping(hours) {
            return 0.0;
        }
        let minute = ((hours * 60.0) as usize).min(MINUTES - 1) as f64;
        (self.inflow_total((minute + 1.0) / 60.0) - self.inflow_total(minute / 60.0)) * 60.0
    }

    /// All water ever delivered to the village, m³.
    pub fn demand_total(&self, hours: f64) -> f64 {
        (self.morning_total() + self.factor() * self.curve.passed(hours) * self.size.daily()).max(0.0)
    }

    /// All water ever pumped into the tank, m³: what was delivered and what is in the tank now.
    pub fn inflow_total(&self, hours: f64) -> f64 {
        let in_tank = (self.level(hours) - STOP_LEVEL_M) * self.size.tank_area;
        (self.demand_total(hours) + in_tank).max(0.0)
    }

    /// Which of `count` pumps is on duty: another one every day.
    pub fn duty_pump(&self, count: usize) -> usize {
        self.day.rem_euclid(count.max(1) as i64) as usize
    }

    fn push(&mut self, level: f64, chlorine: f64, pumping: bool) {
        self.level.push(level);
        self.chlorine.push(chlorine);
        self.is_pumping.push(pumping);
    }

    fn factor(&self) -> f64 {
        counter::day_factor(self.size.seed, self.day)
    }

    fn morning_total(&self) -> f64 {
        counter::before(self.size.seed, self.day) * self.size.daily()
    }

    fn demand_until(&self, minute: usize) -> f64 {
        self.factor() * self.curve.passed(minute as f64 / 60.0) * self.size.daily()
    }
}

/// Between the two minutes around `hours`.
fn between(minutes: &[f64], hours: f64) -> f64 {
    let position = (hours * 60.0).clamp(0.0, MINUTES as f64);
    let step = (position as usize).min(MINUTES - 1);
    minutes[step] + (minutes[step + 1] - minutes[step]) * (position - step as f64)
}

#[cfg(test)]
mod tests;
