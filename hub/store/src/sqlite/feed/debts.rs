//! Debts of feeds: spans of readings that left the hot log unsent, one row for each feed, day and series. Within a transaction of
//! whoever asks.
//!
//! Read next: `mod.rs`, and `../seal.rs`, which lets the hot log go.

use std::collections::{BTreeMap, HashMap};

use hub_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::hot;
use super::super::readers::Fault;
use super::super::rows::point_of;
use crate::feed::Owed;

/// Spans are kept apart by the day (UTC) so that one late reading does not make years of a point owed.
const DAY_MS: i64 = 86_400_000;

/// Notes what each feed has not sent of the commits up to `last`, which are about to leave the hot log.
pub(in super::super) fn note_unsent(transaction: &Transaction<'_>, last: u64) -> Result<(), Fault> {
    let behind: Vec<(String, i64)> = transaction
        .prepare_cached("SELECT name, seq FROM feed WHERE seq < ?")?
        .query_map([last.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    behind.into_iter().try_for_each(|(feed, place)| note(transaction, &feed, place, last))
}

/// As [`note_unsent`], of one feed only.
pub(super) fn note_unsent_of(transaction: &Transaction<'_>, feed: &str, last: u64) -> Result<(), Fault> {
    let place =
        transaction.query_row("SELECT seq FROM feed WHERE name = ?", [feed], |row| row.get(0)).optional()?;
    match place {
        Some(place) => note(transaction, feed, place, last),
        None => Ok(()),
    }
}

fn note(transaction: &Transaction<'_>, feed: &str, place: i64, last: u64) -> Result<(), Fault> {
    let mut spans: BTreeMap<(i64, i64), (i64, i64)> = BTreeMap::new();
    let mut query =
        transaction.prepare_cached("SELECT body FROM hot WHERE seq > ? AND seq <= ? ORDER BY seq")?;
    let mut rows = query.query(params![place, last.cast_signed()])?;
    while let Some(row) = rows.next()? {
        for record in hot::decode(row.get_ref(0)?.as_blob().unwrap_or_default()).unwrap_or_default() {
            let at = record.entry.measured_at;
            let span = spans.entry((at.div_euclid(DAY_MS), record.series)).or_insert((at, at));
            *span = (span.0.min(at), span.1.max(at));
        }
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO owed (feed, day, series, from_ms, to_ms, noted) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (feed, day, series) DO UPDATE SET from_ms = min(from_ms, excluded.from_ms),
            to_ms = max(to_ms, excluded.to_ms), noted = excluded.noted",
    )?;
    for ((day, series), (from, to)) in spans {
        insert.execute(params![feed, day, series, from, to, last.cast_signed()])?;
    }
    transaction
        .prepare_cached("UPDATE feed SET seq = max(seq, ?) WHERE name = ?")?
        .execute(params![last.cast_signed(), feed])?;
    Ok(())
}

/// What a feed owes, the oldest day first.
pub(super) fn owed(
    connection: &Connection,
    feed: &str,
    before: Timestamp,
    most: usize,
) -> Result<Vec<Owed>, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT point, from_ms, to_ms, series, day, noted FROM owed JOIN series ON series.id = owed.series
         WHERE feed = ? AND from_ms < ? ORDER BY day, series LIMIT ?",
    )?;
    let rows = query.query_and_then(
        params![feed, before.as_millis(), i64::try_from(most).unwrap_or(i64::MAX)],
        |row| {
            Ok(Owed {
                point: point_of(row.get(0)?)?,
                from: Timestamp::from_millis(row.get(1)?),
                to: Timestamp::from_millis(row.get(2)?),
                series: row.get(3)?,
                day: row.get(4)?,
                noted: row.get(5)?,
            })
        },
    )?;
    rows.collect()
}

/// Takes off what has arrived. What was noted anew since `owed` was read stays owed: a reading within it may be another one now.
pub(super) fn pay(
    transaction: &Transaction<'_>,
    feed: &str,
    owed: &Owed,
    upto: Timestamp,
) -> Result<(), Fault> {
    let (day, series, noted) = (owed.day, owed.series, owed.noted);
    if upto >= owed.to {
        let delete = "DELETE FROM owed WHERE feed = ?
            AND day = ? AND series = ? AND noted = ?";
        transaction.prepare_cached(delete)?.execute(params![feed, day, series, noted])?;
    } else {
        let shorten = "UPDATE owed SET from_ms = max(from_ms, ?5) WHERE feed = ?1
            AND day = ?2 AND series = ?3 AND noted = ?4";
        let next = upto.as_millis().saturating_add(1);
        transaction.prepare_cached(shorten)?.execute(params![feed, day, series, noted, next])?;
    }
    Ok(())
}

/// A feed of one word is a forwarder's; one of several says itself whose it is.
fn told_as(feed: String) -> String {
    if feed.contains(' ') { feed } else { format!("forward {feed}") }
}

/// From when on each feed that owes something needs readings, by the name under which retention tells of it.
pub(in super::super) fn holds(connection: &Connection) -> Result<HashMap<String, Timestamp>, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT name, (SELECT min(from_ms) FROM owed WHERE feed = name AND day =
            (SELECT min(day) FROM owed WHERE feed = name)) FROM feed",
    )?;
    let rows = query.query_map([], |row| Ok((told_as(row.get(0)?), row.get::<_, Option<i64>>(1)?)))?;
    let mut holds = HashMap::new();
    for row in rows {
        let (name, from) = row?;
        holds.extend(from.map(|from| (name, Timestamp::from_millis(from))));
    }
    Ok(holds)
}
