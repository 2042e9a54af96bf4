//! Faults of the disk, and what is never told before it is on disk. A fault is made by hand before each transaction.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded, tick, unbounded};
use rusqlite::Connection;

use super::*;
use crate::conformance::samples::{at, good, point, readings_of};
use crate::port::{History, StoredReading};

const BOUND: Duration = Duration::from_secs(30);

/// A store whose file may have only so many pages; the number can be changed while it runs.
fn open_limited(dir: &Path) -> (Store, Arc<AtomicI64>) {
    let pages = Arc::new(AtomicI64::new(1_000_000));
    let limit = pages.clone();
    let before_attempt: BeforeAttempt = Box::new(move |connection: &Connection| {
        connection
            .query_row(&format!("PRAGMA max_page_count = {}", limit.load(Ordering::SeqCst)), [], |_| Ok(()))
    });
    let settings = Settings { commit_window: Duration::ZERO, ..Settings::new(dir) };
    (Store::open_with(settings, before_attempt).unwrap(), pages)
}

fn batch(first_ms: i64, n: i64) -> Batch {
    let ph = point("a/plc/ph");
    let readings =
        (first_ms..first_ms + n).map(|ms| StoredReading { reading: good(&ph, ms, 7.5), latest: true });
    Batch { readings: readings.collect(), ..Batch::default() }
}

fn append(store: &Store, batch: Batch) -> Receiver<CommitSeq> {
    let (told, committed) = bounded(1);
    store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(()))).unwrap();
    committed
}

fn wait_for(store: &Store, what: &str, is_met: impl Fn(&StoreHealth) -> bool) -> StoreHealth {
    let ticks = tick(Duration::from_millis(5));
    for _ in 0..BOUND.as_millis() / 5 {
        let health = store.health();
        if is_met(&health) {
            return health;
        }
        ticks.recv().unwrap();
    }
    panic!("{what} did not come; {:?}", store.health());
}

#[test]
fn what_is_enough_for_a_commit_does_not_wait_for_the_end_of_its_window() {
    let place = tempfile::tempdir().unwrap();
    let settings = Settings { commit_window: 100 * BOUND, ..Settings::new(place.path()) };
    let store = Store::open(settings).unwrap();
    let few = append(&store, batch(0, 1));
    let many = append(&store, batch(1, writer::ENOUGH_ROWS as i64));
    many.recv_timeout(BOUND).unwrap();
    few.try_recv().unwrap();
}

#[test]
fn a_full_disk_loses_nothing_and_is_answered_when_there_is_space() {
    let place = tempfile::tempdir().unwrap();
    let (store, pages) = open_limited(place.path());
    append(&store, batch(0, 10)).recv_timeout(BOUND).unwrap();
    pages.store(1, Ordering::SeqCst);
    let full: Vec<_> = (0..20).map(|n| append(&store, batch(5_000 + n * 5_000, 5_000))).collect();
    let health =
        wait_for(&store, "the second failure", |h| h.failing.as_ref().is_some_and(|f| f.attempts > 1));
    let failing = health.failing.unwrap();
    assert!(failing.last_error.contains("full"), "{failing:?}");
    assert_eq!(health.last_commit, CommitSeq(1));
    assert_eq!(health.queued, 20);
    assert!(full.iter().all(Receiver::is_empty), "nothing is acknowledged that is not on disk");
    assert_eq!(store.latest().unwrap()[0].reading.measured_at, at(9), "nor is it shown");
    assert_eq!(readings_of(&store, &point("a/plc/ph"), 0, 100_000).len(), 10);

    pages.store(1_000_000, Ordering::SeqCst);
    let told: Vec<u64> = full.iter().map(|committed| committed.recv_timeout(BOUND).unwrap().0).collect();
    assert_eq!(told, (2..=21).collect::<Vec<_>>());
    let health = store.health();
    assert_eq!(
        health,
        StoreHealth {
            last_commit: CommitSeq(21),
            queued: 0,
            failing: None,
            busy: health.busy,
            damaged: 0,
            unsound: None,
            unreadable: None,
            space: Space::default(),
            disk: health.disk,
        }
    );
    drop(store);
    let store = Store::open(Settings::new(place.path())).unwrap();
    assert_eq!(readings_of(&store, &point("a/plc/ph"), 0, 200_000).len(), 100_010);
}

#[test]
fn closing_on_a_full_disk_says_what_was_not_committed() {
    let place = tempfile::tempdir().unwrap();
    let (store, pages) = open_limited(place.path());
    pages.store(1, Ordering::SeqCst);
    let first = append(&store, batch(0, 10_000));
    wait_for(&store, "the first failure", |health| health.failing.is_some());
    let second = append(&store, batch(50_000, 3));
    let error = store.close().unwrap_err();
    assert_eq!((error.batches, error.readings), (2, 10_003));
    assert_eq!(
        error.to_string(),
        "2 batches with 10003 readings were not committed: database or disk is full"
    );
    assert!(first.recv().is_err() && second.recv().is_err(), "on_commit is dropped uncalled");
    assert_eq!(store.append(Batch::default(), Box::new(|_| ())), Err(Closed));
    assert_eq!(store.close(), Ok(()), "closing again does nothing");
    let reopened = Store::open(Settings::new(place.path())).unwrap();
    assert_eq!(reopened.last_commit(), CommitSeq(0));
}

#[test]
fn closing_on_a_full_disk_frees_whoever_waits_for_room_in_the_queue() {
    let place = tempfile::tempdir().unwrap();
    let (store, pages) = open_limited(place.path());
    pages.store(1, Ordering::SeqCst);
    let first = append(&store, batch(0, 10_000));
    wait_for(&store, "the first failure", |health| health.failing.is_some());
    let store = Arc::new(store);
    let (ended, freed) = bounded(1);
    let waiting = store.clone();
    std::thread::spawn(move || {
        // More than there is room for: this blocks until the store is closed.
        while waiting.append(batch(50_000, 1), Box::new(|_| ())).is_ok() {}
        ended.send(()).unwrap();
    });
    wait_for(&store, "the full queue", |health| health.queued > QUEUE_BATCHES);
    let _not_committed = store.close().unwrap_err();
    freed.recv_timeout(BOUND).unwrap();
    assert!(first.recv().is_err(), "and nothing was told");
}

#[test]
fn a_series_of_a_failed_transaction_is_not_taken_for_known() {
    let place = tempfile::tempdir().unwrap();
    let (store, pages) = open_limited(place.path());
    append(&store, batch(0, 1)).recv_timeout(BOUND).unwrap();
    pages.store(1, Ordering::SeqCst);
    let (new, late) = (point("b/new/flow"), point("c/newer/flow"));
    let readings =
        |point| (0..10_000).map(move |ms| StoredReading { reading: good(point, ms, 1.0), latest: false });
    let committed = append(
        &store,
        Batch { readings: readings(&new).chain(readings(&late)).collect(), ..Batch::default() },
    );
    wait_for(&store, "the failure", |health| health.failing.is_some());
    pages.store(1_000_000, Ordering::SeqCst);
    committed.recv_timeout(BOUND).unwrap();
    assert_eq!(readings_of(&store, &new, 0, 50_000).len(), 10_000);
    assert_eq!(readings_of(&store, &late, 0, 50_000).len(), 10_000);
}

#[test]
fn new_series_stand_as_their_points_were_met() {
    let place = tempfile::tempdir().unwrap();
    let store =
        Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(place.path()) }).unwrap();
    let points: Vec<_> = (0..200).map(|n| point(&format!("a/plc/p{}", n * 7 % 200))).collect();
    let reading = |point: &PointId| StoredReading { reading: good(point, 0, 7.5), latest: true };
    let readings = points.iter().map(reading).collect();
    append(&store, Batch { readings, ..Batch::default() }).recv_timeout(BOUND).unwrap();
    let found: Vec<_> = store.shared.mirror().all().iter().map(|series| series.point.clone()).collect();
    assert_eq!(found, points, "readings of a device find their series one after the other");
}

#[test]
fn when_on_commit_runs_another_process_sees_the_row() {
    let place = tempfile::tempdir().unwrap();
    let store =
        Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(place.path()) }).unwrap();
    let (told, seen) = unbounded();
    for n in 0..50 {
        let (told, file) = (told.clone(), place.path().join(schema::FILE));
        let on_commit = Box::new(move |seq: CommitSeq| {
            let other = Connection::open(file).unwrap();
            let rows: i64 =
                other.query_row("SELECT max(seq) >= ? FROM hot", [n + 1], |row| row.get(0)).unwrap();
            told.send((seq.0, rows)).unwrap();
        });
        store.append(batch(n, 1), on_commit).unwrap();
    }
    let seen: Vec<_> = (0..50).map(|_| seen.recv_timeout(BOUND).unwrap()).collect();
    assert_eq!(seen, (1..=50).map(|seq| (seq, 1)).collect::<Vec<_>>());
}

#[test]
fn an_on_commit_that_breaks_down_stops_nothing() {
    let place = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(Settings::new(place.path())).unwrap());
    store.append(batch(0, 1), Box::new(|_| panic!("a caller's fault, wanted by this test"))).unwrap();
    assert_eq!(append(&store, batch(1, 1)).recv_timeout(BOUND).unwrap(), CommitSeq(2));
    // The last handle may be dropped on the writer's own thread, which must not wait for itself.
    let (held, (told, committed)) = (store.clone(), bounded(1));
    store
        .append(
            batch(2, 1),
            Box::new(move |seq| {
                drop(held);
                told.send(seq).unwrap();
            }),
        )
        .unwrap();
    drop(store);
    assert_eq!(committed.recv_timeout(BOUND).unwrap(), CommitSeq(3));
}

#[test]
fn the_folder_is_held_until_the_store_is_closed() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(Settings::new(place.path())).unwrap();
    let error = Store::open(Settings::new(place.path())).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    append(&store, batch(0, 1));
    store.close().unwrap();
    let next = Store::open(Settings::new(place.path())).unwrap();
    assert_eq!(next.last_commit(), CommitSeq(1), "closing commits what is queued");
    assert_eq!(readings_of(&store, &point("a/plc/ph"), 0, 10).len(), 1, "a closed store can be read");
}

#[test]
fn a_newer_file_is_refused() {
    let place = tempfile::tempdir().unwrap();
    drop(Store::open(Settings::new(place.path())).unwrap());
    let file = place.path().join(schema::FILE);
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(Settings::new(place.path())).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, known: 9, .. }), "{error}");
}

#[test]
fn questions_go_by_an_index() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(Settings::new(place.path())).unwrap();
    let plan = |question: &str| -> String {
        let connection = Connection::open(place.path().join(schema::FILE)).unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let unset = rusqlite::params_from_iter(vec![None::<i64>; explain.parameter_count()]);
        let mut rows = explain.query(unset).unwrap();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        steps.join("; ")
    };
    let active = plan(&query::alarms_question(true));
    let all = plan(&query::alarms_question(false));
    assert!(all.contains("alarm_by_time") && !all.contains("B-TREE"), "{all}");
    assert!(active.contains("alarm_open") && !active.contains("B-TREE"), "{active}");
    drop(store);
}

#[test]
fn a_part_that_the_disk_does_not_give_back_is_told_until_the_store_is_opened_again() {
    use rusqlite::ffi::{Error, SQLITE_BUSY, SQLITE_IOERR_READ};
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(Settings::new(place.path())).unwrap();
    let meet = |code| {
        let fault = rusqlite::Error::SqliteFailure(Error::new(code), None);
        store.ask("readings", |_| Err::<(), _>(fault.into())).unwrap_err().to_string()
    };
    assert_eq!(meet(SQLITE_BUSY), "readings cannot be read from the store");
    assert_eq!(store.health().unreadable, None, "somebody else's lock is no fault of the disk");
    meet(SQLITE_IOERR_READ);
    meet(SQLITE_IOERR_READ);
    let told = store.health().unreadable.unwrap();
    assert!(told.times == 2 && told.last_error.ends_with("disk I/O error"), "{told:?}");
    append(&store, batch(0, 3)).recv_timeout(BOUND).unwrap();
    assert_eq!(
        readings_of(&store, &point("a/plc/ph"), 0, 200_000).len(),
        3,
        "and all that can be done is done"
    );
    assert!(store.health().unreadable.is_some() && store.health().unsound.is_none());
    drop(store);
    let store = Store::open(Settings::new(place.path())).unwrap();
    assert_eq!(store.health().unreadable, None);
}
