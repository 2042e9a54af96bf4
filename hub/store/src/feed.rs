//! What crosses between a store and whoever carries its readings elsewhere: a feed's place, its news and its debts.
//!
//! A feed is a name with a place in the order of commits. What is committed after its place is news. What left the hot log before
//! the feed had sent it is owed: a span of a point's readings, to be read from history. Read next: `sqlite/feed/mod.rs`.

use hub_model::{Alarm, PointId, Reading, Timestamp, Transition};

use crate::port::CommitSeq;

/// What was committed after a feed's place, in the order of commits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct News {
    /// The readings, those that came late and corrections among them. Of the same point and moment the last counts.
    pub readings: Vec<Reading>,
    /// The last commit that is wholly in it. To be told to [`crate::Store::sent`].
    pub upto: CommitSeq,
    /// Whether more has been committed.
    pub more: bool,
}

/// A step of an alarm's life, and the alarm as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmNews {
    /// The step's number, counted up. To be told to [`crate::Store::sent_steps`].
    pub number: u64,
    /// The step.
    pub step: Transition,
    /// Its alarm.
    pub alarm: Alarm,
}

/// A span of a point's readings that a feed has still to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Whose.
    pub point: PointId,
    /// From the reading measured at this moment,
    pub from: Timestamp,
    /// up to and with the one measured at this one.
    pub to: Timestamp,
    pub(crate) series: i64,
    pub(crate) day: i64,
    /// The commit at which it was last noted: what is noted again while it is being sent stays owed.
    pub(crate) noted: i64,
}

/// A line that the other side refuses for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it was refused.
    pub at: Timestamp,
    /// The line.
    pub line: String,
    /// The other side's words.
    pub why: String,
}

/// How far a feed is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedState {
    /// The last commit that it has sent, or that is owed.
    pub upto: CommitSeq,
    /// How many spans are owed.
    pub owed: u64,
    /// When the oldest reading of these was measured.
    pub oldest: Option<Timestamp>,
    /// How many lines were refused, ever.
    pub refused: u64,
}
