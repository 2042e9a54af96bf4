//! What the API asks of whoever can take a rule through stored history.
//!
//! Holds shapes only. Read next: `routes/backtest.rs`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hub_logic::{BacktestDifference, BacktestReport, RuleFault};
use hub_model::Timestamp;

/// Which rule is to be taken through which span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacktestAsked {
    /// The rule's id.
    pub rule: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Another text for it, compared with the one in force.
    pub source: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtested {
    /// What the rule, or the other text, would have done.
    pub report: BacktestReport,
    /// What the rule in force would have done, when there was another text.
    pub in_force: Option<BacktestReport>,
    /// How the two differ.
    pub difference: Option<BacktestDifference>,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BacktestRefused {
    /// There is no such rule.
    #[error("there is no such rule")]
    UnknownRule,
    /// The text is refused.
    #[error(transparent)]
    Rule(RuleFault),
    /// The span is empty or too long.
    #[error("the span must end after it begins, and be at most {} days long", longest.as_secs() / 86_400)]
    Span {
        /// The longest allowed.
        longest: Duration,
    },
    /// Whoever asked broke it off.
    #[error("it was broken off")]
    BrokenOff,
    /// The store or the rules cannot be read; the log says why.
    #[error("the history or the rules cannot be read")]
    Unreadable,
}

/// Takes a rule through history, telling the share that is done; runs for long and blocks.
pub type BacktestRunner = Arc<
    dyn Fn(&BacktestAsked, &mut dyn FnMut(f64) -> ControlFlow<()>) -> Result<Backtested, BacktestRefused>
        + Send
        + Sync,
>;
