//! The open alarms and the steps between their states.
//!
//! Knows neither rules nor readings: others say when a condition comes and goes, and what people want. Read next:
//! [`crate::evaluate`] (conditions), [`crate::commands`] (people), [`crate::overlay`] (what hides an alarm).

use std::collections::{BTreeMap, BTreeSet};

use hub_model::{Alarm, AlarmId, AlarmState, Remark, Timestamp, Transition, Why};

use crate::Effect;
use crate::commands::MAX_SHELVING;

/// All alarms that are not over.
pub(crate) struct OpenAlarms {
    open: BTreeMap<AlarmId, Alarm>,
    next: AlarmId,
    /// When each alarm changes by itself: its shelving ends, or it is told again.
    due: BTreeSet<(Timestamp, AlarmId)>,
    /// Alarms that have a parent.
    explained: BTreeSet<AlarmId>,
}

impl OpenAlarms {
    pub(crate) fn new(alarms: Vec<Alarm>, next: AlarmId) -> Self {
        let mut all = Self { open: BTreeMap::new(), next, due: BTreeSet::new(), explained: BTreeSet::new() };
        for alarm in alarms.into_iter().filter(|alarm| alarm.state != AlarmState::Normal) {
            all.next = all.next.max(AlarmId(alarm.id.0 + 1));
            all.put(alarm);
        }
        all
    }

    pub(crate) fn next_id(&mut self) -> AlarmId {
        let id = self.next;
        self.next = AlarmId(id.0 + 1);
        id
    }

    pub(crate) fn get(&self, id: AlarmId) -> Option<&Alarm> {
        self.open.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Alarm> {
        self.open.values()
    }

    /// When an alarm next changes by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The alarms that change by themselves by `now`.
    pub(crate) fn due_by(&self, now: Timestamp) -> Vec<AlarmId> {
        self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    /// The alarms that another one explains.
    pub(crate) fn explained(&self) -> &BTreeSet<AlarmId> {
        &self.explained
    }

    /// Opens a new alarm.
    pub(crate) fn raise(&mut self, alarm: Alarm, out: &mut Vec<Effect>) {
        let transition = Transition {
            alarm: alarm.id,
            at: alarm.raised_at,
            from: None,
            to: alarm.state,
            why: Why::Raised,
            by: None,
            comment: None,
            remark: None,
            value: alarm.value,
            rule_version: alarm.rule_version.clone(),
        };
        self.put(alarm.clone());
        out.push(Effect::Alarm { alarm: Box::new(alarm), transition: Box::new(transition) });
    }

    /// Changes an alarm and notes the step. One that reaches `normal` is closed: `true` then.
    pub(crate) fn change(
        &mut self,
        id: AlarmId,
        step: Step,
        out: &mut Vec<Effect>,
        change: impl FnOnce(&mut Alarm),
    ) -> bool {
        let Some(mut alarm) = self.take(id) else { return false };
        let from = alarm.state;
        change(&mut alarm);
        let Step { at, why, by, comment, remark, value, rule_version } = step;
        let rule_version = rule_version.unwrap_or_else(|| alarm.rule_version.clone());
        let (from, to) = (Some(from), alarm.state);
        let transition =
            Transition { alarm: id, at, from, to, why, by, comment, remark, value, rule_version };
        out.push(Effect::Alarm { alarm: Box::new(alarm.clone()), transition: Box::new(transition) });
        let closed = alarm.state == AlarmState::Normal;
        if !closed {
            self.put(alarm);
        }
        closed
    }

    /// After the clock was set back, what was counted from later moments is counted from now on: no reminder is lost to it,
    /// and no shelving lasts longer than one may.
    pub(crate) fn clock_set_back(&mut self, now: Timestamp) {
        let latest = now.plus(MAX_SHELVING);
        let beyond =
            |alarm: &&Alarm| alarm.told_at > now || alarm.shelved_until.is_some_and(|at| at > latest);
        let later: Vec<_> = self.open.values().filter(beyond).map(|alarm| alarm.id).collect();
        for id in later {
            if let Some(mut alarm) = self.take(id) {
                alarm.told_at = alarm.told_at.min(now);
                alarm.shelved_until = alarm.shelved_until.map(|until| until.min(latest));
                self.put(alarm);
            }
        }
    }

    fn put(&mut self, alarm: Alarm) {
        changes_at(&alarm).map(|at| self.due.insert((at, alarm.id)));
        if alarm.parent.is_some() {
            self.explained.insert(alarm.id);
        }
        self.open.insert(alarm.id, alarm);
    }

    fn take(&mut self, id: AlarmId) -> Option<Alarm> {
        let alarm = self.open.remove(&id)?;
        changes_at(&alarm).map(|at| self.due.remove(&(at, id)));
        self.explained.remove(&id);
        Some(alarm)
    }
}

/// When, by whom and why something is done to an alarm.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) why: Why,
    pub(crate) by: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) remark: Option<Remark>,
    pub(crate) value: Option<f64>,
    /// Of the rule that is in force; without, that of the alarm.
    pub(crate) rule_version: Option<String>,
}

impl Step {
    pub(crate) fn new(at: Timestamp, why: Why) -> Self {
        Self { at, why, by: None, comment: None, remark: None, value: None, rule_version: None }
    }
}

/// Puts the alarm where its condition and people's acknowledgements place it, beneath whatever hides it. What is hidden by
/// design or out of service was told to nobody: once its condition is gone, it is over.
pub(crate) fn settle(alarm: &mut Alarm, standing: AlarmState) {
    let over = match hidden_as(alarm) {
        _ if standing == AlarmState::Normal => None,
        Some(AlarmState::SuppressedByDesign | AlarmState::OutOfService)
            if standing == AlarmState::RtnUnacknowledged =>
        {
            None
        }
        hidden => Some(hidden),
    };
    let Some(hidden) = over else {
        alarm.state = AlarmState::Normal;
        (alarm.beneath, alarm.shelved_until, alarm.out_of_service) = (None, None, false);
        return;
    };
    alarm.state = hidden.unwrap_or(standing);
    alarm.beneath = hidden.map(|_| standing);
}

/// What hides the alarm, the strongest reason first.
fn hidden_as(alarm: &Alarm) -> Option<AlarmState> {
    if alarm.out_of_service {
        return Some(AlarmState::OutOfService);
    }
    if alarm.shelved_until.is_some() {
        return Some(AlarmState::Shelved);
    }
    alarm.parent.map(|_| AlarmState::SuppressedByDesign)
}

fn changes_at(alarm: &Alarm) -> Option<Timestamp> {
    match alarm.state {
        AlarmState::Unacknowledged => alarm.remind_after.map(|after| alarm.told_at.plus(after)),
        _ => alarm.shelved_until,
    }
}
