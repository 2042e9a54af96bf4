//! What people do with alarms: acknowledge, comment, shelve, take back.
//!
//! Never touches a condition: an alarm that still holds stays. Read next: [`crate::alarms`].

use std::time::Duration;

use hub_model::{Alarm, AlarmState, Timestamp, Transition};

use crate::alarms::{Step, put, standing, unshelve};
use crate::{Action, Command, CommandError, Effect, Logic};

/// How far ahead an alarm may be put aside.
pub const MAX_SHELVING: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest comment or reason, in characters.
pub const MAX_COMMENT_CHARS: usize = 2_000;

impl Logic {
    /// Carries out what a person wants done with an alarm; `now` is the time of the deed.
    ///
    /// # Errors
    /// When the alarm is not open, the action does not fit its state, or a text or time is not allowed. Nothing has changed
    /// then.
    pub fn command(&mut self, now: Timestamp, command: Command) -> Result<Vec<Effect>, CommandError> {
        let Command { alarm: id, by, action } = command;
        let alarm = self.alarms.get(id).ok_or(CommandError::UnknownAlarm { alarm: id })?;
        let wrong_state = Err(CommandError::NotInThatState { state: alarm.state });
        let mut step = Step { at: now, by: Some(by.clone()), ..Step::default() };
        let mut out = vec![];
        match action {
            Action::Acknowledge { comment } => {
                let to = match alarm.state {
                    AlarmState::Unacknowledged => AlarmState::Acknowledged,
                    AlarmState::RtnUnacknowledged => AlarmState::Normal,
                    _ => return wrong_state,
                };
                step.comment = comment.filter(|text| !text.trim().is_empty()).map(fitting).transpose()?;
                let closed = self.alarms.change(id, step, &mut out, |alarm: &mut Alarm| {
                    put(alarm, to);
                    alarm.acknowledged_at = Some(now);
                    alarm.acknowledged_by = Some(by);
                });
                if closed {
                    self.forget_alarm(id, &mut out);
                }
            }
            Action::Comment { text } => {
                step.comment = Some(fitting(text)?);
                self.alarms.change(id, step, &mut out, |_| {});
            }
            Action::Shelve { until, reason } => {
                if alarm.state == AlarmState::Shelved {
                    return wrong_state;
                }
                let latest = now.plus(MAX_SHELVING);
                if until <= now || until > latest {
                    return Err(CommandError::BadUntil { latest });
                }
                step.comment = Some(fitting(reason)?);
                self.alarms.change(id, step, &mut out, |alarm| {
                    alarm.beneath = Some(alarm.state);
                    alarm.state = AlarmState::Shelved;
                    alarm.shelved_until = Some(until);
                });
            }
            Action::Unshelve => {
                if alarm.state != AlarmState::Shelved {
                    return wrong_state;
                }
                self.alarms.change(id, step, &mut out, take_off);
            }
        }
        Ok(out)
    }

    /// Ends the shelvings whose time is over.
    pub(crate) fn end_shelvings(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let over: Vec<_> = self
            .alarms
            .iter()
            .filter(|alarm| alarm.shelved_until.is_some_and(|until| until <= now))
            .map(|alarm| alarm.id)
            .collect();
        for id in over {
            self.alarms.change(id, Step { at: now, ..Step::default() }, out, take_off);
        }
    }
}

fn take_off(alarm: &mut Alarm) {
    let beneath = standing(alarm);
    unshelve(alarm, beneath);
}

/// A note beside an alarm that is over, which [`Logic`] no longer holds: the step to be added to its history.
///
/// # Errors
/// When the text is empty or too long.
pub fn comment_on_closed(
    alarm: &Alarm,
    now: Timestamp,
    by: String,
    text: String,
) -> Result<Transition, CommandError> {
    let comment = Some(fitting(text)?);
    let state = alarm.state;
    Ok(Transition {
        alarm: alarm.id,
        at: now,
        from: Some(state),
        to: state,
        by: Some(by),
        comment,
        value: None,
    })
}

fn fitting(text: String) -> Result<String, CommandError> {
    let trimmed = text.trim();
    let fits = !trimmed.is_empty() && trimmed.chars().count() <= MAX_COMMENT_CHARS;
    fits.then(|| trimmed.to_owned()).ok_or(CommandError::BadText { max_chars: MAX_COMMENT_CHARS })
}
