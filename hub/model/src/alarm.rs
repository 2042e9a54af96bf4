//! Alarms after ISA-18.2: their states, who did what to them, and the timers that the hub keeps for its rules.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::quality::UnknownCode;
use crate::text::Told;
use crate::{LocalText, Scope, Subject, Timestamp, local};

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
        /// Explained by another alarm, its parent, and shown under that one as long as it stands.
        SuppressedByDesign = "suppressed_by_design",
        /// What it is about was taken out of service: followed, not told.
        OutOfService = "out_of_service",
    }
}

impl AlarmState {
    /// The word that Vietnamese readers know it by, as in the glossary.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Unacknowledged => "chưa nhận biết",
            Self::Acknowledged => "đã nhận biết",
            Self::RtnUnacknowledged => "đã hết, chưa nhận biết",
            Self::Normal => "đã hết",
            Self::Shelved => "tạm gác",
            Self::SuppressedByDesign => "ẩn vì đã có cảnh báo gốc",
            Self::OutOfService => "tạm ngừng theo dõi",
        }
    }
}

coded_enum! {
    /// What led from one state of an alarm to the next.
    Why {
        /// The condition has held for the rule's delay.
        Raised = "raised",
        /// The condition came back before the alarm was over.
        RaisedAgain = "raised_again",
        /// Nobody acknowledged it for so long that it is told again.
        Reminded = "reminded",
        /// The condition has been gone for the rule's delay.
        Returned = "returned",
        /// Somebody has seen it.
        Acknowledged = "acknowledged",
        /// Somebody noted something beside it.
        Commented = "commented",
        /// Somebody read over what the loudspeakers may say of it.
        TextReviewed = "text_reviewed",
        /// Somebody put it aside.
        Shelved = "shelved",
        /// Somebody took it back before its time.
        Unshelved = "unshelved",
        /// The time of the shelving is over.
        ShelvingEnded = "shelving_ended",
        /// Another alarm explains it.
        Suppressed = "suppressed",
        /// The alarm that explained it is gone and this one is not.
        SuppressionEnded = "suppression_ended",
        /// What it is about was taken out of service.
        TakenOutOfService = "taken_out_of_service",
        /// What it is about is in service again.
        PutInService = "put_in_service",
        /// Somebody reset a latched alarm.
        Reset = "reset",
        /// Its rule or what it is about is no longer there.
        NoLongerWatched = "no_longer_watched",
    }
}

coded_enum! {
    /// What the hub itself remarks of a step.
    Remark {
        /// The rule does not mean its subject any more, or the subject is gone.
        NotWatched = "not_watched",
        /// There is no such rule any more.
        RuleDeleted = "rule_deleted",
        /// The rule was switched off.
        RuleOff = "rule_off",
        /// The condition went while the alarm was shelved, suppressed or out of service.
        GoneWhileHidden = "gone_while_hidden",
        /// The condition came back while the alarm was shelved, suppressed or out of service.
        BackWhileHidden = "back_while_hidden",
        /// The condition of a latched alarm went: the alarm stays.
        WaitsForReset = "waits_for_reset",
    }
}

impl Told for Remark {
    fn told(&self) -> LocalText {
        match self {
            Self::NotWatched => local!("Không còn theo dõi", "No longer watched"),
            Self::RuleDeleted => local!("Quy tắc đã bị xóa", "The rule was deleted"),
            Self::RuleOff => local!("Quy tắc đã tắt", "The rule was switched off"),
            Self::GoneWhileHidden => local!("Hết điều kiện khi đang ẩn", "Condition gone while hidden"),
            Self::BackWhileHidden => local!("Điều kiện trở lại khi đang ẩn", "Condition back while hidden"),
            Self::WaitsForReset => {
                local!("Hết điều kiện, chờ đặt lại", "Condition gone, waits for its reset")
            }
        }
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
    /// While shelved, suppressed or out of service: where it would stand otherwise.
    pub beneath: Option<AlarmState>,
    /// The alarm that explains it, or that explained it until both were over.
    pub parent: Option<AlarmId>,
    /// Whether what it is about is out of service.
    pub out_of_service: bool,
    /// Whether it stays, once its condition is gone, until somebody resets it.
    pub latching: bool,
    /// When the rule's delay had passed.
    pub raised_at: Timestamp,
    /// When it was last told: at the raising, when it came back, or as a reminder.
    pub told_at: Timestamp,
    /// After how long without an acknowledgement it is told again.
    pub remind_after: Option<Duration>,
    /// How often it was raised in this episode, from 1.
    pub raises: u32,
    /// Whether it had come and gone so often before this raising that it says little.
    pub chattering: bool,
    /// Whether it came while so many came at its site that they are told together.
    pub flood: bool,
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
    /// The limit that was broken, where one was: regulation and clause, its figures, whether anybody has read those there.
    pub clause: Option<LocalText>,
    /// What to do.
    pub runbook: Option<LocalText>,
    /// The rule's words for it, by which notices are routed.
    pub tags: Vec<String>,
}

impl AlarmState {
    /// Whether nobody has acknowledged an alarm of this state yet.
    pub const fn awaits(self) -> bool {
        matches!(self, Self::Unacknowledged | Self::RtnUnacknowledged)
    }
}

impl Alarm {
    /// Whether the condition itself still holds, whatever people have done with the alarm. A latched alarm whose condition is
    /// gone stands no more, though it waits for its reset.
    pub fn is_standing(&self) -> bool {
        let active = matches!(self.standing(), AlarmState::Unacknowledged | AlarmState::Acknowledged);
        active && self.cleared_at.is_none()
    }

    /// Where the alarm stands, or would if it were not shelved, suppressed or out of service.
    pub fn standing(&self) -> AlarmState {
        self.beneath.unwrap_or(self.state)
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
    /// What led there.
    pub why: Why,
    /// Who did it; `None` when the hub did.
    pub by: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// What the hub says of its own step.
    pub remark: Option<Remark>,
    /// The point's value then.
    pub value: Option<f64>,
    /// Digest of the text of the rule in force then; of the one that raised the alarm where there is none.
    pub rule_version: String,
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
    /// When its alarms were raised of late, oldest first: what comes and goes too often is found by it.
    pub raises: Vec<Timestamp>,
}

/// A site, a device or a point that people took out of service: its alarms are followed and not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfService {
    /// What.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` until somebody ends it.
    pub until: Option<Timestamp>,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it ended, and who ended it: `None` when its time was over.
    pub ended: Option<(Timestamp, Option<String>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back_and_priorities_ordered() {
        for state in AlarmState::ALL {
            assert_eq!(state.code().parse(), Ok(*state));
        }
        assert!(Priority::Critical > Priority::High);
        assert!("urgent".parse::<Priority>().is_err());
    }
}
