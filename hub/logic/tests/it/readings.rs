//! From observation to reading: what is missing, what is checked, what is late, what expires.

use std::time::Duration;

use hub_logic::{Effect, Event, rejudge};
use hub_model::{Checks, Commune, Counter, Observation, Quality, Range, Reading, Reason, Sample, Upkeep};

use crate::support::*;

fn stored(effects: &[Effect]) -> (Reading, bool) {
    match effects {
        [Effect::Store { reading, latest, .. }, ..] => (reading.clone(), *latest),
        other => panic!("expected a reading, found {other:?}"),
    }
}

fn verdict(hub: &mut Hub, observation: Observation) -> (Option<f64>, Quality, Option<Reason>) {
    let (reading, _) = stored(&hub.observe(observation));
    (reading.value, reading.quality, reading.reason)
}

fn hub_with(checks: Checks) -> Hub {
    Hub::of(level_with(checks), &[])
}

fn level_with(checks: Checks) -> Commune {
    commune_with(LEVEL, |point| point.checks = checks)
}

#[test]
fn a_raw_number_is_scaled_and_kept_beside_its_value() {
    let (reading, latest) = stored(&Hub::new(&[]).observe(raw(CHLORINE, 42.0, 1)));
    assert_eq!((reading.raw, reading.value, reading.quality), (Some(42.0), Some(0.42), Quality::Good));
    assert_eq!((reading.measured_at, reading.received_at, latest), (at(1), at(1), true));
}

#[test]
fn a_value_is_not_scaled_again() {
    let given = Observation { sample: Sample::Value(0.42), ..raw(CHLORINE, 0.0, 1) };
    let (reading, _) = stored(&Hub::new(&[]).observe(given));
    assert_eq!((reading.raw, reading.value), (None, Some(0.42)));
}

#[test]
fn what_is_no_number_is_missing_with_its_cause() {
    let mut hub = Hub::new(&[]);
    let none = |reason| (None, Quality::Missing, Some(reason));
    assert_eq!(verdict(&mut hub, raw(CHLORINE, 65_535.0, 1)), none(Reason::Sentinel));
    assert_eq!(verdict(&mut hub, raw(CHLORINE, f64::NAN, 2)), none(Reason::NotANumber));
    assert_eq!(verdict(&mut hub, raw(CHLORINE, f64::INFINITY, 3)), none(Reason::NotANumber));
    assert_eq!(verdict(&mut hub, missing(CHLORINE, Reason::Exception(2), 4)), none(Reason::Exception(2)));
    let value = Observation { sample: Sample::Value(f64::NAN), ..raw(CHLORINE, 0.0, 5) };
    assert_eq!(verdict(&mut hub, value), none(Reason::NotANumber));
}

#[test]
fn without_a_check_a_value_is_not_evaluated() {
    let mut hub = Hub::new(&[]);
    assert_eq!(verdict(&mut hub, raw(TURBIDITY, 1.0, 1)), (Some(1.0), Quality::NotEvaluated, None));
    // Waiting for a reading is no check of a value.
    assert_eq!(verdict(&mut hub, raw(CLIENTS, 3.0, 1)), (Some(3.0), Quality::NotEvaluated, None));
}

#[test]
fn the_worst_check_wins() {
    let mut hub = hub_with(Checks {
        range: Some(Range { min: Some(0.0), max: Some(10.0) }),
        suspect: Some(Range { min: Some(1.0), max: Some(5.0) }),
        max_rate_per_minute: Some(1.0),
        ..Checks::default()
    });
    assert_eq!(verdict(&mut hub, raw(LEVEL, 2.0, 0)).1, Quality::Good);
    assert_eq!(
        verdict(&mut hub, raw(LEVEL, 11.0, 60)),
        (Some(11.0), Quality::Fail, Some(Reason::OutOfRange))
    );
    assert_eq!(
        verdict(&mut hub, raw(LEVEL, 6.0, 61)),
        (Some(6.0), Quality::Suspect, Some(Reason::SuspectRange))
    );
    assert_eq!(verdict(&mut hub, raw(LEVEL, 4.0, 62)), (Some(4.0), Quality::Suspect, Some(Reason::Rate)));
    assert_eq!(verdict(&mut hub, raw(LEVEL, 4.5, 122)).1, Quality::Good);
}

#[test]
fn a_rate_is_not_measured_from_a_failing_value() {
    let mut hub = hub_with(Checks {
        range: Some(Range { min: None, max: Some(10.0) }),
        max_rate_per_minute: Some(1.0),
        ..Checks::default()
    });
    hub.observe(raw(LEVEL, 2.0, 0));
    hub.observe(raw(LEVEL, 99.0, 60));
    assert_eq!(verdict(&mut hub, raw(LEVEL, 2.5, 61)).1, Quality::Good);
}

#[test]
fn a_value_that_stands_still_is_suspect_across_gaps_and_restarts() {
    let mut hub = hub_with(Checks { stuck_after: Some(Duration::from_secs(7200)), ..Checks::default() });
    assert_eq!(verdict(&mut hub, raw(LEVEL, 3.0, 0)).1, Quality::Good);
    hub.observe(missing(LEVEL, Reason::Timeout, 1800));
    hub.restart();
    assert_eq!(verdict(&mut hub, raw(LEVEL, 3.0, 7199)).1, Quality::Good);
    assert_eq!(verdict(&mut hub, raw(LEVEL, 3.0, 7200)).2, Some(Reason::Stuck));
    // Even when the history is lost, a stored verdict is believed.
    hub.stored.clear();
    hub.restart();
    assert_eq!(verdict(&mut hub, raw(LEVEL, 3.0, 7260)).2, Some(Reason::Stuck));
    assert_eq!(verdict(&mut hub, raw(LEVEL, 3.1, 7261)).1, Quality::Good);
}

#[test]
fn a_reading_from_the_future_is_suspect_and_stands_in_nobodys_way() {
    let mut hub = Hub::new(&[]);
    assert_eq!(verdict(&mut hub, sent(TURBIDITY, 1.0, 300, 0)).1, Quality::NotEvaluated);
    let (reading, latest) = stored(&hub.observe(sent(LEVEL, 9.0, 86_400, 10)));
    assert_eq!((reading.quality, reading.reason, latest), (Quality::Suspect, Some(Reason::Future), true));
    assert_eq!(reading.measured_at, at(86_400));
    let (reading, latest) = stored(&hub.observe(sent(LEVEL, 2.0, 19, 20)));
    assert_eq!((reading.reason, latest), (None, true));
}

#[test]
fn a_late_reading_is_kept_where_it_belongs_and_is_not_the_latest() {
    let mut hub = Hub::new(&[]);
    hub.observe(sent(LEVEL, 2.0, 100, 100));
    let (reading, latest) = stored(&hub.observe(sent(LEVEL, 1.0, 40, 101)));
    assert_eq!((reading.quality, reading.reason), (Quality::NotEvaluated, Some(Reason::Late)));
    assert_eq!((reading.measured_at, latest), (at(40), false));
    assert_eq!(hub.latest(LEVEL).value, Some(2.0));
    // Two readings within one millisecond: the second stands.
    assert!(stored(&hub.observe(sent(LEVEL, 2.5, 100, 102))).1);
}

#[test]
fn a_first_reading_that_is_old_is_shown_but_not_live() {
    let mut hub = Hub::new(&[]);
    let (reading, latest) = stored(&hub.observe(sent(LEVEL, 2.0, -86_400, 1)));
    assert_eq!((reading.reason, latest), (Some(Reason::Late), true));
}

#[test]
fn a_slow_clock_is_live_and_a_backlog_is_not() {
    let mut slow = Hub::new(&[]);
    slow.observe(sent(LEVEL, 2.0, -3600, 0));
    assert_eq!(verdict(&mut slow, sent(LEVEL, 2.0, -3540, 60)).2, None);
    let mut backlog = Hub::new(&[]);
    for minute in 0..60 {
        let (_, _, reason) = verdict(&mut backlog, sent(LEVEL, 2.0, minute * 60 - 3600, minute));
        let expected = if minute * 60 - 3600 - minute < -600 { Some(Reason::Late) } else { None };
        assert_eq!(reason, expected, "minute {minute}");
    }
    // The same old reading delivered twice does not become live.
    let mut twice = Hub::new(&[]);
    twice.observe(sent(LEVEL, 2.0, -3600, 0));
    assert_eq!(verdict(&mut twice, sent(LEVEL, 2.0, -3600, 5)).2, Some(Reason::Late));
}

#[test]
fn silence_expires_once_and_a_reading_ends_it() {
    let mut hub = Hub::new(&[]);
    hub.observe(sent(CLIENTS, 3.0, 10, 10));
    assert_eq!(hub.logic.next_due(), Some(at(300)));
    assert_eq!(hub.tick(309), []);
    let (reading, latest) = stored(&hub.tick(310));
    assert_eq!(
        (reading.value, reading.quality, reading.reason),
        (None, Quality::Missing, Some(Reason::Expired))
    );
    assert_eq!((reading.measured_at, latest), (at(310), true));
    assert_eq!(hub.logic.next_due(), None);
    assert_eq!(hub.tick(5_000), []);
    // Measured before the notice of silence, but newer than the last real reading.
    assert!(stored(&hub.observe(sent(CLIENTS, 4.0, 200, 5_001))).1);
    assert!(!stored(&hub.observe(sent(CLIENTS, 4.0, 100, 5_002))).1);
}

#[test]
fn silence_is_counted_from_the_start_at_the_earliest() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CLIENTS, 3.0, 10));
    hub.recovered.started_at = at(3_600);
    hub.restart();
    assert_eq!(hub.logic.next_due(), Some(at(3_900)));
    assert_eq!(hub.tick(3_899), []);
    assert_eq!(hub.tick(3_900).len(), 1);
    // What was expired stays so, without another reading.
    hub.recovered.started_at = at(7_200);
    hub.restart();
    assert_eq!(hub.tick(20_000), []);
}

#[test]
fn a_device_that_already_said_that_it_is_offline_does_not_expire() {
    let mut hub = Hub::new(&[]);
    hub.observe(missing(CLIENTS, Reason::Offline, 10));
    assert_eq!(hub.tick(10_000), []);
}

#[test]
fn points_that_are_not_configured_are_passed_over() {
    let unknown = raw("water/plc/unknown", 1.0, 1);
    assert_eq!(Hub::new(&[]).step(at(1), Event::Observed(vec![unknown])), []);
}

#[test]
fn the_last_good_value_is_told_with_every_reading() {
    let mut hub = Hub::new(&[]);
    hub.observe(raw(CHLORINE, 42.0, 1));
    let effects = hub.observe(missing(CHLORINE, Reason::Timeout, 3));
    let [Effect::Store { last_good, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*last_good, Some((0.42, at(1))));
}

#[test]
fn a_counter_gives_a_total_that_never_falls_and_goes_on_after_a_restart() {
    let commune = commune_with(LEVEL, |point| {
        point.counter = Some(Counter::Wrap32);
        point.scaling.scale = "0.1".parse().unwrap();
        point.missing = vec![4_294_967_295.0];
    });
    let mut hub = Hub::of(commune, &[]);
    let total = |hub: &mut Hub, number: f64, seconds: i64| verdict(hub, raw(LEVEL, number, seconds)).0;
    assert_eq!(
        total(&mut hub, 4_294_967_200.0, 1),
        Some(429_496_720.0),
        "it begins with what the device shows"
    );
    assert_eq!(total(&mut hub, 4_294_967_290.0, 2), Some(429_496_729.0));
    assert_eq!(total(&mut hub, 4.0, 3), Some(429_496_730.0), "passed its end");
    assert_eq!(verdict(&mut hub, raw(LEVEL, 4_294_967_295.0, 4)).2, Some(Reason::Sentinel));
    verdict(&mut hub, missing(LEVEL, Reason::Timeout, 5));
    hub.restart();
    assert_eq!(
        total(&mut hub, 24.0, 6),
        Some(429_496_732.0),
        "counted while nothing was heard, over a restart"
    );
    assert_eq!(total(&mut hub, 3.0, 7), Some(429_496_732.3), "exchanged for a new one, which began at 0");
    let latest = hub.latest(LEVEL).clone();
    let again = rejudge(
        &commune_with(LEVEL, |point| point.counter = Some(Counter::Wrap32))
            .points()
            .find(|p| p.id == latest.point)
            .unwrap()
            .clone(),
        &Upkeep::default(),
        &latest,
    );
    assert_eq!(again.value, latest.value, "a total is not computed from its own number");
}
