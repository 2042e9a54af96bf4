//! Alarms in the public JSON, and what people send about them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlarmState, LocalText, Priority};
use crate::local::Zone;

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alarm {
    /// Its number.
    pub id: u64,
    /// The rule that raised it.
    pub rule: String,
    /// The rule's title.
    pub title: LocalText,
    /// The point's full id; null when the alarm is about a device.
    #[schema(required)]
    pub point: Option<String>,
    /// The device's full id, `site/device`.
    pub device: String,
    /// The site's id.
    pub site: String,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub state: AlarmState,
    /// When it was raised.
    #[schema(format = DateTime)]
    pub raised_at: String,
    /// When its condition was gone.
    #[schema(required, format = DateTime)]
    pub cleared_at: Option<String>,
    /// When somebody acknowledged it.
    #[schema(required, format = DateTime)]
    pub acknowledged_at: Option<String>,
    /// Who.
    #[schema(required)]
    pub acknowledged_by: Option<String>,
    /// Until when it is shelved.
    #[schema(required, format = DateTime)]
    pub shelved_until: Option<String>,
    /// The value at the raising.
    #[schema(required)]
    pub value: Option<f64>,
    /// The value's unit (UCUM); empty for a device.
    pub unit: String,
    /// What the rule says of it.
    pub message: LocalText,
    /// The limit's clause.
    #[schema(required)]
    pub clause: Option<String>,
    /// What to do.
    #[schema(required)]
    pub runbook: Option<LocalText>,
}

impl Alarm {
    /// The alarm with its times in the commune's zone.
    pub fn of(alarm: &hub_model::Alarm, zone: &Zone) -> Self {
        let point = match &alarm.subject {
            hub_model::Subject::Point(point) => Some(point.to_string()),
            hub_model::Subject::Device(_) => None,
        };
        Self {
            id: alarm.id.0,
            rule: alarm.rule.to_string(),
            title: (&alarm.title).into(),
            point,
            device: alarm.subject.device().to_string(),
            site: alarm.subject.site().to_string(),
            priority: alarm.priority.into(),
            state: alarm.state.into(),
            raised_at: zone.print(alarm.raised_at),
            cleared_at: alarm.cleared_at.map(|at| zone.print(at)),
            acknowledged_at: alarm.acknowledged_at.map(|at| zone.print(at)),
            acknowledged_by: alarm.acknowledged_by.clone(),
            shelved_until: alarm.shelved_until.map(|at| zone.print(at)),
            value: alarm.value,
            unit: alarm.unit.clone(),
            message: (&alarm.message).into(),
            clause: alarm.clause.clone(),
            runbook: alarm.runbook.as_ref().map(LocalText::from),
        }
    }
}

/// An alarm with all that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlarmDetail {
    /// The alarm.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// What happened, oldest first.
    pub history: Vec<AlarmTransition>,
}

/// One step of an alarm's life; a comment alone has equal `from` and `to`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlarmTransition {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// From where; null at the raising.
    #[schema(required)]
    pub from: Option<AlarmState>,
    /// To where.
    pub to: AlarmState,
    /// Who did it; null when the hub did.
    #[schema(required)]
    pub by: Option<String>,
    /// What they said.
    #[schema(required)]
    pub comment: Option<String>,
    /// The value then.
    #[schema(required)]
    pub value: Option<f64>,
}

impl AlarmTransition {
    /// The step with its time in the commune's zone.
    pub fn of(step: &hub_model::Transition, zone: &Zone) -> Self {
        Self {
            at: zone.print(step.at),
            from: step.from.map(AlarmState::from),
            to: step.to.into(),
            by: step.by.clone(),
            comment: step.comment.clone(),
            value: step.value,
        }
    }
}

/// An acknowledgement.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeRequest {
    /// What to say with it.
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
}

/// A comment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentRequest {
    /// What to say.
    #[schema(min_length = 1, max_length = 2000)]
    pub comment: String,
}

/// A shelving.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShelveRequest {
    /// Until when: RFC 3339 or epoch ms, in the future.
    pub until: super::Moment,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// The end of a shelving.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnshelveRequest {}
