//! A sound store is found sound, beside its running hub, too; each kind of damage is found where it is, and costs that day only.

use std::time::Duration;

use hub_model::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::conformance::samples::{good, point, readings_of};
use crate::port::{Append, Batch, StoredReading};
use crate::{Settings, Store};

const DAY_MS: i64 = 86_400_000;

fn filled(dir: &Path) -> Store {
    let store = Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(dir) }).unwrap();
    for id in ["a/plc/level", "a/plc/ph"] {
        append(&store, id, 0, 2_000);
    }
    store.seal_everything().unwrap();
    append(&store, "a/plc/ph", 2_000, 10);
    store
}

fn append(store: &Store, id: &str, from: i64, count: i64) {
    let (told, committed) = std::sync::mpsc::channel();
    let reading = |n: i64| good(&point(id), n * 100_000, (n % 50) as f64 / 10.0);
    let readings = (from..from + count).map(|n| StoredReading { reading: reading(n), latest: true });
    let batch = Batch { readings: readings.collect(), ..Batch::default() };
    store.append(batch, Box::new(move |_| told.send(()).unwrap())).unwrap();
    committed.recv_timeout(Duration::from_secs(30)).unwrap();
}

fn execute(dir: &Path, statement: &str) {
    assert!(Connection::open(dir.join("hub.sqlite")).unwrap().execute(statement, []).unwrap() > 0);
}

#[test]
fn a_sound_store_is_found_sound_while_its_hub_runs() {
    let place = tempfile::tempdir().unwrap();
    let store = filled(place.path());
    let report = check(place.path()).unwrap();
    assert_eq!((report.faults, report.set_aside), (vec![], vec![]));
    assert_eq!((report.readings, report.waiting), (4_000, 10));
    let stats = stats(place.path()).unwrap();
    assert_eq!((stats.readings(), stats.waiting, stats.points.len()), (4_010, 10, 2));
    let ph = &stats.points[1];
    assert_eq!((ph.point.as_str(), ph.readings, ph.hourly), ("a/plc/ph", 2_010, 0));
    assert_eq!(ph.oldest, Some(Timestamp::from_millis(0)));
    assert_eq!(ph.newest, Some(Timestamp::from_millis(2_009 * 100_000)));
    assert!(ph.bytes > 100 && ph.bytes < 4_000, "{ph:?}");
    assert!(stats.bytes_a_reading().unwrap() > 1.0);
    append(&store, "a/plc/ph", 3_000, 10);
}

#[test]
fn a_damaged_chunk_is_found_and_costs_its_day_only() {
    let place = tempfile::tempdir().unwrap();
    drop(filled(place.path()));
    execute(
        place.path(),
        "UPDATE chunk SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB) WHERE id = (SELECT min(id) FROM chunk)",
    );
    execute(
        place.path(),
        "UPDATE chunk SET summary = (SELECT summary FROM chunk ORDER BY id LIMIT 1) WHERE id = (SELECT max(id) FROM chunk)",
    );
    let report = check(place.path()).unwrap();
    let told: Vec<_> = report.faults.iter().map(|fault| (fault.day.clone(), fault.found.as_str())).collect();
    let start = |day: i64| Timestamp::from_millis(day * DAY_MS - 7 * 3_600_000);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].0, Some((Some(point("a/plc/level")), start(0))));
    assert!(told[0].1.contains("checksum"), "{told:?}");
    assert_eq!(told[1].0.as_ref().unwrap().0, Some(point("a/plc/ph")));
    assert_eq!(told[1].1, "its figures are not those of its readings");
    // The store opens, shows everything else, and sets the chunk aside.
    let store = Store::open(Settings::new(place.path())).unwrap();
    let left = readings_of(&store, &point("a/plc/level"), i64::MIN, i64::MAX).len();
    assert!(left > 1_000 && left < 2_000, "{left}");
    assert_eq!(readings_of(&store, &point("a/plc/ph"), 0, DAY_MS / 2).len(), 432);
    drop(store);
    let report = check(place.path()).unwrap();
    assert_eq!(report.set_aside.len(), 1);
    assert_eq!(report.set_aside[0].day, Some((Some(point("a/plc/level")), start(0))));
}

#[test]
fn a_damaged_page_of_what_the_hub_needs_is_told_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    drop(filled(place.path()));
    let file = place.path().join("hub.sqlite");
    let page: i64 = Connection::open(&file)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'series'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = usize::try_from(page - 1).unwrap() * 4_096;
    bytes[at..at + 4_096].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let error = Store::open(Settings::new(place.path())).unwrap_err();
    let text = crate::error::in_one_line(&error);
    assert!(text.contains("hub.sqlite is damaged") || text.contains("malformed"), "{text}");
    let report = check(place.path()).unwrap();
    assert!(report.faults.len() >= 2, "{report:?}");
}

#[test]
fn a_truncated_file_is_told() {
    let place = tempfile::tempdir().unwrap();
    drop(filled(place.path()));
    let file = place.path().join("hub.sqlite");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let error = Store::open(Settings::new(place.path())).map(drop).unwrap_err();
    let text = crate::error::in_one_line(&error);
    assert!(text.contains("damaged") || text.contains("malformed"), "{text}");
    match check(place.path()) {
        Ok(report) => assert!(!report.faults.is_empty()),
        Err(error) => assert!(crate::error::in_one_line(&error).contains("malformed"), "{error}"),
    }
}

#[test]
fn where_there_is_no_store_it_is_said() {
    let place = tempfile::tempdir().unwrap();
    for error in [check(place.path()).unwrap_err(), stats(place.path()).unwrap_err()] {
        assert!(error.to_string().ends_with("holds no store; has the hub run yet?"), "{error}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "and none is made");
}
