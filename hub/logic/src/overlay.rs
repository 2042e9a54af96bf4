//! What hides alarms and brings them back: another alarm that explains them, taking out of service, the end of a shelving; and
//! reminders of those that nobody acknowledged.
//!
//! Never touches a condition: what is hidden goes on being followed. Read next: [`crate::alarms`].

use std::time::Duration;

use hub_model::{Alarm, AlarmId, AlarmState, OutOfService, Scope, Timestamp, Why};

use crate::alarms::{Step, settle};
use crate::commands::fitting;
use crate::watch::Watch;
use crate::{CommandError, Effect, Logic};

/// The longest that something may be taken out of service at a time.
pub const MAX_OUT_OF_SERVICE: Duration = Duration::from_secs(366 * 24 * 3600);

impl Logic {
    /// Takes a site, device or point out of service: its alarms are followed and not told, until a time or until somebody
    /// puts it in service again. Taking it out anew replaces time and reason.
    ///
    /// # Errors
    /// When the reason is empty or too long, or `until` lies in the past or more than [`MAX_OUT_OF_SERVICE`] ahead.
    pub fn take_out_of_service(
        &mut self,
        now: Timestamp,
        scope: Scope,
        until: Option<Timestamp>,
        by: String,
        reason: String,
    ) -> Result<Vec<Effect>, CommandError> {
        let reason = fitting(reason)?;
        let latest = now.plus(MAX_OUT_OF_SERVICE);
        if until.is_some_and(|until| until <= now || until > latest) {
            return Err(CommandError::BadUntil { latest });
        }
        let mut out = vec![];
        let known = self.out_of_service.iter().position(|one| one.scope == scope);
        let since = known.map_or(now, |known| self.out_of_service.remove(known).since);
        let one = OutOfService { scope, since, until, by: by.clone(), reason: reason.clone(), ended: None };
        out.push(Effect::Service(one.clone()));
        let covered = self.ids(|alarm| {
            alarm.is_standing() && !alarm.out_of_service && one.scope.covers(alarm.subject.as_str())
        });
        self.out_of_service.push(one);
        for id in covered {
            let mut step = Step::new(now, Why::TakenOutOfService);
            (step.by, step.comment) = (Some(by.clone()), Some(reason.clone()));
            self.alter(id, step, &mut out, |alarm| alarm.out_of_service = true);
        }
        Ok(out)
    }

    /// Puts in service again what was taken out under just this scope.
    ///
    /// # Errors
    /// When it is not out of service.
    pub fn put_in_service(
        &mut self,
        now: Timestamp,
        scope: &Scope,
        by: String,
    ) -> Result<Vec<Effect>, CommandError> {
        let known = self.out_of_service.iter().position(|one| one.scope == *scope);
        let known = known.ok_or(CommandError::InService)?;
        let mut out = vec![];
        self.end_service(known, now, Some(by), &mut out);
        Ok(out)
    }

    /// What is out of service.
    pub fn out_of_service(&self) -> &[OutOfService] {
        &self.out_of_service
    }

    pub(crate) fn is_out_of_service(&self, id: &str) -> bool {
        self.out_of_service.iter().any(|one| one.scope.covers(id))
    }

    /// When the next thing that is out of service is in service again by itself.
    pub(crate) fn next_service(&self) -> Option<Timestamp> {
        self.out_of_service.iter().filter_map(|one| one.until).min()
    }

    /// Ends what has a time and whose time is over: shelvings, reminders' waits, being out of service.
    pub(crate) fn end_overlays(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        while let Some(over) =
            self.out_of_service.iter().position(|one| one.until.is_some_and(|until| until <= now))
        {
            self.end_service(over, now, None, out);
        }
        for id in self.alarms.due_by(now) {
            let Some(alarm) = self.alarms.get(id) else { continue };
            if alarm.state == AlarmState::Unacknowledged {
                self.alter(id, Step::new(now, Why::Reminded), out, |alarm| alarm.told_at = now);
            } else {
                self.alter(id, Step::new(now, Why::ShelvingEnded), out, |alarm| {
                    (alarm.shelved_until, alarm.told_at) = (None, now);
                });
            }
        }
        self.release_explained(now, out);
    }

    /// Hides the alarms that the alarm of this watch explains, now that it is raised.
    pub(crate) fn hide_explained(&mut self, root: usize, now: Timestamp, out: &mut Vec<Effect>) {
        let watch = &self.watches.all[root];
        let Some(parent) = watch.tracking.alarm else { return };
        let explained = self.ids(|alarm| {
            alarm.id != parent && alarm.parent.is_none() && alarm.is_standing() && self.explains(watch, alarm)
        });
        for id in explained {
            self.alter(id, Step::new(now, Why::Suppressed), out, |alarm| alarm.parent = Some(parent));
        }
    }

    /// The alarm that stands and explains what is raised by this watch.
    pub(crate) fn explanation(&self, number: usize) -> Option<AlarmId> {
        let watch = &self.watches.all[number];
        let rule = &self.rules.rules[watch.rule].id;
        let roots = self.watches.roots.iter().map(|root| &self.watches.all[*root]);
        let mut standing = roots.filter(|root| self.is_standing(root));
        let root = standing.find(|root| {
            let explains = &self.rules.rules[root.rule].facts.explains;
            explains.iter().any(|id| id == &**rule) && self.world.places.lies_under(watch.target, root.target)
        });
        root.and_then(|root| root.tracking.alarm)
    }

    /// Brings back alarms whose explanation is gone, but for those whose own condition is on its way out.
    fn release_explained(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let is_over = |id: &AlarmId| {
            let Some(alarm) = self.alarms.get(*id) else { return false };
            let parent = alarm.parent.and_then(|parent| self.alarms.get(parent));
            let watch = self.watches.find(&alarm.rule, &alarm.subject);
            let clears = watch.is_some_and(|n| self.watches.all[n].tracking.clearing_since.is_some());
            !parent.is_some_and(Alarm::is_standing) && !clears
        };
        let over: Vec<_> = self.alarms.explained().iter().copied().filter(is_over).collect();
        for id in over {
            self.alter(id, Step::new(now, Why::SuppressionEnded), out, |alarm| {
                (alarm.parent, alarm.told_at) = (None, now);
            });
        }
    }

    fn explains(&self, root: &Watch, alarm: &Alarm) -> bool {
        let explains = &self.rules.rules[root.rule].facts.explains;
        let watch = self.watches.find(&alarm.rule, &alarm.subject);
        let target = watch.map(|number| self.watches.all[number].target);
        explains.iter().any(|id| id == &*alarm.rule)
            && target.is_some_and(|target| self.world.places.lies_under(target, root.target))
    }

    fn end_service(&mut self, known: usize, now: Timestamp, by: Option<String>, out: &mut Vec<Effect>) {
        let mut one = self.out_of_service.remove(known);
        one.ended = Some((now, by.clone()));
        let back = self.ids(|alarm| alarm.out_of_service && !self.is_out_of_service(alarm.subject.as_str()));
        out.push(Effect::Service(one));
        for id in back {
            let step = Step { by: by.clone(), ..Step::new(now, Why::PutInService) };
            self.alter(id, step, out, |alarm| (alarm.out_of_service, alarm.told_at) = (false, now));
        }
    }

    /// Changes an alarm, puts it where it then belongs, and forgets it when that is its end.
    pub(crate) fn alter(
        &mut self,
        id: AlarmId,
        step: Step,
        out: &mut Vec<Effect>,
        change: impl FnOnce(&mut Alarm),
    ) {
        let step = self.in_full(id, step);
        let closed = self.alarms.change(id, step, out, |alarm| {
            let standing = alarm.standing();
            change(alarm);
            settle(alarm, standing);
        });
        if closed {
            self.forget_alarm(id, out);
        }
    }

    /// The step with the value of its moment and the version of the rule in force, where it does not bring its own.
    pub(crate) fn in_full(&self, id: AlarmId, step: Step) -> Step {
        let alarm = self.alarms.get(id);
        let Some(number) = alarm.and_then(|alarm| self.watches.find(&alarm.rule, &alarm.subject)) else {
            return step;
        };
        let watch = &self.watches.all[number];
        let value = step.value.or_else(|| self.value_of(watch));
        let version = || self.rules.rules[watch.rule].version.clone();
        Step { value, rule_version: Some(step.rule_version.clone().unwrap_or_else(version)), ..step }
    }

    fn ids(&self, wanted: impl Fn(&Alarm) -> bool) -> Vec<AlarmId> {
        self.alarms.iter().filter(|alarm| wanted(alarm)).map(|alarm| alarm.id).collect()
    }
}
