//! Points with their limits and latest values in the public JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::{LimitStatus, LocalText, Priority, Quality};
use crate::local::Zone;

/// One measured quantity of a device, with its latest value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// Its full id, `site/device/point`.
    pub id: String,
    /// The site's id.
    pub site: String,
    /// The device's full id, `site/device`.
    pub device: String,
    /// Its name.
    pub name: LocalText,
    /// What it measures.
    pub quantity: String,
    /// The unit of its values (UCUM).
    pub unit: String,
    /// Decimals to show.
    pub decimals: u8,
    /// Seconds between two readings, where that is known.
    #[schema(required)]
    pub interval_s: Option<f64>,
    /// Seconds without a reading after which it is missing.
    #[schema(required)]
    pub expire_after_s: Option<f64>,
    /// Whether its values are for reference only, as those of a low-cost sensor.
    pub reference: bool,
    /// Values outside cannot be right.
    #[schema(required)]
    pub range: Option<Bounds>,
    /// The regulation's limit that applies now.
    #[schema(required)]
    pub limit: Option<Limit>,
    /// What its device reports with it while it is not 0; null for what is a measurement.
    #[schema(required)]
    pub alarm: Option<NamedAlarm>,
    /// Every limit that is known for it, past and present, of each averaging span.
    pub limits: Vec<Limit>,
    /// The newest reading; null when nothing was ever read.
    #[schema(required)]
    pub latest: Option<Latest>,
    /// The newest reading that has a value; null when there never was one.
    #[schema(required)]
    pub last_good: Option<LastGood>,
}

/// An alarm that a device raises itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NamedAlarm {
    /// What it is called.
    pub title: LocalText,
    /// How urgent it is.
    pub priority: Priority,
}

/// Inclusive bounds in the point's unit; null does not bind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Bounds {
    /// Least.
    #[schema(required)]
    pub min: Option<f64>,
    /// Greatest.
    #[schema(required)]
    pub max: Option<f64>,
}

impl From<hub_model::Range> for Bounds {
    fn from(range: hub_model::Range) -> Self {
        Self { min: range.min, max: range.max }
    }
}

/// A limit that a regulation sets, in the point's unit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Limit {
    /// Least allowed.
    #[schema(required)]
    pub min: Option<f64>,
    /// Greatest allowed.
    #[schema(required)]
    pub max: Option<f64>,
    /// The clause.
    pub clause: String,
    /// The regulation.
    pub regulation: String,
    /// Whether the figure was checked against the regulation's text.
    pub status: LimitStatus,
    /// Seconds over which values are averaged before they are held against it; null for single values.
    #[schema(required)]
    pub averaging_s: Option<f64>,
    /// First moment at which it applies; null where that is not known.
    #[schema(required, format = DateTime)]
    pub valid_from: Option<String>,
    /// First moment at which it no longer applies; null while it does.
    #[schema(required, format = DateTime)]
    pub valid_to: Option<String>,
}

impl Limit {
    /// The limit with its dates in the commune's zone.
    pub fn of(limit: &hub_model::Limit, zone: &Zone) -> Self {
        Self {
            min: limit.min,
            max: limit.max,
            clause: limit.clause.clone(),
            regulation: limit.regulation.clone(),
            status: limit.status.into(),
            averaging_s: limit.averaging.map(|span| span.as_secs_f64()),
            valid_from: limit.valid_from.map(|at| zone.print(at)),
            valid_to: limit.valid_to.map(|at| zone.print(at)),
        }
    }
}

/// The newest reading of a point.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Latest {
    /// The value; null when it is missing.
    #[schema(required)]
    pub value: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// Why not: `timeout`, `exception:2`, `out_of_range`, …
    #[schema(required)]
    pub reason: Option<String>,
    /// When it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
    /// When it reached the hub.
    #[schema(format = DateTime)]
    pub received_at: String,
}

impl Latest {
    /// The reading with its times in the commune's zone.
    pub fn of(latest: &hub_store::Latest, zone: &Zone) -> Self {
        let reading = &latest.reading;
        Self {
            value: reading.value,
            quality: reading.quality.into(),
            reason: reading.reason.map(|reason| reason.to_string()),
            measured_at: zone.print(reading.measured_at),
            received_at: zone.print(reading.received_at),
        }
    }
}

/// The newest value that there was.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LastGood {
    /// The value.
    pub value: f64,
    /// When it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
}

impl LastGood {
    /// The newest value, where there ever was one.
    pub fn of(latest: &hub_store::Latest, zone: &Zone) -> Option<Self> {
        latest.last_good.map(|(value, at)| Self { value, measured_at: zone.print(at) })
    }
}
