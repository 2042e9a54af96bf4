//! What is loaded when the store is opened: series, their latest readings, and the hot log. Takes as long as the log is, however many
//! readings are sealed.
//!
//! Read next: `mirror.rs`, into which it is loaded.

use std::collections::VecDeque;

use hub_model::Timestamp;
use rusqlite::{Connection, params};

use super::codes::number_of;
use super::hot;
use super::mirror::Mirror;
use super::readers::Fault;
use super::rows::{point_of, reading_of};
use crate::port::Latest;

/// The store as it was left.
pub(super) struct Loaded {
    pub mirror: Mirror,
    pub commits: u64,
    pub last_alarm: u64,
    /// How many chunks and commits are set aside because they cannot be read.
    pub damaged: u64,
    /// The rows of the hot log: their commits and sizes.
    pub hot: VecDeque<(u64, usize)>,
}

/// Loads what is known into `mirror`. A row of the hot log that cannot be read is set aside.
pub(super) fn load(connection: &Connection, mut mirror: Mirror) -> Result<Loaded, Fault> {
    series(connection, &mut mirror)?;
    let (commits, last_alarm): (i64, i64) = connection.query_row(
        "SELECT max((SELECT commits FROM progress), (SELECT ifnull(max(seq), 0) FROM hot)),
            (SELECT ifnull(max(id), 0) FROM alarm)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let hot = replay(connection, &mut mirror)?;
    let damaged: i64 = connection.query_row("SELECT count(*) FROM damaged", [], |row| row.get(0))?;
    Ok(Loaded {
        mirror,
        commits: commits.cast_unsigned(),
        last_alarm: last_alarm.cast_unsigned(),
        damaged: damaged.cast_unsigned(),
        hot,
    })
}

/// The offset from UTC at which the file's days are cut: the first that it was opened with.
pub(super) fn utc_offset_s(connection: &Connection, wanted: i32) -> Result<i32, Fault> {
    connection.execute("UPDATE progress SET utc_offset_s = ? WHERE utc_offset_s IS NULL", [wanted])?;
    let kept = connection.query_row("SELECT utc_offset_s FROM progress", [], |row| row.get(0))?;
    if kept != wanted {
        tracing::warn!(
            kept,
            wanted,
            "the store goes on cutting its days at the offset from UTC that it began with"
        );
    }
    Ok(kept)
}

/// All series and what was known of each when it was last sealed.
fn series(connection: &Connection, mirror: &mut Mirror) -> Result<(), Fault> {
    let mut query = connection.prepare(
        "SELECT point, measured_at, received_after_ms, raw, value, quality, reason, good_value, good_at, id, sealed_seq
         FROM series LEFT JOIN latest ON series.id = latest.series ORDER BY id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let point = point_of(row.get(0)?)?;
        let mut latest = None;
        if row.get::<_, Option<i64>>(1)?.is_some() {
            let good_at: Option<i64> = row.get(8)?;
            let last_good = number_of(row.get_ref(7)?)?.zip(good_at.map(Timestamp::from_millis));
            latest = Some(Latest { reading: reading_of(row, 1, point.clone())?, last_good });
        }
        mirror.add(row.get(9)?, point, row.get::<_, i64>(10)?.cast_unsigned(), latest);
    }
    Ok(())
}

fn replay(connection: &Connection, mirror: &mut Mirror) -> Result<VecDeque<(u64, usize)>, Fault> {
    let mut query = connection.prepare("SELECT seq, body FROM hot ORDER BY seq")?;
    let mut rows = query.query([])?;
    let (mut kept, mut damaged) = (VecDeque::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let body = row.get_ref(1)?.as_blob().unwrap_or_default();
        match hot::decode(body) {
            Ok(records) => mirror.replay(seq.cast_unsigned(), &records)?,
            Err(error) => damaged.push((seq, error.to_string())),
        }
        kept.push_back((seq.cast_unsigned(), body.len()));
    }
    for (seq, why) in damaged {
        tracing::error!(commit = seq, why, "the readings of a commit cannot be read and are set aside");
        let moment = connection.unchecked_transaction()?;
        moment.execute(
            "INSERT INTO damaged (was_in, was_id, why, body) SELECT 'hot', seq, ?, body FROM hot WHERE seq = ?",
            params![why, seq],
        )?;
        // The row stays, empty: the count of commits goes on from the last.
        moment.execute("UPDATE hot SET body = ? WHERE seq = ?", params![hot::encode([].iter()), seq])?;
        moment.commit()?;
    }
    Ok(kept)
}
