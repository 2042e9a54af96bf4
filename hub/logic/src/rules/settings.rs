//! What holds for a rule at one site: what it says of itself, and what the site wants otherwise.
//!
//! Read next: [`super::facts`], `hub_model::RuleOverride`.

use std::collections::BTreeMap;
use std::time::Duration;

use hub_model::{Commune, LocalText, Parameter, Priority, RuleOverride, local};

use super::Rule;
use super::facts::{Facts, MAX_DELAY};
use crate::RuleFault;

/// A rule's figures at one site.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) priority: Priority,
    pub(crate) on_delay: Duration,
    pub(crate) off_delay: Duration,
    pub(crate) remind_after: Option<Duration>,
    pub(crate) parameters: BTreeMap<String, Parameter>,
}

impl Settings {
    pub(crate) fn new(facts: &Facts, site: Option<&RuleOverride>) -> Self {
        let none = RuleOverride::default();
        let site = site.unwrap_or(&none);
        let mut parameters = facts.parameters.clone();
        for (name, value) in &site.parameters {
            // What the rule does not know is told by `override_faults`; it changes nothing here.
            if let Some(known) = parameters.get_mut(name).filter(|known| is_same_kind(known, value)) {
                *known = value.clone();
            }
        }
        Self {
            enabled: site.enabled.unwrap_or(true),
            priority: site.priority.unwrap_or(facts.priority),
            on_delay: site.on_delay.unwrap_or(facts.on_delay).min(MAX_DELAY),
            off_delay: site.off_delay.unwrap_or(facts.off_delay).min(MAX_DELAY),
            remind_after: site.remind_after.or(facts.remind_after),
            parameters,
        }
    }
}

/// What sites want of rules that are not there, or of parameters that those do not have: each at the place where it is
/// written.
pub(super) fn override_faults(rules: &[Rule], refused: &[RuleFault], commune: &Commune) -> Vec<LocalText> {
    let mut faults = vec![];
    for (id, site) in commune.sites.iter().flat_map(|site| &site.rules) {
        let place = &site.place;
        let Some(rule) = rules.iter().find(|rule| &*rule.id == id.as_str()) else {
            if !refused.iter().any(|fault| &*fault.rule == id.as_str()) {
                let known = rules.iter().map(|rule| &*rule.id).collect::<Vec<_>>().join(", ");
                faults.push(local!(
                    "{place}: rules.{id}: không có quy tắc này, được phép: {known}",
                    "{place}: rules.{id}: there is no such rule, allowed: {known}"
                ));
            }
            continue;
        };
        for (name, value) in &site.parameters {
            let known: Vec<&str> = rule.facts.parameters.keys().map(String::as_str).collect();
            match rule.facts.parameters.get(name) {
                Some(own) if is_same_kind(own, value) => {}
                Some(own) => {
                    let LocalText { vi, en } = kind(own);
                    faults.push(local!(
                        "{place}: rules.{id}.{name}: được phép: {vi}",
                        "{place}: rules.{id}.{name}: allowed: {en}"
                    ));
                }
                None => {
                    let own = ["enabled", "priority", "on_delay", "off_delay", "remind_after"];
                    let allowed = [&own, known.as_slice()].concat().join(", ");
                    faults.push(local!(
                        "{place}: rules.{id}.{name}: khóa không có, được phép: {allowed}",
                        "{place}: rules.{id}.{name}: unknown key, allowed: {allowed}"
                    ));
                }
            }
        }
    }
    faults
}

fn is_same_kind(one: &Parameter, other: &Parameter) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn kind(parameter: &Parameter) -> LocalText {
    match parameter {
        Parameter::Number(_) => local!("một số", "a number"),
        Parameter::Text(_) => local!("một văn bản", "a text"),
        Parameter::Flag(_) => LocalText::same("true, false"),
    }
}
