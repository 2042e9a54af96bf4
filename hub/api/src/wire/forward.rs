//! The ways out to other engines in the public JSON.

use hub_model::LocalText;
use serde::Serialize;
use utoipa::ToSchema;

use crate::local::Zone;

/// How a way out to another engine fares.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Forward {
    /// Its id.
    pub id: String,
    /// `influxdb2` or `victoriametrics`.
    pub kind: &'static str,
    /// Where to.
    pub url: String,
    /// `raw`, `1m` or `1h`.
    pub what: &'static str,
    /// Age of the oldest news that has not arrived, in seconds; 0 when all has.
    pub lag_s: f64,
    /// Commits that have neither arrived nor are owed.
    pub waiting_commits: u64,
    /// Days of points that are still to be caught up with.
    pub owed: u64,
    /// When the oldest reading of these was measured.
    #[schema(required, format = DateTime)]
    pub oldest_owed: Option<String>,
    /// Lines that have arrived since the hub's start.
    pub lines: u64,
    /// Bytes sent since then.
    pub bytes: u64,
    /// Requests that failed since then; they are tried again.
    pub errors: u64,
    /// Lines that the other side refuses for ever, in all.
    pub refused: u64,
    /// When something arrived last; null when nothing has since the hub's start.
    #[schema(required, format = DateTime)]
    pub arrived_at: Option<String>,
    /// Why the last request failed, in English; null when it did not.
    #[schema(required)]
    pub failing: Option<String>,
    /// The same in Vietnamese.
    #[schema(required)]
    pub failing_vi: Option<String>,
}

/// A line that the other side refuses for ever.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RefusedLine {
    /// When it was refused.
    #[schema(format = DateTime)]
    pub at: String,
    /// The line.
    pub line: String,
    /// The other side's words.
    pub why: String,
}

impl Forward {
    /// Its public form.
    pub fn of(forward: crate::Forward, zone: &Zone) -> Self {
        let (failing, failing_vi) = forward.failing.map(|LocalText { vi, en }| (en, vi)).unzip();
        Self {
            id: forward.id,
            kind: forward.kind,
            url: forward.url,
            what: forward.what,
            lag_s: forward.lag_s,
            waiting_commits: forward.waiting_commits,
            owed: forward.owed,
            oldest_owed: forward.oldest.map(|at| zone.print(at)),
            lines: forward.lines,
            bytes: forward.bytes,
            errors: forward.errors,
            refused: forward.refused,
            arrived_at: forward.arrived_at.map(|at| zone.print(at)),
            failing,
            failing_vi,
        }
    }
}

impl RefusedLine {
    /// Its public form.
    pub fn of(line: crate::RefusedLine, zone: &Zone) -> Self {
        Self { at: zone.print(line.at), line: line.line, why: line.why }
    }
}
