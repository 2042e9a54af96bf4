//! Asking a rule about its subject, and what follows from the answer: delays, raising, clearing.
//!
//! Everything it decides on is either stored or follows from what is stored. Read next: [`crate::alarms`].

use std::sync::Arc;

use hub_model::{
    Alarm, AlarmId, AlarmState, Limit, LimitStatus, LocalText, NamedAlarm, Remark, Timestamp, Why,
};

use crate::alarms::{Step, settle};
use crate::judge::may_raise;
use crate::logic::Due;
use crate::often::{chatters, forget_old};
use crate::places::Target;
use crate::rules::watched::Watched;
use crate::watch::Watch;
use crate::{Effect, Logic, OnMissing, RuleFault};

impl Logic {
    /// Asks one watch's rule and does what follows.
    pub(crate) fn evaluate(&mut self, number: usize, now: Timestamp, out: &mut Vec<Effect>) {
        let failed = self.watches.all[number].is_at_fault();
        let was_speechless = self.watches.all[number].message_fault.is_some();
        let fault = match self.condition(number, now) {
            Ok(condition) => {
                if let Some(given) = condition {
                    self.follow(number, given, now, out);
                }
                if was_speechless {
                    self.try_message_again(number, now);
                }
                None
            }
            Err(fault) => Some(fault),
        };
        self.tell_fault(number, fault.as_ref(), out);
        let watch = &mut self.watches.all[number];
        watch.fault = fault;
        let (rule, fails) = (watch.rule, watch.is_at_fault());
        self.faults.note(rule, failed, fails);
    }

    /// A rule that could not say what its alarm is about is asked again as long as that stands.
    fn try_message_again(&mut self, number: usize, now: Timestamp) {
        let watch = &self.watches.all[number];
        if self.is_standing(watch) {
            let (rule, p) = (&self.rules.rules[watch.rule], self.watched(watch, now));
            let fault = self.rules.message(rule, &p, self.local_ms(now)).err();
            self.watches.all[number].message_fault = fault;
        }
    }

    /// Whether the condition is given: that of raising, or while an alarm stands that of keeping it. `None` when there is
    /// nothing to judge: everything stays as it is.
    fn condition(&self, number: usize, now: Timestamp) -> Result<Option<bool>, RuleFault> {
        let watch = &self.watches.all[number];
        let rule = &self.rules.rules[watch.rule];
        if !self.world.is_known(watch.target) || self.world.is_maintained(watch.target, now) {
            return Ok(None);
        }
        match self.world.latest(watch.target) {
            Some(latest) if !may_raise(latest) => return Ok(None),
            Some(latest) if !latest.quality.is_judged() => {
                return Ok(match rule.facts.on_missing {
                    OnMissing::Hold => None,
                    OnMissing::Clear => Some(false),
                    OnMissing::Raise => Some(true),
                });
            }
            _ => {}
        }
        let p = self.watched(watch, now);
        let local_ms = self.local_ms(now);
        if !self.rules.enabled(rule, &p, local_ms)? {
            return Ok(Some(false));
        }
        match self.is_standing(watch) {
            true => self.rules.cleared(rule, &p, local_ms).map(|cleared| Some(!cleared)),
            false => self.rules.active(rule, &p, local_ms).map(Some),
        }
    }

    /// Runs the delays, and raises or clears at their end.
    fn follow(&mut self, number: usize, given: bool, now: Timestamp, out: &mut Vec<Effect>) {
        let is_standing = self.is_standing(&self.watches.all[number]);
        let settings = &self.watches.all[number].settings;
        let delay = if is_standing { settings.off_delay } else { settings.on_delay };
        // An off-delay that ended while the hub was down ended unseen: the first word since then decides, so that an alarm is
        // not cleared on what was read before. An on-delay is not held back: a warning too many is better than none.
        let heard = self.world.is_heard_since_start(self.watches.all[number].target);
        let started_at = self.world.started_at;
        let tracking = &mut self.watches.all[number].tracking;
        let before = (tracking.raising_since, tracking.clearing_since, tracking.alarm);
        let changing = given != is_standing;
        let (running, other) = match is_standing {
            true => (&mut tracking.clearing_since, &mut tracking.raising_since),
            false => (&mut tracking.raising_since, &mut tracking.clearing_since),
        };
        *other = None;
        // A delay that began later than now began before the clock was set back: it begins anew.
        *running = changing.then(|| running.map_or(now, |since| since.min(now)));
        let ends = running.map(|since| since.plus(delay));
        let unseen = is_standing && ends.is_some_and(|end| end <= started_at) && !heard;
        let over = ends.is_some_and(|end| end <= now) && !unseen;
        if over {
            *running = None;
        }
        self.set_due(number, ends.filter(|_| !over && !unseen));
        // What the hub says of itself may wait behind a store that takes nothing: without a delay the alarm is as old as that.
        let since = self.world.own_since(self.watches.all[number].target);
        let since = since.filter(|since| delay.is_zero() && *since < now).unwrap_or(now);
        if over && is_standing {
            self.clear(number, since, out);
        } else if over {
            self.raise(number, since, now, out);
        }
        let tracking = &mut self.watches.all[number].tracking;
        // A raising is remembered even where the alarm and its delays are what they were.
        let is_raised = over && !is_standing;
        if is_raised || before != (tracking.raising_since, tracking.clearing_since, tracking.alarm) {
            forget_old(&mut tracking.raises, now);
            out.push(Effect::Track(tracking.clone()));
        }
    }

    /// Opens an alarm that holds `since` then, or brings an open one back.
    fn raise(&mut self, number: usize, since: Timestamp, now: Timestamp, out: &mut Vec<Effect>) {
        let watch = &self.watches.all[number];
        let rule = &self.rules.rules[watch.rule];
        let p = self.watched(watch, now);
        let value = self.value_of(watch);
        let (message, fault) = match self.rules.message(rule, &p, self.local_ms(now)) {
            Ok(message) => (message, None),
            Err(fault) => (None, Some(fault)),
        };
        let message = message.unwrap_or_else(|| self.plain_message(watch));
        let rule_version = rule.version.clone();
        let (open, subject) = (watch.tracking.alarm, watch.tracking.subject.clone());
        let (parent, out_of_service) = (self.explanation(number), self.is_out_of_service(subject.as_str()));
        let chattering = chatters(&mut self.watches.all[number].tracking.raises, now);
        if let Some(id) = open {
            let remark = self.if_hidden(id, Remark::BackWhileHidden);
            let step = Step {
                remark,
                value,
                rule_version: Some(rule_version),
                ..Step::new(since, Why::RaisedAgain)
            };
            self.alarms.change(id, step, out, |alarm| {
                (alarm.parent, alarm.out_of_service) = (parent, out_of_service);
                (alarm.value, alarm.message, alarm.chattering) = (value, message, chattering);
                (alarm.told_at, alarm.raises) = (now, alarm.raises.saturating_add(1));
                (alarm.cleared_at, alarm.acknowledged_at, alarm.acknowledged_by) = (None, None, None);
                settle(alarm, AlarmState::Unacknowledged);
            });
        } else {
            let watch = &self.watches.all[number];
            let rule = &self.rules.rules[watch.rule];
            let limit =
                if rule.uses.limit_over.is_some() { p.limit_over(rule.uses.limit_over) } else { p.limit() };
            let clause = limit.filter(|_| rule.uses.limit).map(|limit| cited(limit, &self.unit_of(watch)));
            let mut alarm = Alarm {
                id: self.alarms.next_id(),
                rule: Arc::clone(&rule.id),
                rule_version,
                title: self.title(watch).clone(),
                priority: self.named_alarm(watch).map_or(watch.settings.priority, |named| named.priority),
                state: AlarmState::Unacknowledged,
                beneath: None,
                parent,
                out_of_service,
                latching: rule.facts.latching,
                raised_at: since,
                told_at: now,
                remind_after: watch.settings.remind_after,
                raises: 1,
                chattering,
                flood: self.floods.add(subject.site(), now),
                cleared_at: None,
                acknowledged_at: None,
                acknowledged_by: None,
                shelved_until: None,
                value,
                unit: self.unit_of(watch),
                message,
                clause,
                runbook: rule.facts.runbook.clone(),
                tags: rule.facts.tags.clone(),
                subject,
            };
            settle(&mut alarm, AlarmState::Unacknowledged);
            self.watches.all[number].tracking.alarm = Some(alarm.id);
            self.alarms.raise(alarm, out);
        }
        if self.watches.is_root(number) {
            self.hide_explained(number, now, out);
        }
        self.tell_fault(number, fault.as_ref(), out);
        self.watches.all[number].message_fault = fault;
    }

    fn clear(&mut self, number: usize, now: Timestamp, out: &mut Vec<Effect>) {
        let watch = &self.watches.all[number];
        let Some(alarm) = watch.tracking.alarm.and_then(|id| self.alarms.get(id)) else { return };
        let (id, waits) = (alarm.id, alarm.latching);
        let to = match alarm.standing() {
            same if waits => same,
            AlarmState::Acknowledged => AlarmState::Normal,
            _ => AlarmState::RtnUnacknowledged,
        };
        let remark = self.if_hidden(id, Remark::GoneWhileHidden).or(waits.then_some(Remark::WaitsForReset));
        let rule_version = Some(self.rules.rules[watch.rule].version.clone());
        let step =
            Step { remark, value: self.value_of(watch), rule_version, ..Step::new(now, Why::Returned) };
        let closed = self.alarms.change(id, step, out, |alarm| {
            alarm.cleared_at = Some(now);
            let told_to_nobody = alarm.out_of_service || alarm.parent.is_some();
            settle(alarm, if told_to_nobody { AlarmState::RtnUnacknowledged } else { to });
        });
        if closed {
            self.watches.all[number].tracking.alarm = None;
        }
    }

    /// Tells a fault, unless it is known of this rule already.
    fn tell_fault(&mut self, number: usize, fault: Option<&RuleFault>, out: &mut Vec<Effect>) {
        let Some(new) = fault else { return };
        self.remember_fault(number, new);
        let rule = self.watches.all[number].rule;
        if !self.watches.of_rule(rule).any(|watch| watch.faults().any(|known| known == new)) {
            out.push(Effect::Fault(new.clone()));
        }
    }

    /// Keeps the timer of a watch's delay.
    pub(crate) fn set_due(&mut self, number: usize, due: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.watches.all[number].due, due);
        if before != due {
            before.map(|at| self.timers.remove(&(at, Due::Delay(number))));
            due.map(|at| self.timers.insert((at, Due::Delay(number))));
        }
    }

    pub(crate) fn is_standing(&self, watch: &Watch) -> bool {
        watch.tracking.alarm.and_then(|id| self.alarms.get(id)).is_some_and(Alarm::is_standing)
    }

    /// Asks every function of every rule about all that it watches, whatever the alarms' states: what fails.
    pub(crate) fn ask_everything(&self, now: Timestamp) -> Vec<RuleFault> {
        let local_ms = self.local_ms(now);
        let mut faults = vec![];
        for watch in &self.watches.all {
            let rule = &self.rules.rules[watch.rule];
            let p = self.watched(watch, now);
            faults.extend(self.rules.enabled(rule, &p, local_ms).err());
            faults.extend(self.rules.active(rule, &p, local_ms).err());
            faults.extend(self.rules.cleared(rule, &p, local_ms).err());
            faults.extend(self.rules.message(rule, &p, local_ms).err());
        }
        faults
    }

    fn watched(&self, watch: &Watch, now: Timestamp) -> Watched {
        Watched {
            world: Arc::clone(&self.world),
            settings: Arc::clone(&watch.settings),
            target: watch.target,
            now,
        }
    }

    fn local_ms(&self, now: Timestamp) -> i64 {
        now.as_millis().saturating_add(i64::from((self.host.utc_offset_s)(now)) * 1_000)
    }

    pub(crate) fn value_of(&self, watch: &Watch) -> Option<f64> {
        self.world.latest(watch.target).and_then(|latest| latest.value)
    }

    pub(crate) fn unit_of(&self, watch: &Watch) -> String {
        match watch.target {
            Target::Point(point) => self.world.places.point(point).unit.code().to_owned(),
            _ => String::new(),
        }
    }

    /// What the watched point calls its device's alarm, where the rule is about just that.
    fn named_alarm(&self, watch: &Watch) -> Option<&NamedAlarm> {
        match watch.target {
            Target::Point(point) if self.rules.rules[watch.rule].facts.watches.alarm => {
                self.world.places.point(point).alarm.as_ref()
            }
            _ => None,
        }
    }

    fn title(&self, watch: &Watch) -> &LocalText {
        let of_rule = &self.rules.rules[watch.rule].facts.title;
        self.named_alarm(watch).map_or(of_rule, |named| &named.title)
    }

    fn if_hidden(&self, id: AlarmId, remark: Remark) -> Option<Remark> {
        self.alarms.get(id).filter(|alarm| alarm.beneath.is_some()).map(|_| remark)
    }

    /// What is said of an alarm whose rule says nothing itself: the title and the value.
    fn plain_message(&self, watch: &Watch) -> LocalText {
        let title = self.title(watch);
        let Some((value, Target::Point(point))) = self.value_of(watch).map(|value| (value, watch.target))
        else {
            return title.clone();
        };
        let point = self.world.places.point(point);
        let rounded = format!("{value:.*}", usize::from(point.decimals));
        let shown = LocalText::measured(rounded, point.unit.code());
        LocalText::new(format!("{}: {}", title.vi, shown.vi), format!("{}: {}", title.en, shown.en))
    }
}

/// Where a limit stands, for whoever must answer for it: regulation and clause, and whether anybody has read the figure.
fn cited(limit: &Limit, unit: &str) -> LocalText {
    let source = match limit.clause.contains(&limit.regulation) {
        true => limit.clause.clone(),
        false => format!("{}, {}", limit.regulation, limit.clause),
    };
    let bounds: Vec<(&str, LocalText)> = [("≥", limit.min), ("≤", limit.max)]
        .into_iter()
        .filter_map(|(sign, bound)| Some((sign, LocalText::measured(bound?, unit))))
        .collect();
    let told = |language: fn(&LocalText) -> &str, unverified: &str| {
        let bounds = bounds.iter().map(|(sign, figure)| format!("{sign} {}", language(figure)));
        let status = if limit.status == LimitStatus::Unverified { unverified } else { "" };
        format!("{source}: {}{status}", bounds.collect::<Vec<_>>().join(", "))
    };
    LocalText::new(told(|text| &text.vi, " (chưa kiểm chứng)"), told(|text| &text.en, " (unverified)"))
}
