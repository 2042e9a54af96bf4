//! Cases of a rule: readings given with times, alarms expected. The very same [`crate::Logic`] runs them.
//!
//! The format is described in `scripts/README.md`. Nothing here is used while the hub runs. Read next: [`run`].

mod check;
mod read;
mod run;

use std::time::Duration;

use hub_model::LocalText;

pub use check::{RuleCheck, TextFault, check_rule};

use crate::{Elapsed, RuleFault, RuleSet};

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The line in the cases' file at which it begins.
    pub line: usize,
    /// What was expected and what came instead; `None` when all is as expected.
    pub failure: Option<LocalText>,
}

/// Why no case could be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CasesError {
    /// The rule itself is refused.
    #[error(transparent)]
    Rule(#[from] RuleFault),
    /// The cases cannot be read.
    #[error("{file}:{line}: {}", .message.en)]
    Cases {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What was found and what is allowed.
        message: LocalText,
    },
}

/// Runs a rule's cases. Both files are given as name and text.
///
/// # Errors
/// When the rule or the cases cannot be read; a case that fails is a result.
pub fn run_cases(
    rule: (&str, &str),
    cases: (&str, &str),
    elapsed: &Elapsed,
) -> Result<Vec<CaseResult>, CasesError> {
    run_cases_within(rule, cases, elapsed, Duration::MAX)
}

/// As [`run_cases`]; what still runs after `longest`, or has not begun by then, is stopped and fails.
///
/// # Errors
/// When the rule or the cases cannot be read.
pub fn run_cases_within(
    rule: (&str, &str),
    cases: (&str, &str),
    elapsed: &Elapsed,
    longest: Duration,
) -> Result<Vec<CaseResult>, CasesError> {
    compiled(rule)?;
    let (file, text) = cases;
    let wrong = |(line, message)| CasesError::Cases { file: file.to_owned(), line, message };
    let ends = elapsed().saturating_add(longest);
    let mut results = vec![];
    for case in read::cases(text).map_err(wrong)? {
        // A case starts with nothing remembered, the compiled rules' state included.
        let failure = run::run(&case, compiled(rule)?, elapsed, ends);
        results.push(CaseResult { name: case.name, line: case.line, failure });
    }
    Ok(results)
}

fn compiled((file, text): (&str, &str)) -> Result<RuleSet, CasesError> {
    let (rules, faults) = RuleSet::compile([(file.to_owned(), text.to_owned())]);
    match faults.into_iter().next() {
        Some(fault) => Err(CasesError::Rule(fault)),
        None => Ok(rules),
    }
}
