//! The outbox's port: notices that wait, the messages that they were put into, and what became of these.
//!
//! A notice is stored with the step that it tells of, in one transaction. Whoever sends puts all that wait for one recipient on
//! one channel into a message, sends it, and notes how it went: a message keeps its number and its notices over every try and
//! every restart, so that a receiver can tell a second try from a second message. Read next: `conformance/outbox.rs`.

use std::fmt;

use hub_model::{AlarmId, LocalText, Notice, Priority, Recipient, Timestamp};

use crate::error::StoreError;

/// A message's number, counted up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageState {
    /// To be sent, for the first time or again.
    Pending,
    /// The receiver has taken it.
    Delivered,
    /// Given up: refused for good, or tried for too long.
    Failed,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word used on disk and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What one recipient is told at once on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// The channel's id.
    pub channel: String,
    /// Whom.
    pub recipient: Recipient,
    /// Whether somebody only tried the channel: then it has no notices.
    pub is_test: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// How far it is.
    pub state: MessageState,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next; counts while it is pending.
    pub next_try: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
    /// What went wrong the last time, or what the receiver calls it.
    pub detail: LocalText,
    /// How many notices are in it; the store fills it in, whatever is given.
    pub notices: u64,
}

/// What waits for one recipient on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The channel's id.
    pub channel: String,
    /// Whom.
    pub recipient: Recipient,
    /// How many notices.
    pub waiting: u64,
    /// When the first is due.
    pub due: Timestamp,
    /// When the first of a critical alarm is due.
    pub critical_due: Option<Timestamp>,
}

/// A text that is kept for a channel, such as a token: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptSecret(pub String);

impl fmt::Debug for KeptSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptSecret")
    }
}

/// What whoever sends does with the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxChange {
    /// Puts all notices that wait for the message's recipient on its channel and are due at `due` into it. Those that were to be
    /// told only if nobody had acknowledged are dropped where somebody has by now, and so is the end of an alarm of which this
    /// recipient never heard on this channel. Where none is left there is no message.
    Bundle {
        /// The new message.
        message: Message,
        /// Those due at this moment.
        due: Timestamp,
    },
    /// Replaces what was known of a message, its notices aside.
    Message(Message),
    /// Keeps a text under a name in place of the one before.
    Keep {
        /// The name.
        name: String,
        /// The text.
        secret: KeptSecret,
    },
    /// Forgets finished messages made before a moment, their notices, and dropped notices of that time.
    Forget {
        /// The moment.
        before: Timestamp,
    },
}

/// Which messages are asked for, the newest first. The default asks for the newest 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only in this state.
    pub state: Option<MessageState>,
    /// Only on this channel.
    pub channel: Option<String>,
    /// Only for this recipient.
    pub recipient: Option<Recipient>,
    /// Only those that tell of this alarm.
    pub alarm: Option<AlarmId>,
    /// Made at or after this moment.
    pub from: Option<Timestamp>,
    /// Made before this moment.
    pub to: Option<Timestamp>,
    /// Only those with a smaller number, for the next page.
    pub before: Option<MessageId>,
    /// At most so many.
    pub limit: usize,
}

impl Default for MessageFilter {
    fn default() -> Self {
        Self {
            state: None,
            channel: None,
            recipient: None,
            alarm: None,
            from: None,
            to: None,
            before: None,
            limit: 200,
        }
    }
}

/// The outbox as it was committed.
pub trait Outbox: Send + Sync {
    /// What waits, in the order of channel and recipient. Messages that are pending wait no longer.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn queues(&self) -> Result<Vec<Queue>, StoreError>;

    /// Messages that are pending, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn pending(&self) -> Result<Vec<Message>, StoreError>;

    /// A message and its notices, the most urgent first, then in the order in which they came; at most `limit` of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn message(&self, id: MessageId, limit: usize) -> Result<Option<(Message, Vec<Notice>)>, StoreError>;

    /// The messages that `filter` lets through, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn messages(&self, filter: &MessageFilter) -> Result<Vec<Message>, StoreError>;

    /// A number greater than that of every message that is kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn next_message_id(&self) -> Result<MessageId, StoreError>;

    /// What is kept under a name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn kept(&self, name: &str) -> Result<Option<KeptSecret>, StoreError>;
}

/// A priority as a number on disk: the more urgent, the higher.
pub(crate) const fn rank(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 1,
        Priority::Medium => 2,
        Priority::High => 3,
        Priority::Critical => 4,
    }
}
