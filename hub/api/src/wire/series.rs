//! Readings in the public JSON: columns of a period, buckets of it, and live events. What is sent in: [`super::incoming`].

use serde::Serialize;
use utoipa::ToSchema;

use super::{LastGood, Quality};
use crate::local::Zone;
use crate::older::Seam;

/// A point's readings of a period, in columns of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Readings {
    /// The point's full id.
    pub point: String,
    /// The unit of the values (UCUM).
    pub unit: String,
    /// When each was measured (epoch ms), ascending.
    pub t: Vec<i64>,
    /// The values; null where a reading has none.
    pub v: Vec<Option<f64>>,
    /// How far each can be trusted.
    pub q: Vec<Quality>,
    /// That what was measured before a moment is not kept here any more; absent when all of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<OlderPart>,
}

/// A point's readings of a period, gathered into buckets of equal length. A bucket without values is absent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Buckets {
    /// The point's full id.
    pub point: String,
    /// The unit of the values (UCUM).
    pub unit: String,
    /// When each bucket begins (epoch ms), ascending.
    pub t: Vec<i64>,
    /// The least value.
    pub min: Vec<f64>,
    /// The mean.
    pub mean: Vec<f64>,
    /// The greatest value.
    pub max: Vec<f64>,
    /// How many values it has.
    pub n: Vec<u64>,
    /// The buckets in which some reading was not simply good, also those without a value; when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubts: Option<Box<Doubts>>,
    /// That what was measured before a moment is not kept here any more; absent when all of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<OlderPart>,
}

/// Buckets in which some reading was not simply good, with how many of each such quality; in columns of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Doubts {
    /// When each bucket begins (epoch ms), ascending.
    pub t: Vec<i64>,
    /// Doubtful readings.
    pub suspect: Vec<u32>,
    /// Those that cannot be right.
    pub fail: Vec<u32>,
    /// Those without a value.
    pub missing: Vec<u32>,
    /// Those taken while the instrument was worked on.
    pub calibrating: Vec<u32>,
}

/// The part of an answer that has left this hub for its age and is read from where it was forwarded to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OlderPart {
    /// What was measured before this moment (epoch ms) is from there.
    pub until: i64,
    /// `read`, or `unreachable`: then what is shown before it is not all that there is.
    pub state: &'static str,
    /// Why it cannot be had; empty when it was.
    pub detail: String,
}

impl From<Seam> for OlderPart {
    fn from(seam: Seam) -> Self {
        let state = if seam.failing.is_none() { "read" } else { "unreachable" };
        Self { until: seam.until.as_millis(), state, detail: seam.failing.unwrap_or_default() }
    }
}

/// One point's readings: raw, or in buckets when `buckets` was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SeriesAnswer {
    /// Without `buckets`.
    Readings(Readings),
    /// With `buckets`.
    Buckets(Buckets),
}

impl SeriesAnswer {
    /// How many readings or buckets there are in it.
    pub fn rows(&self) -> usize {
        match self {
            Self::Readings(readings) => readings.t.len(),
            Self::Buckets(buckets) => buckets.t.len(),
        }
    }
}

/// Readings of one point, or a list for several.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "what the document says of an answer that is written point by point")]
pub enum ReadingsAnswer {
    /// One `point` was asked for.
    One(SeriesAnswer),
    /// Several were.
    Several(Vec<SeriesAnswer>),
}

/// A live event: a point's newest reading.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReadingEvent {
    /// The point's full id.
    pub point: String,
    /// The value; null when it is missing.
    #[schema(required)]
    pub value: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// Why not.
    #[schema(required)]
    pub reason: Option<String>,
    /// When it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
    /// When it reached the hub.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The newest reading that has a value.
    #[schema(required)]
    pub last_good: Option<LastGood>,
}

impl ReadingEvent {
    /// The event of a point's newest reading.
    pub fn of(latest: &hub_store::Latest, zone: &Zone) -> Self {
        let reading = &latest.reading;
        Self {
            point: reading.point.to_string(),
            value: reading.value,
            quality: reading.quality.into(),
            reason: reading.reason.map(|reason| reason.to_string()),
            measured_at: zone.print(reading.measured_at),
            received_at: zone.print(reading.received_at),
            last_good: LastGood::of(latest, zone),
        }
    }
}

/// A live event: something was left out, load everything again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResyncEvent {}
