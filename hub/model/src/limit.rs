//! Limits that a regulation sets on a quantity, with the dates between which they apply.

use std::time::Duration;

use crate::Timestamp;

/// One limit, already expressed in the unit of the point that it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Least allowed value.
    pub min: Option<f64>,
    /// Greatest allowed value.
    pub max: Option<f64>,
    /// The set it comes from, such as `qcvn-01-1-2024`.
    pub set: String,
    /// The regulation's name, such as `QCVN 01-1:2024/BYT`.
    pub regulation: String,
    /// Where in the regulation it stands.
    pub clause: String,
    /// Whether the figure was read in a source that prints it.
    pub status: LimitStatus,
    /// The span over which values are averaged before they are held against the limit; `None` for single values.
    pub averaging: Option<Duration>,
    /// First moment at which it applies.
    pub valid_from: Option<Timestamp>,
    /// First moment at which it no longer applies.
    pub valid_to: Option<Timestamp>,
}

/// Whether a figure was read in a source that prints it. An unverified one is always shown as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitStatus {
    /// Read in a source that prints it.
    Verified,
    /// From general knowledge.
    Unverified,
}

impl Limit {
    /// Whether the limit applies at `moment`.
    pub fn applies_at(&self, moment: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= moment) && self.valid_to.is_none_or(|to| moment < to)
    }
}
