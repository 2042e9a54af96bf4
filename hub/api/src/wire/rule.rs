//! Rules in the public JSON.

use hub_logic::RuleStatus;
use hub_model::duration;
use serde::Serialize;
use utoipa::ToSchema;

use super::{LocalText, Priority};

/// A rule that raises alarms.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Rule {
    /// Its id: its file's name without the ending.
    pub id: String,
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
    /// What a missing value means: `hold`, `clear` or `raise`.
    pub on_missing: String,
    /// What to do.
    #[schema(required)]
    pub runbook: Option<LocalText>,
    /// Digest of its text; empty while its file is refused.
    pub version: String,
    /// Words by which notices are routed.
    pub tags: Vec<String>,
    /// Whether its alarms stay until somebody resets them.
    pub latching: bool,
    /// After how long without an acknowledgement it is told again.
    #[schema(required)]
    pub remind_after: Option<String>,
    /// The rules whose alarms it explains.
    pub explains: Vec<String>,
    /// Whether it judges: an integrator may switch it off.
    pub on: bool,
    /// How many points or devices it watches.
    pub subjects: usize,
    /// How many of its alarms are active.
    pub active: usize,
    /// What is wrong with it, where it cannot run.
    #[schema(required)]
    pub fault: Option<RuleFault>,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleFault {
    /// The line of its file, from 1.
    pub line: usize,
    /// What is wrong, in English.
    pub message: String,
    /// The same in Vietnamese.
    pub message_vi: String,
}

/// What a rule watches. An empty list does not narrow.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleWatches {
    /// `point`, or `device`, `line` or `site` when it watches those as a whole.
    pub scope: &'static str,
    /// Kinds of sites.
    pub site_kind: Vec<String>,
    /// Quantities.
    pub quantity: Vec<String>,
    /// Sites.
    pub site: Vec<String>,
    /// Devices.
    pub device: Vec<String>,
    /// Points.
    pub point: Vec<String>,
    /// Whether only points that name an alarm of their device.
    pub alarm: bool,
}

impl From<&RuleStatus> for Rule {
    fn from(rule: &RuleStatus) -> Self {
        Self {
            id: rule.id.to_string(),
            title: (&rule.title).into(),
            priority: rule.priority.into(),
            watches: (&rule.watches).into(),
            on_delay: duration::format(rule.on_delay),
            off_delay: duration::format(rule.off_delay),
            on_missing: rule.on_missing.code().to_owned(),
            runbook: rule.runbook.as_ref().map(LocalText::from),
            version: rule.version.clone(),
            tags: rule.tags.clone(),
            latching: rule.latching,
            remind_after: rule.remind_after.map(duration::format),
            explains: rule.explains.clone(),
            on: rule.on,
            subjects: rule.subjects,
            active: rule.active,
            fault: rule.fault.as_ref().map(RuleFault::from),
        }
    }
}

impl From<&hub_logic::Watches> for RuleWatches {
    fn from(watches: &hub_logic::Watches) -> Self {
        Self {
            scope: watches.scope.code(),
            site_kind: watches.site_kind.clone(),
            quantity: watches.quantity.clone(),
            site: watches.site.clone(),
            device: watches.device.clone(),
            point: watches.point.clone(),
            alarm: watches.alarm,
        }
    }
}

impl From<&hub_logic::RuleFault> for RuleFault {
    fn from(fault: &hub_logic::RuleFault) -> Self {
        let hub_model::LocalText { vi, en } = fault.message.clone();
        Self { line: fault.line, message: en, message_vi: vi }
    }
}
