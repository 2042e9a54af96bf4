//! An error as InfluxDB 2 writes it, for its clients.

use serde::Serialize;
use utoipa::ToSchema;

/// What could not be written, in InfluxDB's form.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InfluxError {
    /// The kind of error: `invalid`, `unauthorized`, `unprocessable entity`, `request too large`, `unavailable` …
    #[schema(value_type = String)]
    pub code: &'static str,
    /// In words, with the numbers of refused lines.
    pub message: String,
    /// What was being done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub op: Option<&'static str>,
    /// What was wrong with which line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub err: Option<String>,
    /// The first refused line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}
