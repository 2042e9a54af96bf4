//! What comes in (an observation) and what is kept of it (a reading).

use crate::{PointId, Quality, Reason, Timestamp};

/// What an adapter found for one point, before the hub has judged it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The point that it belongs to.
    pub point: PointId,
    /// What was found.
    pub sample: Sample,
    /// When the device says that it measured; `None` when it does not say.
    pub measured_at: Option<Timestamp>,
    /// When it reached the hub.
    pub received_at: Timestamp,
}

/// What was found for a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// The device's own number, before scale and offset. Switches are 0 and 1.
    Raw(f64),
    /// A number already in the point's unit: old data and the API's.
    Value(f64),
    /// No number, and why: a silent device is a fact to be kept, never a skipped row.
    Missing(Reason),
}

/// One judged reading, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The point that it belongs to.
    pub point: PointId,
    /// When it was measured: the device's word, or the time of receipt.
    pub measured_at: Timestamp,
    /// When it reached the hub.
    pub received_at: Timestamp,
    /// The device's own number, where there was one.
    pub raw: Option<f64>,
    /// The value in the point's unit. `None` when missing; a failing value is kept.
    pub value: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// Why it is not simply good.
    pub reason: Option<Reason>,
}
