//! One rule in RAM, which stays as it is: the hub's own folder is tested with the hub's own binary.

use std::io;
use std::sync::Arc;

use hub_api::{RuleBook, RuleOrigin, RuleText};
use hub_logic::Elapsed;

pub struct PretendedRules;

/// A rule that is taken.
pub const RULE: &str = "fn rule() { #{ title: \"T\", priority: \"high\", watches: #{ quantity: \"ph\" } } }\nfn active(p) { p.value > 8.5 }\n";

impl RuleBook for PretendedRules {
    fn read(&self, rule: &str) -> io::Result<Option<RuleText>> {
        let text = || RuleText { source: RULE.to_owned(), cases: None, origin: RuleOrigin::Own, is_on: true };
        Ok((rule == "chlorine-low").then(text))
    }

    fn write(&self, _: &str, _: &str, _: Option<&str>) -> io::Result<()> {
        Ok(())
    }

    fn switch(&self, _: &str, _: bool, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn changed(&self) {}

    fn stopwatch(&self) -> Elapsed {
        Arc::new(std::time::Duration::default)
    }
}
