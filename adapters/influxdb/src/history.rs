//! The way back: readings of a point from an engine, whichever it is. What both readers must do is in `tests/history.rs`.
//!
//! Read next: `flux.rs` and `metricsql.rs`.

use std::ops::ControlFlow;

use hub_model::{PointId, Reading, Timestamp};

use crate::client::{Client, NotNow};
use crate::config::Kind;
use crate::flux::Flux;
use crate::metricsql::MetricsQl;

/// Readings cannot be had from the engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It is not reached, or has no time.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// Its answer is not what it should be, or broke off.
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
}

/// History from an engine.
pub trait Remote: Send + Sync {
    /// Shows `visit` the readings of `point` measured in `[from, to)`, in the order of `measured_at`, until it breaks off. Receipt is
    /// not known there: it is given as the moment of measuring.
    ///
    /// # Errors
    /// When the engine is not to be had; `visit` may have seen some by then.
    fn readings(
        &self,
        series: &Series<'_>,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), RemoteError>;
}

/// Whose readings are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// The commune's id.
    pub commune: &'a str,
    /// The quantity's code, which is the measurement.
    pub quantity: &'a str,
    /// The point.
    pub point: &'a PointId,
}

/// The reader for a client's engine.
pub fn remote(client: Client) -> Box<dyn Remote> {
    match client.target().kind {
        Kind::InfluxDb2 => Box::new(Flux::new(client)),
        Kind::VictoriaMetrics => Box::new(MetricsQl::new(client)),
    }
}
