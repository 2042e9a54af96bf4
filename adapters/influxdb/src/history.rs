//! The way back: readings of a point from an engine, whichever it is. What both readers must do is in `tests/history.rs`.
//!
//! Read next: `flux.rs` and `metricsql.rs`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use hub_model::{PointId, Reading, Timestamp};

use crate::client::{Client, NotNow};
use crate::config::Kind;
use crate::flux::Flux;
use crate::metricsql::MetricsQl;
use crate::rows::{Asked, Row};

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
    /// A question for readings is of so many milliseconds at most: an answer takes memory, here or there.
    fn page_ms(&self) -> i64;

    /// One question: the readings measured in `[from, to)`.
    ///
    /// # Errors
    /// As for [`Remote::readings`].
    fn page(
        &self,
        series: &Series<'_>,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RemoteError>;

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
    ) -> Result<(), RemoteError> {
        let (mut begin, to) = (from.as_millis(), to.as_millis());
        while begin < to {
            let end = begin.saturating_add(self.page_ms()).min(to);
            if self
                .page(series, Timestamp::from_millis(begin), Timestamp::from_millis(end), visit)?
                .is_break()
            {
                return Ok(());
            }
            begin = end;
        }
        Ok(())
    }

    /// Of every series that was written in `[from, to)` the newest of each field.
    ///
    /// # Errors
    /// When the engine is not to be had.
    fn newest(&self, asked: Asked<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Row>, RemoteError>;

    /// Every row of a commune's `measurement` in `[from, to)`; of all communes' without one.
    ///
    /// # Errors
    /// When the engine is not to be had.
    fn rows(
        &self,
        measurement: &str,
        commune: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Row>, RemoteError>;

    /// How many readings with a value, measured in `[from, to)`, there are of each commune.
    ///
    /// # Errors
    /// When the engine is not to be had.
    fn counts(&self, from: Timestamp, to: Timestamp) -> Result<BTreeMap<String, u64>, RemoteError>;
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
