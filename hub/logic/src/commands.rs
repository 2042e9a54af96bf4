//! What people do with alarms: acknowledge, comment, shelve, take back, reset.
//!
//! Never touches a condition: an alarm that still holds stays. Read next: [`crate::alarms`], [`crate::overlay`].

use std::time::Duration;

use hub_model::{Alarm, AlarmState, Timestamp, Transition, Why};

use crate::alarms::{Step, settle};
use crate::{Action, Command, CommandError, Effect, Logic};

/// How far ahead anybody may put an alarm aside; roles may have narrower bounds.
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
        use AlarmState::{Acknowledged, Normal, RtnUnacknowledged, Unacknowledged};
        let Command { alarm: id, by, action } = command;
        let alarm = self.alarms.get(id).ok_or(CommandError::UnknownAlarm { alarm: id })?;
        let state = alarm.state;
        let wrong_state = Err(CommandError::NotInThatState { state });
        let step = |why, comment| Step { by: Some(by.clone()), comment, ..Step::new(now, why) };
        let said =
            |comment: Option<String>| comment.filter(|text| !text.trim().is_empty()).map(fitting).transpose();
        let mut out = vec![];
        match action {
            Action::Acknowledge { comment } => {
                let to = match state {
                    Unacknowledged => Acknowledged,
                    RtnUnacknowledged => Normal,
                    _ => return wrong_state,
                };
                let step = self.in_full(id, step(Why::Acknowledged, said(comment)?));
                let closed = self.alarms.change(id, step, &mut out, |alarm: &mut Alarm| {
                    settle(alarm, to);
                    (alarm.acknowledged_at, alarm.acknowledged_by) = (Some(now), Some(by));
                });
                if closed {
                    self.forget_alarm(id, &mut out);
                }
            }
            Action::Comment { text } => {
                let step = step(Why::Commented, Some(fitting(text)?));
                self.alter(id, step, &mut out, |_| {});
            }
            Action::ReviewText { text } => {
                let step = step(Why::TextReviewed, Some(fitting(text)?));
                self.alter(id, step, &mut out, |_| {});
            }
            Action::Shelve { until, reason, longest } => {
                if !matches!(state, Unacknowledged | Acknowledged | RtnUnacknowledged) {
                    return wrong_state;
                }
                let latest = now.plus(longest.min(MAX_SHELVING));
                if until <= now || until > latest {
                    return Err(CommandError::BadUntil { latest });
                }
                let step = step(Why::Shelved, Some(fitting(reason)?));
                self.alter(id, step, &mut out, |alarm| alarm.shelved_until = Some(until));
            }
            Action::Unshelve => {
                if state != AlarmState::Shelved {
                    return wrong_state;
                }
                self.alter(id, step(Why::Unshelved, None), &mut out, |alarm| {
                    (alarm.shelved_until, alarm.told_at) = (None, now);
                });
            }
            Action::Reset { comment } => {
                let to = match state {
                    Unacknowledged => RtnUnacknowledged,
                    Acknowledged => Normal,
                    _ => return wrong_state,
                };
                if !alarm.latching || alarm.cleared_at.is_none() {
                    return Err(CommandError::NothingToReset);
                }
                let step = self.in_full(id, step(Why::Reset, said(comment)?));
                if self.alarms.change(id, step, &mut out, |alarm| settle(alarm, to)) {
                    self.forget_alarm(id, &mut out);
                }
            }
        }
        Ok(out)
    }
}

/// What is noted beside an alarm that is over, which [`Logic`] no longer holds: the step to be added to its history.
/// `None` when the action is not one of noting.
///
/// # Errors
/// When the text is empty or too long.
pub fn note_on_closed(
    alarm: &Alarm,
    now: Timestamp,
    by: &str,
    action: &Action,
) -> Result<Option<Transition>, CommandError> {
    let (why, text) = match action {
        Action::Comment { text } => (Why::Commented, text),
        Action::ReviewText { text } => (Why::TextReviewed, text),
        _ => return Ok(None),
    };
    Ok(Some(Transition {
        alarm: alarm.id,
        at: now,
        from: Some(alarm.state),
        to: alarm.state,
        why,
        by: Some(by.to_owned()),
        comment: Some(fitting(text.clone())?),
        remark: None,
        value: None,
        rule_version: alarm.rule_version.clone(),
    }))
}

pub(crate) fn fitting(text: String) -> Result<String, CommandError> {
    let trimmed = text.trim();
    let fits = !trimmed.is_empty() && trimmed.chars().count() <= MAX_COMMENT_CHARS;
    fits.then(|| trimmed.to_owned()).ok_or(CommandError::BadText { max_chars: MAX_COMMENT_CHARS })
}
