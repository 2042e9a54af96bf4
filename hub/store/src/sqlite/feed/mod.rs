//! Feeds: how far each way out is, and what it still owes. A feed's place moves only when its owner says that something arrived.
//!
//! What leaves the hot log before a feed has sent it becomes a debt in the same transaction, so that nothing is forgotten however long a
//! link is cut. Writes on a connection of its own, in short transactions. Read next: `debts.rs`.

mod debts;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::PoisonError;

use hub_model::{PointId, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

pub(super) use debts::{holds, note_unsent};

use super::codes::reading_of_row;
use super::hot;
use super::readers::Fault;
use super::rows::{alarm_of, point_of, transition_of};
use super::{Store, database, schema};
use crate::error::StoreError;
use crate::feed::{AlarmNews, FeedState, News, Owed, Refused};
use crate::port::CommitSeq;

/// Lines that are kept of those that were refused, for each feed: the last ones.
const REFUSED_KEPT: i64 = 1_000;
/// What a question about a feed is called in an error.
const WHAT: &str = "what is to be forwarded";

impl Store {
    /// Keeps a feed under each of these names and forgets all others, with what they owed. A new one begins with the next commit.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_feeds(&self, names: &[&str]) -> Result<(), StoreError> {
        let known = self.ask(WHAT, |connection| {
            let mut query = connection.prepare("SELECT name FROM feed ORDER BY name")?;
            Ok(query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?)
        })?;
        let mut wanted = names.to_vec();
        wanted.sort_unstable();
        if known == wanted {
            return Ok(());
        }
        let last = self.shared.last_commit.load(std::sync::atomic::Ordering::Acquire);
        self.change_feeds(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for gone in known.iter().filter(|name| !names.contains(&name.as_str())) {
                transaction.execute("DELETE FROM owed WHERE feed = ?", [gone])?;
                transaction.execute("DELETE FROM refused WHERE feed = ?", [gone])?;
                transaction.execute("DELETE FROM feed WHERE name = ?", [gone])?;
                tracing::info!(feed = gone, "nothing is forwarded under this name any more");
            }
            for name in names {
                transaction.execute(
                    "INSERT INTO feed (name, seq, step) VALUES (?, ?, (SELECT ifnull(max(id), 0) FROM transition))
                     ON CONFLICT (name) DO NOTHING",
                    params![name, last.cast_signed()],
                )?;
            }
            Ok(transaction.commit()?)
        })
    }

    /// How far the feed is. One that is not kept has sent nothing and owes nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn feed_state(&self, feed: &str) -> Result<FeedState, StoreError> {
        self.ask(WHAT, |connection| {
            let state = "SELECT seq, refused, (SELECT count(*) FROM owed WHERE feed = name),
                (SELECT min(from_ms) FROM owed WHERE feed = name) FROM feed WHERE name = ?";
            let state = connection.prepare_cached(state)?.query_row([feed], |row| {
                Ok(FeedState {
                    upto: CommitSeq(row.get::<_, i64>(0)?.cast_unsigned()),
                    refused: row.get::<_, i64>(1)?.cast_unsigned(),
                    owed: row.get::<_, i64>(2)?.cast_unsigned(),
                    oldest: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                })
            });
            Ok(state.optional()?.unwrap_or_default())
        })
    }

    /// What was committed after the feed's place, and after `place` where that is further on: whole commits, until there are `rows`
    /// readings or more. Whoever tells of the place now and then only, keeps the rest itself.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&self, feed: &str, place: CommitSeq, rows: usize) -> Result<News, StoreError> {
        self.ask(WHAT, |connection| {
            // One state of the file: what leaves the log becomes a debt, and moves the place, in one transaction.
            let moment = connection.unchecked_transaction()?;
            let mut news = News::default();
            let kept = moment
                .prepare_cached("SELECT seq FROM feed WHERE name = ?")?
                .query_row([feed], |row| row.get(0));
            let Some(kept) = kept.optional()? else { return Ok(news) };
            let mut place = place.0.cast_signed().max(kept);
            let mut points = HashMap::new();
            let mut query = moment.prepare_cached("SELECT seq, body FROM hot WHERE seq > ? ORDER BY seq")?;
            let mut found = query.query([place])?;
            while let Some(row) = found.next()? {
                if news.readings.len() >= rows {
                    news.more = true;
                    break;
                }
                place = row.get::<_, i64>(0)?;
                // One that cannot be read is told of and set aside when the store is opened the next time.
                for record in hot::decode(row.get_ref(1)?.as_blob().unwrap_or_default()).unwrap_or_default() {
                    let point = self.point(&moment, record.series, &mut points)?;
                    news.readings.push(reading_of_row(&record.entry.row(), point)?);
                }
            }
            news.upto = CommitSeq(place.cast_unsigned());
            Ok(news)
        })
    }

    fn point(
        &self,
        connection: &Connection,
        series: i64,
        known: &mut HashMap<i64, PointId>,
    ) -> Result<PointId, Fault> {
        if let Some(point) = known.get(&series) {
            return Ok(point.clone());
        }
        let in_ram = self.shared.mirror().of_id(series).map(|series| series.point.clone());
        let point = match in_ram {
            Some(point) => point,
            // Committed a moment ago.
            None => point_of(
                connection
                    .prepare_cached("SELECT point FROM series WHERE id = ?")?
                    .query_row([series], |row| row.get(0))?,
            )?,
        };
        known.insert(series, point.clone());
        Ok(point)
    }

    /// Says that all up to this commit has arrived.
    ///
    /// # Errors
    /// When the file cannot be written; then it is sent once more.
    pub fn sent(&self, feed: &str, upto: CommitSeq) -> Result<(), StoreError> {
        self.change_feeds(|connection| {
            connection
                .prepare_cached("UPDATE feed SET seq = max(seq, ?) WHERE name = ?")?
                .execute(params![upto.0.cast_signed(), feed])?;
            Ok(())
        })
    }

    /// Makes debts of all news up to this commit, so that what comes now need not wait for them.
    ///
    /// # Errors
    /// When the file cannot be read or written; then they are news still.
    pub fn owe_news(&self, feed: &str, upto: CommitSeq) -> Result<(), StoreError> {
        self.change_feeds(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            debts::note_unsent_of(&transaction, feed, upto.0)?;
            Ok(transaction.commit()?)
        })
    }

    /// The steps of alarms after the feed's place, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn steps(&self, feed: &str, most: usize) -> Result<Vec<AlarmNews>, StoreError> {
        self.ask(WHAT, |connection| {
            let moment = connection.unchecked_transaction()?;
            let mut query = moment.prepare_cached(
                "SELECT * FROM transition WHERE id > (SELECT step FROM feed WHERE name = ?) ORDER BY id LIMIT ?",
            )?;
            let mut alarms = moment.prepare_cached("SELECT * FROM alarm WHERE id = ?")?;
            let mut found = query.query(params![feed, i64::try_from(most).unwrap_or(i64::MAX)])?;
            let mut steps = Vec::new();
            while let Some(row) = found.next()? {
                let step = transition_of(row)?;
                let alarm = alarms.query_and_then([step.alarm.0.cast_signed()], alarm_of)?.next().transpose()?;
                let number = row.get::<_, i64>("id")?.cast_unsigned();
                steps.extend(alarm.map(|alarm| AlarmNews { number, step, alarm }));
            }
            Ok(steps)
        })
    }

    /// Says that all steps of alarms up to this number have arrived.
    ///
    /// # Errors
    /// When the file cannot be written; then they are sent once more.
    pub fn sent_steps(&self, feed: &str, upto: u64) -> Result<(), StoreError> {
        self.change_feeds(|connection| {
            connection.execute(
                "UPDATE feed SET step = max(step, ?) WHERE name = ?",
                params![upto.cast_signed(), feed],
            )?;
            Ok(())
        })
    }

    /// What the feed owes of readings measured before a moment, the oldest day first, at most so many spans.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn owed(&self, feed: &str, before: Timestamp, most: usize) -> Result<Vec<Owed>, StoreError> {
        self.ask(WHAT, |connection| debts::owed(connection, feed, before, most))
    }

    /// Says that of `owed` all that was measured up to and with `upto` has arrived.
    ///
    /// # Errors
    /// When the file cannot be written; then it is sent once more.
    pub fn paid(&self, feed: &str, paid: &[(Owed, Timestamp)]) -> Result<(), StoreError> {
        self.change_feeds(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (owed, upto) in paid {
                debts::pay(&transaction, feed, owed, *upto)?;
            }
            Ok(transaction.commit()?)
        })
    }

    /// Keeps lines that the other side refuses for ever; of many, the last ones.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_lines_aside(&self, feed: &str, lines: &[Refused]) -> Result<(), StoreError> {
        self.change_feeds(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut count = 0;
            for Refused { at, line, why } in lines {
                // One that is sent again is the same line.
                count += transaction.execute(
                    "INSERT INTO refused (feed, at, line, why) SELECT ?1, ?2, ?3, ?4
                     WHERE NOT EXISTS (SELECT 1 FROM refused WHERE feed = ?1 AND line = ?3)",
                    params![feed, at.as_millis(), line, why],
                )?;
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            transaction
                .execute("UPDATE feed SET refused = refused + ? WHERE name = ?", params![count, feed])?;
            transaction.execute(
                "DELETE FROM refused WHERE feed = ?1 AND id NOT IN
                 (SELECT id FROM refused WHERE feed = ?1 ORDER BY id DESC LIMIT ?2)",
                params![feed, REFUSED_KEPT],
            )?;
            Ok(transaction.commit()?)
        })
    }

    /// The last lines that were refused, the newest first, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines_set_aside(&self, feed: &str, most: usize) -> Result<Vec<Refused>, StoreError> {
        self.ask(WHAT, |connection| {
            let mut query = connection.prepare_cached(
                "SELECT at, line, why FROM refused WHERE feed = ?
                 ORDER BY id DESC LIMIT ?",
            )?;
            let rows = query.query_map(params![feed, i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                Ok(Refused { at: Timestamp::from_millis(row.get(0)?), line: row.get(1)?, why: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Changes feeds, unless the store is closed: whoever has the folder next has it alone.
    fn change_feeds(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<(), Fault>,
    ) -> Result<(), StoreError> {
        let mut place = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if self.intake.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(StoreError::Read { what: WHAT, source: Box::new(crate::error::Closed) });
        }
        let changed = (|| {
            let mut connection = match place.take() {
                Some(connection) => connection,
                None => {
                    let connection = database::open_writer(&self.dir.join(schema::FILE))?;
                    // The sealer brings the log into the file.
                    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
                    // Not synced while the writer waits for its turn: its next commit syncs what stands before it in the log. Until
                    // then a loss of power costs that what had arrived is sent once more.
                    connection.pragma_update(None, "synchronous", "NORMAL")?;
                    connection
                }
            };
            change(&mut connection)?;
            *place = Some(connection);
            Ok(())
        })();
        changed.map_err(|fault: Fault| {
            self.note(&fault);
            fault.while_reading(WHAT)
        })
    }
}
