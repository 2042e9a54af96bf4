//! A damaged page of chunks is noticed by whoever meets it, costs what lay on it, and nothing else: questions, commits and sealing go on.

use std::path::Path;

use hub_model::Reading;

use super::*;
use crate::conformance::samples::{at, good, point, readings_of};
use crate::port::{History, StoredReading};

const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 40;
const POINTS: i64 = 30;
const BOUND: Duration = Duration::from_secs(30);

fn name(number: i64) -> PointId {
    point(&format!("a/plc/p{number:02}"))
}

fn open(dir: &Path) -> Store {
    Store::open(Settings { commit_window: Duration::ZERO, utc_offset_s: 0, ..Settings::new(dir) }).unwrap()
}

fn append(store: &Store, readings: Vec<Reading>) {
    let (told, committed) = bounded(1);
    let readings = readings.into_iter().map(|reading| StoredReading { reading, latest: true }).collect();
    let batch = Batch { readings, ..Batch::default() };
    store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(()))).unwrap();
    committed.recv_timeout(BOUND).unwrap();
}

fn of_day(number: i64, day: i64) -> Vec<Reading> {
    (0..24)
        .map(|n| good(&name(number), day * DAY_MS + n * 3_600_000, (number * 7 + n * n % 11) as f64 / 10.0))
        .collect()
}

/// A store with some weeks of many points, sealed and closed.
fn filled(dir: &Path) {
    let store = open(dir);
    append(
        &store,
        (0..DAYS).flat_map(|day| (0..POINTS).flat_map(move |number| of_day(number, day))).collect(),
    );
    store.seal_everything().unwrap();
}

/// Spoils pages of the table of chunks: of `kind`, those at these places of the table. Gives how many there were.
fn spoil(dir: &Path, kind: &str, which: &[usize]) -> usize {
    let file = dir.join(schema::FILE);
    let connection = Connection::open(&file).unwrap();
    let mut query = connection
        .prepare("SELECT pageno FROM dbstat WHERE name = 'chunk' AND pagetype = ? ORDER BY path")
        .unwrap();
    let pages: Vec<u32> = query.query_map([kind], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    drop(query);
    drop(connection);
    let mut bytes = std::fs::read(&file).unwrap();
    for at in which {
        let start = (pages[*at] as usize - 1) * 4_096;
        bytes[start..start + 4_096].fill(0xa5);
    }
    std::fs::write(&file, bytes).unwrap();
    pages.len()
}

#[track_caller]
fn wait_until_mended(store: &Store, gaps: u64) {
    let ticks = crossbeam_channel::tick(Duration::from_millis(5));
    for _ in 0..BOUND.as_millis() / 5 {
        let health = store.health();
        if health.unsound.is_none() && health.damaged == gaps {
            return;
        }
        ticks.recv().unwrap();
    }
    panic!("{gaps} stretches should be given up: {:?}", store.health());
}

/// Asks for everything; gives how many points' days are whole, after checking that none is there in part.
fn whole_days(store: &Store) -> i64 {
    let mut whole = 0;
    for number in 0..POINTS {
        for day in 0..DAYS {
            let found = readings_of(store, &name(number), day * DAY_MS, (day + 1) * DAY_MS);
            assert!(
                found.is_empty() || found == of_day(number, day),
                "day {day} of point {number}: {found:?}"
            );
            whole += i64::from(!found.is_empty());
        }
    }
    whole
}

/// Asks each point for all that it has, until somebody has met what is spoiled.
fn meet(store: &Store) {
    let met = (0..POINTS).any(|number| {
        store
            .readings(&name(number), at(0), at(DAYS * DAY_MS), &mut |_| std::ops::ControlFlow::Continue(()))
            .is_err()
    });
    assert!(met, "a page that cannot be read is never passed over in silence");
}

#[test]
fn a_damaged_page_costs_what_lay_on_it() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path());
    let leaves = spoil(place.path(), "leaf", &[5, 9, 10]);
    assert!(leaves > 20, "{leaves} leaves");
    let store = open(place.path());
    assert_eq!(store.health().unsound, None, "nobody has met it yet");
    meet(&store);
    wait_until_mended(&store, 2);
    let whole = whole_days(&store);
    let most = POINTS * DAYS * 4 / i64::try_from(leaves).unwrap();
    assert!(whole < POINTS * DAYS && whole > POINTS * DAYS - most, "{whole} days are whole");
    // Days that are gone can be written again, others go on.
    append(
        &store,
        (0..DAYS + 1).flat_map(|day| (0..POINTS).flat_map(move |number| of_day(number, day))).collect(),
    );
    store.seal_everything().unwrap();
    assert_eq!(whole_days(&store), POINTS * DAYS);
    drop(store);
    let store = open(place.path());
    assert_eq!((store.health().damaged, store.health().unsound), (2, None), "it is known after a start, too");
    assert_eq!(whole_days(&store), POINTS * DAYS);
    let report = inspect::check(place.path()).unwrap();
    assert_eq!((report.faults, report.set_aside.len()), (vec![], 2), "and the file is sound");
    assert!(report.set_aside[0].found.contains("lay on pages that cannot be read"), "{:?}", report.set_aside);
    assert!(report.set_aside[0].day.is_some());
}

#[test]
fn sealing_goes_on_after_it_has_met_a_damaged_page() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path());
    let leaves = spoil(place.path(), "leaf", &[]);
    spoil(place.path(), "leaf", &[leaves - 1]);
    let store = open(place.path());
    // Late readings of the last day, whose page it is, and of others.
    let late = |day: i64| (0..POINTS).map(move |number| good(&name(number), day * DAY_MS + 5, 0.5));
    append(&store, late(DAYS - 1).chain(late(3)).collect());
    store.seal_everything().unwrap();
    wait_until_mended(&store, 1);
    assert_eq!(store.stats().waiting_readings, 0);
    for number in 0..POINTS {
        assert_eq!(readings_of(&store, &name(number), 3 * DAY_MS, 4 * DAY_MS).len(), 25);
        let last = readings_of(&store, &name(number), (DAYS - 1) * DAY_MS, DAYS * DAY_MS);
        assert!([1, 25].contains(&last.len()), "{last:?}");
    }
}

#[test]
fn a_damaged_inner_page_is_told_and_commits_go_on() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path());
    spoil(place.path(), "internal", &[0]);
    let store = open(place.path());
    meet(&store);
    wait_until_mended(&store, 1);
    assert_eq!(whole_days(&store), 0, "it was the root");
    append(&store, of_day(1, 3));
    store.seal_everything().unwrap();
    assert_eq!(whole_days(&store), 1);
}

#[test]
fn what_cannot_be_mended_stays_told() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path());
    let store = open(place.path());
    let file = place.path().join(schema::FILE);
    Connection::open(&file).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let page: u32 = Connection::open(&file)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'alarm_by_time'", [], |row| row.get(0))
        .unwrap();
    let spoilt = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&spoilt, &[0xa5; 4_096], (u64::from(page) - 1) * 4_096).unwrap();
    assert!(store.alarms(&crate::AlarmFilter::default()).is_err());
    let ticks = crossbeam_channel::tick(Duration::from_millis(5));
    // In the words of the query that met it, or of the check that was made then.
    let is_told = || ticks.recv().is_ok() && store.health().unsound.is_some();
    assert!((0..1_000).any(|_| is_told()), "{:?}", store.health());
    append(&store, of_day(1, DAYS));
    assert_eq!(whole_days(&store), POINTS * DAYS, "readings are there all the same");
    assert!((0..1_000).any(|_| is_told()), "it stays told: {:?}", store.health());
}
