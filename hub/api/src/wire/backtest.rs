//! Back-tests in the public JSON. Read next: `routes/backtest.rs`.

use hub_logic::{BacktestReport, PastAlarm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LocalText, Priority, RuleFault};
use crate::backtest::Backtested;
use crate::local::Zone;

/// Which span a rule is to be taken through.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestRequest {
    /// From when: RFC 3339 or epoch ms.
    pub from: super::Moment,
    /// Until when; at most 400 days later.
    pub to: super::Moment,
    /// Another text for the rule, compared with the one in force; without, the one in force is taken through.
    #[schema(max_length = 65536)]
    pub source: Option<String>,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Backtest {
    /// The figures of the rule, or of the other text for it.
    #[serde(flatten)]
    pub figures: BacktestFigures,
    /// The same of the rule in force, when another text was given.
    #[schema(required)]
    pub in_force: Option<BacktestFigures>,
    /// How many of the alarms the rule in force would not have raised at that time; null without another text.
    #[schema(required)]
    pub new: Option<usize>,
    /// How many alarms of the rule in force the other text would not have raised at that time.
    #[schema(required)]
    pub gone: Option<usize>,
}

/// A rule's alarms in a span of the past.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BacktestFigures {
    /// The rule.
    pub rule: String,
    /// Digest of its text.
    pub version: String,
    /// From when.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub to: String,
    /// How many readings it saw.
    pub readings: u64,
    /// How many alarms it would have raised.
    pub raised: u64,
    /// How many of them would have cleared.
    pub cleared: u64,
    /// How many messages would have been sent, had nobody acknowledged before the alarm cleared.
    pub messages: u64,
    /// Minutes with an alarm, those of several at once added up.
    pub minutes_active: f64,
    /// The alarms, oldest first, at most 2,000; `raised` counts all.
    pub alarms: Vec<BacktestAlarm>,
    /// The same by week, which begins on Monday.
    pub weeks: Vec<BacktestWeek>,
    /// What was wrong with the rule on the way.
    pub faults: Vec<RuleFault>,
}

/// An alarm that would have been.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BacktestAlarm {
    /// What it would have been about: a point, a device, a line or a site.
    pub subject: String,
    /// The point's full id; null when it would have been about something larger.
    #[schema(required)]
    pub point: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// When it would have been raised.
    #[schema(format = DateTime)]
    pub raised_at: String,
    /// When it would have cleared; null when it would still stand at the end.
    #[schema(required, format = DateTime)]
    pub cleared_at: Option<String>,
    /// How long it would have stood within the span, in minutes.
    pub minutes_active: f64,
    /// The value at the raising.
    #[schema(required)]
    pub value: Option<f64>,
    /// What the rule would have said.
    pub message: LocalText,
    /// Whether only this text, and not the other one, would have raised it at that time.
    pub only_here: bool,
}

/// One week of a back-test.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BacktestWeek {
    /// Its Monday.
    #[schema(format = DateTime)]
    pub start: String,
    /// How many alarms would have been raised in it.
    pub raised: u64,
    /// Minutes of the alarms raised in it.
    pub minutes_active: f64,
}

impl Backtest {
    /// The report with its times in the commune's zone.
    pub fn of(found: &Backtested, zone: &Zone) -> Self {
        let difference = found.difference.as_ref();
        let new = difference.map_or(&[][..], |difference| &difference.new);
        let gone = difference.map_or(&[][..], |difference| &difference.gone);
        Self {
            figures: BacktestFigures::of(&found.report, new, zone),
            in_force: found.in_force.as_ref().map(|report| BacktestFigures::of(report, gone, zone)),
            new: difference.map(|difference| difference.new.len()),
            gone: difference.map(|difference| difference.gone.len()),
        }
    }
}

impl BacktestFigures {
    fn of(report: &BacktestReport, only_here: &[usize], zone: &Zone) -> Self {
        let week = |week: &hub_logic::PastWeek| BacktestWeek {
            start: zone.print(week.start),
            raised: week.raised,
            minutes_active: week.minutes_active,
        };
        let alarm = |(index, alarm): (usize, &PastAlarm)| BacktestAlarm {
            subject: alarm.subject.as_str().to_owned(),
            point: match &alarm.subject {
                hub_model::Subject::Point(point) => Some(point.to_string()),
                _ => None,
            },
            priority: alarm.priority.into(),
            raised_at: zone.print(alarm.raised_at),
            cleared_at: alarm.cleared_at.map(|at| zone.print(at)),
            minutes_active: alarm.cleared_at.unwrap_or(report.to).since(alarm.raised_at).as_secs_f64() / 60.0,
            value: alarm.value,
            message: (&alarm.message).into(),
            only_here: only_here.binary_search(&index).is_ok(),
        };
        Self {
            rule: report.rule.to_string(),
            version: report.version.clone(),
            from: zone.print(report.from),
            to: zone.print(report.to),
            readings: report.readings,
            raised: report.raised,
            cleared: report.cleared,
            messages: report.messages,
            minutes_active: report.minutes_active,
            alarms: report.alarms.iter().enumerate().map(alarm).collect(),
            weeks: report.weeks.iter().map(week).collect(),
            faults: report.faults.iter().map(RuleFault::from).collect(),
        }
    }
}
