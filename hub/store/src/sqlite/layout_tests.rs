//! The layout under what happens to files: version 1 is brought here, damage costs one chunk, the log stays short, a full disk delays
//! sealing and loses nothing.

use std::path::Path;
use std::time::Duration;

use hub_model::{AlarmId, LocalText, Quality, Reading, Reason, Remark};
use rusqlite::{Connection, params};

use super::*;
use crate::conformance::samples::{at, good, missing, point, readings_of};
use crate::figures::{QualityCounts, Spans};
use crate::memory::MemoryStore;
use crate::outbox::{MessageId, Outbox};
use crate::port::{History, StoredReading};

const DAY_MS: i64 = 86_400_000;
const BOUND: Duration = Duration::from_secs(30);

fn open(dir: &Path) -> Store {
    Store::open(Settings { commit_window: Duration::ZERO, utc_offset_s: 0, ..Settings::new(dir) }).unwrap()
}

fn append(store: &dyn Append, readings: Vec<Reading>) {
    let (told, committed) = bounded(1);
    let readings = readings.into_iter().map(|reading| StoredReading { reading, latest: true }).collect();
    let batch = Batch { readings, ..Batch::default() };
    store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(()))).unwrap();
    committed.recv_timeout(BOUND).unwrap();
}

fn ask(dir: &Path, question: &str) -> i64 {
    Connection::open(dir.join(schema::FILE)).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
}

/// A file as version 1 wrote it: the statements of that version, word for word.
fn write_version_1(dir: &Path, readings: &[Reading]) {
    let connection = Connection::open(dir.join(schema::FILE)).unwrap();
    connection
        .execute_batch(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )
        .unwrap();
    connection.execute_batch(&format!("BEGIN; {}", schema::SCHEMA.steps[0].tables)).unwrap();
    connection.pragma_update(None, "application_id", schema::SCHEMA.application_id).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    for reading in readings {
        let series = "INSERT OR IGNORE INTO series (point) VALUES (?)";
        connection.execute(series, [reading.point.as_str()]).unwrap();
        let measured_at = reading.measured_at.as_millis();
        connection
            .execute(
                "INSERT INTO reading (series, measured_at, received_after_ms, raw, value, quality, reason)
                 VALUES ((SELECT id FROM series WHERE point = ?), ?, ?, ?, ?, ?, ?)",
                params![
                    reading.point.as_str(),
                    measured_at,
                    reading.received_at.as_millis().wrapping_sub(measured_at),
                    codes::number(reading.raw),
                    codes::number(reading.value),
                    codes::quality_code(reading.quality),
                    reading.reason.map(codes::reason_code),
                ],
            )
            .unwrap();
    }
    let last = readings.last().unwrap();
    connection
        .execute(
            "INSERT INTO latest (series, measured_at, received_after_ms, raw, value, quality, reason, good_value, good_at)
             VALUES ((SELECT id FROM series WHERE point = ?1), ?2, 7, ?3, ?3, 1, NULL, ?3, ?2)",
            params![last.point.as_str(), last.measured_at.as_millis(), codes::number(last.value)],
        )
        .unwrap();
    connection.execute_batch("UPDATE progress SET commits = 17; COMMIT").unwrap();
}

#[test]
fn a_file_of_version_1_is_brought_here_whole() {
    let place = tempfile::tempdir().unwrap();
    let (ph, flow) = (point("a/plc/ph"), point("a/plc/flow"));
    let mut readings: Vec<Reading> =
        (0..3_000).map(|n| good(&ph, n * 120_000, 7.0 + (n % 50) as f64 / 100.0)).collect();
    readings.push(missing(&flow, -5, Reason::Exception(2)));
    readings.push(Reading { quality: Quality::Suspect, raw: None, ..good(&flow, 9, -0.0) });
    // Written again: the last one counts.
    readings.push(good(&ph, 120_000, 1.25));
    readings.push(good(&ph, 3_000 * 120_000, 8.5));
    write_version_1(place.path(), &readings);
    let size = |file: &str| std::fs::metadata(place.path().join(file)).unwrap().len();
    let before = size(schema::FILE);

    let model = MemoryStore::new();
    append(&model, readings.clone());
    let store = open(place.path());
    for point in [&ph, &flow] {
        let all = readings_of(&model, point, i64::MIN, i64::MAX);
        assert_eq!(readings_of(&store, point, i64::MIN, i64::MAX), all);
    }
    assert_eq!(store.last_commit(), CommitSeq(17));
    assert_eq!(store.latest_of(&ph).unwrap(), model.latest_of(&ph).unwrap());
    append(&store, vec![good(&ph, 120_000, 1.5)]);
    assert_eq!(store.last_commit(), CommitSeq(18), "and goes on");
    store.seal_everything().unwrap();
    assert_eq!((store.repeats(), readings_of(&store, &ph, 0, i64::MAX).len()), (1, 3_001));
    drop(store);
    assert_eq!(ask(place.path(), "PRAGMA user_version"), 9);
    assert_eq!(ask(place.path(), "PRAGMA auto_vacuum"), 2, "space can be given back from now on");
    // Tables that are still empty take a page each, and so do their indexes.
    let empty = 10 * 4_096;
    assert!(size(schema::FILE) < before / 2 + empty, "{} bytes of {before}", size(schema::FILE));
}

#[test]
fn remarks_and_causes_of_version_8_are_shown_on() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join(schema::FILE);
    let connection = Connection::open(&file).unwrap();
    for step in &schema::SCHEMA.steps[..8] {
        connection.execute_batch(step.tables).unwrap();
    }
    connection.pragma_update(None, "application_id", schema::SCHEMA.application_id).unwrap();
    connection.pragma_update(None, "user_version", 8).unwrap();
    connection
        .execute_batch(
            "INSERT INTO alarm (id, rule, rule_version, title_vi, title_en, priority, site, subject, state, raised_at, unit,
                 message_vi, message_en)
                 VALUES (1, 'low', '1', 'Thấp', 'Low', 'high', 'a', 'a/plc/ph', 'normal', 0, '', '', '');
             INSERT INTO transition (alarm, at, to_state, why, by_user, comment) VALUES
                 (1, 1, 'shelved', 'returned', NULL, 'Hết điều kiện khi đang ẩn / Condition gone while hidden'),
                 (1, 2, 'shelved', 'commented', 'lan', 'Quy tắc đã tắt / The rule was switched off'),
                 (1, 3, 'shelved', 'raised_again', NULL, 'Điều kiện trở lại khi đang ẩn / Condition back while hidden'),
                 (1, 4, 'acknowledged', 'returned', NULL, 'Hết điều kiện, chờ đặt lại / Condition gone, waits for its reset'),
                 (1, 5, 'normal', 'no_longer_watched', NULL, 'Quy tắc đã tắt / The rule was switched off'),
                 (1, 6, 'normal', 'no_longer_watched', NULL, 'Không còn theo dõi / No longer watched'),
                 (1, 7, 'normal', 'no_longer_watched', NULL, 'Quy tắc đã bị xóa / The rule was deleted');
             INSERT INTO message VALUES (1, 'mail', '', 0, 0, 'failed', 3, 0, 9, 'no answer in time', 0);",
        )
        .unwrap();
    drop(connection);
    let store = open(place.path());
    let (_, steps) = store.alarm(AlarmId(1)).unwrap().unwrap();
    let said: Vec<_> = steps.iter().map(|step| (step.remark, step.comment.as_deref())).collect();
    let by_lan = (None, Some("Quy tắc đã tắt / The rule was switched off"));
    let remarks = [
        Remark::BackWhileHidden,
        Remark::WaitsForReset,
        Remark::RuleOff,
        Remark::NotWatched,
        Remark::RuleDeleted,
    ];
    let remarks = remarks.map(|remark| (Some(remark), None));
    assert_eq!(said[..2], [(Some(Remark::GoneWhileHidden), None), by_lan]);
    assert_eq!(said[2..], remarks);
    let (message, _) = store.message(MessageId(1), 0).unwrap().unwrap();
    assert_eq!(message.detail, LocalText::same("no answer in time"));
}

#[test]
fn a_version_1_that_cannot_be_read_stays_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    write_version_1(place.path(), &[good(&point("a/plc/ph"), 0, 1.0)]);
    let file = place.path().join(schema::FILE);
    Connection::open(&file).unwrap().execute("UPDATE reading SET quality = 77", []).unwrap();
    let error = Store::open(Settings::new(place.path())).unwrap_err();
    assert!(in_one_line(&error).ends_with("the quality \"77\" is not known"), "{error:?}");
    assert_eq!(ask(place.path(), "PRAGMA user_version"), 1);
    assert_eq!(ask(place.path(), "SELECT count(*) FROM reading"), 1);
}

/// Three sealed days of a reading each ten minutes.
fn three_days(dir: &Path) -> (Store, Vec<Reading>) {
    let store = open(dir);
    let readings: Vec<Reading> =
        (0..3 * 144).map(|n| good(&point("a/plc/ph"), n * 600_000, n as f64)).collect();
    append(&store, readings.clone());
    store.seal_everything().unwrap();
    (store, readings)
}

fn wait_until_set_aside(store: &Store, chunks: u64) {
    let ticks = crossbeam_channel::tick(Duration::from_millis(2));
    for _ in 0..BOUND.as_millis() / 2 {
        if store.health().damaged == chunks {
            return;
        }
        ticks.recv().unwrap();
    }
    panic!("{chunks} chunks should be set aside: {:?}", store.health());
}

#[test]
fn a_damaged_chunk_is_set_aside_and_costs_its_day_only() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let (store, readings) = three_days(place.path());
    let file = place.path().join(schema::FILE);
    let spoil = "UPDATE chunk SET body = CAST(substr(body, 1, 9) || 'x' || substr(body, 11) AS BLOB)
        WHERE id = (SELECT id FROM chunk ORDER BY id LIMIT 1 OFFSET 1)";
    assert_eq!(Connection::open(&file).unwrap().execute(spoil, []).unwrap(), 1);
    let left: Vec<Reading> = [&readings[..144], &readings[288..]].concat();
    for _ in 0..3 {
        assert_eq!(readings_of(&store, &ph, 0, i64::MAX), left);
        wait_until_set_aside(&store, 1);
    }
    assert_eq!(
        ask(
            place.path(),
            "SELECT count(*) FROM damaged WHERE was_in = 'chunk' AND length(body) > 10 AND at > 0"
        ),
        1
    );
    assert_eq!(ask(place.path(), "SELECT count(*) FROM chunk"), 2);
    // The day can be written again.
    append(&store, readings[144..288].to_vec());
    store.seal_everything().unwrap();
    assert_eq!(readings_of(&store, &ph, 0, i64::MAX), readings);
    drop(store);
    assert_eq!(open(place.path()).health().damaged, 1, "it is known after a start, too");
}

#[test]
fn late_readings_for_a_damaged_chunk_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let (store, readings) = three_days(place.path());
    let file = place.path().join(schema::FILE);
    Connection::open(&file).unwrap().execute("UPDATE chunk SET summary = x'', body = x'00'", []).unwrap();
    let late = good(&ph, DAY_MS + 5, 0.5);
    append(&store, vec![late.clone()]);
    store.seal_everything().unwrap();
    assert_eq!(readings_of(&store, &ph, 0, i64::MAX), [late]);
    wait_until_set_aside(&store, 3);
    assert!(readings.len() > 3);
}

#[test]
fn a_damaged_commit_is_set_aside_and_the_others_are_read() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let store = open(place.path());
    (0..3).for_each(|n| append(&store, vec![good(&ph, n, n as f64)]));
    drop(store);
    let file = place.path().join(schema::FILE);
    Connection::open(&file)
        .unwrap()
        .execute("UPDATE hot SET body = x'0102030405' WHERE seq = 3", [])
        .unwrap();
    for _ in 0..2 {
        let store = open(place.path());
        assert_eq!(readings_of(&store, &ph, 0, 9), [good(&ph, 0, 0.0), good(&ph, 1, 1.0)]);
        assert_eq!((store.last_commit(), store.health().damaged), (CommitSeq(3), 1));
    }
}

#[test]
fn what_is_sealed_has_left_the_log_and_ram() {
    let place = tempfile::tempdir().unwrap();
    let (store, readings) = three_days(place.path());
    append(&store, vec![good(&point("b/x/y"), 5, 1.0)]);
    assert_eq!(store.stats().waiting_readings, 1);
    assert_eq!(ask(place.path(), "SELECT count(*) FROM hot"), 1);
    assert_eq!(ask(place.path(), "SELECT count(*) FROM chunk"), 3);
    drop(store);
    let store = open(place.path());
    assert_eq!(store.last_commit(), CommitSeq(2));
    let latest = store.latest().unwrap();
    assert_eq!(latest[0].reading, readings[readings.len() - 1]);
    assert_eq!(latest[1].reading, good(&point("b/x/y"), 5, 1.0));
}

#[test]
fn a_full_disk_delays_sealing_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let (store, readings) = three_days(place.path());
    let day: Vec<Reading> =
        (0..20_000).map(|n| good(&ph, 10 * DAY_MS + n * 1_000, (n * n % 977) as f64 / 7.0)).collect();
    append(&store, day.clone());
    drop(store);
    // Room for a commit or two, none for the chunk: the log's pages are free only once it is written.
    let pages = ask(place.path(), "PRAGMA page_count") + 4;
    let limit: BeforeAttempt = Box::new(move |connection: &Connection| {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    });
    let settings = Settings { commit_window: Duration::ZERO, utc_offset_s: 0, ..Settings::new(place.path()) };
    let store = Store::open_with(settings, limit).unwrap();
    append(&store, vec![good(&ph, 10 * DAY_MS, 3.0)]);
    let all = [&readings[..], &[good(&ph, 10 * DAY_MS, 3.0)], &day[1..]].concat();
    assert_eq!(readings_of(&store, &ph, 0, i64::MAX), all);
    drop(store);
    let store = open(place.path());
    store.seal_everything().unwrap();
    assert_eq!(readings_of(&store, &ph, 0, i64::MAX), all);
    assert_eq!(store.stats().waiting_readings, 0);
}

#[test]
fn a_bucket_that_holds_whole_days_opens_no_chunk() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let (store, _) = three_days(place.path());
    let file = place.path().join(schema::FILE);
    // Were a body read, it would be missed.
    Connection::open(&file).unwrap().execute("UPDATE chunk SET body = x'00'", []).unwrap();
    let days = Spans::Every { width: Duration::from_secs(86_400), origin: at(0) };
    let buckets = store.buckets(&ph, at(0), at(3 * DAY_MS), &days).unwrap();
    let found: Vec<_> =
        buckets.iter().map(|bucket| (bucket.n, bucket.min, bucket.mean, bucket.last)).collect();
    assert_eq!(found, [(144, 0.0, 71.5, 143.0), (144, 144.0, 215.5, 287.0), (144, 288.0, 359.5, 431.0)]);
    assert!(
        buckets.iter().all(|bucket| bucket.counts == QualityCounts { good: 144, ..QualityCounts::default() })
    );
    assert_eq!(store.days(&ph, at(DAY_MS), at(DAY_MS + 1)).unwrap()[0].sum, 144.0 * 215.5);
    assert_eq!(store.health().damaged, 0);
}

#[test]
fn a_clean_stop_leaves_nothing_in_the_log_beside_the_file() {
    let place = tempfile::tempdir().unwrap();
    let ph = point("a/plc/ph");
    let store = open(place.path());
    append(&store, (0..500).map(|n| good(&ph, n * 1_000, 7.0)).collect());
    // A reader's connection stays open beyond the writer's.
    assert_eq!(readings_of(&store, &ph, i64::MIN, i64::MAX).len(), 500);
    store.close().unwrap();
    let log = place.path().join(format!("{}-wal", schema::FILE));
    assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0);

    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(place.path().join(schema::FILE), copy.path().join(schema::FILE)).unwrap();
    assert_eq!(readings_of(&open(copy.path()), &ph, i64::MIN, i64::MAX).len(), 500);
}
