//! The store on disk, sealed, closed, cut off and opened at any moment, answers as the twin in RAM does.

mod support;

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use hub_model::{Alarm, AlarmId, AlarmState, PointId, Quality, Reading, Reason, Timestamp, Tracking};
use hub_store::conformance::samples::{alarm, at, good, missing, point, step};
use hub_store::{
    Append, Batch, CommitSeq, Correction, Keeping, LocalDay, MemoryStore, Settings, Store, StoredReading,
    VIETNAM_OFFSET_S,
};
use proptest::prelude::*;
use rusqlite::Connection;
use support::{assert_same, assert_same_hours};

#[derive(Debug, Clone)]
enum Step {
    Append(Batch),
    Seal,
    Reopen,
    /// The power fails: what is on disk is what there is.
    Kill,
    /// What was measured before this day leaves.
    LetGo(i64),
}

fn points() -> [PointId; 3] {
    [point("a/plc/ph"), point("a/plc/flow"), point("b/bin/fill")]
}

fn moment() -> impl Strategy<Value = i64> {
    (0..4_i64, 0..12_i64).prop_map(|(day, nth)| day * 86_400_000 + nth * 3)
}

fn correction() -> impl Strategy<Value = Correction> {
    (reading(), 0..9_i64).prop_map(|(reading, ms)| Correction {
        reading,
        replaced: None,
        at: at(ms),
        by: "lan".to_owned(),
        why: "đo lại".to_owned(),
    })
}

fn reading() -> impl Strategy<Value = StoredReading> {
    // Few moments on four days, so that they meet; early and late ones alike.
    let number = prop_oneof![(-1e6..1e6), Just(0.0), Just(7.12), (0..70_000_i32).prop_map(f64::from)];
    (0..3_usize, moment(), number, 0..8_u8, any::<bool>()).prop_map(|(which, ms, value, kind, latest)| {
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
        raises: raising.then(|| at(4)).into_iter().collect(),
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    let batch = (
        prop::collection::vec(reading(), 0..12),
        prop::collection::vec(correction(), 0..3),
        prop::collection::vec(an_alarm(), 0..3),
        prop::collection::vec(tracking(), 0..3),
    )
        .prop_map(|(readings, corrections, alarms, tracking)| {
            let raised = |alarm: &Alarm| step(alarm.id.0, 1, None, AlarmState::Unacknowledged);
            let transitions = alarms.iter().map(raised).collect();
            Step::Append(Batch { readings, corrections, alarms, transitions, tracking, ..Batch::default() })
        });
    prop_oneof![6 => batch, 1 => Just(Step::Seal), 1 => Just(Step::Reopen), 1 => Just(Step::Kill), 1 => (0..4_i64).prop_map(Step::LetGo)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_reopened_store_answers_as_the_model(steps in prop::collection::vec(a_step(), 1..20), seal_at in 1..40_usize) {
        let mut place = tempfile::tempdir().expect("a folder");
        let open = |folder: &Path, model: &MemoryStore| {
            let settings = Settings { commit_window: Duration::ZERO, seal_at, ..Settings::new(folder) };
            let store = Store::open(settings).expect("the store answers");
            store.expect(intervals());
            (store, model.reopen())
        };
        let (mut store, mut model) = open(place.path(), &MemoryStore::new());
        model.expect(intervals());
        let mut committed = None;
        for step in steps {
            match step {
                Step::Append(batch) => {
                    model.append(batch.clone(), Box::new(|_: CommitSeq| ())).expect("the store answers");
                    let (told, heard) = mpsc::channel();
                    // Nobody listens any more once another batch follows.
                    let tell = Box::new(move |seq: CommitSeq| told.send(seq).unwrap_or(()));
                    store.append(batch, tell).expect("the store answers");
                    committed = Some(heard);
                }
                Step::Seal => {
                    store.seal_everything().expect("the store seals");
                    assert_same(&store, &model, &points());
                    assert_eq!(store.repeats(), model.repeats());
                }
                Step::LetGo(day) => {
                    store.seal_everything().expect("the store seals");
                    let before = LocalDay(day).start(VIETNAM_OFFSET_S);
                    let_go(&store, before, Duration::ZERO);
                    model.let_go(before);
                    assert_same(&store, &model, &points());
                }
                Step::Kill => {
                    if let Some(committed) = committed.take() {
                        committed.recv().expect("what was appended is committed");
                    }
                    let left = as_a_kill_leaves(place.path());
                    drop(store);
                    place = left;
                    (store, model) = open(place.path(), &model);
                    model.expect(intervals());
                    assert_same(&store, &model, &points());
                }
                Step::Reopen => {
                    drop(store);
                    (store, model) = open(place.path(), &model);
                    model.expect(intervals());
                    assert_same(&store, &model, &points());
                }
            }
        }
        store.seal_everything().expect("the store seals");
        assert_same(&store, &model, &points());
        drop(store);
        (store, model) = open(place.path(), &model);
        model.expect(intervals());
        assert_same(&store, &model, &points());

        // Readings become their hours' figures: days and hours stay what they were.
        let before = LocalDay(2).start(VIETNAM_OFFSET_S);
        let_go(&store, before, Duration::from_secs(90 * 86_400));
        assert_same_hours(&store, &model, &points(), before);
        drop(store);
        (store, model) = open(place.path(), &model);
        model.expect(intervals());
        assert_same_hours(&store, &model, &points(), before);
    }
}

/// What is on disk at this moment of a store that is at work, in another folder. While nobody else may write, the log is not begun
/// anew, so that it holds whatever page of the file is being brought up to date.
fn as_a_kill_leaves(folder: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().expect("a folder");
    let file = folder.join("hub.sqlite");
    let connection = Connection::open(&file).expect("the file opens");
    connection.busy_timeout(Duration::from_secs(30)).expect("it waits");
    connection.execute_batch("BEGIN IMMEDIATE").expect("nobody writes");
    for name in ["hub.sqlite", "hub.sqlite-wal"] {
        std::fs::copy(folder.join(name), left.path().join(name)).expect("it is copied");
    }
    left
}

/// Lets readings go that were measured before `before`; their hours' figures stay for so much longer.
fn let_go(store: &Store, before: Timestamp, hours_stay: Duration) {
    let raw = Duration::from_secs(86_400);
    let keeping = Keeping { raw, hourly: raw + hours_stay, max_bytes: None };
    while store.let_go(&keeping, before.plus(raw)).expect("old readings leave") {}
}

fn intervals() -> Vec<(PointId, Duration)> {
    points().into_iter().map(|point| (point, Duration::from_secs(600))).collect()
}
