//! `[rules.<rule>]` of a site, or of `hub.toml` for the hub itself: what is wanted otherwise than the rule says of itself.
//!
//! Whether there is such a rule, and such a parameter, is known once the rules are compiled: `RuleSet::override_faults`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use adapters_sdk::config::{Plain, Problems, Table};
use hub_model::{Parameter, Priority, RuleOverride};

const DELAYS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(30 * 24 * 3600);
const REMINDERS: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 3600);

pub(super) fn read(site: &mut Table, problems: &mut Problems) -> BTreeMap<String, RuleOverride> {
    let Some(mut rules) = site.table("rules", problems) else { return BTreeMap::new() };
    let named = rules.named_tables();
    rules.finish(problems);
    named.into_iter().map(|(rule, table)| (rule, one(table, problems))).collect()
}

/// One such part.
pub(super) fn one(mut table: Table, problems: &mut Problems) -> RuleOverride {
    let place = table.place().to_string();
    let priorities: Vec<_> = Priority::ALL.iter().map(|priority| (priority.code(), *priority)).collect();
    let read = RuleOverride {
        place,
        enabled: table.boolean("enabled", problems),
        priority: table.choice("priority", &priorities, problems),
        on_delay: table.duration("on_delay", DELAYS, problems),
        off_delay: table.duration("off_delay", DELAYS, problems),
        remind_after: table.duration("remind_after", REMINDERS, problems),
        parameters: BTreeMap::new(),
    };
    let parameter = |plain| match plain {
        Plain::Number(number) => Parameter::Number(number),
        Plain::Text(text) => Parameter::Text(text),
        Plain::Flag(flag) => Parameter::Flag(flag),
    };
    let parameters = table.plain_values().into_iter().map(|(name, plain)| (name, parameter(plain))).collect();
    table.finish(problems);
    RuleOverride { parameters, ..read }
}
