//! What a rule would have raised on readings that are stored: the same step, on a clock that runs as fast as it can.
//!
//! Never touches the live logic and never writes. Whoever runs it brings the readings in the order of their times. Read next:
//! [`crate::Logic::step`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hub_model::{
    Alarm, AlarmId, Commune, LocalText, PointId, Priority, Reading, RuleId, Subject, Timestamp, Why, local,
};

use crate::{Action, Command, Effect, Event, Host, Logic, Recovered, RuleFault, RuleSet};

/// The most alarms that are kept one by one; beyond, they are only counted.
pub const MAX_PAST_ALARMS: usize = 2_000;
/// The most faults that are kept.
const MAX_FAULTS: usize = 10;

/// A rule on its way through the past.
pub struct Backtest {
    logic: Logic,
    utc_offset_s: i32,
    now: Timestamp,
    found: BacktestReport,
    open: HashMap<AlarmId, OpenPast>,
}

/// An alarm that stands just now in the past.
struct OpenPast {
    raised_at: Timestamp,
    index: Option<usize>,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestReport {
    /// The rule.
    pub rule: RuleId,
    /// Digest of its text.
    pub version: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many readings it saw.
    pub readings: u64,
    /// How many alarms it would have raised.
    pub raised: u64,
    /// How many of them would have cleared.
    pub cleared: u64,
    /// How many messages would have been sent: one for each raising, and one for each reminder.
    pub messages: u64,
    /// Minutes with an alarm, those of several at once added up.
    pub minutes_active: f64,
    /// The alarms, oldest first, at most [`MAX_PAST_ALARMS`].
    pub alarms: Vec<PastAlarm>,
    /// The same by week.
    pub weeks: Vec<PastWeek>,
    /// What was wrong with the rule on the way.
    pub faults: Vec<RuleFault>,
}

/// An alarm that would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct PastAlarm {
    /// What it would have been about.
    pub subject: Subject,
    /// How urgent.
    pub priority: Priority,
    /// When it would have been raised.
    pub raised_at: Timestamp,
    /// When it would have cleared; `None` when it would still stand.
    pub cleared_at: Option<Timestamp>,
    /// The value at the raising.
    pub value: Option<f64>,
    /// What the rule would have said.
    pub message: LocalText,
}

/// One week, from its Monday.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PastWeek {
    /// Its first moment.
    pub start: Timestamp,
    /// How many alarms would have been raised in it.
    pub raised: u64,
    /// Minutes of alarms raised in it.
    pub minutes_active: f64,
}

/// What a changed rule would do otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestDifference {
    /// The places in the new one's list of alarms that the old one would not have raised at that time.
    pub new: Vec<usize>,
    /// The places in the old one's list of alarms that the new one would not have raised at that time.
    pub gone: Vec<usize>,
}

impl Backtest {
    /// A rule at the beginning of a span. `rules` holds just that rule.
    ///
    /// # Errors
    /// When the rule is refused.
    pub fn new(
        commune: &Commune,
        rules: RuleSet,
        from: Timestamp,
        to: Timestamp,
        host: Host,
    ) -> Result<Self, RuleFault> {
        if let Some(fault) = rules.refused.first() {
            return Err(fault.clone());
        }
        let nothing = || RuleFault {
            rule: "".into(),
            file: String::new(),
            line: 1,
            message: local!("không có quy tắc nào", "there is no rule"),
        };
        let rule = rules.rules.first().ok_or_else(nothing)?;
        let found = BacktestReport {
            rule: Arc::clone(&rule.id),
            version: rule.version.clone(),
            from,
            to,
            readings: 0,
            raised: 0,
            cleared: 0,
            messages: 0,
            minutes_active: 0.0,
            alarms: vec![],
            weeks: vec![],
            faults: vec![],
        };
        let utc_offset_s = (host.utc_offset_s)(from);
        let logic = Logic::new(Arc::new(without_expiry(commune)), rules, Recovered::nothing(from), host);
        Ok(Self { logic, utc_offset_s, now: from, found, open: HashMap::new() })
    }

    /// The points whose readings it wants.
    pub fn points(&self) -> Vec<PointId> {
        self.logic.asked_points()
    }

    /// Which points want [`Backtest::warm`] with what was measured before the span, and how far back.
    pub fn windows(&self) -> Vec<(PointId, std::time::Duration)> {
        self.logic.windows().collect()
    }

    /// Feeds what was measured before the span, each point's oldest first.
    pub fn warm(&mut self, readings: impl IntoIterator<Item = Reading>) {
        self.logic.warm(readings);
    }

    /// Takes readings that were received together at `at`.
    pub fn take(&mut self, at: Timestamp, readings: Vec<Reading>) {
        let at = at.max(self.now);
        self.go_on_to(at);
        self.found.readings += readings.len() as u64;
        self.step(at, Event::Replayed(readings));
    }

    /// The span is over.
    pub fn finish(mut self) -> BacktestReport {
        self.go_on_to(self.found.to);
        let to = self.found.to;
        for (_, open) in std::mem::take(&mut self.open) {
            self.add_minutes(open.raised_at, to);
        }
        self.found
    }

    /// Lets the time pass, with every timer that ends on the way.
    fn go_on_to(&mut self, at: Timestamp) {
        while let Some(due) = self.logic.next_due().filter(|due| *due < at) {
            // A timer that stands still would hold the time still.
            let due = due.max(Timestamp::from_millis(self.now.as_millis() + 1)).min(at);
            self.step(due, Event::Tick);
        }
        self.now = self.now.max(at);
    }

    fn step(&mut self, at: Timestamp, event: Event) {
        self.now = at;
        for effect in self.logic.step(at, event) {
            match effect {
                Effect::Alarm { alarm, transition } => self.note(&alarm, transition.why, at),
                Effect::Fault(fault) if self.found.faults.len() < MAX_FAULTS => self.found.faults.push(fault),
                _ => {}
            }
        }
    }

    fn note(&mut self, alarm: &Alarm, why: Why, at: Timestamp) {
        match why {
            Why::Raised | Why::RaisedAgain => self.raised(alarm, at),
            Why::Reminded => self.found.messages += 1,
            Why::Returned => {
                self.cleared(alarm, at);
                // Whoever was on duty has seen it: the next one is an alarm of its own.
                for action in [Action::Reset { comment: None }, Action::Acknowledge { comment: None }] {
                    let command = Command { alarm: alarm.id, by: String::new(), action };
                    // It may be over already, or not latched.
                    drop(self.logic.command(at, command));
                }
            }
            _ => {}
        }
    }

    fn raised(&mut self, alarm: &Alarm, at: Timestamp) {
        self.found.raised += 1;
        self.found.messages += 1;
        self.week(at).raised += 1;
        let index = (self.found.alarms.len() < MAX_PAST_ALARMS).then_some(self.found.alarms.len());
        if index.is_some() {
            self.found.alarms.push(PastAlarm {
                subject: alarm.subject.clone(),
                priority: alarm.priority,
                raised_at: at,
                cleared_at: None,
                value: alarm.value,
                message: alarm.message.clone(),
            });
        }
        self.open.insert(alarm.id, OpenPast { raised_at: at, index });
    }

    fn cleared(&mut self, alarm: &Alarm, at: Timestamp) {
        let Some(open) = self.open.remove(&alarm.id) else { return };
        self.found.cleared += 1;
        if let Some(past) = open.index.and_then(|index| self.found.alarms.get_mut(index)) {
            past.cleared_at = Some(at);
        }
        self.add_minutes(open.raised_at, at);
    }

    fn add_minutes(&mut self, raised_at: Timestamp, ended_at: Timestamp) {
        let minutes = ended_at.since(raised_at).as_secs_f64() / 60.0;
        self.found.minutes_active += minutes;
        self.week(raised_at).minutes_active += minutes;
    }

    /// The week of a moment. A span of years has a few hundred of them.
    fn week(&mut self, at: Timestamp) -> &mut PastWeek {
        const WEEK_MS: i64 = 7 * 86_400_000;
        let offset = i64::from(self.utc_offset_s) * 1_000;
        // 1970-01-01 was a Thursday: weeks begin three days before it.
        let monday = (at.as_millis() + offset + 3 * 86_400_000).div_euclid(WEEK_MS) * WEEK_MS;
        let start = Timestamp::from_millis(monday - 3 * 86_400_000 - offset);
        let weeks = &mut self.found.weeks;
        let place = weeks.partition_point(|week| week.start < start);
        if weeks.get(place).is_none_or(|week| week.start != start) {
            weeks.insert(place, PastWeek { start, ..PastWeek::default() });
        }
        &mut weeks[place]
    }
}

impl BacktestDifference {
    /// What `new` would have raised while `old` was silent on the same subject, and the other way round.
    pub fn between(new: &BacktestReport, old: &BacktestReport) -> Self {
        Self { new: alone(new, old), gone: alone(old, new) }
    }
}

/// The alarms of `one` that meet none of the `other`'s on their subject.
fn alone(one: &BacktestReport, other: &BacktestReport) -> Vec<usize> {
    let mut spans: BTreeMap<&Subject, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for alarm in &other.alarms {
        let end = alarm.cleared_at.unwrap_or(other.to);
        spans.entry(&alarm.subject).or_default().push((alarm.raised_at, end));
    }
    let meets = |alarm: &PastAlarm| {
        let end = alarm.cleared_at.unwrap_or(one.to);
        let others = spans.get(&alarm.subject).map_or(&[][..], Vec::as_slice);
        others.iter().any(|(from, to)| *from <= end && alarm.raised_at <= *to)
    };
    one.alarms.iter().enumerate().filter(|(_, alarm)| !meets(alarm)).map(|(index, _)| index).collect()
}

/// The store tells when a point fell silent; nothing is to be found out anew.
fn without_expiry(commune: &Commune) -> Commune {
    let mut commune = commune.clone();
    let points = commune.sites.iter_mut().flat_map(|s| &mut s.devices).flat_map(|d| &mut d.points);
    points.for_each(|point| point.checks.expire_after = None);
    commune
}
