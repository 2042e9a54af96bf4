//! Messages of devices that wait for somebody else's broker, in `relay.sqlite` beside the readings. They are kept until that broker has
//! taken them, or until there is no room.
//!
//! Knows no broker and reads no clock. Readings do not wait here: they are in the store anyway. Read next: `feed.rs`, and decision 74.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hub_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;

use crate::error::{Cause, StoreError, cause};
use crate::sqlite::beside;
use crate::sqlite::database::{Schema, Step};

/// The file's name in the store's folder.
const FILE: &str = "relay.sqlite";
/// Messages that may wait for one bridge; for more the oldest make room.
pub const MAX_MESSAGES: u64 = 100_000;
/// Bytes of their topics and payloads.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// So many of the oldest are looked at at once to make room.
const LOOKED_AT: u64 = 256;

const SCHEMA: Schema = Schema {
    application_id: 0x636d_726c,
    steps: &[Step {
        tables: "
        CREATE TABLE message (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            bridge TEXT NOT NULL,
            at INTEGER NOT NULL,
            topic TEXT NOT NULL,
            payload BLOB NOT NULL
        ) STRICT;
        CREATE INDEX message_by_bridge ON message (bridge, number);
    ",
        then: None,
    }],
};

/// The file cannot be read or written. Nothing has changed then.
#[derive(Debug, Error)]
#[error("messages that wait for a bridge cannot be read or written")]
pub struct RelayError(#[source] Cause);

impl From<rusqlite::Error> for RelayError {
    fn from(error: rusqlite::Error) -> Self {
        Self(cause(&error))
    }
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Its bridge.
    pub bridge: String,
    /// When it came.
    pub at: Timestamp,
    /// Where it goes.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
}

/// How a bridge's messages stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Messages that wait.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages that had to make room since the start.
    pub dropped: u64,
    /// When the first of them came; `None` when none waits.
    pub since: Option<Timestamp>,
}

/// The messages of all bridges. Every change is on disk when its method returns.
pub struct Relay {
    connection: Mutex<Connection>,
    /// Changed by whoever holds the connection; a lock of its own, so that nobody who looks waits for a disk.
    waiting: Mutex<HashMap<String, Waiting>>,
}

impl Relay {
    /// Opens the messages in a store's folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file is foreign, newer, damaged or emptied.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let connection = beside::open(dir, FILE, &SCHEMA)?;
        let waiting = waiting(&connection)
            .map_err(|error| StoreError::Read { what: "messages for bridges", source: cause(&error) })?;
        Ok(Self { connection: Mutex::new(connection), waiting: Mutex::new(waiting) })
    }

    /// Keeps the messages of these bridges, and forgets those of all others.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, bridges: &[&str]) -> Result<(), RelayError> {
        let connection = lock(&self.connection);
        let known: Vec<_> = lock(&self.waiting).keys().cloned().collect();
        for gone in known.into_iter().filter(|known| !bridges.contains(&known.as_str())) {
            connection.execute("DELETE FROM message WHERE bridge = ?", [&gone])?;
            lock(&self.waiting).remove(&gone);
        }
        Ok(())
    }

    /// Puts messages behind those that wait; of a bridge that has no room the oldest are dropped.
    ///
    /// # Errors
    /// When the file cannot be written; then none of them waits.
    pub fn put(&self, messages: &[Relayed]) -> Result<(), RelayError> {
        let mut connection = lock(&self.connection);
        let mut after = lock(&self.waiting).clone();
        let transaction = connection.transaction()?;
        for Relayed { bridge, at, topic, payload } in messages {
            transaction
                .prepare_cached("INSERT INTO message (bridge, at, topic, payload) VALUES (?, ?, ?, ?)")?
                .execute(params![bridge, at.as_millis(), topic, payload])?;
            let its = after.entry(bridge.clone()).or_default();
            its.since = its.since.or(Some(*at));
            its.messages += 1;
            its.bytes += (topic.len() + payload.len()) as u64;
        }
        for (bridge, its) in &mut after {
            make_room(&transaction, bridge, its)?;
        }
        transaction.commit()?;
        *lock(&self.waiting) = after;
        Ok(())
    }

    /// The first messages of a bridge, in their order, and the number up to which these are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn first(&self, bridge: &str, most: usize) -> Result<(Vec<Relayed>, u64), RelayError> {
        let connection = lock(&self.connection);
        let mut query = connection.prepare_cached(
            "SELECT number, at, topic, payload FROM message WHERE bridge = ? ORDER BY number LIMIT ?",
        )?;
        let (mut messages, mut upto) = (Vec::new(), 0);
        let mut rows = query.query(params![bridge, most as i64])?;
        while let Some(row) = rows.next()? {
            upto = row.get::<_, i64>(0)?.cast_unsigned();
            messages.push(Relayed {
                bridge: bridge.to_owned(),
                at: Timestamp::from_millis(row.get(1)?),
                topic: row.get(2)?,
                payload: row.get(3)?,
            });
        }
        Ok((messages, upto))
    }

    /// Forgets a bridge's messages up to a number: its broker has them.
    ///
    /// # Errors
    /// When the file cannot be written; then they are sent again.
    pub fn taken(&self, bridge: &str, upto: u64) -> Result<(), RelayError> {
        let connection = lock(&self.connection);
        let (messages, bytes) = count(&connection, bridge, upto)?;
        delete(&connection, bridge, upto)?;
        let since = oldest(&connection, bridge)?;
        if let Some(its) = lock(&self.waiting).get_mut(bridge) {
            its.messages = its.messages.saturating_sub(messages);
            its.bytes = its.bytes.saturating_sub(bytes);
            its.since = since;
        }
        Ok(())
    }

    /// How a bridge's messages stand. Never waits for the disk.
    pub fn waiting(&self, bridge: &str) -> Waiting {
        lock(&self.waiting).get(bridge).copied().unwrap_or_default()
    }
}

/// A panic while a lock is held leaves what it guards usable: a transaction under way is rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn waiting(connection: &Connection) -> rusqlite::Result<HashMap<String, Waiting>> {
    let mut query = connection.prepare("SELECT DISTINCT bridge FROM message")?;
    let bridges: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let each = |bridge: String| {
        let (messages, bytes) = count(connection, &bridge, i64::MAX.cast_unsigned())?;
        let since = oldest(connection, &bridge)?;
        Ok((bridge, Waiting { messages, bytes, dropped: 0, since }))
    };
    bridges.into_iter().map(each).collect()
}

/// A bridge's messages up to a number, and their bytes.
fn count(connection: &Connection, bridge: &str, upto: u64) -> rusqlite::Result<(u64, u64)> {
    let sum = "SELECT count(*), coalesce(sum(octet_length(topic) + octet_length(payload)), 0) FROM message WHERE bridge = ? AND number <= ?";
    connection.prepare_cached(sum)?.query_row(params![bridge, upto.cast_signed()], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
    })
}

/// When the first message came that waits for a bridge.
fn oldest(connection: &Connection, bridge: &str) -> rusqlite::Result<Option<Timestamp>> {
    let first = "SELECT at FROM message WHERE bridge = ? ORDER BY number LIMIT 1";
    let at = connection.prepare_cached(first)?.query_row([bridge], |row| row.get(0)).optional()?;
    Ok(at.map(Timestamp::from_millis))
}

fn delete(connection: &Connection, bridge: &str, upto: u64) -> rusqlite::Result<()> {
    let delete = "DELETE FROM message WHERE bridge = ? AND number <= ?";
    connection.prepare_cached(delete)?.execute(params![bridge, upto.cast_signed()]).map(drop)
}

/// Drops the oldest of a bridge until the others have room.
fn make_room(connection: &Connection, bridge: &str, its: &mut Waiting) -> rusqlite::Result<()> {
    while its.messages > MAX_MESSAGES || its.bytes > MAX_BYTES {
        let mut query = connection.prepare_cached(
            "SELECT number, octet_length(topic) + octet_length(payload) FROM message WHERE bridge = ? ORDER BY number LIMIT ?",
        )?;
        let mut rows = query.query(params![bridge, LOOKED_AT.cast_signed()])?;
        let mut upto = 0;
        while let Some(row) = rows.next()?.filter(|_| its.messages > MAX_MESSAGES || its.bytes > MAX_BYTES) {
            upto = row.get::<_, i64>(0)?.cast_unsigned();
            its.messages -= 1;
            its.bytes = its.bytes.saturating_sub(row.get::<_, i64>(1)?.cast_unsigned());
            its.dropped += 1;
        }
        delete(connection, bridge, upto)?;
        its.since = oldest(connection, bridge)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bridge: &str, payload: &[u8]) -> Relayed {
        Relayed {
            bridge: bridge.to_owned(),
            at: Timestamp::from_millis(7),
            topic: "đèn/1".to_owned(),
            payload: payload.to_vec(),
        }
    }

    fn payloads(relay: &Relay, bridge: &str) -> Vec<Vec<u8>> {
        relay.first(bridge, 10).unwrap().0.into_iter().map(|one| one.payload).collect()
    }

    #[test]
    fn messages_wait_in_order_over_a_restart_until_they_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::open(folder.path()).unwrap();
        relay.put(&[message("a", b"1"), message("b", b"2"), message("a", b"3")]).unwrap();
        relay.put(&[message("a", b"\0\xff")]).unwrap();
        drop(relay);
        let relay = Relay::open(folder.path()).unwrap();
        let (first, upto) = relay.first("a", 2).unwrap();
        assert_eq!(first, [message("a", b"1"), message("a", b"3")]);
        assert_eq!(
            relay.waiting("a"),
            Waiting { messages: 3, bytes: 25, dropped: 0, since: Some(Timestamp::from_millis(7)) }
        );
        relay.taken("a", upto).unwrap();
        assert_eq!(payloads(&relay, "a"), [b"\0\xff"]);
        assert_eq!((relay.waiting("a").messages, relay.waiting("b").messages), (1, 1));
        relay.keep(&["b"]).unwrap();
        assert_eq!((payloads(&relay, "a").len(), payloads(&relay, "b").len()), (0, 1));
        // A number is never given twice, or what was sent before would end what came after.
        relay.taken("b", 2).unwrap();
        relay.put(&[message("b", b"4")]).unwrap();
        assert_eq!(relay.first("b", 1).unwrap().1, 5);
    }

    #[test]
    fn it_is_known_since_when_they_wait() {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::open(folder.path()).unwrap();
        let at = |ms| Relayed { at: Timestamp::from_millis(ms), ..message("a", b"1") };
        relay.put(&[at(7), at(8), at(9)]).unwrap();
        assert_eq!(relay.waiting("a").since, Some(Timestamp::from_millis(7)));
        relay.taken("a", 1).unwrap();
        assert_eq!(relay.waiting("a").since, Some(Timestamp::from_millis(8)));
        drop(relay);
        let relay = Relay::open(folder.path()).unwrap();
        assert_eq!(relay.waiting("a").since, Some(Timestamp::from_millis(8)));
        relay.taken("a", 3).unwrap();
        assert_eq!(relay.waiting("a"), Waiting::default());
        relay.put(&[at(10)]).unwrap();
        assert_eq!(relay.waiting("a").since, Some(Timestamp::from_millis(10)));
    }

    #[test]
    fn without_room_the_oldest_of_that_bridge_go_and_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::open(folder.path()).unwrap();
        relay.put(&[message("other", b"")]).unwrap();
        let quarter = vec![0; (MAX_BYTES / 4) as usize];
        for _ in 0..3 {
            relay.put(&[message("a", &quarter)]).unwrap();
        }
        relay.put(&[message("a", b"small"), message("a", &quarter)]).unwrap();
        let waiting = relay.waiting("a");
        assert_eq!((waiting.messages, waiting.dropped), (4, 1));
        assert!(waiting.bytes <= MAX_BYTES);
        assert_eq!(relay.first("a", 10).unwrap().0[2].payload, b"small");
        assert_eq!(
            relay.waiting("other"),
            Waiting { messages: 1, bytes: 7, dropped: 0, since: Some(Timestamp::from_millis(7)) }
        );
    }
}
