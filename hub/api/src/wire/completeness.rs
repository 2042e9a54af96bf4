//! Completeness in the public JSON: the days of a point.

use serde::Serialize;
use utoipa::ToSchema;

/// The days of a point, the first day first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Completeness {
    /// The point's full id.
    pub point: String,
    /// Its days, also those without a reading.
    pub days: Vec<DayCompleteness>,
}

/// A day of the commune. Figures are of values of judged quality, and null when there are none.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DayCompleteness {
    /// The day.
    #[schema(format = Date)]
    pub day: String,
    /// When it began (epoch ms).
    pub t: i64,
    /// How many readings of each quality.
    pub counts: QualityCounts,
    /// How many values of judged quality.
    pub n: u64,
    /// How many readings should have come (by now, on the day that is under way); null where no interval is known.
    #[schema(required)]
    pub expected: Option<u64>,
    /// `n` of `expected`, 0 to 1.
    #[schema(required)]
    pub share: Option<f64>,
    /// The least value.
    #[schema(required)]
    pub min: Option<f64>,
    /// The mean.
    #[schema(required)]
    pub mean: Option<f64>,
    /// The greatest.
    #[schema(required)]
    pub max: Option<f64>,
    /// The one measured last.
    #[schema(required)]
    pub last: Option<f64>,
}

/// How many readings of each quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct QualityCounts {
    /// Passed every check.
    pub good: u32,
    /// No check is configured.
    pub not_evaluated: u32,
    /// Doubtful.
    pub suspect: u32,
    /// Cannot be right.
    pub fail: u32,
    /// Without a value.
    pub missing: u32,
    /// Taken while the instrument was worked on.
    pub calibrating: u32,
}

impl From<hub_store::QualityCounts> for QualityCounts {
    fn from(counts: hub_store::QualityCounts) -> Self {
        let hub_store::QualityCounts { good, not_evaluated, suspect, fail, missing, calibrating } = counts;
        Self { good, not_evaluated, suspect, fail, missing, calibrating }
    }
}
