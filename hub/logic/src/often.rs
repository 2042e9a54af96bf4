//! What comes too often: an alarm that chatters, and so many at one site that they are told together.
//!
//! Counts only; an alarm is raised whatever is found here. Read next: [`crate::evaluate`].

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use hub_model::{SiteId, Timestamp};

/// An alarm that was raised so often within [`CHATTER_WINDOW`] chatters.
pub const CHATTER_RAISES: usize = 5;
/// See [`CHATTER_RAISES`].
pub const CHATTER_WINDOW: Duration = Duration::from_secs(3600);
/// So many new alarms of one site within [`FLOOD_WINDOW`] are a flood: those that follow are told together.
pub const FLOOD_ALARMS: usize = 10;
/// See [`FLOOD_ALARMS`].
pub const FLOOD_WINDOW: Duration = Duration::from_secs(10 * 60);

/// New alarms of the last minutes by site. At most [`FLOOD_ALARMS`] times are kept for each.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    lately: HashMap<SiteId, VecDeque<Timestamp>>,
}

impl Floods {
    pub(crate) fn new(raised: Vec<(SiteId, Timestamp)>) -> Self {
        let mut raised = raised;
        raised.sort_by_key(|(_, at)| *at);
        let mut floods = Self::default();
        for (site, at) in raised {
            floods.add(site, at);
        }
        floods
    }

    /// Takes a new alarm in; whether the site was flooded already.
    pub(crate) fn add(&mut self, site: SiteId, now: Timestamp) -> bool {
        let lately = self.lately.entry(site).or_default();
        lately.retain(|at| *at <= now && now.since(*at) < FLOOD_WINDOW);
        let flooded = lately.len() >= FLOOD_ALARMS;
        if flooded {
            lately.pop_front();
        }
        lately.push_back(now);
        flooded
    }
}

/// Notes a raising among those of late; whether the alarm chatters.
pub(crate) fn chatters(raises: &mut Vec<Timestamp>, now: Timestamp) -> bool {
    forget_old(raises, now);
    raises.push(now);
    if raises.len() > CHATTER_RAISES {
        raises.remove(0);
    }
    raises.len() == CHATTER_RAISES
}

/// Forgets raisings that lie too far back to count, or after a clock that was set back.
pub(crate) fn forget_old(raises: &mut Vec<Timestamp>, now: Timestamp) {
    raises.retain(|at| *at <= now && now.since(*at) < CHATTER_WINDOW);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    #[test]
    fn the_fifth_raising_within_an_hour_chatters() {
        let mut raises = vec![];
        let found: Vec<_> = [0, 10, 20, 30, 40, 61, 200].map(|m| chatters(&mut raises, at(m))).into();
        assert_eq!(found, [false, false, false, false, true, true, false]);
        assert_eq!(raises, [at(200)]);
    }

    #[test]
    fn the_eleventh_new_alarm_of_a_site_within_ten_minutes_is_part_of_a_flood() {
        let (a, b) = (SiteId::parse("a").unwrap(), SiteId::parse("b").unwrap());
        let mut floods = Floods::new((0..9).map(|_| (a.clone(), at(0))).collect());
        assert!(!floods.add(a.clone(), at(1)));
        assert!(floods.add(a.clone(), at(2)));
        assert!(!floods.add(b, at(2)));
        assert!(!floods.add(a, at(12)), "over");
    }
}
