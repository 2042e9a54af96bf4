//! What goes into [`crate::Logic`] and what comes out of it: events, commands, effects, and the hub's memory at a start.
//!
//! Holds no behaviour and never touches a file or a clock. Read next: [`crate::Logic`].

use std::sync::Arc;
use std::time::Duration;

use hub_model::text::Told;
use hub_model::{
    Alarm, AlarmId, AlarmState, LocalText, Observation, OutOfService, Priority, Reading, RuleId, SiteId,
    Timestamp, Tracking, Transition, local,
};

/// Time that has passed since some fixed moment. Only differences count: it bounds how long a rule may run.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What the logic asks of its surroundings, since it reads neither a clock nor a time-zone table itself.
pub struct Host {
    /// Seconds that the commune's clock is ahead of UTC at a moment.
    pub utc_offset_s: Box<dyn Fn(Timestamp) -> i32 + Send>,
    /// A monotonic stopwatch.
    pub elapsed: Elapsed,
}

/// What the store gives back at a start.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// The latest reading of each point, and the last good value with the time at which it was measured.
    pub latest: Vec<(Reading, Option<(f64, Timestamp)>)>,
    /// The delays that were running and the alarms that were open.
    pub tracking: Vec<Tracking>,
    /// All alarms that are open: those whose state is not `normal`.
    pub alarms: Vec<Alarm>,
    /// The number of the next new alarm.
    pub next_alarm: AlarmId,
    /// What is out of service.
    pub out_of_service: Vec<OutOfService>,
    /// The sites of new alarms of the last [`crate::FLOOD_WINDOW`], with when each was raised; older ones do no harm.
    pub raised_lately: Vec<(SiteId, Timestamp)>,
    /// When this hub was started: silence is counted from here at the earliest.
    pub started_at: Timestamp,
    /// The moment now: silence of what was never heard is counted from here. Later than the start when the configuration of
    /// a running hub has changed.
    pub now: Timestamp,
}

impl Recovered {
    /// The memory of a hub that starts for the first time.
    pub fn nothing(started_at: Timestamp) -> Self {
        Self {
            latest: vec![],
            tracking: vec![],
            alarms: vec![],
            next_alarm: AlarmId(1),
            out_of_service: vec![],
            raised_lately: vec![],
            started_at,
            now: started_at,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Observations came in, in this order.
    Observed(Vec<Observation>),
    /// Readings that were judged and kept before are gone through once more, in this order. Nothing is to be kept of them.
    Replayed(Vec<Reading>),
    /// Time passed.
    Tick,
}

/// What is to be kept and told. Effects of one step belong in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Keep this reading.
    Store {
        /// The reading.
        reading: Reading,
        /// Whether it is the point's latest from now on. A late one is not.
        latest: bool,
        /// The point's last good value and when it was measured, after this reading.
        last_good: Option<(f64, Timestamp)>,
    },
    /// Keep an alarm as it stands now, and the step that led there.
    Alarm {
        /// The alarm after the step. Apart, for most effects are readings and those are many.
        alarm: Box<Alarm>,
        /// The step.
        transition: Box<Transition>,
    },
    /// Keep what is remembered of a rule on a subject. With neither delay nor alarm, it may be forgotten.
    Track(Tracking),
    /// Something was taken out of service, or is in service again.
    Service(OutOfService),
    /// A rule failed in a new way. Told once; [`crate::Logic::rules`] shows it as long as it lasts.
    Fault(RuleFault),
}

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}", .message.en)]
pub struct RuleFault {
    /// The rule.
    pub rule: RuleId,
    /// Its file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and, where it helps, what is allowed.
    pub message: LocalText,
}

impl Told for RuleFault {
    fn told(&self) -> LocalText {
        let Self { file, line, message: LocalText { vi, en }, .. } = self;
        local!("{file}:{line}: {vi}", "{file}:{line}: {en}")
    }
}

/// What a person wants done with an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The alarm.
    pub alarm: AlarmId,
    /// Who.
    pub by: String,
    /// What.
    pub action: Action,
}

/// What can be done with an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Say that it was seen. Allowed while `unacknowledged` or `rtn_unacknowledged`.
    Acknowledge {
        /// What they say to it.
        comment: Option<String>,
    },
    /// Note something beside it.
    Comment {
        /// The note.
        text: String,
    },
    /// Let a text for the loudspeakers pass.
    ReviewText {
        /// The text as it was read over.
        text: String,
    },
    /// Put it aside.
    Shelve {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
        /// How far ahead this person may put it aside; never more than [`crate::MAX_SHELVING`].
        longest: Duration,
    },
    /// Take it back before its time.
    Unshelve,
    /// End a latched alarm whose condition is gone.
    Reset {
        /// What they say to it.
        comment: Option<String>,
    },
}

/// Why a command was not carried out. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No open alarm has this number.
    #[error("no open alarm {alarm}")]
    UnknownAlarm {
        /// The number.
        alarm: AlarmId,
    },
    /// The action does not fit the alarm's state.
    #[error("not allowed while the alarm is {}", state.code())]
    NotInThatState {
        /// Where the alarm stands.
        state: AlarmState,
    },
    /// It would end in the past, or too far ahead.
    #[error("it must end after now and at the latest at {latest}")]
    BadUntil {
        /// The latest end that is allowed.
        latest: Timestamp,
    },
    /// The alarm is not latched, or its condition still holds.
    #[error("only a latched alarm whose condition is gone can be reset")]
    NothingToReset,
    /// Nothing of this name is out of service.
    #[error("it is not out of service")]
    InService,
    /// A text is empty, or longer than allowed.
    #[error("the text must have 1 to {max_chars} characters")]
    BadText {
        /// The longest allowed.
        max_chars: usize,
    },
}

impl Told for CommandError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::UnknownAlarm { alarm } => format!("không có cảnh báo {alarm} nào đang mở"),
            Self::NotInThatState { state } => {
                format!("không làm được khi cảnh báo ở trạng thái “{}”", state.vietnamese())
            }
            Self::BadUntil { latest } => format!("phải kết thúc sau lúc này và muộn nhất là {latest}"),
            Self::NothingToReset => "chỉ đặt lại được cảnh báo đã chốt mà nguyên nhân đã hết".to_owned(),
            Self::InService => "nơi này vẫn đang được theo dõi".to_owned(),
            Self::BadText { max_chars } => format!("nội dung phải có 1 đến {max_chars} ký tự"),
        };
        LocalText { vi, en: self.to_string() }
    }
}

/// What a rule does while its point gives nothing that may be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissing {
    /// Everything stays as it is; a running delay is kept but does not end.
    #[default]
    Hold,
    /// As if the condition were gone.
    Clear,
    /// As if the condition were given.
    Raise,
}

impl OnMissing {
    /// The word in rules and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Clear => "clear",
            Self::Raise => "raise",
        }
    }
}

/// Whether a rule is asked about points or about something larger as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchScope {
    /// Each point by itself.
    #[default]
    Point,
    /// Devices as a whole.
    Device,
    /// Lines that several devices of a site share.
    Line,
    /// Sites as a whole.
    Site,
}

impl WatchScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Point, Self::Device, Self::Line, Self::Site];

    /// The word in rules and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Device => "device",
            Self::Line => "line",
            Self::Site => "site",
        }
    }
}

/// What a rule watches. An empty list does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watches {
    /// Whether points, or something larger as a whole.
    pub scope: WatchScope,
    /// Codes of site kinds.
    pub site_kind: Vec<String>,
    /// Codes of quantities.
    pub quantity: Vec<String>,
    /// Site ids.
    pub site: Vec<String>,
    /// Device ids: `site/device`, or a device's own part.
    pub device: Vec<String>,
    /// Point ids: `site/device/point`, or a point's own part.
    pub point: Vec<String>,
    /// Whether only points that name an alarm of their device, which is then called as they say.
    pub alarm: bool,
}

/// A rule as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStatus {
    /// Its id: the file's name without the ending.
    pub id: RuleId,
    /// Digest of its text.
    pub version: String,
    /// Its title; the id while the file is refused.
    pub title: LocalText,
    /// How urgent its alarms are.
    pub priority: Priority,
    /// What it watches.
    pub watches: Watches,
    /// How long the condition must hold before the alarm.
    pub on_delay: Duration,
    /// How long it must be gone before the alarm ends.
    pub off_delay: Duration,
    /// What it does without data.
    pub on_missing: OnMissing,
    /// What to do when it raises.
    pub runbook: Option<LocalText>,
    /// Words for it, by which notices are routed.
    pub tags: Vec<String>,
    /// Whether its alarms stay until somebody resets them.
    pub latching: bool,
    /// After how long without an acknowledgement it is told again.
    pub remind_after: Option<Duration>,
    /// The rules whose alarms it explains.
    pub explains: Vec<String>,
    /// What the commune's loudspeakers may say of its alarms: a template for [`crate::announcement`].
    pub announce: Option<LocalText>,
    /// Over which span the limit that it looks at is averaged; `None` for the limit nearest to single values.
    pub limit_over: Option<Duration>,
    /// Whether it judges at all: somebody may have switched it off.
    pub on: bool,
    /// How many points or devices it watches.
    pub subjects: usize,
    /// How many of its alarms stand.
    pub active: usize,
    /// What is wrong with it now.
    pub fault: Option<RuleFault>,
}
