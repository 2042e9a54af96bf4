//! The public JSON, and nothing else: every shape that crosses `/api/v1`, as the OpenAPI document describes it.
//!
//! Only this module knows the names of JSON fields. It never decides anything: routes fill these shapes from the model.
//! Read next: [`code`] (words such as qualities and states), [`place`], [`point`], [`series`], [`alarm`], [`rule`].

mod account;
mod alarm;
mod announcement;
mod backtest;
mod code;
mod communes;
mod completeness;
mod field;
mod forward;
mod health;
mod incoming;
mod influx;
mod mqtt;
mod notice;
mod place;
mod point;
mod record;
mod rule;
mod rule_text;
mod senml;
mod series;
mod service;
mod site_file;
mod surroundings;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::{
    DisplayRequest, MadeToken, NewToken, NewUser, OpenSession, PasswordChange, SetupRequest, Token, User,
    UserChange,
};
pub use alarm::{
    AcknowledgeRequest, Alarm, AlarmDelays, AlarmDetail, AlarmGroup, AlarmTransition, CommentRequest,
    ResetRequest, ShelveRequest, UnshelveRequest,
};
pub use announcement::{Announcement, ReviewRequest, ReviewedText};
pub use backtest::{Backtest, BacktestRequest};
pub use code::{
    AlarmState, DeviceState, FrameOutcome, LimitStatus, Priority, Quality, Role, SiteKind, SiteState, Why,
};
pub use communes::Communes;
pub use completeness::{Completeness, DayCompleteness};
pub use field::{Bus, Frame, Probe, ProbeRequest, TriedDevice, TryDeviceRequest, Write, WriteRequest};
pub use forward::{Forward, RefusedLine};
pub use health::{HealthEvent, Liveness, Readiness, RuleHealth};
pub use incoming::{Moment, NewReading, NewReadings};
pub use influx::InfluxError;
pub use mqtt::{
    CommandAnswer, CommandRequest, MqttArrival, MqttArrivals, MqttDoor, PointProposal, ProposalRequest,
    UnknownTopic,
};
pub use notice::{
    ChannelTest, ChannelTestRequest, Duty, LinkRequest, LinkedAlarm, NoticeAlarm, NoticeChannel,
    NoticeMessage, NoticePerson,
};
pub use place::{Commune, Device, Feature, GeoJson, Location, Site, SiteDetail, Snapshot, Start, UtcOffset};
pub use point::{Bounds, LastGood, Latest, Limit, NamedAlarm, Point};
pub use record::{
    AuditedReading, Calibration, CalibrationChange, CalibrationPreview, CalibrationRequest, CorrectionAction,
    CorrectionRequest, Deed, Entry, EntryChange, EntryRequest, Job,
};
pub use rule::{Rule, RuleFault, RuleWatches};
pub use rule_text::{
    CasesRequest, CasesRun, DeleteRuleRequest, DeletedRule, OldRuleText, RuleCheckRequest, RuleChecked,
    RuleText, RuleVersion, SaveRuleRequest, SavedRule, SwitchRuleRequest,
};
pub use senml::SenmlRecord;
pub use series::{
    Buckets, Doubts, OlderPart, ReadingEvent, Readings, ReadingsAnswer, ResyncEvent, SeriesAnswer,
};
pub use service::{InServiceRequest, OutOfService, OutOfServiceRequest};
pub use site_file::{
    CheckDeviceRequest, CheckedSiteFile, OldSiteText, Profile, ProfileDetail, Quantity, RestoreSiteRequest,
    SaveDeviceRequest, SavedSiteFile, SiteFile, SiteVersion,
};
pub use surroundings::{About, Map};

/// A text that people see, in Vietnamese and in English.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LocalText {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl From<&hub_model::LocalText> for LocalText {
    fn from(text: &hub_model::LocalText) -> Self {
        Self { vi: text.vi.clone(), en: text.en.clone() }
    }
}

/// What could not be done, and why (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name of the kind of problem: `urn:commune-hub:problem:…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This very problem in words, in English.
    pub detail: String,
    /// The same in Vietnamese.
    pub detail_vi: String,
    /// Each thing that is wrong, where there is something to point at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemError>,
}

/// One thing that is wrong in what was sent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProblemError {
    /// A parameter's name, or a place in the body such as `readings[3].point`.
    pub at: String,
    /// What was found and what is allowed, in English.
    pub detail: String,
    /// The same in Vietnamese.
    pub detail_vi: String,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Session {
    /// The account's name.
    pub username: String,
    /// What the account may do.
    pub role: Role,
}

/// A login.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The account's name.
    pub username: String,
    /// Its password.
    #[schema(format = Password)]
    pub password: String,
}
