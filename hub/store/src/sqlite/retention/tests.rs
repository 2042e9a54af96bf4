//! Readings become hours, hours leave, the space goes back; what is held stays, or is told to have left.

use std::time::Duration;

use hub_model::{PointId, Reading, Timestamp};
use rusqlite::Connection;

use super::*;
use crate::conformance::samples::{good, point, readings_of};
use crate::figures::Spans;
use crate::port::{Append, Batch, History, StoredReading};
use crate::{Bucket, Settings};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const DAY: Duration = Duration::from_secs(86_400);
/// Midnight in Vietnam.
const START_MS: i64 = 20_000 * DAY_MS - 7 * HOUR_MS;

const KEEPING: Keeping =
    Keeping { raw: DAY.saturating_mul(10), hourly: DAY.saturating_mul(20), max_bytes: None };

fn level() -> PointId {
    point("a/plc/level")
}

fn on(day: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + day * DAY_MS)
}

/// Readings every ten minutes of some days, as a saw.
fn readings(days: std::ops::Range<i64>) -> Vec<Reading> {
    let times = (days.start * 144..days.end * 144).map(|n| START_MS + n * 600_000);
    times.map(|at| good(&level(), at, (at / 600_000 % 37) as f64 / 100.0)).collect()
}

fn append(store: &Store, readings: Vec<Reading>) {
    let (told, committed) = std::sync::mpsc::channel();
    let readings = readings.into_iter().map(|reading| StoredReading { reading, latest: true }).collect();
    let batch = Batch { readings, ..Batch::default() };
    store.append(batch, Box::new(move |_| told.send(()).unwrap())).unwrap();
    committed.recv_timeout(Duration::from_secs(30)).unwrap();
    store.seal_everything().unwrap();
}

fn store(dir: &Path, days: i64) -> Store {
    let store = Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(dir) }).unwrap();
    append(&store, readings(0..days));
    store
}

fn let_go(store: &Store, keeping: &Keeping, now: Timestamp) {
    let mut steps = 0;
    while store.let_go(keeping, now).unwrap() {
        steps += 1;
        assert!(steps < 10_000, "it comes to an end");
    }
}

fn by_hours(store: &Store, hours: u64) -> Vec<Bucket> {
    let spans = Spans::Every { width: Duration::from_secs(hours * 3_600), origin: on(0) };
    store.buckets(&level(), on(-1), on(99), &spans).unwrap()
}

/// Whether two answers are the same, means but for what rounding does to sums of sums.
fn are_alike(one: &[Bucket], other: &[Bucket]) -> bool {
    let is_alike = |(one, other): (&Bucket, &Bucket)| {
        (one.mean - other.mean).abs() < 1e-12
            && Bucket { mean: 0.0, ..*one } == Bucket { mean: 0.0, ..*other }
    };
    one.len() == other.len() && one.iter().zip(other).all(is_alike)
}

fn count(store: &Store) -> usize {
    readings_of(store, &level(), i64::MIN, i64::MAX).len()
}

#[test]
fn readings_become_hours_and_hours_leave() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 15);
    let (hours, days) = (by_hours(&store, 1), by_hours(&store, 24));
    let summaries = store.days(&level(), on(0), on(99)).unwrap();
    let_go(&store, &KEEPING, on(15));
    assert_eq!(count(&store), 10 * 144, "the raw readings of five days have left");
    assert!(are_alike(&by_hours(&store, 1), &hours));
    assert!(are_alike(&by_hours(&store, 24), &days));
    let without_sum = |days: Vec<crate::DaySummary>| -> Vec<_> {
        days.into_iter().map(|day| crate::DaySummary { sum: 0.0, ..day }).collect()
    };
    assert!(without_sum(store.days(&level(), on(0), on(99)).unwrap()) == without_sum(summaries));
    // Finer than what is known: each hour once, where it begins.
    let fine = Spans::Every { width: Duration::from_secs(600), origin: on(0) };
    let fine = store.buckets(&level(), on(0), on(1), &fine).unwrap();
    assert_eq!((fine.len(), fine[0].n), (24, 6));
    // Half of a day whose readings have left.
    let half = Spans::Every { width: DAY, origin: on(0) };
    let half = store.buckets(&level(), on(0).plus(DAY / 2), on(1), &half).unwrap();
    assert_eq!((half.len(), half[0].n), (1, 72));
    let_go(&store, &KEEPING, on(22));
    assert!(are_alike(&by_hours(&store, 24), &days[2..]));
    drop(store);
    let store = Store::open(Settings::new(place.path())).unwrap();
    assert!(are_alike(&by_hours(&store, 24), &days[2..]));
    assert_eq!(store.latest().unwrap().len(), 1);
}

#[test]
fn a_late_reading_joins_the_hours_of_its_day() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 15);
    let_go(&store, &KEEPING, on(15));
    append(&store, vec![good(&level(), START_MS + DAY_MS + 5, 9.5)]);
    let_go(&store, &KEEPING, on(16));
    let days = by_hours(&store, 24);
    assert_eq!((days[1].n, days[1].max), (145, 9.5));
    assert_eq!(by_hours(&store, 1)[24].n, 7);
    assert_eq!(days[2].n, 144);
}

/// They lie in a part beside the one without rows, and were passed over until retention joined the two.
#[test]
fn late_readings_of_a_day_without_rows_are_seen_before_they_join_it() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 15);
    let before = by_hours(&store, 24);
    let_go(&store, &KEEPING, on(15));
    let late: Vec<Reading> = [(DAY_MS + 5, 9.5), (DAY_MS + 7 * HOUR_MS + 5, 8.5), (2 * DAY_MS - 5, 7.5)]
        .map(|(at, value)| good(&level(), START_MS + at, value))
        .into();
    append(&store, late.clone());
    let check = |store: &Store| {
        assert_eq!(readings_of(store, &level(), on(0).as_millis(), on(5).as_millis()), late);
        let part = readings_of(store, &level(), late[1].measured_at.as_millis(), on(2).as_millis());
        assert_eq!(part, late[1..], "asked from within the day");
        let first = readings_of(store, &level(), on(1).as_millis(), late[0].measured_at.as_millis() + 1);
        assert_eq!(first, late[..1], "and up to its first moments");
        let days = by_hours(store, 24);
        assert_eq!(days.len(), 15);
        assert_eq!((days[1].n, days[1].max, days[1].last), (147, 9.5, 7.5));
        assert!(are_alike(&days[2..], &before[2..]) && are_alike(&days[..1], &before[..1]));
        let hours = by_hours(store, 1);
        assert_eq!([24, 25, 31, 47, 48].map(|hour| hours[hour].n), [7, 6, 7, 7, 6]);
        assert!(hours[24].max == 9.5 && hours[24].last < 1.0, "the last is what was measured last");
        let summary = &store.days(&level(), on(1), on(2)).unwrap()[0];
        assert_eq!((summary.n, summary.max, summary.last), (147, 9.5, 7.5));
        days
    };
    let days = check(&store);
    drop(store);
    let store = Store::open(Settings::new(place.path())).unwrap();
    check(&store);
    let_go(&store, &KEEPING, on(16));
    assert!(are_alike(&by_hours(&store, 24)[1..2], &days[1..2]), "joined, they are the same");
}

#[test]
fn what_is_held_stays_until_it_is_released() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 15);
    store.hold("forward province", on(2));
    store.hold("report", on(12));
    let_go(&store, &KEEPING, on(40));
    assert_eq!(count(&store), 13 * 144, "of the first two days nothing is left, of the others everything");
    assert_eq!(by_hours(&store, 24).len(), 13);
    store.hold("forward province", on(9));
    let_go(&store, &KEEPING, on(23));
    assert_eq!(count(&store), 6 * 144);
    store.release("forward province");
    store.release("report");
    let_go(&store, &KEEPING, on(23));
    assert_eq!(count(&store), 2 * 144);
    assert_eq!(store.health().space.forced, None);
}

#[test]
fn what_is_too_much_leaves_early_the_oldest_first_and_it_is_told() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 1);
    // Numbers that nothing makes shorter.
    let noise = |at: i64| at.wrapping_mul(6_364_136_223_846_793_005).rem_euclid(1 << 50) as f64;
    let noisy = readings(0..90).into_iter().map(|reading| {
        let value = Some(noise(reading.measured_at.as_millis()));
        Reading { raw: value, value, ..reading }
    });
    append(&store, noisy.collect());
    let long = Keeping { raw: DAY * 400, hourly: DAY * 4_000, max_bytes: Some(1 << 40) };
    let_go(&store, &long, on(90));
    let used = store.health().space.used_bytes;
    assert!(used > 20_000 && !store.health().space.is_near, "{used}");
    let_go(&store, &Keeping { max_bytes: Some(used * 20 / 19), ..long }, on(90));
    assert!(store.health().space.is_near, "warned before");
    assert_eq!(count(&store), 90 * 144);
    let most = used * 4 / 5;
    let_go(&store, &Keeping { max_bytes: Some(most), ..long }, on(90));
    let space = store.health().space;
    assert!(space.used_bytes <= most && !space.is_over && space.forced.is_none(), "{space:?}");
    let left = readings_of(&store, &level(), i64::MIN, i64::MAX);
    assert!(left.len() >= 21 * 144 && left.last().unwrap().measured_at >= on(89), "the youngest stay");
    // Held by somebody who never comes: kept while there is space, and then told.
    store.hold("forward province", on(0));
    let_go(&store, &Keeping { max_bytes: Some(most), ..long }, on(90));
    assert_eq!(store.health().space.forced, None);
    let_go(&store, &Keeping { max_bytes: Some(1), ..long }, on(90));
    let space = store.health().space;
    assert_eq!(space.forced.unwrap().holders, ["forward province"]);
    assert!(space.is_over, "today's and yesterday's readings stay whatever the size");
    assert_eq!(count(&store), 144);
}

#[test]
fn the_space_goes_back_to_the_disk() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 2);
    let other = Connection::open(place.path().join("hub.sqlite")).unwrap();
    // Old chunks of another series, as large as they come.
    other
        .execute_batch(&format!(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2999)
             INSERT INTO chunk (id, summary, body) SELECT {} + n * {}, x'00', zeroblob(4000) FROM n",
            ChunkKey { day: 100, series: 9, part: 0 }.id(),
            ChunkKey { day: 1, series: 0, part: 0 }.id() - ChunkKey { day: 0, series: 0, part: 0 }.id(),
        ))
        .unwrap();
    let size = || {
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        std::fs::metadata(place.path().join("hub.sqlite")).unwrap().len()
    };
    let before = size();
    assert!(before > 12_000_000);
    let_go(&store, &KEEPING, on(2));
    let after = size();
    assert!(after < before / 2, "{after} of {before}");
    assert_eq!(count(&store), 288);
    let faults: String = other.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(faults, "ok");
}

#[test]
fn a_closed_store_lets_nothing_go() {
    let place = tempfile::tempdir().unwrap();
    let store = store(place.path(), 15);
    store.close().unwrap();
    assert!(!store.let_go(&KEEPING, on(90)).unwrap());
    assert_eq!(count(&store), 15 * 144);
}
