//! Checks of readings: kept to the last bit, in order, last write wins, latest and last good.

use hub_model::{Quality, Reading, Reason};
use std::ops::ControlFlow;

use super::samples::{at, good, missing, point, readings_of};
use super::{Check, Place};
use crate::port::{Batch, Latest, StoredReading};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("readings come back as they were given", readings_come_back_as_they_were_given),
    ("what is not a number is kept as none", what_is_not_a_number_is_kept_as_none),
    ("readings come in order and within the span", readings_come_in_order),
    ("the last write of a moment counts", the_last_write_of_a_moment_counts),
    ("a visit can be broken off and may ask the store", a_visit_can_be_broken_off),
    ("many readings are all shown", many_readings_are_all_shown),
    ("late readings do not become the latest", late_readings_do_not_become_the_latest),
    ("the last good value outlives missing ones", the_last_good_value_outlives_missing_ones),
    ("readings written again are counted", readings_written_again_are_counted),
];

fn readings_come_back_as_they_were_given(place: &mut Place) {
    let ph = point("a/plc/ph");
    let values = [7.12, 0.1 + 0.2, -0.0, 1e300, f64::MIN_POSITIVE, 65_535.0, -3.0, 9_007_199_254_740_993.0];
    let mut given: Vec<Reading> = (0..).zip(values).map(|(ms, value)| good(&ph, ms, value)).collect();
    given.extend((100..).zip(Quality::ALL).map(|(ms, quality)| Reading { quality, ..good(&ph, ms, 1.5) }));
    let reasons = [Reason::Timeout, Reason::Exception(2), Reason::Late, Reason::Sentinel];
    given.extend((200..).zip(reasons).map(|(ms, reason)| missing(&ph, ms, reason)));
    given.push(Reading { raw: Some(712.0), value: None, received_at: at(-5), ..good(&ph, 300, 0.0) });
    given.push(Reading { received_at: at(i64::MIN), ..good(&ph, i64::MAX - 1, f64::INFINITY) });
    given.insert(0, Reading { received_at: at(i64::MAX), ..good(&ph, i64::MIN, 1.0) });
    place.append_late(given.clone());
    place.look_twice(|store| {
        let back = readings_of(store, &ph, i64::MIN, i64::MAX);
        assert_eq!(back, given);
        let bits = |all: &[Reading]| -> Vec<_> { all.iter().map(|r| r.value.map(f64::to_bits)).collect() };
        assert_eq!(bits(&back), bits(&given));
    });
}

fn what_is_not_a_number_is_kept_as_none(place: &mut Place) {
    let ph = point("a/plc/ph");
    let strange =
        Reading { raw: Some(f64::NAN), value: Some(f64::NAN), ..missing(&ph, 1, Reason::NotANumber) };
    place.append_live([strange]);
    place.look_twice(|store| {
        let expected = missing(&ph, 1, Reason::NotANumber);
        assert_eq!(readings_of(store, &ph, 0, 10), std::slice::from_ref(&expected));
        let latest = store.latest_of(&ph).expect("readable");
        assert_eq!(latest, Some(Latest { reading: expected, last_good: None }));
    });
}

fn readings_come_in_order(place: &mut Place) {
    let (ph, flow) = (point("a/plc/ph"), point("a/plc/flow"));
    place.append_live([good(&ph, 30, 3.0), good(&flow, 20, 99.0), good(&ph, 10, 1.0)]);
    place.append_late([good(&ph, 20, 2.0), good(&ph, 40, 4.0), good(&ph, -10, 0.0)]);
    place.look_twice(|store| {
        let values = |from, to| -> Vec<f64> {
            readings_of(store, &ph, from, to).iter().filter_map(|r| r.value).collect()
        };
        assert_eq!(values(i64::MIN, i64::MAX), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(values(10, 40), [1.0, 2.0, 3.0], "from is within, to is not");
        assert_eq!(values(40, 10), [], "a span that ends before it begins is empty");
        assert_eq!(readings_of(store, &point("a/plc/unknown"), 0, 100), []);
    });
}

fn the_last_write_of_a_moment_counts(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append_live([good(&ph, 10, 1.0), good(&ph, 10, 2.0), good(&ph, 20, 5.0)]);
    place.append_late([good(&ph, 10, 3.0)]);
    place.append_late([good(&ph, 20, 6.0), missing(&ph, 20, Reason::Late)]);
    place.look_twice(|store| {
        assert_eq!(readings_of(store, &ph, 0, 100), [good(&ph, 10, 3.0), missing(&ph, 20, Reason::Late)]);
        let latest = store.latest_of(&ph).expect("readable").map(|latest| latest.reading);
        assert_eq!(latest, Some(good(&ph, 20, 5.0)), "a late correction is no news");
    });
}

fn a_visit_can_be_broken_off(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append_live((0..10).map(|ms| good(&ph, ms, 1.0)));
    place.look_twice(|store| {
        let mut seen = 0;
        let mut visit = |reading: Reading| {
            seen += 1;
            let again = readings_of(store, &ph, reading.measured_at.as_millis(), 10);
            assert_eq!(again.first(), Some(&reading));
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        store.readings(&ph, at(0), at(10), &mut visit).expect("readable");
        assert_eq!(seen, 3);
    });
}

fn many_readings_are_all_shown(place: &mut Place) {
    // More than any page that a store may read them in, every third one written twice.
    let ph = point("a/plc/ph");
    place.append_live((0..20_000).map(|ms| good(&ph, ms, 1.0)));
    place.append_late((0..20_000).step_by(3).map(|ms| good(&ph, ms, 2.0)));
    place.look_twice(|store| {
        let all = readings_of(store, &ph, 0, 20_000);
        assert_eq!(all.len(), 20_000);
        for (ms, reading) in (0..).zip(all) {
            assert_eq!(reading, good(&ph, ms, if ms % 3 == 0 { 2.0 } else { 1.0 }));
        }
    });
}

fn late_readings_do_not_become_the_latest(place: &mut Place) {
    let (ph, old) = (point("a/plc/ph"), point("b/plc/old"));
    place.append_live([good(&ph, 50, 5.0)]);
    place.append_late([good(&ph, 60, 6.0), good(&old, 1, 1.0)]);
    place.look_twice(|store| {
        let latest = store.latest().expect("readable");
        assert_eq!(latest, [Latest { reading: good(&ph, 50, 5.0), last_good: Some((5.0, at(50))) }]);
        assert_eq!(store.latest_of(&old).expect("readable"), None);
    });
}

fn the_last_good_value_outlives_missing_ones(place: &mut Place) {
    let (ph, never) = (point("b/plc/ph"), point("a/plc/never"));
    place.append_live([
        good(&ph, 10, 7.0),
        missing(&ph, 20, Reason::Timeout),
        missing(&never, 5, Reason::Offline),
    ]);
    let fail = Reading { quality: Quality::Fail, reason: Some(Reason::OutOfRange), ..good(&ph, 30, 99.0) };
    place.append_live([fail.clone()]);
    place.look_twice(|store| {
        let expected = [
            Latest { reading: missing(&never, 5, Reason::Offline), last_good: None },
            Latest { reading: fail.clone(), last_good: Some((7.0, at(10))) },
        ];
        assert_eq!(store.latest().expect("readable"), expected, "in the order of the ids");
    });
    let doubtful = Reading { quality: Quality::Suspect, ..good(&ph, 40, 8.0) };
    place.append_live([doubtful]);
    place.look_twice(|store| {
        let last_good = store.latest_of(&ph).expect("readable").and_then(|latest| latest.last_good);
        assert_eq!(last_good, Some((8.0, at(40))));
    });
}

fn readings_written_again_are_counted(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append_live([good(&ph, 10, 1.0), good(&ph, 20, 2.0)]);
    assert_eq!(place.store().repeats(), 0);
    place.append_live([good(&ph, 10, 1.0), good(&ph, 30, 2.0), good(&ph, 30, 3.0)]);
    place.append(Batch {
        readings: vec![StoredReading { reading: good(&ph, 20, 9.0), latest: false }],
        ..Batch::default()
    });
    assert_eq!(place.store().repeats(), 3);
}
