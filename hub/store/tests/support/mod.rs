//! Holds a store against another one: every question, the same answer. Sums and means may differ by what rounding does.

use std::time::Duration;

use hub_model::{AlarmId, PointId, SiteId, Timestamp};
use hub_store::conformance::samples::{at, readings_of};
use hub_store::{AlarmFilter, Bucket, DaySummary, History, MemoryStore, Spans, Store};

const DAY_MS: i64 = 86_400_000;

/// Asks both everything about these points, and about all alarms with ids under 5.
pub fn assert_same(store: &Store, model: &MemoryStore, points: &[PointId]) {
    // What is appended is committed in order, so that asking for nothing waits for all of it.
    wait_for_commits(store, model);
    assert_eq!(answer(store.latest()), answer(model.latest()));
    assert_eq!(answer(store.tracking()), answer(model.tracking()));
    assert_eq!(answer(store.next_alarm_id()), answer(model.next_alarm_id()));
    for point in points {
        assert_same_readings(store, model, point);
    }
    for active_only in [false, true] {
        for site in [None, SiteId::parse("b").ok()] {
            let filter = AlarmFilter {
                active_only,
                site,
                from: Some(at(10)),
                to: Some(at(35)),
                ..AlarmFilter::default()
            };
            assert_eq!(answer(store.alarms(&filter)), answer(model.alarms(&filter)));
        }
    }
    for id in (1..5).map(AlarmId) {
        assert_eq!(answer(store.alarm(id)), answer(model.alarm(id)));
    }
}

/// Holds days, hours and the readings from `before` on against the other's; earlier readings of the store are gone.
#[allow(dead_code, reason = "each test uses its own part")]
pub fn assert_same_hours(store: &Store, model: &MemoryStore, points: &[PointId], before: Timestamp) {
    let (from, to) = (at(-DAY_MS), at(5 * DAY_MS));
    let hours = Spans::Every { width: Duration::from_millis(3_600_000), origin: at(0) };
    for point in points {
        let gone = readings_of(store, point, i64::MIN, before.as_millis());
        assert_eq!(gone, [], "readings that have left");
        let kept = |history: &dyn History| readings_of(history, point, before.as_millis(), i64::MAX);
        assert_eq!(kept(store), kept(model));
        let buckets = |history: &dyn History| answer(history.buckets(point, from, to, &hours));
        assert_same_figures(&buckets(store), &buckets(model), |bucket: &Bucket| {
            (Bucket { mean: 0.0, ..*bucket }, bucket.mean)
        });
        let days = |history: &dyn History| answer(history.days(point, from, to));
        assert_same_figures(&days(store), &days(model), |day: &DaySummary| {
            (DaySummary { sum: 0.0, ..*day }, day.sum)
        });
    }
}

fn assert_same_readings(store: &Store, model: &MemoryStore, point: &PointId) {
    let widths = [7, 3_600_000, DAY_MS, 2 * DAY_MS + 5];
    let every =
        |width: i64| Spans::Every { width: Duration::from_millis(width.unsigned_abs()), origin: at(3) };
    let mut spans: Vec<Spans> = widths.map(every).into();
    spans.push(Spans::Edges([-DAY_MS, 0, 9, DAY_MS, 3 * DAY_MS + 20].map(at).into()));
    for (from, to) in [(i64::MIN, i64::MAX), (5, 30), (9, DAY_MS + 12), (DAY_MS, 3 * DAY_MS), (30, 5)] {
        assert_eq!(readings_of(store, point, from, to), readings_of(model, point, from, to));
        assert_eq!(
            answer(store.audit(point, at(from), at(to))),
            answer(model.audit(point, at(from), at(to)))
        );
        for spans in &spans {
            let of = |history: &dyn History| answer(history.buckets(point, at(from), at(to), spans));
            assert_same_figures(&of(store), &of(model), |bucket: &Bucket| {
                (Bucket { mean: 0.0, ..*bucket }, bucket.mean)
            });
        }
        let of = |history: &dyn History| answer(history.days(point, at(from), at(to)));
        assert_same_figures(&of(store), &of(model), |day: &DaySummary| {
            (DaySummary { sum: 0.0, ..*day }, day.sum)
        });
    }
}

fn assert_same_figures<T: std::fmt::Debug + PartialEq>(
    one: &[T],
    other: &[T],
    split: impl Fn(&T) -> (T, f64),
) {
    assert_eq!(one.len(), other.len(), "{one:?} {other:?}");
    for (one, other) in one.iter().map(&split).zip(other.iter().map(&split)) {
        assert_eq!(one.0, other.0);
        assert!((one.1 - other.1).abs() <= 1e-9 * one.1.abs().max(1.0), "{one:?} {other:?}");
    }
}

fn wait_for_commits(store: &Store, model: &MemoryStore) {
    let ticks = crossbeam_channel::tick(Duration::from_millis(1));
    for _ in 0..30_000 {
        if store.last_commit() == model.last_commit() {
            return;
        }
        let _ = ticks.recv();
    }
    assert_eq!(store.last_commit(), model.last_commit(), "the commits come in time");
}

fn answer<T>(answer: Result<T, hub_store::StoreError>) -> T {
    answer.expect("the store answers")
}
