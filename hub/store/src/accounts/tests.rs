//! Files of earlier versions of the hub, made by their own statements: all that stands in them is kept.

use hub_model::{LocalText, Timestamp};
use rusqlite::Connection;

use super::{Accounts, DeviceWrite, FILE, SCHEMA, Token};

const KEPT: &str = "
    INSERT INTO user VALUES ('hoa', 'staff', '$argon2id$1'), ('lan', 'admin', '$argon2id$2');
    INSERT INTO token VALUES ('gateway', 'integrator', zeroblob(32), 5);
    INSERT INTO session VALUES (randomblob(32), 'hoa', 10, 20, 900), (randomblob(32), 'lan', 11, 21, 901);
";

const WRITES: &str = "
    INSERT INTO device_write (at, by, point, value, outcome) VALUES
        (30, 'lan', 'a/plc/pump', 1.0, 'the device refuses it'),
        (31, 'lan', 'a/plc/pump', 0.0, NULL);
";

/// Accounts as a hub that knew the first `version` steps has left them.
fn left_by(version: usize, rows: &[&str]) -> (tempfile::TempDir, Accounts) {
    let place = tempfile::tempdir().unwrap();
    let connection = Connection::open(place.path().join(FILE)).unwrap();
    for step in &SCHEMA.steps[..version] {
        connection.execute_batch(step.tables).unwrap();
    }
    connection.pragma_update(None, "application_id", SCHEMA.application_id).unwrap();
    connection.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    for each in rows {
        connection.execute_batch(each).unwrap();
    }
    drop(connection);
    let accounts = Accounts::open(place.path()).unwrap();
    let found = Connection::open(place.path().join(FILE)).unwrap();
    let now: i64 = found.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(now, i64::try_from(SCHEMA.steps.len()).unwrap());
    (place, accounts)
}

/// Whoever could log in before still can, and whoever is logged in stays so.
fn knows_everybody(accounts: &Accounts) {
    let users =
        accounts.list_users().unwrap().into_iter().map(|user| (user.name, user.role, user.password_hash));
    let expected = [("hoa", "staff", "$argon2id$1"), ("lan", "admin", "$argon2id$2")];
    assert!(users.eq(expected.map(|(name, role, hash)| (name.to_owned(), role.to_owned(), hash.to_owned()))));
    let at = Timestamp::from_millis;
    let token = Token { name: "gateway".to_owned(), role: "integrator".to_owned(), created_at: at(5) };
    assert_eq!(accounts.token_by_digest(&[0; 32]).unwrap(), Some(token));
    let mut sessions = accounts.list_sessions(at(100)).unwrap();
    sessions.sort_by_key(|(_, session)| session.created_at);
    let [(_, first), (_, second)] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!((first.user.as_str(), first.last_used_at, first.expires_at), ("hoa", at(20), at(900)));
    assert_eq!((second.user.as_str(), second.last_used_at, second.expires_at), ("lan", at(21), at(901)));
}

#[test]
fn accounts_from_before_devices_could_be_written_to_are_kept() {
    let (_place, accounts) = left_by(1, &[KEPT]);
    knows_everybody(&accounts);
    assert_eq!(accounts.writes("a/plc/pump", 9).unwrap(), []);
}

#[test]
fn writes_that_ended_in_english_alone_are_shown_on_and_can_still_end() {
    let (_place, accounts) = left_by(2, &[KEPT, WRITES]);
    knows_everybody(&accounts);
    let outcomes = || accounts.writes("a/plc/pump", 9).unwrap().into_iter().map(|write| write.outcome);
    let refused = Some(LocalText::same("the device refuses it"));
    assert!(outcomes().eq([None, refused.clone()]));
    let asked = DeviceWrite {
        id: 0,
        at: Timestamp::from_millis(32),
        by: "hoa".to_owned(),
        point: "a/plc/pump".to_owned(),
        value: 1.0,
        outcome: None,
    };
    let begun = accounts.add_write(asked).unwrap();
    assert_eq!(begun.id, 3, "numbers go on");
    let done = LocalText::new("đã ghi", "written");
    accounts.end_write(2, &done).unwrap();
    accounts.end_write(1, &done).unwrap();
    assert!(outcomes().eq([None, Some(done), refused]), "the first end counts");
}
