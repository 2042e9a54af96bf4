//! Believable days: the value of any quantity at any time, as a pure function of seed, site, point and simulated time.
//!
//! A model never keeps anything between calls. What depends on its own past (a tank, a counter) is worked out from a day's
//! known beginning: [`plant`] for water, [`counter`] for what only grows.
//!
//! Read next: [`noise`], then the model of each kind of place.

mod air;
pub mod counter;
pub mod moment;
pub mod noise;
mod other;
pub mod plant;
mod waste;
mod water;
mod wifi;

use hub_model::Unit;

use crate::config::{SimPoint, SimSite};
use counter::DayCurve;
use moment::Moment;
use plant::PlantDay;

/// What a model may look at.
pub(crate) struct Scene<'a> {
    /// The site's own random numbers: shared by all of its points.
    pub site_seed: u64,
    /// The point's own random numbers.
    pub seed: u64,
    /// When.
    pub moment: Moment,
    /// The courses of a day.
    pub curves: &'a Curves,
    /// The day of the site's water plant.
    pub plant: &'a PlantDay,
    /// The pumps of the site: how many, and which of them this point is.
    pub pump: Pump,
    /// The point.
    pub point: &'a SimPoint,
}

/// The courses of a day, worked out once.
#[derive(Debug)]
pub(crate) struct Curves {
    pub water: DayCurve,
    pub bins: DayCurve,
    pub crowd: DayCurve,
}

impl Curves {
    pub fn new() -> Self {
        Self { water: DayCurve::water_demand(), bins: waste::bin_curve(), crowd: wifi::crowd_curve() }
    }
}

/// One pump among those of its site.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pump {
    pub index: usize,
    pub count: usize,
}

impl Pump {
    /// Which pump of `site` the point is.
    pub fn of(site: &SimSite, point: &SimPoint) -> Self {
        let pumps = site.devices.iter().flat_map(|device| &device.points);
        let pumps: Vec<_> = pumps.filter(|other| other.quantity.code() == "pump_state").collect();
        let index = pumps.iter().position(|other| other.id == point.id).unwrap_or(0);
        Self { index, count: pumps.len().max(1) }
    }
}

impl Scene<'_> {
    /// Noise from -1 to 1 that wanders over about `minutes`.
    pub fn drift(&self, minutes: f64) -> f64 {
        noise::drift(self.seed, self.moment.utc_ms(), minutes)
    }

    /// As [`Self::drift`], the same for all points of the site: wind, crowds.
    pub fn site_drift(&self, salt: u64, minutes: f64) -> f64 {
        noise::drift(noise::mix(self.site_seed, salt), self.moment.utc_ms(), minutes)
    }

    /// Noise from -1 to 1 that is new every second.
    pub fn flicker(&self) -> f64 {
        noise::flicker(self.seed, self.moment.utc_ms())
    }

    /// A number from 0 to 1 that is the site's for ever.
    pub fn site_constant(&self, salt: u64) -> f64 {
        noise::unit(self.site_seed, salt)
    }
}

/// The value of the scene's point, in the point's own unit, before the device rounds it.
pub(crate) fn value(scene: &Scene) -> f64 {
    let code = scene.point.quantity.code();
    let (value, unit) = water::value(code, scene)
        .or_else(|| waste::value(code, scene))
        .or_else(|| air::value(code, scene))
        .or_else(|| wifi::value(code, scene))
        .unwrap_or_else(|| other::value(code, scene));
    let from = Unit::parse(unit);
    from.and_then(|from| from.convert(value, scene.point.unit)).unwrap_or(value)
}
