//! `/health` in the public JSON.

use hub_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::health::{Health, Part, PartState};
use crate::local::Zone;

/// The process answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Liveness {
    /// Always `ok`.
    pub status: &'static str,
}

/// How the hub's parts fare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Readiness {
    /// `ready` or `not_ready`.
    pub status: &'static str,
    /// The store.
    pub store: PartHealth,
    /// Each adapter.
    pub adapters: Vec<PartHealth>,
    /// Whatever else must run.
    pub others: Vec<PartHealth>,
    /// Rules that cannot run.
    pub rules: Vec<RuleHealth>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartHealth {
    /// Its name.
    pub name: String,
    /// `ok`, `degraded` or `failed`.
    pub state: &'static str,
    /// Why.
    pub detail: String,
}

/// A rule that cannot run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleHealth {
    /// The rule.
    pub id: String,
    /// What is wrong.
    pub fault: super::RuleFault,
}

/// A `health` event of the live stream: whether the hub takes readings in just now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HealthEvent {
    /// `ok`, or `failed` while nothing can be committed.
    pub store: &'static str,
    /// Since when it has failed.
    #[schema(required)]
    pub since: Option<String>,
}

impl HealthEvent {
    /// The event of a store that takes nothing since then, or takes everything.
    pub fn of(failing_since: Option<Timestamp>, zone: &Zone) -> Self {
        Self {
            store: if failing_since.is_some() { "failed" } else { "ok" },
            since: failing_since.map(|at| zone.print(at)),
        }
    }
}

impl Readiness {
    /// The parts and the rules that cannot run.
    pub fn of(health: &Health, rules: Vec<RuleHealth>) -> Self {
        Self {
            status: if health.is_ready() { "ready" } else { "not_ready" },
            store: PartHealth::of(&health.store),
            adapters: health.adapters.iter().map(PartHealth::of).collect(),
            others: health.others.iter().map(PartHealth::of).collect(),
            rules,
        }
    }
}

impl PartHealth {
    fn of(part: &Part) -> Self {
        let state = match part.state {
            PartState::Ok => "ok",
            PartState::Degraded => "degraded",
            PartState::Failed => "failed",
        };
        Self { name: part.name.clone(), state, detail: part.detail.clone() }
    }
}

impl RuleHealth {
    /// The rule's fault, where it has one and is not switched off.
    pub fn of(rule: &hub_logic::RuleStatus) -> Option<Self> {
        rule.fault
            .as_ref()
            .filter(|_| rule.on)
            .map(|fault| Self { id: rule.id.to_string(), fault: fault.into() })
    }
}
