//! A hub that is stopped after every step, and started again from what it stored, does what one does that never stopped.

use std::time::Duration;

use hub_logic::{Action, Effect, Event, MAX_SHELVING};
use hub_model::{Checks, Commune, Observation, Range, Reason, Sample, Timestamp};
use proptest::prelude::*;

use crate::support::*;

const WINDOW_RULE: &str = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ quantity: [\"level\", \"turbidity\"] }, on_delay: \"1m\", off_delay: \"30s\" } }
fn active(p) { p.mean(\"10m\") > 5 || p.delta(\"5m\") > 8 }
fn cleared(p) { p.mean(\"10m\") < 4 }";
const DEVICE_RULE: &str = "fn rule() { #{ title: \"t\", priority: \"low\", watches: #{ scope: \"device\", site_kind: [\"water_station\", \"wifi_access_point\"] }, on_delay: \"1m\" } }
fn active(p) { p.quality == \"missing\" && p.age_s > 60 }";

const SITE_RULE: &str = "fn rule() { #{ title: \"t\", priority: \"critical\", watches: #{ scope: \"site\", site_kind: \"water_station\" }, off_delay: \"20s\", explains: [\"device\", \"raise\"] } }
fn active(s) { s.silent_devices > 0 }";

fn rules() -> [(&'static str, String); 6] {
    [
        ("site.rhai", SITE_RULE.to_owned()),
        ("latched.rhai", chlorine_rule("latching: true, remind_after: \"2m\"")),
        ("low.rhai", chlorine_rule("on_delay: \"2m\", off_delay: \"1m\"")),
        ("raise.rhai", chlorine_rule("on_missing: \"raise\", on_delay: \"90s\"")),
        ("window.rhai", WINDOW_RULE.to_owned()),
        ("device.rhai", DEVICE_RULE.to_owned()),
    ]
}

fn checked_commune() -> Commune {
    commune_with(LEVEL, |point| {
        point.checks = Checks {
            range: Some(Range { min: Some(0.0), max: Some(50.0) }),
            suspect: None,
            max_rate_per_minute: Some(20.0),
            stuck_after: Some(Duration::from_secs(240)),
            expire_after: Some(Duration::from_secs(180)),
        };
    })
}

#[derive(Debug, Clone)]
enum Happening {
    Readings(Vec<(usize, f64, i64, Option<Reason>)>),
    Tick,
    Due,
    Act(u64, u8),
    Service(usize, bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let reason = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Reason::Timeout)),
        1 => Just(Some(Reason::Offline)),
        1 => Just(Some(Reason::BadAnswer)),
    ];
    // Lags behind receipt: live, late, from a slow clock, and from the future.
    let lag = prop_oneof![6 => Just(0i64), 2 => 0..90i64, 1 => 500..4_000i64, 1 => -4_000..-200i64];
    let value = prop_oneof![Just(5.0), Just(10.0), Just(30.0), Just(60.0), 0.0..70.0f64];
    let readings = prop::collection::vec((0..4usize, value, lag, reason), 1..4);
    prop_oneof![
        6 => readings.prop_map(Happening::Readings),
        2 => Just(Happening::Tick),
        3 => Just(Happening::Due),
        3 => (1..9u64, 0..6u8).prop_map(|(alarm, what)| Happening::Act(alarm, what)),
        1 => (0..3usize, any::<bool>()).prop_map(|(scope, out)| Happening::Service(scope, out)),
    ]
}

/// Does what happens `seconds` after the start, a timer being due at `due`; what came of it.
fn happen(hub: &mut Hub, seconds: i64, due: Option<Timestamp>, happening: &Happening) -> Vec<Effect> {
    match happening {
        Happening::Tick => hub.tick(seconds),
        Happening::Due => match due.filter(|due| *due <= at(seconds)) {
            Some(due) => hub.step(due.max(at(seconds - 1)), Event::Tick),
            None => vec![],
        },
        Happening::Act(alarm, what) => {
            let action = match what {
                0 | 1 => Action::Acknowledge { comment: None },
                2 => Action::Shelve { until: at(seconds + 45), reason: "x".into(), longest: MAX_SHELVING },
                3 => Action::Unshelve,
                _ => Action::Reset { comment: None },
            };
            hub.act(seconds, *alarm, action).unwrap_or_default()
        }
        Happening::Service(scope, out) => hub.service(seconds, ["water", "water/plc", LEVEL][*scope], *out),
        Happening::Readings(readings) => {
            let points = [CHLORINE, TURBIDITY, LEVEL, CLIENTS];
            let observations = readings.iter().map(|(point, value, lag, reason)| {
                let plain = sent(points[*point], *value, seconds - lag, seconds);
                match reason {
                    None => plain,
                    Some(reason) => {
                        Observation { sample: Sample::Missing(*reason), measured_at: None, ..plain }
                    }
                }
            });
            let observations = observations.collect();
            hub.step(at(seconds), Event::Observed(observations))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stopping_at_every_step_changes_nothing(
        happenings in prop::collection::vec((1..100i64, happening()), 1..60),
    ) {
        let rules = rules();
        let rules = rules.each_ref().map(|(file, text)| (*file, text.as_str()));
        let mut live = Hub::of(checked_commune(), &rules);
        let mut stopped = Hub::of(checked_commune(), &rules);
        let mut seconds = 0;
        for (pause, happening) in &happenings {
            seconds += pause;
            stopped.restart();
            // A hub that was just started asks for a tick at once: here both are given the same.
            let due = live.logic.next_due();
            let expected = happen(&mut live, seconds, due, happening);
            let found = happen(&mut stopped, seconds, due, happening);
            prop_assert_eq!(found, expected, "at {} s: {:?}", seconds, happening);
        }
        prop_assert_eq!(&live.recovered.alarms, &stopped.recovered.alarms);
        prop_assert_eq!(&live.faults, &vec![]);
    }

    #[test]
    fn every_alarm_walks_allowed_steps_only(
        happenings in prop::collection::vec((1..100i64, happening()), 1..60),
    ) {
        let rules = rules();
        let rules = rules.each_ref().map(|(file, text)| (*file, text.as_str()));
        let mut hub = Hub::of(checked_commune(), &rules);
        let mut seconds = 0;
        let mut last_stored = 0;
        for (pause, happening) in &happenings {
            seconds += pause;
            let due = hub.logic.next_due();
            for step in path(&happen(&mut hub, seconds, due, happening)) {
                let (from, to) = step.split_once('>').unwrap();
                let hidden = |state: &str| ["shelved", "suppressed_by_design", "out_of_service"].contains(&state);
                let plain = [
                    "none>unacknowledged", "unacknowledged>acknowledged", "unacknowledged>rtn_unacknowledged",
                    "rtn_unacknowledged>unacknowledged", "rtn_unacknowledged>normal", "acknowledged>normal",
                    // A latched alarm whose condition came back, a reminder, a condition that is gone and waits.
                    "acknowledged>unacknowledged", "unacknowledged>unacknowledged", "acknowledged>acknowledged",
                ];
                let allowed = hidden(from) || hidden(to) || plain.contains(&step.as_str());
                prop_assert!(allowed, "{}", step);
            }
            // One alarm at most for a rule on a subject, and nothing observed is dropped.
            let mut open: Vec<_> = hub.recovered.alarms.iter().map(|a| (a.rule.clone(), a.subject.clone())).collect();
            open.sort();
            let all = open.len();
            open.dedup();
            prop_assert_eq!(open.len(), all);
            if let Happening::Readings(readings) = happening {
                prop_assert!(hub.stored.len() >= last_stored + readings.len());
            }
            last_stored = hub.stored.len();
        }
    }
}
