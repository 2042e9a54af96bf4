//! Alarms in the public JSON, and what people send about them.

use hub_model::text::Told as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlarmState, LocalText, Priority, Why};
use crate::local::Zone;

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alarm {
    /// Its number.
    pub id: u64,
    /// The rule that raised it.
    pub rule: String,
    /// Digest of the rule's text at the raising.
    pub rule_version: String,
    /// The rule's title.
    pub title: LocalText,
    /// What it is about: a point's or a device's full id, a line (`site/@line`) or a site.
    pub subject: String,
    /// The point's full id; null when the alarm is about something larger.
    #[schema(required)]
    pub point: Option<String>,
    /// The device's full id, `site/device`; null when the alarm is about a line or a site.
    #[schema(required)]
    pub device: Option<String>,
    /// The site's id.
    pub site: String,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub state: AlarmState,
    /// While it is hidden (shelved, suppressed, out of service): where it would stand otherwise.
    #[schema(required)]
    pub beneath: Option<AlarmState>,
    /// The alarm that explains it, or explained it until its end.
    #[schema(required)]
    pub parent: Option<u64>,
    /// Whether it stays, its condition gone, until somebody resets it.
    pub latching: bool,
    /// How often it was raised in this episode.
    pub raises: u32,
    /// Whether it comes and goes so often that it says little.
    pub chattering: bool,
    /// Whether it came while very many came at its site.
    pub flood: bool,
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
    /// The limit that was broken, in Vietnamese: regulation and clause, its figures with their unit, and that they are
    /// unverified where they are.
    #[schema(required)]
    pub clause: Option<String>,
    /// The same with figures and status in English.
    #[schema(required)]
    pub clause_en: Option<String>,
    /// What to do.
    #[schema(required)]
    pub runbook: Option<LocalText>,
    /// The rule's words for it.
    pub tags: Vec<String>,
}

impl Alarm {
    /// The alarm with its times in the commune's zone.
    pub fn of(alarm: &hub_model::Alarm, zone: &Zone) -> Self {
        let point = match &alarm.subject {
            hub_model::Subject::Point(point) => Some(point.to_string()),
            _ => None,
        };
        Self {
            id: alarm.id.0,
            rule: alarm.rule.to_string(),
            rule_version: alarm.rule_version.clone(),
            title: (&alarm.title).into(),
            subject: alarm.subject.as_str().to_owned(),
            point,
            device: alarm.subject.device().map(|device| device.to_string()),
            site: alarm.subject.site().to_string(),
            priority: alarm.priority.into(),
            state: alarm.state.into(),
            beneath: alarm.beneath.map(AlarmState::from),
            parent: alarm.parent.map(|parent| parent.0),
            latching: alarm.latching,
            raises: alarm.raises,
            chattering: alarm.chattering,
            flood: alarm.flood,
            raised_at: zone.print(alarm.raised_at),
            cleared_at: alarm.cleared_at.map(|at| zone.print(at)),
            acknowledged_at: alarm.acknowledged_at.map(|at| zone.print(at)),
            acknowledged_by: alarm.acknowledged_by.clone(),
            shelved_until: alarm.shelved_until.map(|at| zone.print(at)),
            value: alarm.value,
            unit: alarm.unit.clone(),
            message: (&alarm.message).into(),
            clause: alarm.clause.as_ref().map(|clause| clause.vi.clone()),
            clause_en: alarm.clause.as_ref().map(|clause| clause.en.clone()),
            runbook: alarm.runbook.as_ref().map(LocalText::from),
            tags: alarm.tags.clone(),
        }
    }
}

/// An alarm with all that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlarmDetail {
    /// The alarm.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// Whether its rule has a text for the loudspeakers: `GET /alarms/{id}/announcement`.
    pub announces: bool,
    /// How long its condition had to hold before it was raised and to be gone before it ended; null where nobody knows, because
    /// its rule has changed since or is not there any more.
    #[schema(required)]
    pub delays: Option<AlarmDelays>,
    /// What happened, oldest first.
    pub history: Vec<AlarmTransition>,
}

/// The delays of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct AlarmDelays {
    /// Before it is raised, in seconds.
    pub on_s: f64,
    /// Before it ends, in seconds.
    pub off_s: f64,
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
    /// What led there.
    pub why: Why,
    /// Who did it; null when the hub did.
    #[schema(required)]
    pub by: Option<String>,
    /// What they said; a remark of the hub's own in Vietnamese.
    #[schema(required)]
    pub comment: Option<String>,
    /// A remark of the hub's own in English; null for what a person said.
    #[schema(required)]
    pub comment_en: Option<String>,
    /// The value then.
    #[schema(required)]
    pub value: Option<f64>,
    /// Digest of the text of the rule that was in force.
    pub rule_version: String,
}

impl AlarmTransition {
    /// The step with its time in the commune's zone.
    pub fn of(step: &hub_model::Transition, zone: &Zone) -> Self {
        let (comment, comment_en) = match step.remark.map(|remark| remark.told()) {
            Some(hub_model::LocalText { vi, en }) => (Some(vi), Some(en)),
            None => (step.comment.clone(), None),
        };
        Self {
            at: zone.print(step.at),
            from: step.from.map(AlarmState::from),
            to: step.to.into(),
            why: step.why.into(),
            by: step.by.clone(),
            comment,
            comment_en,
            value: step.value,
            rule_version: step.rule_version.clone(),
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

/// The reset of a latched alarm.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// What to say with it.
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
}

/// The alarms of a site together, where very many came at once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlarmGroup {
    /// The site's id.
    pub site: String,
    /// How many of its alarms are open; each is in `ids`.
    pub open: usize,
    /// How many wait for an acknowledgement.
    pub awaiting: usize,
    /// How many are hidden: shelved, suppressed by design or out of service.
    pub hidden: usize,
    /// How many came while very many came at once.
    pub flood: usize,
    /// How many chatter.
    pub chattering: usize,
    /// The most urgent of those that are not hidden.
    #[schema(required)]
    pub worst: Option<Priority>,
    /// When the oldest of them was raised.
    #[schema(format = DateTime)]
    pub since: String,
    /// Their numbers, the newest first.
    pub ids: Vec<u64>,
}
