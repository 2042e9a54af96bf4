//! Texts for the loudspeakers in the public JSON. Read next: `routes/announcement.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LocalText;

/// What the commune's loudspeakers may say of an alarm. Nothing is broadcast by the hub.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Announcement {
    /// The rule's template with the alarm's figures, numbers and times spelt as they are spoken; null when the rule in force has
    /// none any more.
    #[schema(required)]
    pub text: Option<LocalText>,
    /// Whether the rule has changed since the alarm was raised, so that its template is not the one of then.
    pub rule_changed: bool,
    /// The text that somebody read over last; null when nobody did.
    #[schema(required)]
    pub reviewed: Option<ReviewedText>,
}

/// A text that somebody has read over.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewedText {
    /// The text.
    pub text: String,
    /// Who read it over.
    pub by: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A text as it was read over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// The text.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}
