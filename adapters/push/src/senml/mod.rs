//! SenML packs (RFC 8428), JSON and CBOR, resolved: base fields are in each record that follows them.
//!
//! A record that cannot be read may hold base fields for the next ones, so it refuses its pack whole. Read next: `json.rs`
//! and `cbor.rs` (how a record is written), `resolve.rs` (what it then says).

mod cbor;
mod json;
mod resolve;

use hub_model::Timestamp;

use crate::taken::MAX_READINGS;
use crate::time::believable;

/// What a pack counts as where a device's `match` names a measurement.
pub const MEASUREMENT: &str = "senml";
/// Times below this are relative to the receipt, RFC 8428 §4.5.3: 2²⁸ s.
const RELATIVE_BELOW_S: f64 = 268_435_456.0;
/// The version that is understood.
const VERSION: i64 = 10;

/// A pack that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SenmlError {
    /// It is no list of records.
    #[error("is no SenML pack: a list of records was expected{detail}")]
    NoPack {
        /// Where it stops being one; may be empty.
        detail: String,
    },
    /// A record cannot be read.
    #[error("record {number}: {problem}")]
    Record {
        /// From 1.
        number: usize,
        /// What was found and what is allowed.
        problem: String,
    },
    /// It holds too many records.
    #[error("the pack holds more than {MAX_READINGS} records; nothing was kept, send it in smaller pieces")]
    TooMany,
}

/// A resolved record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The base name in force; may be empty.
    pub base_name: String,
    /// Its own name; may be empty.
    pub local_name: String,
    /// The unit, SenML's name of it.
    pub unit: Option<String>,
    /// The value, or where there is none the sum; a switch is 0 or 1. `None` for texts and data.
    pub number: Option<f64>,
    /// Seconds: since 1970 from 2²⁸ on, else since the receipt.
    pub time_s: f64,
}

/// A time that nothing can have been measured at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("time out of range")]
pub struct TimeError;

impl Record {
    /// The whole name.
    pub fn name(&self) -> String {
        format!("{}{}", self.base_name, self.local_name)
    }

    /// When it was measured; `None` for "now".
    ///
    /// # Errors
    /// When the time cannot be true.
    pub fn measured_at(&self, received_at: Timestamp) -> Result<Option<Timestamp>, TimeError> {
        if self.time_s == 0.0 {
            return Ok(None);
        }
        let start_ms = if self.time_s < RELATIVE_BELOW_S { received_at.as_millis() } else { 0 };
        let ms = (self.time_s * 1_000.0).round();
        if ms.abs() > 1e15 {
            return Err(TimeError);
        }
        believable(start_ms.saturating_add(ms as i64)).map(Some).ok_or(TimeError)
    }
}

/// Reads a pack as JSON.
///
/// # Errors
/// What is wrong with it first.
pub fn from_json(body: &[u8]) -> Result<Vec<Record>, SenmlError> {
    resolve::all(json::records(body)?)
}

/// Reads a pack as CBOR.
///
/// # Errors
/// What is wrong with it first.
pub fn from_cbor(body: &[u8]) -> Result<Vec<Record>, SenmlError> {
    resolve::all(cbor::records(body)?)
}
