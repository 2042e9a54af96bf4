//! Notices: that somebody is to be told of a step of an alarm's life. How and in which words is the channels' matter.
//!
//! Read next: [`crate::Alarm`], whose steps they tell of.

use std::fmt;
use std::str::FromStr;

use crate::quality::UnknownCode;
use crate::{AlarmId, Priority, SiteId, Timestamp};

/// What of an alarm is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// It was raised, again or for the first time, or is no longer hidden.
    Raised,
    /// It still awaits its acknowledgement: a reminder.
    Reminded,
    /// Nobody acknowledged it in time: told to the next in line, and only as long as it awaits that.
    Escalated,
    /// Its condition is gone, or it is watched no more.
    Returned,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Raised, Self::Reminded, Self::Escalated, Self::Returned];

    /// The word used on disk and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminded => "reminded",
            Self::Escalated => "escalated",
            Self::Returned => "returned",
        }
    }
}

impl FromStr for NoticeKind {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.into_iter().find(|kind| kind.code() == text);
        found.ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// Whom a message is for, on a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// The channel as a whole: a webhook, a topic.
    Channel,
    /// A person of the configuration, by id; the address is looked up when it is sent.
    Person(String),
    /// An address that the channel itself names.
    Address(String),
}

/// Sets a person's id apart from an address on disk.
const PERSON: &str = "person:";
/// Sets an address apart.
const ADDRESS: &str = "to:";

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel => Ok(()),
            Self::Person(id) => write!(f, "{PERSON}{id}"),
            Self::Address(address) => write!(f, "{ADDRESS}{address}"),
        }
    }
}

impl Recipient {
    /// Reads what [`fmt::Display`] wrote; anything else is an address.
    pub fn parse(text: &str) -> Self {
        match (text.strip_prefix(PERSON), text.strip_prefix(ADDRESS)) {
            _ if text.is_empty() => Self::Channel,
            (Some(id), _) => Self::Person(id.to_owned()),
            (None, address) => Self::Address(address.unwrap_or(text).to_owned()),
        }
    }
}

/// One step of one alarm that one recipient is to hear of on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Made of the step, the channel and the recipient, so that nobody is told the same twice, whichever routes lead there.
    pub key: String,
    /// The alarm.
    pub alarm: AlarmId,
    /// What is told.
    pub kind: NoticeKind,
    /// When it happened.
    pub at: Timestamp,
    /// The alarm's priority.
    pub priority: Priority,
    /// The alarm's site.
    pub site: SiteId,
    /// The channel's id.
    pub channel: String,
    /// Whom.
    pub recipient: Recipient,
    /// Not before: after quiet hours, in the next digest, or when nobody has acknowledged by then.
    pub due: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_recipients_are_read_back() {
        for kind in NoticeKind::ALL {
            assert_eq!(kind.code().parse(), Ok(kind));
        }
        for recipient in [
            Recipient::Channel,
            Recipient::Person("hoa".to_owned()),
            Recipient::Address("person:odd".to_owned()),
            Recipient::Address("hoa@example.vn".to_owned()),
        ] {
            assert_eq!(Recipient::parse(&recipient.to_string()), recipient);
        }
    }
}
