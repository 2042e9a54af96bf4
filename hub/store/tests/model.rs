//! The store on disk, closed and opened at any moment, answers as the twin in RAM does.

use std::time::Duration;

use hub_model::{Alarm, AlarmId, AlarmState, PointId, Quality, Reading, Reason, Tracking};
use hub_store::conformance::samples::{alarm, at, good, missing, point, readings_of, step};
use hub_store::{
    AlarmFilter, Append, Batch, CommitSeq, History, MemoryStore, Settings, Spans, Store, StoredReading,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Append(Batch),
    Reopen,
}

fn points() -> [PointId; 3] {
    [point("a/plc/ph"), point("a/plc/flow"), point("b/bin/fill")]
}

fn reading() -> impl Strategy<Value = StoredReading> {
    // Few moments, so that they meet; early and late ones alike.
    let number = prop_oneof![(-1e6..1e6), Just(0.0), Just(7.12), (0..70_000_i32).prop_map(f64::from)];
    (0..3_usize, 0..40_i64, number, 0..8_u8, any::<bool>()).prop_map(|(which, ms, value, kind, latest)| {
        let point = &points()[which];
        let reading = match kind {
            0 => missing(point, ms, Reason::Timeout),
            1 => missing(point, ms, Reason::Exception(4)),
            2 => {
                Reading { quality: Quality::Fail, reason: Some(Reason::OutOfRange), ..good(point, ms, value) }
            }
            3 => Reading { quality: Quality::Suspect, received_at: at(0), ..good(point, ms, value) },
            _ => good(point, ms, value),
        };
        StoredReading { reading, latest }
    })
}

fn an_alarm() -> impl Strategy<Value = Alarm> {
    (1..5_u64, 0..40_i64, any::<bool>()).prop_map(|(id, ms, over)| {
        let raised = alarm(id, if id % 2 == 0 { "a/plc" } else { "b/bin/fill" }, ms);
        if over {
            Alarm { state: AlarmState::Normal, cleared_at: Some(at(ms + 5)), ..raised }
        } else {
            raised
        }
    })
}

fn tracking() -> impl Strategy<Value = Tracking> {
    (0..3_usize, any::<bool>(), any::<bool>()).prop_map(|(which, raising, open)| Tracking {
        rule: "bin-full".into(),
        subject: hub_model::Subject::Point(points()[which].clone()),
        raising_since: raising.then_some(at(3)),
        clearing_since: None,
        alarm: open.then_some(AlarmId(2)),
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    let batch = (
        prop::collection::vec(reading(), 0..12),
        prop::collection::vec(an_alarm(), 0..3),
        prop::collection::vec(tracking(), 0..3),
    )
        .prop_map(|(readings, alarms, tracking)| {
            let raised = |alarm: &Alarm| step(alarm.id.0, 1, None, AlarmState::Unacknowledged);
            let transitions = alarms.iter().map(raised).collect();
            Step::Append(Batch { readings, alarms, transitions, tracking, ..Batch::default() })
        });
    prop_oneof![6 => batch, 1 => Just(Step::Reopen)]
}

fn assert_same(store: &Store, model: &MemoryStore) {
    assert_eq!(store.last_commit(), model.last_commit());
    assert_eq!(store.latest().expect("the store answers"), model.latest().expect("the store answers"));
    assert_eq!(store.tracking().expect("the store answers"), model.tracking().expect("the store answers"));
    assert_eq!(
        store.next_alarm_id().expect("the store answers"),
        model.next_alarm_id().expect("the store answers")
    );
    for point in points() {
        for (from, to) in [(i64::MIN, i64::MAX), (5, 30)] {
            assert_eq!(readings_of(store, &point, from, to), readings_of(model, &point, from, to));
            let spans = Spans::Every { width: Duration::from_millis(7), origin: at(3) };
            let buckets = |history: &dyn History| {
                history.buckets(&point, at(from), at(to), &spans).expect("the store answers")
            };
            assert_eq!(buckets(store), buckets(model));
        }
    }
    for active_only in [false, true] {
        for site in [None, Some(points()[2].site())] {
            let filter = AlarmFilter {
                active_only,
                site,
                from: Some(at(10)),
                to: Some(at(35)),
                ..AlarmFilter::default()
            };
            assert_eq!(
                store.alarms(&filter).expect("the store answers"),
                model.alarms(&filter).expect("the store answers")
            );
        }
    }
    for id in (1..5).map(AlarmId) {
        assert_eq!(store.alarm(id).expect("the store answers"), model.alarm(id).expect("the store answers"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_reopened_store_answers_as_the_model(steps in prop::collection::vec(a_step(), 1..15)) {
        let place = tempfile::tempdir().expect("the store answers");
        let open = || Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(place.path()) }).expect("the store answers");
        let model = MemoryStore::new();
        let mut store = open();
        for step in steps {
            match step {
                Step::Append(batch) => {
                    model.append(batch.clone(), Box::new(|_: CommitSeq| ())).expect("the store answers");
                    store.append(batch, Box::new(|_: CommitSeq| ())).expect("the store answers");
                }
                Step::Reopen => {
                    drop(store);
                    store = open();
                    assert_same(&store, &model);
                }
            }
        }
        drop(store);
        assert_same(&open(), &model);
    }
}
