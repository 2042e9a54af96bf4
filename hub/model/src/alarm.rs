//! Alarms after ISA-18.2: their states, who did what to them, and the timers that the hub keeps for its rules.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::quality::UnknownCode;
use crate::{DeviceId, LocalText, PointId, SiteId, Timestamp};

/// An alarm's number, counted up by the hub and never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmId(pub u64);

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rule's name: its file's name without the ending, such as `chlorine-low`.
pub type RuleId = Arc<str>;

/// What a rule watches and an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One point.
    Point(PointId),
    /// A device as a whole: whether it speaks at all.
    Device(DeviceId),
}

impl Subject {
    /// The device concerned.
    pub fn device(&self) -> DeviceId {
        match self {
            Self::Point(point) => point.device(),
            Self::Device(device) => device.clone(),
        }
    }

    /// The site concerned.
    pub fn site(&self) -> SiteId {
        match self {
            Self::Point(point) => point.site(),
            Self::Device(device) => device.site(),
        }
    }

    /// The full id, of two or three parts: [`Subject::parse`] reads it back.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Point(point) => point.as_str(),
            Self::Device(device) => device.as_str(),
        }
    }

    /// Reads a point's or a device's full id; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        PointId::parse(text).map(Self::Point).or_else(|_| DeviceId::parse(text).map(Self::Device)).ok()
    }
}

macro_rules! coded_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word used in files, the API and on disk.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text { $($code => Ok(Self::$variant),)+ other => Err(UnknownCode(other.to_owned())) }
            }
        }
    };
}

coded_enum! {
    /// How urgent an alarm is; later is more urgent.
    Priority {
        /// Know of it.
        Low = "low",
        /// Act today.
        Medium = "medium",
        /// Act soon.
        High = "high",
        /// Act now.
        Critical = "critical",
    }
}

coded_enum! {
    /// Where an alarm stands.
    AlarmState {
        /// Active, and nobody has said that they saw it.
        Unacknowledged = "unacknowledged",
        /// Active, and somebody has seen it.
        Acknowledged = "acknowledged",
        /// Gone, but nobody has said that they saw it.
        RtnUnacknowledged = "rtn_unacknowledged",
        /// Over and closed: it never changes again.
        Normal = "normal",
        /// Put aside until a time, with a reason.
        Shelved = "shelved",
    }
}

/// One alarm: an episode from its raising to its return to normal.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its number.
    pub id: AlarmId,
    /// The rule that raised it.
    pub rule: RuleId,
    /// Digest of the rule's text at the raising, so that an edit leaves old alarms explained.
    pub rule_version: String,
    /// The rule's title at the raising.
    pub title: LocalText,
    /// How urgent.
    pub priority: Priority,
    /// What it is about.
    pub subject: Subject,
    /// Where it stands.
    pub state: AlarmState,
    /// While shelved: where it would stand otherwise.
    pub beneath: Option<AlarmState>,
    /// When the rule's delay had passed.
    pub raised_at: Timestamp,
    /// When the condition was gone for good; `None` while it lasts.
    pub cleared_at: Option<Timestamp>,
    /// When somebody said that they saw it.
    pub acknowledged_at: Option<Timestamp>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// End of the shelving.
    pub shelved_until: Option<Timestamp>,
    /// The value at the raising, in `unit`.
    pub value: Option<f64>,
    /// The point's unit (UCUM); empty for a device.
    pub unit: String,
    /// What the rule says of it.
    pub message: LocalText,
    /// Clause of the limit that was broken, where one was.
    pub clause: Option<String>,
    /// What to do.
    pub runbook: Option<LocalText>,
}

impl Alarm {
    /// Whether the condition itself still holds, whatever people have done with the alarm.
    pub fn is_standing(&self) -> bool {
        matches!(self.beneath.unwrap_or(self.state), AlarmState::Unacknowledged | AlarmState::Acknowledged)
    }
}

/// One step of an alarm's life, or a comment (then `from` equals `to`).
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The alarm.
    pub alarm: AlarmId,
    /// When.
    pub at: Timestamp,
    /// From where; `None` at the raising.
    pub from: Option<AlarmState>,
    /// To where.
    pub to: AlarmState,
    /// Who did it; `None` when the hub did.
    pub by: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// The point's value then.
    pub value: Option<f64>,
}

/// What the hub remembers of one rule on one subject: delays that are running and the alarm that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// The rule.
    pub rule: RuleId,
    /// What it watches.
    pub subject: Subject,
    /// Since when the condition has held without an alarm yet (the on delay runs).
    pub raising_since: Option<Timestamp>,
    /// Since when the condition of an open alarm has been gone (the off delay runs).
    pub clearing_since: Option<Timestamp>,
    /// The alarm that is open.
    pub alarm: Option<AlarmId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_told_apart_by_their_parts() {
        for text in ["a/b", "a/b/c"] {
            let subject = Subject::parse(text).unwrap();
            assert_eq!(subject.as_str(), text);
            assert_eq!(subject.site().as_str(), "a");
            assert_eq!(subject.device().as_str(), "a/b");
        }
        assert_eq!(Subject::parse("a"), None);
    }

    #[test]
    fn codes_are_read_back_and_priorities_ordered() {
        for state in AlarmState::ALL {
            assert_eq!(state.code().parse(), Ok(*state));
        }
        assert!(Priority::Critical > Priority::High);
        assert!("urgent".parse::<Priority>().is_err());
    }
}
