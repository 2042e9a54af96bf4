//! What the API may see and do of notices: the channels, who has duty, a test, and the links in messages. Sends nothing itself.
//!
//! It mirrors `adapters/notify` in words of its own, for the API does not depend on an adapter. Read next: `routes/notices.rs`.

use hub_model::{AlarmId, LocalText, Recipient, Timestamp};

use crate::field::Pending;

/// A way on which messages go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeChannel {
    /// Its id.
    pub id: String,
    /// What it is, as in the configuration.
    pub kind: &'static str,
    /// Whether it writes to people.
    pub has_recipients: bool,
    /// Addresses that the channel itself writes to.
    pub addresses: usize,
    /// People who can be reached on it: id and name.
    pub people: Vec<(String, String)>,
}

/// Who has duty on a rota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The rota's id.
    pub rota: String,
    /// Who: id and name.
    pub people: Vec<(String, String)>,
}

/// What came of trying a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTested {
    /// Whether the receiver has taken the message.
    pub is_delivered: bool,
    /// What the receiver calls it, or why it was not delivered.
    pub detail: LocalText,
}

/// Why a channel was not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTested {
    /// There is no such channel.
    NoChannel,
    /// It does not say to whom; the text says what is allowed.
    Recipient(LocalText),
    /// The hub could not keep that it was tried.
    Storage,
}

/// What a link in a message permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPermit {
    /// The alarm.
    pub alarm: AlarmId,
    /// The name of whom it was sent to.
    pub name: String,
    /// The account of whom it was sent to, where one is configured.
    pub user: Option<String>,
    /// Whether it serves without a login.
    pub without_login: bool,
}

/// Why a link permits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefused {
    /// It is not as it was sent.
    Forged,
    /// Its time is over.
    Expired,
    /// Whom it was sent to is no longer configured.
    Gone,
}

/// The hub's notices.
pub trait Notices: Send + Sync {
    /// The channels, as configured now.
    fn channels(&self) -> Vec<NoticeChannel>;

    /// Who has duty at a moment.
    fn duty(&self, now: Timestamp) -> Vec<Duty>;

    /// How a recipient is called.
    fn name_of(&self, recipient: &Recipient) -> String;

    /// Sends a test message, and keeps what came of it.
    fn test(&self, channel: &str, to: Option<&str>) -> Pending<Result<ChannelTested, NotTested>>;

    /// Reads a link's text.
    ///
    /// # Errors
    /// When it does not count (any more).
    fn permit(&self, text: &str, now: Timestamp) -> Result<LinkPermit, LinkRefused>;
}
