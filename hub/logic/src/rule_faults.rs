//! Which rules are at fault: each is a point of the hub itself, so that an ordinary rule raises the alarm of it.
//!
//! A rule that fails is asked again at the next reading, like any other; what is said here changes only when it fails
//! everywhere no more, or somewhere for the first time. Read next: [`crate::evaluate`], `scripts/hub-rule-fault.rhai`.

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_model::text::Told as _;
use hub_model::{LocalText, Observation, RuleId, Sample, Timestamp, local, own};

use crate::places::{Places, PointNo};
use crate::world::World;
use crate::{Effect, Logic, RuleFault, RuleSet};

/// The rules by their numbers, the refused ones behind those that were taken.
pub(crate) struct RuleFaults {
    all: Vec<OneRule>,
    /// Rules of which something else is to be said than was said last.
    unsettled: BTreeSet<usize>,
}

struct OneRule {
    /// The point that says so, where the commune has one.
    point: Option<PointNo>,
    /// On how many subjects it fails.
    failing: usize,
    /// What was said last; `None` when nothing ever was.
    said: Option<bool>,
}

impl RuleFaults {
    /// What was `said` of each rule's point comes with [`Logic::recover_faults`].
    pub(crate) fn new(places: &Places, rules: &RuleSet) -> Self {
        let one = |rule: &RuleId, failing| OneRule {
            point: own::rule_point(rule).and_then(|point| places.number(&point)),
            failing,
            said: None,
        };
        let taken = rules.rules.iter().map(|rule| one(&rule.id, 0));
        // One that is switched off may be as faulty as it likes.
        let fails = |fault: &RuleFault| usize::from(!rules.off.contains(&fault.rule));
        let refused = rules.refused.iter().map(|fault| one(&fault.rule, fails(fault)));
        Self { all: taken.chain(refused).collect(), unsettled: BTreeSet::new() }
    }

    /// A subject of the rule has been asked about: whether it failed before and fails now.
    pub(crate) fn note(&mut self, rule: usize, failed: bool, fails: bool) {
        let one = &mut self.all[rule];
        one.failing = one.failing + usize::from(fails) - usize::from(failed);
        if one.said.unwrap_or(false) != (one.failing > 0) {
            self.unsettled.insert(rule);
        }
    }
}

impl Logic {
    /// Takes up what was said of the rules before the start. A rule that failed then is taken at its word when it is asked
    /// for the first time; one that watches nothing any more cannot fail.
    pub(crate) fn recover_faults(&mut self) {
        for rule in 0..self.faults.all.len() {
            let Some(point) = self.faults.all[rule].point else { continue };
            let said = self.world.memory(point).latest.as_ref().and_then(|latest| latest.value);
            let said = said.map(|value| value > 0.0);
            let one = &mut self.faults.all[rule];
            one.said = said;
            let fails = one.failing > 0;
            let is_asked = self.watches.of_rule(rule).next().is_some();
            let was = said.unwrap_or(false);
            if (was && !fails && !is_asked) || (!was && fails) {
                self.faults.unsettled.insert(rule);
            }
            if let Some(fault) = self.rules.refused.get(rule.wrapping_sub(self.rules.rules.len())) {
                Arc::make_mut(&mut self.world).faults.insert(point, fault.told().into());
            }
        }
    }

    /// Says what has changed, each change once, and has the rule that watches it asked. A fault that this brings is said in
    /// the next step: no rule can keep the hub at it.
    pub(crate) fn settle_faults(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let mut to_ask = BTreeSet::new();
        for rule in std::mem::take(&mut self.faults.unsettled) {
            let one = &mut self.faults.all[rule];
            let (Some(point), fails) = (one.point, one.failing > 0) else { continue };
            if one.said.replace(fails) == Some(fails) {
                continue;
            }
            if !fails {
                Arc::make_mut(&mut self.world).faults.remove(&point);
            }
            let observation = Observation {
                point: self.world.places.point(point).id.clone(),
                sample: Sample::Value(if fails { 1.0 } else { 0.0 }),
                measured_at: None,
                received_at: now,
            };
            if self.take(point, observation, out) {
                to_ask.extend(self.watches.by_point[point].iter().copied());
            }
        }
        self.ask(&mut to_ask, now, out);
    }

    /// Keeps the words of a fault, with the subject and the value that brought it, for the rule that tells of it.
    pub(crate) fn remember_fault(&mut self, number: usize, fault: &RuleFault) {
        let watch = &self.watches.all[number];
        let Some(point) = self.faults.all[watch.rule].point else { return };
        if self.world.faults.contains_key(&point) {
            return;
        }
        let value = self.world.latest(watch.target).and_then(|latest| latest.value);
        let subject = watch.tracking.subject.as_str();
        let cause = match value {
            Some(value) => {
                let LocalText { vi, en } = LocalText::measured(value, &self.unit_of(watch));
                local!("{subject} = {vi}", "{subject} = {en}")
            }
            None => LocalText::same(subject),
        };
        let fault = fault.told();
        let told = LocalText {
            vi: format!("{} ({})", fault.vi, cause.vi),
            en: format!("{} ({})", fault.en, cause.en),
        };
        Arc::make_mut(&mut self.world).faults.insert(point, told.into());
    }
}

impl World {
    /// What is wrong with the rule that the point stands for.
    pub(crate) fn fault(&self, point: PointNo) -> Option<&Arc<LocalText>> {
        self.faults.get(&point)
    }
}
