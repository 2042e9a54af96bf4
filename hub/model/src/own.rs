//! The hub itself as a place that is watched: the ids that are kept for it.
//!
//! Only names stand here. What is measured of the hub is told by `hub/server/src/own`, what its rules' faults are by
//! `hub_logic`. Read next: decision 40.

use crate::{DeviceId, PointId, SiteId};

/// The site that stands for the hub itself. No configured site may have this id.
pub const SITE: &str = "_hub";
/// The device of it that measures the machine and the program.
pub const MACHINE: &str = "_hub/machine";
/// The device of it with one point for each rule: 1 while the rule is at fault, 0 while it works.
pub const RULES: &str = "_hub/rules";
/// The point that is 1 while the store takes nothing.
pub const STORE_FAILING: &str = "_hub/machine/store_failing";

/// Whether the site is the hub itself.
pub fn is_own(site: &SiteId) -> bool {
    site.as_str() == SITE
}

/// The point that says whether a rule is at fault; `None` for a name that is no part of an id.
pub fn rule_point(rule: &str) -> Option<PointId> {
    let device = DeviceId::parse(RULES).ok()?;
    PointId::new(&device, rule).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_well_formed_and_of_one_site() {
        let site = SiteId::parse(SITE).unwrap();
        assert!(is_own(&site));
        for device in [MACHINE, RULES] {
            assert_eq!(DeviceId::parse(device).unwrap().site(), site);
        }
        assert_eq!(PointId::parse(STORE_FAILING).unwrap().device().as_str(), MACHINE);
        assert_eq!(rule_point("bin-full").unwrap().as_str(), "_hub/rules/bin-full");
        assert_eq!(rule_point("Bin full"), None);
    }
}
