//! The file of kept sessions: its tables, one transaction per batch of operations, and reading it at the start.
//!
//! It is the only place that knows the tables. Messages stand in them as MQTT 5 PUBLISH packets. Next: `journal.rs`.

use std::path::Path;

use bytes::BytesMut;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::kept::{Kept, KeptSession, KeptWill};
use super::{KeptItem, KeptOptions, Op};
use crate::codec::{self, Outgoing, Packet, Publish, Qos, Version, Will};
use crate::message::{Message, SessionId};

/// Layout of the file, in `PRAGMA user_version`.
pub const LAYOUT: i64 = 1;

/// Statements that leave only the retained messages in a copy of the file. Sessions are between a broker and its clients at one
/// moment: with those of another one, new messages would be taken for repeats, and what was delivered would be delivered again.
pub const FORGET_SESSIONS: &str = "DELETE FROM session; DELETE FROM subscription; DELETE FROM queue; DELETE FROM received; DELETE FROM will;";

const TABLES: &str = "
    CREATE TABLE session (id INTEGER PRIMARY KEY, login TEXT NOT NULL, client_id TEXT NOT NULL,
        expiry_s INTEGER NOT NULL, left_at_ms INTEGER);
    CREATE TABLE subscription (session INTEGER NOT NULL, filter TEXT NOT NULL, qos INTEGER NOT NULL,
        no_local INTEGER NOT NULL, retain_as_published INTEGER NOT NULL, identifier INTEGER,
        PRIMARY KEY (session, filter)) WITHOUT ROWID;
    CREATE TABLE queue (session INTEGER NOT NULL, number INTEGER NOT NULL, packet_id INTEGER NOT NULL,
        released INTEGER NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL, identifiers TEXT NOT NULL,
        expires_at_ms INTEGER, message BLOB NOT NULL, PRIMARY KEY (session, number)) WITHOUT ROWID;
    CREATE TABLE received (session INTEGER NOT NULL, packet_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        done INTEGER NOT NULL, PRIMARY KEY (session, packet_id)) WITHOUT ROWID;
    CREATE TABLE retained (topic TEXT PRIMARY KEY, expires_at_ms INTEGER, message BLOB NOT NULL);
    CREATE TABLE will (session INTEGER PRIMARY KEY, login TEXT NOT NULL, client_id TEXT NOT NULL,
        delay_s INTEGER NOT NULL, expiry_s INTEGER, message BLOB NOT NULL);
";

/// Why the file of kept sessions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It was made by a newer version.
    #[error("the file has layout {found}; this version knows {LAYOUT}")]
    Newer {
        /// The layout found.
        found: i64,
    },
    /// The database said no.
    #[error("the file of kept sessions")]
    Sqlite {
        /// What it said.
        #[from]
        source: rusqlite::Error,
    },
}

/// The open file.
pub(crate) struct Disk(Connection);

impl Disk {
    /// Opens or makes the file.
    pub(crate) fn open(path: &Path) -> Result<Disk, KeepError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match found {
            0 => {
                let begin = format!("BEGIN; {TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;");
                connection.execute_batch(&begin)?;
            }
            LAYOUT => {}
            found => return Err(KeepError::Newer { found }),
        }
        Ok(Disk(connection))
    }

    /// Writes a batch in one transaction, durable when it returns.
    pub(super) fn write(&mut self, ops: &[Op]) -> Result<(), KeepError> {
        let transaction = self.0.transaction()?;
        for op in ops {
            write_one(&transaction, op)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Reads everything. A message that cannot be read is left out, with a warning.
    pub(crate) fn read(&self) -> Result<Kept, KeepError> {
        let mut kept = Kept { retained: self.retained()?, wills: self.wills()?, ..Kept::default() };
        let mut sessions = self
            .0
            .prepare("SELECT id, login, client_id, expiry_s, left_at_ms FROM session ORDER BY left_at_ms")?;
        let found = sessions.query_map([], |row| {
            Ok(KeptSession {
                id: row.get::<_, i64>(0)? as SessionId,
                login: row.get(1)?,
                client_id: row.get(2)?,
                expiry_s: row.get(3)?,
                left_at_ms: row.get(4)?,
                subscriptions: Vec::new(),
                queue: Vec::new(),
                received: Vec::new(),
            })
        })?;
        for session in found {
            let mut session = session?;
            let id = session.id as i64;
            self.fill(&mut session, id)?;
            kept.sessions.push(session);
        }
        let highest = "SELECT max(id) FROM (SELECT id FROM session UNION ALL SELECT session FROM will
             UNION ALL SELECT number FROM queue)";
        let highest: Option<i64> = self.0.query_row(highest, [], |row| row.get(0)).optional()?.flatten();
        kept.next_id = highest.unwrap_or(0) as u64 + 1;
        Ok(kept)
    }

    fn fill(&self, session: &mut KeptSession, id: i64) -> Result<(), KeepError> {
        let mut statement = self.0.prepare_cached(
            "SELECT filter, qos, no_local, retain_as_published, identifier FROM subscription WHERE session = ?",
        )?;
        let rows = statement.query_map([id], |row| {
            let options = KeptOptions {
                qos: row.get(1)?,
                no_local: row.get(2)?,
                retain_as_published: row.get(3)?,
                identifier: row.get(4)?,
            };
            Ok((row.get(0)?, options))
        })?;
        session.subscriptions = rows.collect::<Result<_, _>>()?;
        let mut statement = self.0.prepare_cached(
            "SELECT number, packet_id, qos, retain, identifiers, expires_at_ms, message, released FROM queue
             WHERE session = ? ORDER BY number",
        )?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let identifiers: String = row.get(4)?;
            let Some(message) = message(&row.get::<_, Vec<u8>>(6)?) else { continue };
            let item = KeptItem {
                message: message.into(),
                expires_at_ms: row.get(5)?,
                qos: row.get(2)?,
                retain: row.get(3)?,
                identifiers: identifiers.split(' ').filter_map(|number| number.parse().ok()).collect(),
                packet_id: row.get(1)?,
                released: row.get(7)?,
            };
            session.queue.push((row.get::<_, i64>(0)? as u64, item));
        }
        let mut statement =
            self.0.prepare_cached("SELECT packet_id, at_ms, done FROM received WHERE session = ?")?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        session.received = rows.collect::<Result<_, _>>()?;
        Ok(())
    }

    fn retained(&self) -> Result<Vec<(Message, Option<i64>)>, KeepError> {
        let mut statement = self.0.prepare("SELECT message, expires_at_ms FROM retained")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(message) = message(&row.get::<_, Vec<u8>>(0)?) else { continue };
            found.push((message, row.get(1)?));
        }
        Ok(found)
    }

    fn wills(&self) -> Result<Vec<KeptWill>, KeepError> {
        let mut statement =
            self.0.prepare("SELECT session, login, client_id, delay_s, expiry_s, message FROM will")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(message) = message(&row.get::<_, Vec<u8>>(5)?) else { continue };
            let will = Will {
                qos: message.qos,
                retain: message.retain,
                topic: message.topic,
                payload: message.payload,
                delay_s: row.get(3)?,
                expiry_s: row.get(4)?,
                carried: message.carried,
            };
            let session = row.get::<_, i64>(0)? as SessionId;
            found.push(KeptWill { session, login: row.get(1)?, client_id: row.get(2)?, will });
        }
        Ok(found)
    }
}

fn write_one(transaction: &Transaction<'_>, op: &Op) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        transaction.prepare_cached(sql)?.execute(values).map(|_rows| ())
    };
    match op {
        Op::Session { session, login, client_id, expiry_s, left_at_ms } => run(
            "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)",
            params![*session as i64, &**login, &**client_id, expiry_s, left_at_ms],
        ),
        Op::End { session } => {
            for table in ["subscription", "queue", "received", "will"] {
                run(&format!("DELETE FROM {table} WHERE session = ?"), params![*session as i64])?;
            }
            run("DELETE FROM session WHERE id = ?", params![*session as i64])
        }
        Op::Will { session, login, client_id, will } => {
            let blob = packet(&Message {
                topic: will.topic.clone(),
                payload: will.payload.clone(),
                qos: will.qos,
                retain: will.retain,
                from: 0,
                carried: will.carried.clone(),
                expires: None,
            });
            run(
                "INSERT OR REPLACE INTO will VALUES (?, ?, ?, ?, ?, ?)",
                params![*session as i64, &**login, &**client_id, will.delay_s, will.expiry_s, &blob[..]],
            )
        }
        Op::NoWill { session } => run("DELETE FROM will WHERE session = ?", params![*session as i64]),
        Op::Subscribe { session, filter, options } => run(
            "INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?, ?, ?)",
            params![
                *session as i64,
                filter,
                options.qos,
                options.no_local,
                options.retain_as_published,
                options.identifier
            ],
        ),
        Op::Unsubscribe { session, filter } => {
            run("DELETE FROM subscription WHERE session = ? AND filter = ?", params![*session as i64, filter])
        }
        Op::Queue { session, number, item } => {
            let identifiers: Vec<String> = item.identifiers.iter().map(ToString::to_string).collect();
            run(
                "INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    *session as i64,
                    *number as i64,
                    item.packet_id,
                    item.released,
                    item.qos,
                    item.retain,
                    identifiers.join(" "),
                    item.expires_at_ms,
                    &packet(&item.message)[..]
                ],
            )
        }
        Op::Identified { session, number, packet_id, released } => run(
            "UPDATE queue SET packet_id = ?, released = ? WHERE session = ? AND number = ?",
            params![packet_id, released, *session as i64, *number as i64],
        ),
        Op::Delivered { session, number } => run(
            "DELETE FROM queue WHERE session = ? AND number = ?",
            params![*session as i64, *number as i64],
        ),
        Op::Received { session, packet_id, at_ms, done } => run(
            "INSERT OR REPLACE INTO received VALUES (?, ?, ?, ?)",
            params![*session as i64, packet_id, at_ms, done],
        ),
        Op::Released { session, packet_id } => run(
            "DELETE FROM received WHERE session = ? AND packet_id = ?",
            params![*session as i64, packet_id],
        ),
        Op::Retain { message, expires_at_ms } => run(
            "INSERT OR REPLACE INTO retained VALUES (?, ?, ?)",
            params![&*message.topic, expires_at_ms, &packet(message)[..]],
        ),
        Op::Unretain { topic } => run("DELETE FROM retained WHERE topic = ?", params![&**topic]),
    }
}

/// A message as the PUBLISH that would carry it. Its time of expiry stands beside it.
fn packet(message: &Message) -> BytesMut {
    let mut out = BytesMut::new();
    let publish = Outgoing {
        qos: message.qos,
        retain: message.retain,
        dup: false,
        topic: &message.topic,
        id: 1,
        alias: None,
        expiry_s: None,
        identifiers: &[],
        carried: message.carried.as_deref(),
        payload: &message.payload,
    };
    codec::publish(Version::V5, &publish, u32::MAX, &mut out);
    out
}

fn message(packet: &[u8]) -> Option<Message> {
    let read = || match codec::front(packet, u32::MAX) {
        codec::Front::Whole(frame) => {
            codec::packet(Version::V5, frame.first, &packet[frame.header..frame.whole]).ok()
        }
        _ => None,
    };
    let Some(Packet::Publish(Publish { qos, retain, topic, payload, carried, .. })) = read() else {
        tracing::warn!("a kept message cannot be read; it is left out");
        return None;
    };
    Some(Message { topic, payload, qos, retain, from: 0, carried, expires: None })
}

/// The quality of service that was kept.
pub(super) fn qos(bits: u8) -> Qos {
    Qos::from_bits(bits).unwrap_or(Qos::ExactlyOnce)
}
