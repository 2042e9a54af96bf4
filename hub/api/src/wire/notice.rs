//! Messages, channels, duty and the links in messages, in the public JSON. No address of anybody is in it.

use hub_store::{Message as Stored, MessageState as State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlarmState, LocalText, Priority};
use crate::local::Zone;
use crate::notices;

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// To be sent, for the first time or again.
    Pending,
    /// The receiver has taken it.
    Delivered,
    /// Given up.
    Failed,
}

impl From<State> for MessageState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Delivered => Self::Delivered,
            State::Failed => Self::Failed,
        }
    }
}

/// What of an alarm was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// It was raised.
    Raised,
    /// It still awaits its acknowledgement.
    Reminded,
    /// Nobody acknowledged it in time.
    Escalated,
    /// It is over.
    Returned,
}

impl From<hub_model::NoticeKind> for NoticeKind {
    fn from(kind: hub_model::NoticeKind) -> Self {
        match kind {
            hub_model::NoticeKind::Raised => Self::Raised,
            hub_model::NoticeKind::Reminded => Self::Reminded,
            hub_model::NoticeKind::Escalated => Self::Escalated,
            hub_model::NoticeKind::Returned => Self::Returned,
        }
    }
}

/// What one recipient was told at once on one channel.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NoticeMessage {
    /// Its number.
    pub id: u64,
    /// The channel's id.
    pub channel: String,
    /// Whom, by name; empty for a channel without recipients.
    pub recipient: String,
    /// Whether somebody only tried the channel.
    pub test: bool,
    /// How far it is.
    pub state: MessageState,
    /// When it was made.
    #[schema(format = DateTime)]
    pub made_at: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next; null when it is over.
    #[schema(required, format = DateTime)]
    pub next_try: Option<String>,
    /// When it was delivered or given up.
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    /// What went wrong the last time, or what the receiver calls it.
    pub detail: String,
    /// The same in Vietnamese; of a message from before it was kept, in English.
    pub detail_vi: String,
    /// How many notices are in it.
    pub notices: u64,
    /// The most urgent of them.
    pub alarms: Vec<NoticeAlarm>,
}

/// One alarm of a message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NoticeAlarm {
    /// The alarm's number.
    pub id: u64,
    /// What was told of it.
    pub kind: NoticeKind,
    /// How urgent it is.
    pub priority: Priority,
    /// Its title.
    pub title: LocalText,
    /// Its site.
    pub site: String,
}

impl NoticeMessage {
    /// A message as stored, with the name of whom it is for.
    pub fn of(message: &Stored, recipient: String, alarms: Vec<NoticeAlarm>, zone: &Zone) -> Self {
        Self {
            id: message.id.0,
            channel: message.channel.clone(),
            recipient,
            test: message.is_test,
            state: message.state.into(),
            made_at: zone.print(message.made_at),
            tries: message.tries,
            next_try: (message.state == State::Pending).then(|| zone.print(message.next_try)),
            finished_at: message.finished_at.map(|at| zone.print(at)),
            detail: message.detail.en.clone(),
            detail_vi: message.detail.vi.clone(),
            notices: message.notices,
            alarms,
        }
    }
}

/// A way on which messages go out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NoticeChannel {
    /// Its id.
    pub id: String,
    /// `email`, `webhook`, `cloudevents`, `telegram`, `zalo`, `sms_http`, `mqtt` or `command`.
    pub kind: String,
    /// Whether it writes to people.
    pub has_recipients: bool,
    /// How many addresses the channel itself writes to.
    pub addresses: usize,
    /// People who can be reached on it.
    pub people: Vec<NoticePerson>,
    /// Notices that wait, for the end of quiet hours or a digest.
    pub waiting: u64,
    /// Messages that are not delivered yet.
    pub pending: u64,
    /// Its last message that is over; null when there was none.
    #[schema(required)]
    pub last: Option<NoticeMessage>,
}

/// Somebody who can be told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NoticePerson {
    /// The id in the configuration.
    pub id: String,
    /// The name.
    pub name: String,
}

impl From<(String, String)> for NoticePerson {
    fn from((id, name): (String, String)) -> Self {
        Self { id, name }
    }
}

/// Who has duty.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Duty {
    /// The rota's id.
    pub rota: String,
    /// Who.
    pub people: Vec<NoticePerson>,
}

impl From<notices::Duty> for Duty {
    fn from(duty: notices::Duty) -> Self {
        Self { rota: duty.rota, people: duty.people.into_iter().map(NoticePerson::from).collect() }
    }
}

/// Asks for a test message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelTestRequest {
    /// The id of a person; without it the channel's own addresses count.
    pub to: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChannelTest {
    /// Whether the receiver has taken the message.
    pub delivered: bool,
    /// What the receiver calls it, or why it was not delivered.
    pub detail: String,
    /// The same in Vietnamese.
    pub detail_vi: String,
}

/// A link of a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// The link's text, its parameter `t`.
    pub token: String,
    /// What is said beside the acknowledgement.
    pub comment: Option<String>,
}

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LinkedAlarm {
    /// The alarm's number.
    pub alarm: u64,
    /// Its title.
    pub title: LocalText,
    /// What its rule says.
    pub message: LocalText,
    /// Its site.
    pub site: String,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub state: AlarmState,
    /// When it was raised.
    #[schema(format = DateTime)]
    pub raised_at: String,
    /// When somebody acknowledged it.
    #[schema(required, format = DateTime)]
    pub acknowledged_at: Option<String>,
    /// Who.
    #[schema(required)]
    pub acknowledged_by: Option<String>,
    /// Whom the link was sent to.
    pub sent_to: String,
    /// Whether a login is needed to use it.
    pub needs_login: bool,
    /// Whether this call has acknowledged it; false when that had happened before.
    pub done: bool,
}
