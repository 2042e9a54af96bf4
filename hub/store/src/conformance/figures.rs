//! Checks of figures: buckets and site-local days, what is counted in them and what is not.

use std::time::Duration;

use hub_model::{Quality, Reading, Reason};

use super::samples::{at, good, missing, point};
use super::{Check, Place};
use crate::VIETNAM_OFFSET_S;
use crate::error::StoreError;
use crate::figures::{Bucket, DaySummary, LocalDay, MAX_BUCKETS, QualityCounts, Spans};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("buckets count judged values only", buckets_count_judged_values_only),
    ("buckets between edges", buckets_between_edges),
    ("too many or too narrow buckets are refused", too_many_buckets_are_refused),
    ("a bucket of many days is their sum", a_bucket_of_many_days_is_their_sum),
    ("days are the site's and whole", days_are_the_sites_and_whole),
];

fn every(width_ms: u64, origin: i64) -> Spans {
    Spans::Every { width: Duration::from_millis(width_ms), origin: at(origin) }
}

fn good_only(good: u32) -> QualityCounts {
    QualityCounts { good, ..QualityCounts::default() }
}

fn one(start: i64, value: f64, counts: QualityCounts) -> Bucket {
    Bucket { start: at(start), n: 1, min: value, mean: value, max: value, last: value, counts }
}

fn buckets_count_judged_values_only(place: &mut Place) {
    let ph = point("a/plc/ph");
    let of = |quality, ms, value| Reading { quality, ..good(&ph, ms, value) };
    place.append_live([
        of(Quality::Good, 0, 1.0),
        of(Quality::Suspect, 5, 4.0),
        of(Quality::NotEvaluated, 9, 2.5),
        of(Quality::Fail, 6, 1e6),
        of(Quality::Calibrating, 7, -1e6),
        missing(&ph, 8, Reason::Timeout),
        missing(&ph, 15, Reason::Timeout),
        of(Quality::Good, 16, f64::INFINITY),
        of(Quality::Good, 20, 9.0),
        of(Quality::Good, 35, 3.0),
    ]);
    place.append_late([of(Quality::Good, 20, 8.0)]);
    place.look_twice(|store| {
        let first = QualityCounts {
            suspect: 1,
            not_evaluated: 1,
            fail: 1,
            calibrating: 1,
            missing: 1,
            ..good_only(1)
        };
        assert_eq!(
            store.buckets(&ph, at(0), at(35), &every(10, 0)).expect("readable"),
            [
                Bucket { start: at(0), n: 3, min: 1.0, mean: 2.5, max: 4.0, last: 2.5, counts: first },
                one(20, 8.0, good_only(1))
            ]
        );
        assert_eq!(
            store.buckets(&ph, at(9), at(36), &every(10, 5)).expect("readable"),
            [
                one(5, 2.5, QualityCounts { not_evaluated: 1, ..QualityCounts::default() }),
                one(15, 8.0, QualityCounts { missing: 1, ..good_only(2) }),
                one(35, 3.0, good_only(1))
            ],
            "a bucket may begin before the span, but holds nothing from there"
        );
        assert_eq!(store.buckets(&ph, at(36), at(9), &every(10, 5)).expect("readable"), []);
        let all = store.all_buckets(&ph, at(0), at(35), &every(10, 0)).expect("readable");
        let of: Vec<_> = all.iter().map(|bucket| (bucket.start, bucket.n, bucket.counts.missing)).collect();
        assert_eq!(
            of,
            [(at(0), 3, 1), (at(10), 0, 1), (at(20), 1, 0)],
            "spans without a value keep their counts"
        );
    });
}

fn buckets_between_edges(place: &mut Place) {
    let ph = point("a/plc/ph");
    place.append_live([0, 3, 9, 10, 29, 30, 50].map(|ms| good(&ph, ms, ms as f64)));
    place.look_twice(|store| {
        let ask = |edges: &[i64], from, to| {
            let edges = Spans::Edges(edges.iter().copied().map(at).collect());
            store.buckets(&ph, at(from), at(to), &edges)
        };
        let found = ask(&[0, 10, 12, 20, 31], 3, 100).expect("readable");
        let of = |start, n, min, mean, max| Bucket {
            start: at(start),
            n,
            min,
            mean,
            max,
            last: max,
            counts: good_only(2),
        };
        assert_eq!(
            found,
            [of(0, 2, 3.0, 6.0, 9.0), one(10, 10.0, good_only(1)), of(20, 2, 29.0, 29.5, 30.0)]
        );
        assert_eq!(ask(&[0], 0, 100).expect("no span"), []);
        assert_eq!(ask(&[], 0, 100).expect("no span"), []);
        assert!(matches!(ask(&[0, 5, 4], 0, 100), Err(StoreError::Edges { index: 2 })));
    });
}

fn too_many_buckets_are_refused(place: &mut Place) {
    let ph = point("a/plc/ph");
    let many = i64::try_from(MAX_BUCKETS).unwrap_or(i64::MAX) + 1;
    place.append_live((0..many).map(|ms| good(&ph, ms, 1.0)));
    let ask = |to, width| place.store().buckets(&ph, at(0), at(to), &Spans::Every { width, origin: at(0) });
    assert!(matches!(ask(10, Duration::ZERO), Err(StoreError::Width { .. })));
    let narrow = Duration::from_millis(1);
    assert_eq!(ask(many - 1, narrow).expect("as many as are allowed").len(), MAX_BUCKETS);
    assert!(matches!(ask(many, narrow), Err(StoreError::TooManyBuckets { .. })));
    assert_eq!(ask(many, Duration::MAX).expect("one bucket").len(), 1);
}

/// The first ms of the site-local day `n` days after 2026-01-01.
fn midnight(n: i64) -> i64 {
    LocalDay(20_454 + n).start(VIETNAM_OFFSET_S).as_millis()
}

const HOUR_MS: i64 = 3_600_000;

fn a_bucket_of_many_days_is_their_sum(place: &mut Place) {
    let ph = point("a/plc/ph");
    // Each five minutes for five days, value = hour of the day.
    let value = |n: i64| f64::from(u32::try_from(n / 12 % 24).unwrap_or(0));
    place.append_live((0..5 * 288).map(|n| good(&ph, midnight(n / 288) + n % 288 * 300_000, value(n))));
    place.append_late([missing(&ph, midnight(1) + 7, Reason::Late)]);
    place.look_twice(|store| {
        let days: Vec<_> = [0, 2, 5].map(midnight).map(at).into();
        let found = store.buckets(&ph, at(i64::MIN), at(i64::MAX), &Spans::Edges(days)).expect("readable");
        let of = |start, n: u32, missing| Bucket {
            start: at(midnight(start)),
            n: n.into(),
            min: 0.0,
            mean: 11.5,
            max: 23.0,
            last: 23.0,
            counts: QualityCounts { missing, ..good_only(n) },
        };
        assert_eq!(found, [of(0, 576, 1), of(2, 864, 0)]);
        // Begins within a day and an hour, ends within others.
        let (from, to) = (midnight(1) + HOUR_MS / 2, midnight(3) + 90 * 60_000);
        let all = &store.buckets(&ph, at(from), at(to), &every(u64::MAX, from)).expect("readable")[0];
        assert_eq!((all.n, all.min, all.max, all.last, all.counts.missing), (588, 0.0, 23.0, 1.0, 0));
        let hours = store.buckets(&ph, at(midnight(1)), at(midnight(3)), &every(3_600_000, midnight(0)));
        let hours = hours.expect("readable");
        assert_eq!(hours.len(), 48);
        assert!((0..).zip(&hours).all(|(n, hour)| hour.n == 12 && hour.mean == f64::from(n % 24)));
    });
}

fn days_are_the_sites_and_whole(place: &mut Place) {
    let (ph, flow) = (point("a/plc/ph"), point("a/plc/flow"));
    place.store().expect(vec![(ph.clone(), Duration::from_secs(6 * 3_600))]);
    place
        .append_live([0, 6, 12, 18, 24, 71].map(|hour| good(&ph, midnight(0) + hour * HOUR_MS, hour as f64)));
    place.append_live([missing(&ph, midnight(3), Reason::Timeout), good(&flow, midnight(0) - 1, -1.5)]);
    let days =
        |place: &Place, point, from, to| place.store().days(point, at(from), at(to)).expect("readable");
    let of = |n: i64, readings: u32, [min, max, sum, last]: [f64; 4]| DaySummary {
        day: LocalDay(20_454 + n),
        start: at(midnight(n)),
        counts: good_only(readings),
        expected: Some(4),
        n: readings,
        min,
        max,
        sum,
        last,
    };
    for _ in 0..2 {
        let silent =
            DaySummary { counts: QualityCounts { missing: 1, ..good_only(0) }, ..of(3, 0, [0.0; 4]) };
        let all = [of(0, 4, [0.0, 18.0, 36.0, 18.0]), of(1, 1, [24.0; 4]), of(2, 1, [71.0; 4]), silent];
        assert_eq!(days(place, &ph, i64::MIN, i64::MAX), all);
        assert_eq!(days(place, &ph, midnight(0) + 5, midnight(1) + 1), all[..2], "touched days are whole");
        assert_eq!(days(place, &ph, midnight(0), midnight(1)), all[..1]);
        assert_eq!(days(place, &ph, midnight(1), midnight(1)), []);
        let before = DaySummary { expected: None, ..of(-1, 1, [-1.5; 4]) };
        assert_eq!(days(place, &flow, i64::MIN, i64::MAX), [before]);
        place.reopen();
        place.store().expect(vec![(ph.clone(), Duration::from_secs(6 * 3_600))]);
    }
}
