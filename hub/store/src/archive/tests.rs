//! A backup of a running store comes back whole; whatever is wrong with one is told, and nothing is left of it.

use std::fs;
use std::path::Path;

use hub_model::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::conformance::samples::{good, point, readings_of};
use crate::records::{Deed, DeedFilter, Records};
use crate::{Accounts, Append, Batch, Settings, Store, StoredReading};

const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);

/// As a broker's: what is of a connection goes, what is of everybody stays.
const BROKER: BrokerFile =
    BrokerFile { name: "mqtt.sqlite", layout: 1, forget: "DELETE FROM session; DELETE FROM queue" };

fn broker(dir: &Path) -> Connection {
    let connection = Connection::open(dir.join(BROKER.name)).unwrap();
    let tables = "PRAGMA journal_mode = WAL; PRAGMA user_version = 1; CREATE TABLE session (id);
        CREATE TABLE queue (message); CREATE TABLE retained (message); INSERT INTO session VALUES (1);
        INSERT INTO queue VALUES ('open the gate'); INSERT INTO retained VALUES ('is born')";
    connection.execute_batch(tables).unwrap();
    connection
}

fn append(store: &Store, from: i64, count: i64) {
    let reading = |at: i64| StoredReading { reading: good(&point("a/plc/ph"), at, 7.0), latest: true };
    let (told, committed) = std::sync::mpsc::channel();
    let batch = Batch { readings: (from..from + count).map(reading).collect(), ..Batch::default() };
    store.append(batch, Box::new(move |_| told.send(()).unwrap())).unwrap();
    committed.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
}

fn filled(dir: &Path) -> Store {
    let accounts = Accounts::open(dir).unwrap();
    accounts.add_user("lan", "admin", "a hash").unwrap();
    let store = Store::open(Settings::new(dir)).unwrap();
    append(&store, 0, 5_000);
    store
}

fn names(dir: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn a_backup_of_a_running_store_comes_back_whole() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("a b'.backup"));
    let store = filled(&dir);
    let deed =
        Deed { at: NOW, by: "lan".into(), action: "x".into(), object: "a".into(), detail: "{}".into() };
    Records::open(&dir).unwrap().note(&deed).unwrap();
    let _broker = broker(&dir);
    let made = backup(&dir, &file, &BROKER, NOW, "1.2.3").unwrap();
    append(&store, 9_000, 10);
    assert_eq!(made.bytes, fs::metadata(&file).unwrap().len());
    let new = place.path().join("new/data");
    assert_eq!(restore(&file, &new, &BROKER).unwrap(), made);
    assert_eq!(names(&new), ["accounts.sqlite", "hub.lock", "hub.sqlite", "mqtt.sqlite", "records.sqlite"]);
    let kept = "SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM queue), message FROM retained";
    let kept: (i64, String) = Connection::open(new.join("mqtt.sqlite"))
        .unwrap()
        .query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(kept, (0, "is born".to_owned()));
    let bytes = fs::read(new.join("mqtt.sqlite")).unwrap();
    assert!(!bytes.windows(13).any(|part| part == b"open the gate"), "nor is it left in a free page");
    let restored = Store::open(Settings::new(&new)).unwrap();
    let all = readings_of(&store, &point("a/plc/ph"), 0, 5_000);
    assert_eq!(readings_of(&restored, &point("a/plc/ph"), 0, i64::MAX), all);
    append(&restored, 5_000, 1);
    assert_eq!(Accounts::open(&new).unwrap().list_users().unwrap()[0].name, "lan");
    let all = DeedFilter { limit: 9, ..DeedFilter::default() };
    assert_eq!(Records::open(&new).unwrap().deeds(&all).unwrap()[0].deed, deed);
    // A store that was restored can be backed up again.
    backup(&new, &place.path().join("second"), &BROKER, NOW, "1.2.3").unwrap();
    assert_eq!(names(place.path()), ["a b'.backup", "data", "new", "second"]);
}

#[test]
fn neither_overwrites_anything() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("x.backup"));
    let store = filled(&dir);
    backup(&dir, &file, &BROKER, NOW, "1").unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(backup(&dir, &file, &BROKER, NOW, "1"), Err(ArchiveError::Exists { .. })));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(matches!(restore(&file, &dir, &BROKER), Err(ArchiveError::Store(StoreError::InUse { .. }))));
    drop(store);
    let error = restore(&file, &dir, &BROKER).unwrap_err().to_string();
    assert!(error.ends_with("data/hub.sqlite is there already; restore into a new folder, or move it away"));
    fs::remove_file(dir.join("hub.sqlite")).unwrap();
    let error = restore(&file, &dir, &BROKER).unwrap_err().to_string();
    assert!(error.contains("accounts.sqlite is there already"), "{error}");
}

#[test]
fn what_is_no_backup_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("data");
    drop(filled(&dir));
    let new = place.path().join("new");
    let text = place.path().join("text");
    fs::write(&text, "time;value\n".repeat(1_000)).unwrap();
    let foreign = place.path().join("foreign");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE backup (made_at)").unwrap();
    for file in [text, foreign, dir.join("hub.sqlite"), dir.join("accounts.sqlite")] {
        let error = restore(&file, &new, &BROKER).unwrap_err();
        assert!(matches!(error, ArchiveError::NotABackup { .. }), "{error}");
    }
    assert!(matches!(restore(&place.path().join("none"), &new, &BROKER), Err(ArchiveError::Read { .. })));
    assert!(matches!(restore(place.path(), &new, &BROKER), Err(ArchiveError::Read { .. })));
    assert!(!new.exists());
    let error = backup(&place.path().join("none"), &place.path().join("x"), &BROKER, NOW, "1").unwrap_err();
    assert!(error.to_string().ends_with("none holds no store; has the hub run yet?"));
}

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_left_of_it() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("x.backup"));
    drop(filled(&dir));
    backup(&dir, &file, &BROKER, NOW, "1").unwrap();
    let whole = fs::read(&file).unwrap();
    let new = place.path().join("new");
    let mut truncated = whole.clone();
    truncated.truncate(whole.len() / 2);
    // Every page but the first, which says what the file is, is torn once.
    for page in (1..whole.len() / 4_096).step_by(3) {
        let mut torn = whole.clone();
        torn[page * 4_096..page * 4_096 + 64].fill(0xa5);
        fs::write(&file, torn).unwrap();
        let error = restore(&file, &new, &BROKER).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Damaged { .. } | ArchiveError::NotABackup { .. }),
            "{page}: {error}"
        );
    }
    fs::write(&file, truncated).unwrap();
    assert!(restore(&file, &new, &BROKER).is_err());
    assert!(!new.exists() || names(&new) == ["hub.lock"]);
    fs::write(&file, whole).unwrap();
    restore(&file, &new, &BROKER).unwrap();
}

#[test]
fn a_backup_of_a_newer_hub_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("x.backup"));
    drop(filled(&dir));
    backup(&dir, &file, &BROKER, NOW, "9").unwrap();
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = restore(&file, &place.path().join("new"), &BROKER).unwrap_err().to_string();
    assert!(error.contains("was written by a newer hub (schema 99"), "{error}");
}

#[test]
fn a_damaged_store_is_not_backed_up_as_if_it_were_sound() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("x.backup"));
    drop(filled(&dir));
    let store = dir.join("hub.sqlite");
    let mut bytes = fs::read(&store).unwrap();
    let pages = bytes.len() / 4_096;
    for page in pages / 2..pages {
        bytes[page * 4_096..page * 4_096 + 64].fill(0xa5);
    }
    fs::write(&store, bytes).unwrap();
    assert!(backup(&dir, &file, &BROKER, NOW, "1").is_err());
    assert_eq!(names(place.path()), ["data"]);
}

#[test]
fn records_and_a_brokers_file_that_are_faulty_are_refused_and_nothing_is_left() {
    let place = tempfile::tempdir().unwrap();
    let (dir, file) = (place.path().join("data"), place.path().join("x.backup"));
    drop(filled(&dir));
    drop(Records::open(&dir).unwrap());
    drop(broker(&dir));
    backup(&dir, &file, &BROKER, NOW, "1").unwrap();
    let new = place.path().join("new");
    for name in ["mqtt.sqlite", "records.sqlite"] {
        let connection = Connection::open(dir.join(name)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let error = backup(&dir, &place.path().join("y"), &BROKER, NOW, "1").unwrap_err().to_string();
        assert!(error.contains(&format!("{name} was written by a newer hub (schema 99")), "{error}");
    }
    for column in ["broker", "records"] {
        let whole = fs::read(&file).unwrap();
        let held = Connection::open(&file).unwrap();
        let content: Vec<u8> =
            held.query_row(&format!("SELECT {column} FROM backup"), [], |row| row.get(0)).unwrap();
        // Its second page, where a table lies.
        let mut torn = content.clone();
        torn[4_096..4_160].fill(0xa5);
        let mut newer = content.clone();
        newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
        for (content, says) in [(torn, "is damaged: "), (newer, "was written by a newer hub")] {
            held.execute(&format!("UPDATE backup SET {column} = ?"), [content]).unwrap();
            let error = restore(&file, &new, &BROKER).unwrap_err().to_string();
            assert!(error.contains(says), "{column}: {error}");
            assert_eq!(names(&new), ["hub.lock"]);
        }
        drop(held);
        fs::write(&file, whole).unwrap();
    }
    fs::write(new.join("mqtt.sqlite"), "theirs").unwrap();
    let error = restore(&file, &new, &BROKER).unwrap_err().to_string();
    assert!(error.contains("mqtt.sqlite is there already"), "{error}");
    assert_eq!(names(place.path()), ["data", "new", "x.backup"]);
}
