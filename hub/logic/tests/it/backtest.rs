//! A rule on the past: what it would have raised is what it did raise, and a changed one is compared with it.

use hub_logic::{Backtest, BacktestDifference, BacktestReport, Effect, RuleSet};
use hub_model::{Quality, Reading, Reason, Timestamp, Why};

use crate::support::*;

const HOUR: i64 = 3_600;

fn run(rule: &str, readings: &[Reading], to: i64) -> BacktestReport {
    let (rules, faults) = RuleSet::compile([("low.rhai".to_owned(), rule.to_owned())]);
    assert_eq!(faults, []);
    let mut run = Backtest::new(&commune(), rules, at(0), at(to), host(stopwatch())).unwrap();
    for reading in readings {
        run.take(reading.received_at, vec![reading.clone()]);
    }
    run.finish()
}

/// Low for twenty minutes of every two hours, silent for a while in between.
fn day(hub: &mut Hub) -> Vec<(Timestamp, Why)> {
    let mut told = vec![];
    for minute in 0..24 * 60 {
        let seconds = minute * 60;
        let effects = match minute % 120 {
            50..60 => hub.observe(missing(CHLORINE, Reason::Timeout, seconds)),
            low if low < 20 => hub.observe(raw(CHLORINE, 10.0, seconds)),
            _ => hub.observe(raw(CHLORINE, 50.0, seconds)),
        };
        for effect in effects {
            let Effect::Alarm { alarm, transition } = effect else { continue };
            told.push((transition.at, transition.why));
            if transition.why == Why::Returned {
                hub.act(seconds, alarm.id.0, hub_logic::Action::Acknowledge { comment: None }).unwrap();
            }
        }
    }
    told
}

#[test]
fn what_would_have_been_raised_is_what_was_raised() {
    let rule = chlorine_rule("on_delay: \"5m\", off_delay: \"3m\"");
    let mut hub = Hub::new(&[("low.rhai", &rule)]);
    let told = day(&mut hub);
    let report = run(&rule, &hub.stored, 24 * HOUR);
    assert_eq!(
        (report.readings, report.raised, report.cleared, report.messages),
        (hub.stored.len() as u64, 12, 12, 12)
    );
    let raised: Vec<_> = report.alarms.iter().map(|alarm| (alarm.raised_at, Why::Raised)).collect();
    let lived: Vec<_> = told.into_iter().filter(|(_, why)| *why == Why::Raised).collect();
    assert_eq!(raised, lived);
    // From the fifth minute to the twenty-third.
    assert_eq!(report.minutes_active, 12.0 * 18.0);
    assert_eq!(report.alarms[0].subject.as_str(), CHLORINE);
    assert_eq!(report.weeks.iter().map(|week| week.raised).sum::<u64>(), 12);
}

#[test]
fn a_changed_rule_is_compared_with_the_one_in_force() {
    let in_force = chlorine_rule("on_delay: \"5m\", off_delay: \"3m\"");
    let slower = chlorine_rule("on_delay: \"30m\"");
    let mut hub = Hub::new(&[("low.rhai", &in_force)]);
    day(&mut hub);
    let (new, old) = (run(&slower, &hub.stored, 24 * HOUR), run(&in_force, &hub.stored, 24 * HOUR));
    let difference = BacktestDifference::between(&new, &old);
    assert_eq!((new.raised, difference.new.len(), difference.gone.len()), (0, 0, 12));
    let back = BacktestDifference::between(&old, &new);
    assert_eq!((back.new.len(), back.gone.len()), (12, 0));
}

#[test]
fn an_alarm_that_still_stands_counts_until_the_end_and_delays_end_without_readings() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CHLORINE, 10.0, 60));
    let report = run(&chlorine_rule("on_delay: \"10m\", remind_after: \"2h\""), &hub.stored, 5 * HOUR);
    assert_eq!((report.raised, report.cleared), (1, 0));
    assert_eq!(report.alarms[0].raised_at, at(660));
    assert_eq!(report.minutes_active, 289.0);
    assert_eq!(report.messages, 3, "and two reminders");
}

#[test]
fn what_came_late_or_was_never_judged_raises_nothing_in_the_past_either() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CHLORINE, 50.0, 10_000));
    hub.observe(sent(CHLORINE, 10.0, 100, 10_060));
    let mut readings = hub.stored.clone();
    readings.push(Reading { quality: Quality::Fail, reason: Some(Reason::Excluded), ..readings[1].clone() });
    readings.sort_by_key(|reading| reading.measured_at);
    assert_eq!(run(&chlorine_rule(""), &readings, 5 * HOUR).raised, 0);
}

#[test]
fn faults_on_the_way_are_told() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CHLORINE, 10.0, 60));
    let faulty = chlorine_rule("").replace("p.value < p.limit.min", "p.value < p.limit.least");
    let report = run(&faulty, &hub.stored, HOUR);
    assert_eq!((report.raised, report.faults[0].line), (0, 2));
    let (rules, _) = RuleSet::compile([("low.rhai".to_owned(), "fn rule() {".to_owned())]);
    assert!(Backtest::new(&commune(), rules, at(0), at(1), host(stopwatch())).is_err());
}
