//! A look at a rule's text while somebody writes it: what refuses it, with line and column, and what would fail once it is
//! asked.
//!
//! Uses a made-up commune that fits the rule and judges nothing else. Read next: [`crate::RuleSet`], [`super::run`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hub_model::{LocalText, Observation, Priority, RuleId, Sample, Timestamp};

use super::read;
use super::run::{UTC_OFFSET_S, commune_for};
use crate::{Event, Host, Logic, Recovered, RuleFault, RuleSet, Watches};

/// Readings that the rule is tried on: within, below and above what the made-up limit allows, and none at all.
const TRIED: [&str; 4] = ["value = 1.0", "value = 0.0", "value = 100.0", "missing = \"timeout\""];

/// What is known of a text that would be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCheck {
    /// Digest of the text.
    pub version: String,
    /// Its title.
    pub title: LocalText,
    /// How urgent its alarms are.
    pub priority: Priority,
    /// What it watches.
    pub watches: Watches,
    /// How long its condition must hold.
    pub on_delay: Duration,
    /// How long its condition must be gone.
    pub off_delay: Duration,
    /// What failed when it was tried on readings that were made up: it may run all the same.
    pub doubts: Vec<TextFault>,
}

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextFault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, where it is known.
    pub column: Option<usize>,
    /// What was found and, where it helps, what is allowed.
    pub message: LocalText,
}

/// Compiles a rule's text in the sandbox and tries it on readings that are made up. `file` is its file's name.
///
/// # Errors
/// What refuses the text.
pub fn check_rule(file: &str, text: &str) -> Result<RuleCheck, TextFault> {
    let empty = RuleSet::compile([]).0;
    let id: RuleId = file.strip_suffix(".rhai").unwrap_or(file).into();
    let rule = empty.read(&id, file, text).map_err(|trouble| TextFault {
        line: trouble.line.unwrap_or(1),
        column: trouble.column,
        message: trouble.message,
    })?;
    let doubts: BTreeSet<TextFault> = TRIED
        .iter()
        .flat_map(|tried| try_on(tried, (file, text)))
        .map(|RuleFault { line, message, .. }| TextFault { line, column: None, message })
        .collect();
    let facts = rule.facts;
    Ok(RuleCheck {
        version: rule.version,
        title: facts.title,
        priority: facts.priority,
        watches: facts.watches,
        on_delay: facts.on_delay,
        off_delay: facts.off_delay,
        doubts: doubts.into_iter().collect(),
    })
}

/// Asks each function of the rule once after one reading.
fn try_on(tried: &str, (file, text): (&str, &str)) -> Vec<RuleFault> {
    let (rules, _) = RuleSet::compile([(file.to_owned(), text.to_owned())]);
    let Some(rule) = rules.rules.first() else { return vec![] };
    let siblings: Vec<String> = rule
        .uses
        .siblings
        .iter()
        .filter_map(|name| name.rsplit('/').next())
        .filter(|name| hub_model::id::check_part(name).is_ok())
        .map(|name| format!("{name} = \"state\""))
        .collect();
    let case = format!(
        "[[case]]\nname = \"tried\"\nlimit = {{ min = 0.5, max = 2.0 }}\nsiblings = {{ {} }}\n\
         readings = [{{ at = \"0s\", {tried} }}]\nalarms = []\n",
        siblings.join(", ")
    );
    let Some(case) = read::cases(&case).ok().and_then(|cases| cases.into_iter().next()) else {
        return vec![];
    };
    let Ok(commune) = commune_for(rule, &case) else { return vec![] };
    let Some(point) = commune.points().next().map(|point| point.id.clone()) else { return vec![] };
    let now = Timestamp::from_millis(case.starts_local_ms - i64::from(UTC_OFFSET_S) * 1_000);
    // Bounded by operations alone: what is found must not depend on how busy the machine is.
    let host = Host { utc_offset_s: Box::new(|_| UTC_OFFSET_S), elapsed: Arc::new(Duration::default) };
    let mut logic = Logic::new(Arc::new(commune), rules, Recovered::nothing(now), host);
    let found = case.readings.first().map_or(Err(hub_model::Reason::Timeout), |reading| reading.found);
    let sample = found.map_or_else(Sample::Missing, Sample::Raw);
    logic
        .step(now, Event::Observed(vec![Observation { point, sample, measured_at: None, received_at: now }]));
    logic.ask_everything(now)
}
