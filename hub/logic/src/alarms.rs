//! The open alarms and the steps between their states.
//!
//! Knows neither rules nor readings: others say when a condition comes and goes, and what people want. Read next:
//! [`crate::evaluate`] (conditions), [`crate::commands`] (people).

use std::collections::BTreeMap;

use hub_model::{Alarm, AlarmId, AlarmState, Timestamp, Transition};

use crate::Effect;

/// The comment of an alarm that is closed because its rule or its subject is gone.
pub const NO_LONGER_WATCHED: &str = "Không còn theo dõi / No longer watched";
/// The comment when a condition goes while the alarm is shelved.
pub const GONE_WHILE_SHELVED: &str = "Hết điều kiện khi đang tạm gác / Condition gone while shelved";
/// The comment when a condition comes back while the alarm is shelved.
pub const BACK_WHILE_SHELVED: &str = "Điều kiện trở lại khi đang tạm gác / Condition back while shelved";

/// All alarms that are not over.
pub(crate) struct OpenAlarms {
    open: BTreeMap<AlarmId, Alarm>,
    next: AlarmId,
}

impl OpenAlarms {
    pub(crate) fn new(alarms: Vec<Alarm>, next: AlarmId) -> Self {
        let open: BTreeMap<_, _> = alarms
            .into_iter()
            .filter(|alarm| alarm.state != AlarmState::Normal)
            .map(|alarm| (alarm.id, alarm))
            .collect();
        let after_open = open.last_key_value().map_or(AlarmId(1), |(id, _)| AlarmId(id.0 + 1));
        Self { open, next: next.max(after_open) }
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

    /// Opens a new alarm.
    pub(crate) fn raise(&mut self, alarm: Alarm, out: &mut Vec<Effect>) {
        let transition = Transition {
            alarm: alarm.id,
            at: alarm.raised_at,
            from: None,
            to: alarm.state,
            by: None,
            comment: None,
            value: alarm.value,
        };
        self.open.insert(alarm.id, alarm.clone());
        out.push(Effect::Alarm { alarm, transition });
    }

    /// Changes an alarm and notes the step. One that reaches `normal` is closed: `true` then.
    pub(crate) fn change(
        &mut self,
        id: AlarmId,
        step: Step,
        out: &mut Vec<Effect>,
        change: impl FnOnce(&mut Alarm),
    ) -> bool {
        let Some(alarm) = self.open.get_mut(&id) else { return false };
        let from = alarm.state;
        change(alarm);
        let Step { at, by, comment, value } = step;
        let transition = Transition { alarm: id, at, from: Some(from), to: alarm.state, by, comment, value };
        out.push(Effect::Alarm { alarm: alarm.clone(), transition });
        let closed = alarm.state == AlarmState::Normal;
        if closed {
            self.open.remove(&id);
        }
        closed
    }
}

/// When, by whom and why something is done to an alarm.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) by: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) value: Option<f64>,
}

/// Where the alarm stands, or would if it were not shelved.
pub(crate) fn standing(alarm: &Alarm) -> AlarmState {
    alarm.beneath.unwrap_or(alarm.state)
}

/// Puts the alarm where it belongs, beneath a shelving if there is one. The end ends a shelving, too.
pub(crate) fn put(alarm: &mut Alarm, state: AlarmState) {
    if alarm.beneath.is_none() || state == AlarmState::Normal {
        alarm.state = state;
        unshelve(alarm, state);
    } else {
        alarm.beneath = Some(state);
    }
}

/// Takes the shelving off.
pub(crate) fn unshelve(alarm: &mut Alarm, state: AlarmState) {
    alarm.state = state;
    alarm.beneath = None;
    alarm.shelved_until = None;
}
