//! How the ways out to other engines fare, for whoever shows it. Holds no secret.

use hub_model::{LocalText, Timestamp};
use hub_store::StoreError;

/// One way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// Its name.
    pub id: String,
    /// `influxdb2` or `victoriametrics`.
    pub kind: &'static str,
    /// Where to.
    pub url: String,
    /// `raw`, `1m` or `1h`.
    pub what: &'static str,
    /// Age of the oldest news that has not arrived, in seconds.
    pub lag_s: f64,
    /// Commits that have neither arrived nor are owed.
    pub waiting_commits: u64,
    /// Days of points that are still to be caught up with.
    pub owed: u64,
    /// When the oldest reading of these was measured.
    pub oldest: Option<Timestamp>,
    /// Lines that have arrived since the hub's start.
    pub lines: u64,
    /// Bytes sent since then.
    pub bytes: u64,
    /// Requests that failed since then.
    pub errors: u64,
    /// Lines refused for ever, in all.
    pub refused: u64,
    /// When something arrived last.
    pub arrived_at: Option<Timestamp>,
    /// Why the last request failed; `None` when it did not.
    pub failing: Option<LocalText>,
}

/// A line that the other side refuses for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedLine {
    /// When.
    pub at: Timestamp,
    /// The line.
    pub line: String,
    /// The other side's words.
    pub why: String,
}

/// All ways out.
pub trait Forwards: Send + Sync {
    /// How each fares just now; does not block.
    fn all(&self) -> Vec<Forward>;

    /// The last lines that one had to set aside, the newest first; may block.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn refused(&self, id: &str) -> Result<Vec<RefusedLine>, StoreError>;
}
