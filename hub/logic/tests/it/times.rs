//! Zones with summer time: rules that look at the local hour, and delays, over the hour that is left out and the one that comes
//! twice.

use std::sync::Arc;

use hub_logic::{Event, Host, Logic, Recovered, RuleSet};
use hub_model::Timestamp;

use crate::support::*;

/// Berlin, 2027-03-28: at 01:00 UTC the clock goes from 02:00 to 03:00.
const FORWARD: Timestamp = Timestamp::from_millis(1_806_195_600_000);
/// Berlin, 2027-10-31: at 01:00 UTC the clock goes from 03:00 back to 02:00.
const BACK: Timestamp = Timestamp::from_millis(1_824_944_400_000);

/// Judges between two and four o'clock only, with a delay of ten minutes.
const AT_NIGHT: &str =
    "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ point: \"turbidity\" }, on_delay: \"10m\" } }
fn enabled_when(p) { local_hour() >= 2 && local_hour() < 4 }
fn active(p) { p.value > 10 }";

/// Minutes after 00:00 UTC of the day of `change` at which the alarm was raised and was over.
fn night(change: Timestamp, before_s: i32, after_s: i32) -> Vec<(i64, &'static str)> {
    let host = Host {
        utc_offset_s: Box::new(move |at| if at < change { before_s } else { after_s }),
        ..host(stopwatch())
    };
    let (rules, faults) = RuleSet::compile([("night.rhai".to_owned(), AT_NIGHT.to_owned())]);
    assert_eq!(faults, []);
    let midnight = change.minus(minutes(60));
    let mut logic = Logic::new(Arc::new(commune()), rules, Recovered::nothing(midnight), host);
    let mut changes = vec![];
    for minute in 0..240_i64 {
        let now = midnight.plus(minutes(minute.cast_unsigned()));
        let observation = hub_model::Observation { received_at: now, ..raw(TURBIDITY, 20.0, 0) };
        for effect in logic.step(now, Event::Observed(vec![observation])) {
            if let hub_logic::Effect::Alarm { transition, .. } = effect {
                changes.push((minute, transition.to.code()));
            }
        }
    }
    changes
}

#[test]
fn a_rule_that_judges_by_the_hour_follows_the_clock_over_both_changes_and_its_delay_keeps_its_length() {
    // 02:00 does not come: from 01:59 it is 03:00 at once, and the two hours are one.
    let spring = night(FORWARD, 3_600, 7_200);
    assert_eq!(spring, [(70, "unacknowledged"), (120, "rtn_unacknowledged")]);
    // 02:00 to 03:00 comes twice, as a third hour; it is one stretch, raised once.
    let autumn = night(BACK, 7_200, 3_600);
    assert_eq!(autumn, [(10, "unacknowledged"), (180, "rtn_unacknowledged")]);
}

#[test]
fn where_there_is_no_summer_time_the_same_night_is_two_hours() {
    assert_eq!(night(FORWARD, 3_600, 3_600), [(70, "unacknowledged"), (180, "rtn_unacknowledged")]);
}
