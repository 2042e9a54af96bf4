//! Rules' texts in the public JSON: looked at, checked, run with their cases, saved, as they were. Read next:
//! `routes/rule_texts.rs`.

use hub_logic::{CaseResult, CasesError, RuleCheck};
use hub_store::records::RuleVersion as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LocalText, Priority, RuleWatches};
use crate::local::Zone;
use crate::rulebook::RuleOrigin as Origin;

/// A rule's files as they are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleText {
    /// Its id: its file's name without the ending.
    pub id: String,
    /// Its text.
    pub source: String,
    /// Its cases; null when there are none.
    #[schema(required)]
    pub cases: Option<String>,
    /// Whose it is.
    pub origin: RuleOrigin,
    /// Whether it judges.
    pub on: bool,
    /// Stands for all of this; to be given back with a change.
    pub revision: String,
    /// What is known of how it came to be so, the newest first; at most 100.
    pub versions: Vec<RuleVersion>,
}

/// Whose a rule is: it comes with the hub, does so and was changed here, or is the commune's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleOrigin {
    /// It comes with the hub.
    Shipped,
    /// It comes with the hub and was changed here.
    Changed,
    /// It is the commune's own.
    Own,
}

impl From<Origin> for RuleOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Shipped => Self::Shipped,
            Origin::Changed => Self::Changed,
            Origin::Own => Self::Own,
        }
    }
}

/// A step in the life of a rule's text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleVersion {
    /// Its number.
    pub id: u64,
    /// What was done: `saved`, `switched_on`, `switched_off`, `deleted`, or `found` in the files, where somebody had changed them.
    pub what: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who; null when it was found.
    #[schema(required)]
    pub by: Option<String>,
    /// Why.
    pub why: String,
    /// Whether the rule judged from then on.
    pub on: bool,
}

impl RuleVersion {
    /// The step with its time in the commune's zone.
    pub fn of(stored: &Stored, zone: &Zone) -> Self {
        Self {
            id: stored.id,
            what: stored.what.clone(),
            at: zone.print(stored.at),
            by: Some(stored.by.clone()).filter(|by| !by.is_empty()),
            why: stored.why.clone(),
            on: stored.is_on,
        }
    }
}

/// A rule's texts as they were.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OldRuleText {
    /// When, by whom and why.
    #[serde(flatten)]
    pub version: RuleVersion,
    /// The rule's text.
    pub source: String,
    /// Its cases.
    #[schema(required)]
    pub cases: Option<String>,
}

/// A text to be looked at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleCheckRequest {
    /// The rule's text.
    #[schema(max_length = 65536)]
    pub source: String,
}

/// What is to be said of a rule's text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleChecked {
    /// What refuses it; empty when it would be taken.
    pub faults: Vec<TextFault>,
    /// What failed when it was tried on readings that were made up; it would be taken all the same.
    pub doubts: Vec<TextFault>,
    /// What it says of itself; null when it is refused.
    #[schema(required)]
    pub rule: Option<CheckedRule>,
}

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TextFault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; null where only the line is known.
    #[schema(required)]
    pub column: Option<usize>,
    /// What was found and what is allowed, in English.
    pub message: String,
    /// The same in Vietnamese.
    pub message_vi: String,
}

impl TextFault {
    fn new(line: usize, column: Option<usize>, message: hub_model::LocalText) -> Self {
        Self { line, column, message: message.en, message_vi: message.vi }
    }
}

/// What a text says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CheckedRule {
    /// Its title.
    pub title: LocalText,
    /// How urgent its alarms are.
    pub priority: Priority,
    /// What it watches.
    pub watches: RuleWatches,
    /// How long its condition must hold, such as `10m`.
    pub on_delay: String,
    /// How long its condition must be gone.
    pub off_delay: String,
}

impl From<&hub_logic::TextFault> for TextFault {
    fn from(fault: &hub_logic::TextFault) -> Self {
        Self::new(fault.line, fault.column, fault.message.clone())
    }
}

impl From<Result<RuleCheck, hub_logic::TextFault>> for RuleChecked {
    fn from(checked: Result<RuleCheck, hub_logic::TextFault>) -> Self {
        match checked {
            Err(fault) => Self { faults: vec![(&fault).into()], doubts: vec![], rule: None },
            Ok(rule) => Self {
                faults: vec![],
                doubts: rule.doubts.iter().map(TextFault::from).collect(),
                rule: Some(CheckedRule {
                    title: (&rule.title).into(),
                    priority: rule.priority.into(),
                    watches: (&rule.watches).into(),
                    on_delay: hub_model::duration::format(rule.on_delay),
                    off_delay: hub_model::duration::format(rule.off_delay),
                }),
            },
        }
    }
}

/// A rule and its cases, to be run.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CasesRequest {
    /// The rule's text.
    #[schema(max_length = 65536)]
    pub source: String,
    /// The text of its cases.
    #[schema(max_length = 65536)]
    pub cases: String,
}

/// How a rule's cases went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CasesRun {
    /// What is wrong with the rule's text; null when it is well.
    #[schema(required)]
    pub rule_fault: Option<TextFault>,
    /// What is wrong with the cases' text; null when it is well.
    #[schema(required)]
    pub cases_fault: Option<TextFault>,
    /// Each case.
    pub results: Vec<CaseRun>,
}

/// How one case went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CaseRun {
    /// Its name.
    pub name: String,
    /// The line at which it begins.
    pub line: usize,
    /// What was expected and what came; null when all is as expected.
    #[schema(required)]
    pub failure: Option<String>,
    /// The same in Vietnamese.
    #[schema(required)]
    pub failure_vi: Option<String>,
}

impl From<Result<Vec<CaseResult>, CasesError>> for CasesRun {
    fn from(run: Result<Vec<CaseResult>, CasesError>) -> Self {
        let nothing = Self { rule_fault: None, cases_fault: None, results: vec![] };
        let fault = |line, message| Some(TextFault::new(line, None, message));
        match run {
            Err(CasesError::Rule(found)) => Self { rule_fault: fault(found.line, found.message), ..nothing },
            Err(CasesError::Cases { line, message, .. }) => {
                Self { cases_fault: fault(line, message), ..nothing }
            }
            Ok(results) => {
                let run = |CaseResult { name, line, failure }: CaseResult| {
                    let (failure, failure_vi) = failure.map(|told| (told.en, told.vi)).unzip();
                    CaseRun { name, line, failure, failure_vi }
                };
                Self { results: results.into_iter().map(run).collect(), ..nothing }
            }
        }
    }
}

/// A rule's texts, to be put in force.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveRuleRequest {
    /// The rule's text.
    #[schema(max_length = 65536)]
    pub source: String,
    /// The text of its cases; nothing or an empty text: none of its own.
    #[schema(max_length = 65536)]
    pub cases: Option<String>,
    /// Why, for whoever reads its versions.
    pub why: String,
    /// The revision that this was made from; nothing for a rule that is new.
    pub revision: Option<String>,
}

/// Whether a rule is to judge.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchRuleRequest {
    /// Whether it is to judge.
    pub on: bool,
    /// Why.
    pub why: String,
    /// The revision that was seen.
    pub revision: String,
}

/// A commune's own rule that is no longer wanted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteRuleRequest {
    /// Why.
    pub why: String,
    /// The revision that was seen.
    pub revision: String,
}

/// What is left of a rule that was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeletedRule {
    /// Its texts stay, the newest first; at most 100.
    pub versions: Vec<RuleVersion>,
    /// Whether the running hub does without it already.
    pub in_force: bool,
    /// Why not, where the hub says so.
    #[schema(required)]
    pub waits_for: Option<String>,
    /// The same in Vietnamese.
    #[schema(required)]
    pub waits_for_vi: Option<String>,
}

/// A rule after a change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SavedRule {
    /// Its files as they are now.
    #[serde(flatten)]
    pub text: RuleText,
    /// Whether the running hub has taken it up already.
    pub in_force: bool,
    /// Why not, where the hub says so.
    #[schema(required)]
    pub waits_for: Option<String>,
    /// The same in Vietnamese.
    #[schema(required)]
    pub waits_for_vi: Option<String>,
}
