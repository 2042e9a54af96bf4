//! The way back: questions to the store on disk. Changes nothing.
//!
//! Read next: `walk.rs` for readings, `readers.rs` for the connections, `rows.rs` for the rows.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use hub_model::{Alarm, AlarmId, OutOfService, PointId, Reading, Timestamp, Tracking, Transition};
use rusqlite::params;

use super::Store;
use super::codes::{quality_of, reading_of_row};
use super::readers::Fault;
use super::rows::{alarm_of, correction_of, out_of_service_of, tracking_of, transition_of};
use super::walk::{Depth, Piece, Take, Walk};
use crate::bucket::{BucketFold, Cut, DayFold, What};
use crate::error::StoreError;
use crate::figures::{Bucket, DaySummary, LocalDay, Spans};
use crate::port::{AlarmFilter, CommitSeq, Correction, History, Latest};

const AUDIT: &str = "SELECT measured_at, received_after_ms, raw, value, quality, reason, latest,
    was_measured_at, was_received_after_ms, was_raw, was_value, was_quality, was_reason, at, by_user, why
    FROM audit WHERE series = (SELECT id FROM series WHERE point = ?) AND measured_at >= ? AND measured_at < ? ORDER BY id";

impl History for Store {
    fn latest(&self) -> Result<Vec<Latest>, StoreError> {
        Ok(self.shared.mirror().latest())
    }

    fn latest_of(&self, point: &PointId) -> Result<Option<Latest>, StoreError> {
        Ok(self.shared.mirror().of_point(point).and_then(|series| series.latest.clone()))
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.walk(point, (from, to), Depth::Whole, &|_, _| false, &mut |piece| {
            let Piece::Rows(rows) = piece else { return Ok(ControlFlow::Continue(())) };
            for row in rows {
                if visit(reading_of_row(&row, point.clone())?).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn all_buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError> {
        let cut = Cut::new(spans)?;
        let span = cut.within(from, to);
        let is_in_one = |first, last| {
            cut.span_of(Timestamp::from_millis(first))
                .is_some_and(|span| span.holds(Timestamp::from_millis(last)))
        };
        let mut fold = BucketFold::new(&cut);
        self.walk(point, span, Depth::Values, &is_in_one, &mut |piece| {
            each(&piece, |at, what| fold.take(at, what))
        })?;
        fold.finish()
    }

    fn days(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<DaySummary>, StoreError> {
        let Some(span) = LocalDay::whole(from, to, self.utc_offset_s) else { return Ok(Vec::new()) };
        let expected = self.shared.expected(point);
        let day = |ms| LocalDay::of(Timestamp::from_millis(ms), self.utc_offset_s);
        let is_in_one = |first, last| day(first) == day(last);
        let mut fold = DayFold::new(self.utc_offset_s, expected);
        self.walk(point, span, Depth::Values, &is_in_one, &mut |piece| {
            each(&piece, |at, what| {
                fold.take(at, what);
                ControlFlow::Continue(())
            })
        })?;
        Ok(fold.finish())
    }

    fn audit(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<Correction>, StoreError> {
        self.ask("corrections", |connection| {
            let mut query = connection.prepare_cached(AUDIT)?;
            let span = params![point.as_str(), from.as_millis(), to.as_millis()];
            query.query_and_then(span, |row| correction_of(row, point))?.collect()
        })
    }

    fn alarms(&self, filter: &AlarmFilter) -> Result<Vec<Alarm>, StoreError> {
        let question = alarms_question(filter.active_only);
        self.ask("alarms", |connection| {
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
        self.ask("an alarm", |connection| {
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
        self.ask("timers", |connection| {
            let mut query = connection.prepare_cached("SELECT * FROM tracking ORDER BY rule, subject")?;
            query.query_and_then([], tracking_of)?.collect()
        })
    }

    fn out_of_service(&self, ended: bool) -> Result<Vec<OutOfService>, StoreError> {
        self.ask("what is out of service", |connection| {
            let question = "SELECT * FROM out_of_service WHERE ? OR ended_at IS NULL ORDER BY since, scope";
            let mut query = connection.prepare_cached(question)?;
            query.query_and_then([ended], out_of_service_of)?.collect()
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

impl Store {
    /// Shows a point's readings, or figures of some where those will do, in the order of time, until `visit` breaks off. Of whole
    /// readings it holds nothing while `visit` runs: that may send them somewhere. Values only go into figures, at once.
    fn walk(
        &self,
        point: &PointId,
        (from, to): (Timestamp, Timestamp),
        depth: Depth,
        figures_will_do: &dyn Fn(i64, i64) -> bool,
        visit: &mut Take<'_>,
    ) -> Result<(), StoreError> {
        let span = (from.as_millis(), to.as_millis());
        let found =
            self.shared.mirror().of_point(point).map(|series| (series.id, series.rows(span.0, span.1)));
        let Some((series, waiting)) = found else { return Ok(()) };
        let mut walk = Walk::new(series, span, self.utc_offset_s, depth, waiting, figures_will_do);
        while !walk.is_done() {
            let mut pieces = Vec::new();
            let mut gather = |piece| {
                pieces.push(piece);
                Ok(ControlFlow::Continue(()))
            };
            let take: &mut Take<'_> = if depth == Depth::Whole { &mut gather } else { &mut *visit };
            self.ask("readings", |connection| walk.page(connection, take))?;
            for (chunk, why) in walk.damaged.drain(..) {
                self.report_damaged(chunk, why);
            }
            for piece in pieces {
                if visit(piece).map_err(|fault| fault.while_reading("readings"))?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Gives each row of a piece, or its figures, to `take`.
fn each(
    piece: &Piece,
    mut take: impl FnMut(Timestamp, What<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Fault> {
    let rows = match piece {
        Piece::Figures(summary) => {
            return Ok(take(Timestamp::from_millis(summary.first_at), What::Figures(summary)));
        }
        Piece::Rows(rows) => rows,
    };
    // Most rows are of the quality of the one before.
    for same in rows.chunk_by(|one, other| one.quality == other.quality) {
        let Some(first) = same.first() else { continue };
        let quality = quality_of(first.quality.into())?;
        for row in same {
            let what = What::Reading(quality, row.value);
            if take(Timestamp::from_millis(row.measured_at), what).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
