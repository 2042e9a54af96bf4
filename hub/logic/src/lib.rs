//! What the hub decides, as one pure step: quality, rules, alarms. Never does I/O and never reads a clock.
//!
//! Read next: `logic.rs` (the step), `face.rs` (what goes in and comes out).
//!
#![doc = include_str!("../README.md")]

mod alarms;
mod backtest;
mod cases;
mod clock;
mod commands;
mod embedded;
mod evaluate;
mod face;
mod judge;
mod logic;
mod memory;
mod often;
mod overlay;
mod places;
mod rule_faults;
mod rules;
mod spoken;
mod start;
mod upkeep;
mod watch;
mod window;
mod world;

pub use backtest::{Backtest, BacktestDifference, BacktestReport, MAX_PAST_ALARMS, PastAlarm, PastWeek};
pub use cases::{CaseResult, CasesError, RuleCheck, TextFault, check_rule, run_cases, run_cases_within};
pub use commands::{MAX_COMMENT_CHARS, MAX_SHELVING, note_on_closed};
pub use embedded::{EmbeddedRule, embedded_rules};
pub use face::{
    Action, Command, CommandError, Effect, Elapsed, Event, Host, OnMissing, Recovered, RuleFault, RuleStatus,
    WatchScope, Watches,
};
pub use judge::{FUTURE_AFTER, LIVE_WITHIN};
pub use logic::Logic;
pub use often::{CHATTER_RAISES, CHATTER_WINDOW, FLOOD_ALARMS, FLOOD_WINDOW};
pub use overlay::MAX_OUT_OF_SERVICE;
pub use rules::RuleSet;
pub use spoken::{Announced, PLACEHOLDERS, Spoken, announcement};
pub use upkeep::{Amended, configured_upkeep, corrected, excluded, is_officers, rejudge};
pub use window::MAX_WINDOW;
