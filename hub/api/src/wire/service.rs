//! What is out of service, in the public JSON. Read next: `routes/service.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::local::Zone;

/// Something that is or was out of service.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OutOfService {
    /// A site, `site/device` or `site/device/point`.
    pub scope: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
    /// Until when; null until somebody ends it.
    #[schema(required, format = DateTime)]
    pub until: Option<String>,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it ended.
    #[schema(required, format = DateTime)]
    pub ended_at: Option<String>,
    /// Who ended it; null when its time was over.
    #[schema(required)]
    pub ended_by: Option<String>,
}

impl OutOfService {
    /// The same with its times in the commune's zone.
    pub fn of(one: &hub_model::OutOfService, zone: &Zone) -> Self {
        Self {
            scope: one.scope.to_string(),
            since: zone.print(one.since),
            until: one.until.map(|at| zone.print(at)),
            by: one.by.clone(),
            reason: one.reason.clone(),
            ended_at: one.ended.as_ref().map(|(at, _)| zone.print(*at)),
            ended_by: one.ended.as_ref().and_then(|(_, by)| by.clone()),
        }
    }
}

/// Taking something out of service.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutOfServiceRequest {
    /// A site, `site/device` or `site/device/point`.
    pub scope: String,
    /// Until when: RFC 3339 or epoch ms; without, until somebody ends it.
    pub until: Option<super::Moment>,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Putting something in service again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InServiceRequest {
    /// Just what was taken out: a site, `site/device` or `site/device/point`.
    pub scope: String,
}
