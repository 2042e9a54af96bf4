//! The way back: questions to the store on disk, and what is loaded when it is opened. Changes nothing.
//!
//! Read next: `readers.rs` for the connections, `rows.rs` for the rows.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use hub_model::{Alarm, AlarmId, PointId, Reading, Timestamp, Tracking, Transition};
use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::codes::number_of;
use super::readers::Fault;
use super::rows::{alarm_of, correction_of, point_of, reading_of, tracking_of, transition_of};
use crate::bucket::{BucketFold, Cut, DayFold};
use crate::error::StoreError;
use crate::figures::{Bucket, DaySummary, LocalDay, Spans};
use crate::head::Head;
use crate::port::{AlarmFilter, CommitSeq, Correction, History, Latest};

/// Readings fetched at a time. Between pages no connection and no snapshot is held, so a slow receiver keeps nothing from
/// being brought out of the write-ahead log.
const PAGE_READINGS: usize = 4_096;

// Of rows with the same time the last written counts: with a sole max(), SQLite takes the other columns from that row.
pub(super) const READINGS_PAGE: &str = "SELECT measured_at, received_after_ms, raw, value, quality, reason, max(rowid) FROM reading
    WHERE series = ? AND measured_at >= ? AND measured_at < ? GROUP BY measured_at ORDER BY measured_at LIMIT ?";

const AUDIT: &str = "SELECT measured_at, received_after_ms, raw, value, quality, reason, latest,
    was_measured_at, was_received_after_ms, was_raw, was_value, was_quality, was_reason, at, by_user, why
    FROM audit WHERE series = (SELECT id FROM series WHERE point = ?) AND measured_at >= ? AND measured_at < ? ORDER BY id";

impl History for Store {
    fn latest(&self) -> Result<Vec<Latest>, StoreError> {
        Ok(self.shared.head.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect())
    }

    fn latest_of(&self, point: &PointId) -> Result<Option<Latest>, StoreError> {
        Ok(self.shared.head.read().unwrap_or_else(PoisonError::into_inner).get(point).cloned())
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut from = from.as_millis();
        loop {
            let page = self.readers.ask("readings", |connection| page(connection, point, from, to))?;
            let is_last = page.len() < PAGE_READINGS;
            let next = page.last().and_then(|reading| reading.measured_at.as_millis().checked_add(1));
            if page.into_iter().try_for_each(&mut *visit).is_break() || is_last {
                return Ok(());
            }
            let Some(next) = next else { return Ok(()) };
            from = next;
        }
    }

    fn buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut fold = BucketFold::new(Cut::new(spans)?);
        self.readings(point, from, to, &mut |reading| fold.take(&reading))?;
        fold.finish()
    }

    fn days(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<DaySummary>, StoreError> {
        let Some((from, to)) = LocalDay::whole(from, to, self.utc_offset_s) else { return Ok(Vec::new()) };
        let expected =
            self.shared.expected.read().unwrap_or_else(PoisonError::into_inner).get(point).copied();
        let mut fold = DayFold::new(self.utc_offset_s, expected.flatten());
        self.readings(point, from, to, &mut |reading| {
            fold.take(&reading);
            ControlFlow::Continue(())
        })?;
        Ok(fold.finish())
    }

    fn audit(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<Correction>, StoreError> {
        self.readers.ask("corrections", |connection| {
            let mut query = connection.prepare_cached(AUDIT)?;
            let span = params![point.as_str(), from.as_millis(), to.as_millis()];
            query.query_and_then(span, |row| correction_of(row, point))?.collect()
        })
    }

    fn alarms(&self, filter: &AlarmFilter) -> Result<Vec<Alarm>, StoreError> {
        let question = alarms_question(filter.active_only);
        self.readers.ask("alarms", |connection| {
            let mut query = connection.prepare_cached(&question)?;
            let rows = query.query_and_then(
                params![
                    filter.site.as_ref().map(|site| site.as_str()),
                    filter.from.map(Timestamp::as_millis),
                    filter.to.map(Timestamp::as_millis),
                    i64::try_from(filter.limit).unwrap_or(i64::MAX),
                ],
                alarm_of,
            )?;
            rows.collect()
        })
    }

    fn alarm(&self, id: AlarmId) -> Result<Option<(Alarm, Vec<Transition>)>, StoreError> {
        self.readers.ask("an alarm", |connection| {
            // One transaction, so that the alarm and its steps are of one moment.
            let moment = connection.unchecked_transaction()?;
            let mut query = moment.prepare_cached("SELECT * FROM alarm WHERE id = ?")?;
            let found = query.query_and_then([id.0.cast_signed()], alarm_of)?.next().transpose()?;
            let Some(alarm) = found else { return Ok(None) };
            let mut query = moment.prepare_cached("SELECT * FROM transition WHERE alarm = ? ORDER BY id")?;
            let steps =
                query.query_and_then([id.0.cast_signed()], transition_of)?.collect::<Result<_, _>>()?;
            Ok(Some((alarm, steps)))
        })
    }

    fn tracking(&self) -> Result<Vec<Tracking>, StoreError> {
        self.readers.ask("timers", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM tracking ORDER BY rule, subject")?;
            query.query_and_then([], tracking_of)?.collect()
        })
    }

    fn next_alarm_id(&self) -> Result<AlarmId, StoreError> {
        Ok(AlarmId(self.shared.last_alarm.load(Ordering::Acquire) + 1))
    }

    fn last_commit(&self) -> CommitSeq {
        CommitSeq(self.shared.last_commit.load(Ordering::Acquire))
    }
}

pub(super) fn alarms_question(active_only: bool) -> String {
    let open_only = if active_only { "AND state <> 'normal'" } else { "" };
    format!(
        "SELECT * FROM alarm WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR cleared_at IS NULL OR cleared_at >= ?2)
         AND (?3 IS NULL OR raised_at < ?3) {open_only} ORDER BY raised_at DESC, id DESC LIMIT ?4"
    )
}

fn page(connection: &Connection, point: &PointId, from: i64, to: Timestamp) -> Result<Vec<Reading>, Fault> {
    let mut series = connection.prepare_cached("SELECT id FROM series WHERE point = ?")?;
    let Some(series) = series.query_row([point.as_str()], |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(Vec::new());
    };
    let mut query = connection.prepare_cached(READINGS_PAGE)?;
    let rows = query.query_and_then(
        params![series, from, to.as_millis(), i64::try_from(PAGE_READINGS).unwrap_or(i64::MAX)],
        |row| reading_of(row, 0, point.clone()),
    )?;
    rows.collect()
}

/// All series by their points.
pub(super) fn series(connection: &Connection) -> Result<HashMap<PointId, i64>, Fault> {
    let mut query = connection.prepare("SELECT point, id FROM series")?;
    query.query_and_then([], |row| Ok((point_of(row.get(0)?)?, row.get(1)?)))?.collect()
}

/// How many batches were committed, and the greatest alarm id.
pub(super) fn counters(connection: &Connection) -> Result<(u64, u64), Fault> {
    let question = "SELECT (SELECT commits FROM progress), (SELECT ifnull(max(id), 0) FROM alarm)";
    let (commits, last_alarm): (i64, i64) =
        connection.query_row(question, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((commits.cast_unsigned(), last_alarm.cast_unsigned()))
}

/// What was known of every point at the last commit. One row a point, however many readings there are.
pub(super) fn head(connection: &Connection) -> Result<Head, Fault> {
    let mut query = connection.prepare(
        "SELECT point, measured_at, received_after_ms, raw, value, quality, reason, good_value, good_at
         FROM latest JOIN series ON series.id = latest.series",
    )?;
    let rows = query.query_and_then([], |row| {
        let point = point_of(row.get(0)?)?;
        let good_at: Option<i64> = row.get(8)?;
        let last_good = number_of(row.get_ref(7)?)?.zip(good_at.map(Timestamp::from_millis));
        Ok((point.clone(), Latest { reading: reading_of(row, 1, point)?, last_good }))
    })?;
    rows.collect()
}
