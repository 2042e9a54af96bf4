//! Calibrations, work on instruments, and what is judged once more.

use std::sync::Arc;

use hub_logic::{Effect, corrected, excluded, is_officers, rejudge};
use hub_model::{Calibration, Observation, PointId, Quality, Reading, Reason, Sample, Scope, Upkeep, Window};

use crate::support::{
    CHLORINE, CLIENTS, Hub, LEVEL, at, chlorine_rule, commune, commune_with, missing, raw, sent,
};

fn calibration(seconds: i64, gain: &str, offset: &str) -> Calibration {
    Calibration {
        from: at(seconds),
        gain: gain.parse().unwrap(),
        offset: offset.parse().unwrap(),
        by: "Lan".into(),
    }
}

fn upkeep(calibrations: &[(&str, Calibration)], windows: &[(&str, i64, i64)]) -> Arc<Upkeep> {
    let all = calibrations.iter().map(|(point, one)| (PointId::parse(point).unwrap(), one.clone()));
    let windows = windows.iter().map(|(scope, from, to)| Window {
        scope: Scope::parse(scope).unwrap(),
        from: at(*from),
        to: at(*to),
    });
    Arc::new(Upkeep::new(all, windows.collect()))
}

fn stored(effects: &[Effect]) -> &Reading {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Store { reading, .. } => Some(reading),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_calibration_counts_from_its_date_by_the_time_of_measuring_and_the_raw_number_stays() {
    let mut hub = Hub::new(&[]);
    hub.logic.set_upkeep(upkeep(&[(CHLORINE, calibration(100, "1.05", "-0.02"))], &[]));
    let before = stored(&hub.observe(raw(CHLORINE, 40.0, 99))).clone();
    assert_eq!((before.raw, before.value), (Some(40.0), Some(0.4)));
    let after = stored(&hub.observe(raw(CHLORINE, 40.0, 100))).clone();
    assert_eq!((after.raw, after.value), (Some(40.0), Some(0.4)));
    let after = stored(&hub.observe(raw(CHLORINE, 41.0, 101))).clone();
    assert_eq!((after.raw, after.value), (Some(41.0), Some(0.4105)));
    let late = stored(&hub.observe(sent(CHLORINE, 41.0, 50, 102))).clone();
    assert_eq!((late.value, late.reason), (Some(0.41), Some(Reason::Late)));
    let sentinel = stored(&hub.observe(raw(CHLORINE, 65_535.0, 103))).clone();
    assert_eq!((sentinel.raw, sentinel.value), (Some(65_535.0), None));
}

#[test]
fn calibrations_of_the_configuration_are_in_force_from_the_start() {
    let with = commune_with(CHLORINE, |point| point.calibrations = vec![calibration(0, "2", "0")]);
    let mut hub = Hub::of(with, &[]);
    assert_eq!(stored(&hub.observe(raw(CHLORINE, 40.0, 1))).value, Some(0.8));
}

#[test]
fn a_value_that_was_sent_is_calibrated_where_it_is_not_scaled() {
    let mut hub = Hub::new(&[]);
    let all = [(LEVEL, calibration(0, "1.1", "0")), (CHLORINE, calibration(0, "1.1", "0"))];
    hub.logic.set_upkeep(upkeep(&all, &[]));
    let value = |point, value| Observation { sample: Sample::Value(value), ..raw(point, 0.0, 1) };
    let level = stored(&hub.observe(value(LEVEL, 2.0))).clone();
    assert_eq!((level.raw, level.value), (Some(2.0), Some(2.2)));
    // A device's number in its place would have been scaled: what came as a value is the sender's word.
    let chlorine = stored(&hub.observe(value(CHLORINE, 2.0))).clone();
    assert_eq!((chlorine.raw, chlorine.value), (None, Some(2.0)));
}

#[test]
fn judging_again_gives_what_would_have_been_kept_at_once() {
    let commune = commune();
    let point = commune.points().find(|point| point.id.as_str() == CHLORINE).unwrap();
    let with = upkeep(&[(CHLORINE, calibration(100, "1.05", "-0.02"))], &[("water/plc", 200, 300)]);
    let (mut before, mut after) = (Hub::new(&[]), Hub::new(&[]));
    after.logic.set_upkeep(with.clone());
    for (second, number) in (90..320).step_by(7).zip([40.0, 41.0, 500.0, 65_535.0, 480.0].iter().cycle()) {
        let plain = stored(&before.observe(raw(CHLORINE, *number, second))).clone();
        let expected = stored(&after.observe(raw(CHLORINE, *number, second))).clone();
        assert_eq!(rejudge(point, &with, &plain), expected, "{number} at {second} s");
        assert_eq!(rejudge(point, &Upkeep::default(), &expected), plain, "and back");
    }
}

#[test]
fn what_an_officer_changed_outlasts_a_calibration() {
    let commune = commune();
    let point = commune.points().find(|point| point.id.as_str() == CHLORINE).unwrap();
    let with = upkeep(&[(CHLORINE, calibration(0, "2", "0"))], &[]);
    let mut hub = Hub::new(&[]);
    let plain = stored(&hub.observe(raw(CHLORINE, 40.0, 1))).clone();

    let out = excluded(point, &plain);
    assert_eq!((out.value, out.quality, out.reason), (Some(0.4), Quality::Fail, Some(Reason::Excluded)));
    let again = rejudge(point, &with, &out);
    assert_eq!(
        (again.value, again.quality, again.reason),
        (Some(0.8), Quality::Fail, Some(Reason::Excluded))
    );

    let set = corrected(point, &plain, 0.5);
    assert_eq!((set.raw, set.value, set.quality), (Some(40.0), Some(0.5), Quality::Good));
    assert_eq!(rejudge(point, &with, &set), set);
    assert!(is_officers(&out) && is_officers(&set) && !is_officers(&plain));
}

#[test]
fn work_on_an_instrument_is_marked_and_raises_no_alarm() {
    let raising = chlorine_rule(r#"on_missing: "raise""#);
    let mut hub = Hub::new(&[("low.rhai", &raising)]);
    hub.logic.set_upkeep(upkeep(&[], &[("water", 10, 100)]));
    let during = hub.observe(raw(CHLORINE, 1.0, 20));
    let reading = stored(&during);
    assert_eq!((reading.value, reading.quality), (Some(0.01), Quality::Calibrating));
    assert_eq!(reading.reason, Some(Reason::Maintenance));
    assert_eq!(during.len(), 1, "no alarm: {during:?}");
    assert_eq!(hub.observe(missing(CHLORINE, Reason::Timeout, 30)).len(), 1, "nor when it is unplugged");
    assert_eq!(hub.observe(raw(CHLORINE, 600.0, 40)).len(), 1, "nor for what it cannot measure");
    // The work is over, but nothing has been measured since.
    assert!(hub.tick(101).is_empty());
    assert_eq!(hub.observe(raw(CHLORINE, 1.0, 102)).len(), 3, "the first word afterwards is judged");
    assert_eq!(hub.alarm().value, Some(0.01));
}

#[test]
fn an_alarm_that_stood_before_the_work_stays_as_it_is() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    hub.observe(raw(CHLORINE, 1.0, 1));
    let before = hub.alarm().clone();
    hub.logic.set_upkeep(upkeep(&[], &[(CHLORINE, 10, 100)]));
    hub.observe(raw(CHLORINE, 50.0, 20));
    assert_eq!(*hub.alarm(), before);
}

#[test]
fn a_change_of_the_past_moves_the_latest_value_and_raises_nothing() {
    let mut hub = Hub::new(&[("low.rhai", &chlorine_rule(""))]);
    hub.observe(raw(CHLORINE, 50.0, 1));
    let latest = stored(&hub.observe(raw(CHLORINE, 51.0, 2))).clone();
    let old = hub.stored[0].clone();
    let amended = hub
        .logic
        .amend(vec![Reading { value: Some(0.01), ..old }, Reading { value: Some(0.02), ..latest.clone() }]);
    assert_eq!(amended.iter().map(|one| one.latest).collect::<Vec<_>>(), [false, true]);
    assert_eq!(amended[1].last_good, Some((0.02, latest.measured_at)));
    assert!(hub.tick(3).is_empty());
    // Taken out of account, it is not the last good value any more.
    let commune = commune();
    let point = commune.points().find(|point| point.id.as_str() == CHLORINE).unwrap();
    let out = hub.logic.amend(vec![excluded(point, &latest)]);
    assert_eq!((out[0].latest, out[0].last_good), (true, None));
    // Of a point that is gone, the reading is kept all the same.
    let gone = Reading { point: PointId::parse("water/plc/gone").unwrap(), ..latest };
    assert!(!hub.logic.amend(vec![gone])[0].latest);
}

#[test]
fn silence_during_work_is_noted_without_an_alarm_of_the_device() {
    let silent = r#"fn rule() { #{ title: "silent", priority: "low", watches: #{ scope: "device" } } }
fn active(p) { p.missing }"#;
    let mut hub = Hub::new(&[("silent.rhai", silent)]);
    hub.logic.set_upkeep(upkeep(&[], &[("wifi/ap", 0, 1_000)]));
    hub.observe(raw(CLIENTS, 3.0, 1));
    let effects = hub.tick(400);
    assert_eq!(stored(&effects).reason, Some(Reason::Expired));
    assert!(hub.recovered.alarms.is_empty());
    assert!(!hub.tick(1_000).is_empty(), "after the work, the device is missed");
}
