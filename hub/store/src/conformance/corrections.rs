//! Checks of corrections: the new reading counts, the old one is kept, and who, when and why with it.

use hub_model::{Quality, Reading, Reason};

use super::samples::{at, good, missing, point, readings_of};
use super::{Check, Place};
use crate::port::{Batch, Correction, Latest, StoredReading};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("a correction keeps what it replaced", a_correction_keeps_what_it_replaced),
    ("corrections come after their batch's readings", corrections_come_after_their_batchs_readings),
    ("a correction renews the latest if it says so", a_correction_renews_the_latest_if_it_says_so),
];

fn correction(reading: Reading, latest: bool, at_ms: i64) -> Correction {
    Correction {
        reading: StoredReading { reading, latest },
        replaced: None,
        at: at(at_ms),
        by: "lan".to_owned(),
        why: "đo lại tại hiện trường".to_owned(),
    }
}

fn a_correction_keeps_what_it_replaced(place: &mut Place) {
    let (ph, flow) = (point("a/plc/ph"), point("a/plc/flow"));
    place.append_live([good(&ph, 10, 1.0), missing(&ph, 20, Reason::Timeout), good(&flow, 10, 9.0)]);
    // The store knows what stood there better than the caller does.
    let wrong =
        Correction { replaced: Some(good(&flow, 1, 1.0)), ..correction(good(&ph, 10, 1.5), false, 100) };
    place.append(Batch { corrections: vec![wrong], ..Batch::default() });
    let suspect = Reading { quality: Quality::Suspect, raw: None, ..good(&ph, 20, 2.5) };
    let corrections = vec![
        correction(suspect.clone(), false, 200),
        correction(good(&ph, 10, 1.25), false, 200),
        correction(good(&ph, 15, 4.0), false, 200),
    ];
    place.append(Batch { corrections, ..Batch::default() });
    place.look_twice(|store| {
        let expected = [
            Correction { replaced: Some(good(&ph, 10, 1.0)), ..correction(good(&ph, 10, 1.5), false, 100) },
            Correction {
                replaced: Some(missing(&ph, 20, Reason::Timeout)),
                ..correction(suspect.clone(), false, 200)
            },
            Correction { replaced: Some(good(&ph, 10, 1.5)), ..correction(good(&ph, 10, 1.25), false, 200) },
            correction(good(&ph, 15, 4.0), false, 200),
        ];
        assert_eq!(store.audit(&ph, at(i64::MIN), at(i64::MAX)).expect("readable"), expected);
        assert_eq!(store.audit(&ph, at(15), at(20)).expect("readable"), expected[3..]);
        assert_eq!(store.audit(&flow, at(0), at(100)).expect("readable"), []);
        assert_eq!(
            readings_of(store, &ph, 0, 100),
            [good(&ph, 10, 1.25), good(&ph, 15, 4.0), suspect.clone()]
        );
        assert_eq!(readings_of(store, &flow, 0, 100), [good(&flow, 10, 9.0)]);
    });
    assert_eq!(place.store().repeats(), 0, "a correction is no repeat");
}

fn corrections_come_after_their_batchs_readings(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append(Batch {
        readings: vec![StoredReading { reading: good(&ph, 10, 1.0), latest: true }],
        corrections: vec![correction(good(&ph, 10, 2.0), false, 5)],
        ..Batch::default()
    });
    place.append_late([good(&ph, 10, 3.0)]);
    place.look_twice(|store| {
        let expected =
            Correction { replaced: Some(good(&ph, 10, 1.0)), ..correction(good(&ph, 10, 2.0), false, 5) };
        assert_eq!(store.audit(&ph, at(0), at(100)).expect("readable"), [expected]);
        assert_eq!(readings_of(store, &ph, 0, 100), [good(&ph, 10, 3.0)], "a later reading counts again");
    });
}

fn a_correction_renews_the_latest_if_it_says_so(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append_live([good(&ph, 10, 1.0), good(&ph, 20, 2.0)]);
    place.append(Batch { corrections: vec![correction(good(&ph, 10, 5.0), false, 30)], ..Batch::default() });
    let latest = |reading: Reading| {
        let last_good = reading.value.map(|value| (value, reading.measured_at));
        Some(Latest { reading, last_good })
    };
    place.look_twice(|store| assert_eq!(store.latest_of(&ph).expect("readable"), latest(good(&ph, 20, 2.0))));
    place.append(Batch { corrections: vec![correction(good(&ph, 20, 6.0), true, 40)], ..Batch::default() });
    place.look_twice(|store| {
        assert_eq!(store.latest_of(&ph).expect("readable"), latest(good(&ph, 20, 6.0)));
        assert!(store.audit(&ph, at(20), at(21)).expect("readable")[0].reading.latest);
    });
}
