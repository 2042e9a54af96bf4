//! One series' readings from the file, part by part in the order of time, with what waits in RAM laid over them.
//!
//! What waits must be looked at first: readings that are sealed meanwhile are then seen twice, and the one from RAM wins, but never
//! missed. A part of which only the figures are wanted stays shut. Read next: `query.rs`, which asks; `key.rs`, how days are found.

use rusqlite::{Connection, OptionalExtension};

use super::key::{ChunkKey, LAST_PART, day_of};
use super::mirror::merged;
use super::readers::Fault;
use crate::chunk::{Row, Summary, decode, decode_hours, decode_summary, summarise};

/// A question stops after so many rows or pieces, so that none is long; it goes on where it stopped.
const PAGE_ROWS: usize = 4_096;
const PAGE_PIECES: usize = 512;

/// What is shown, in the order of time.
pub(super) enum Piece {
    Rows(Vec<Row>),
    Figures(Box<Summary>),
}

/// A series and a span of time, half walked.
pub(super) struct Walk<'a> {
    series: i64,
    /// The next moment; none when all has been shown.
    next_ms: Option<i64>,
    to_ms: i64,
    utc_offset_s: i32,
    /// What waits in RAM, from the next moment on.
    waiting: Vec<Row>,
    /// Whether figures will do for rows that were all measured from the first to the second moment.
    figures_will_do: &'a dyn Fn(i64, i64) -> bool,
    /// Chunks that could not be read, and why.
    pub damaged: Vec<(i64, String)>,
}

impl<'a> Walk<'a> {
    /// The readings measured in `[from, to)` of a series, of which `waiting` are in RAM.
    pub(super) fn new(
        series: i64,
        (from_ms, to_ms): (i64, i64),
        utc_offset_s: i32,
        waiting: Vec<Row>,
        figures_will_do: &'a dyn Fn(i64, i64) -> bool,
    ) -> Self {
        let next_ms = (from_ms < to_ms).then_some(from_ms);
        Self { series, next_ms, to_ms, utc_offset_s, waiting, figures_will_do, damaged: Vec::new() }
    }

    /// Whether all has been shown.
    pub(super) fn is_done(&self) -> bool {
        self.next_ms.is_none()
    }

    /// The next pieces, from one committed state of the file.
    pub(super) fn page(&mut self, connection: &Connection) -> Result<Vec<Piece>, Fault> {
        let moment = connection.unchecked_transaction()?;
        let mut pieces = Vec::new();
        let mut rows = 0;
        let Some(mut from_ms) = self.next_ms else { return Ok(pieces) };
        let mut parts = Parts::new(&moment, self.series, (from_ms, self.to_ms), self.utc_offset_s);
        while rows < PAGE_ROWS && pieces.len() < PAGE_PIECES {
            let Some(Found { id, summary, has_rows }) = parts.next()? else {
                pieces.push(Piece::Rows(std::mem::take(&mut self.waiting)));
                self.next_ms = None;
                return Ok(pieces);
            };
            let summary = match decode_summary(&summary) {
                Ok(summary) => summary,
                Err(damaged) => {
                    self.damaged.push((id, damaged.to_string()));
                    continue;
                }
            };
            if summary.last_at < from_ms || summary.first_at >= self.to_ms {
                continue;
            }
            if !has_rows {
                self.take_late(&mut parts, from_ms)?;
            }
            self.wait_before(summary.first_at, &mut pieces);
            if let Err(damaged) = self.show(&moment, id, summary, from_ms, &mut pieces)? {
                self.damaged.push((id, damaged));
                continue;
            }
            if let Some(Piece::Rows(last)) = pieces.last() {
                rows += last.len();
            }
            match summary.last_at.checked_add(1).filter(|next| *next < self.to_ms) {
                Some(next) => from_ms = next,
                None => {
                    // Left only where figures stand for rows that are gone.
                    pieces.push(Piece::Rows(std::mem::take(&mut self.waiting)));
                    self.next_ms = None;
                    return Ok(pieces);
                }
            }
            self.next_ms = Some(from_ms);
        }
        Ok(pieces)
    }

    /// Lets the other parts of a day whose rows have left wait with what is in RAM: they came late, and lie anywhere in it.
    fn take_late(&mut self, parts: &mut Parts<'_>, from_ms: i64) -> Result<(), Fault> {
        for id in parts.rest_of_day()? {
            match body(parts.connection, id)?.as_deref().map(decode) {
                Some(Ok(mut rows)) => {
                    rows.retain(|row| row.measured_at >= from_ms && row.measured_at < self.to_ms);
                    self.waiting = merged(rows, std::mem::take(&mut self.waiting));
                }
                Some(Err(damaged)) => self.damaged.push((id, damaged.to_string())),
                None => {}
            }
        }
        Ok(())
    }

    /// Shows what waits and was measured before a part.
    fn wait_before(&mut self, first_ms: i64, pieces: &mut Vec<Piece>) {
        let before = self.waiting.partition_point(|row| row.measured_at < first_ms);
        if before > 0 {
            let after = self.waiting.split_off(before);
            pieces.push(Piece::Rows(std::mem::replace(&mut self.waiting, after)));
        }
    }

    /// Shows one part; the inner error is why it cannot be read.
    fn show(
        &mut self,
        connection: &Connection,
        id: i64,
        summary: Summary,
        from_ms: i64,
        pieces: &mut Vec<Piece>,
    ) -> Result<Result<(), String>, Fault> {
        let over = self.waiting.partition_point(|row| row.measured_at <= summary.last_at);
        let is_whole = summary.first_at >= from_ms && summary.last_at < self.to_ms && over == 0;
        if is_whole && (self.figures_will_do)(summary.first_at, summary.last_at) {
            pieces.push(Piece::Figures(Box::new(summary)));
            return Ok(Ok(()));
        }
        if is_whole && let Some(hours) = self.hours(connection, id)? {
            pieces.extend(hours);
            return Ok(Ok(()));
        }
        let body = body(connection, id)?;
        let mut rows = match body.as_deref().map(decode) {
            None => {
                self.show_without_rows(connection, id, summary, from_ms, pieces)?;
                return Ok(Ok(()));
            }
            Some(Ok(rows)) => rows,
            Some(Err(damaged)) => return Ok(Err(damaged.to_string())),
        };
        rows.retain(|row| row.measured_at >= from_ms && row.measured_at < self.to_ms);
        let after = self.waiting.split_off(over);
        let waiting = std::mem::replace(&mut self.waiting, after);
        pieces.push(Piece::Rows(merged(rows, waiting)));
        Ok(Ok(()))
    }

    /// Shows what is known of rows that have left: their hours, or all of them at once. What is asked of less than an hour gets the
    /// hours that begin within it.
    fn show_without_rows(
        &mut self,
        connection: &Connection,
        id: i64,
        summary: Summary,
        from_ms: i64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), Fault> {
        let hours = hours(connection, id)?.unwrap_or_else(|| vec![(0, summary)]);
        for (_, mut figures) in hours {
            if figures.first_at >= from_ms && figures.first_at < self.to_ms {
                self.wait_before(figures.first_at, pieces);
                let late = self.waiting.partition_point(|row| row.measured_at <= figures.last_at);
                if late > 0 && (self.figures_will_do)(figures.first_at, figures.last_at) {
                    // Joined, so that the last of them stays the last.
                    figures = figures.joined(&summarise(&self.waiting[..late], None));
                    self.waiting.drain(..late);
                }
                pieces.push(Piece::Figures(Box::new(figures)));
            }
        }
        Ok(())
    }

    /// The part's hours, where they are known and will do.
    fn hours(&self, connection: &Connection, id: i64) -> Result<Option<Vec<Piece>>, Fault> {
        let Some(hours) = hours(connection, id)? else { return Ok(None) };
        let will_do = |(_, hour): &(u8, Summary)| (self.figures_will_do)(hour.first_at, hour.last_at);
        if !hours.iter().all(will_do) {
            return Ok(None);
        }
        Ok(Some(hours.into_iter().map(|(_, hour)| Piece::Figures(Box::new(hour))).collect()))
    }
}

/// The reading of a moment, if a chunk holds it. A chunk that cannot be read holds none.
pub(super) fn standing(
    connection: &Connection,
    series: i64,
    at_ms: i64,
    utc_offset_s: i32,
) -> Result<Option<Row>, Fault> {
    let mut parts = Parts::new(connection, series, (at_ms, at_ms.saturating_add(1)), utc_offset_s);
    while let Some(Found { id, summary, .. }) = parts.next()? {
        let holds = |summary: Summary| summary.first_at <= at_ms && at_ms <= summary.last_at;
        if !decode_summary(&summary).is_ok_and(holds) {
            continue;
        }
        let rows = body(connection, id)?.map(|body| decode(&body).unwrap_or_default()).unwrap_or_default();
        if let Ok(found) = rows.binary_search_by_key(&at_ms, |row| row.measured_at) {
            return Ok(rows.get(found).copied());
        }
    }
    Ok(None)
}

/// A part's hours. Damaged ones are no loss while there are rows: those tell the same.
fn hours(connection: &Connection, id: i64) -> Result<Option<Vec<(u8, Summary)>>, Fault> {
    let mut query = connection.prepare_cached("SELECT hours FROM chunk WHERE id = ?")?;
    let hours: Option<Vec<u8>> = query.query_row([id], |row| row.get(0)).optional()?.flatten();
    Ok(hours.and_then(|hours| decode_hours(&hours).ok()))
}

fn body(connection: &Connection, id: i64) -> Result<Option<Vec<u8>>, Fault> {
    let mut query = connection.prepare_cached("SELECT body FROM chunk WHERE id = ?")?;
    Ok(query.query_row([id], |row| row.get(0)).optional()?.flatten())
}

/// A part as it was found.
struct Found {
    id: i64,
    summary: Vec<u8>,
    has_rows: bool,
}

/// Finds a series' parts: days are looked up one by one, those without anything are jumped over.
struct Parts<'a> {
    connection: &'a Connection,
    series: i64,
    next_id: i64,
    last_id: i64,
}

impl<'a> Parts<'a> {
    fn new(connection: &'a Connection, series: i64, (from_ms, to_ms): (i64, i64), utc_offset_s: i32) -> Self {
        let id = |at_ms, part| ChunkKey { day: day_of(at_ms, utc_offset_s), series, part }.id();
        Self { connection, series, next_id: id(from_ms, 0), last_id: id(to_ms.saturating_sub(1), LAST_PART) }
    }

    fn next(&mut self) -> Result<Option<Found>, Fault> {
        let mut query = self.connection.prepare_cached(
            "SELECT id, summary, body IS NOT NULL FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1",
        )?;
        loop {
            let mut found = query.query([self.next_id, self.last_id])?;
            let Some(row) = found.next()? else { return Ok(None) };
            let id: i64 = row.get(0)?;
            let key = ChunkKey::of(id);
            if key.series == self.series {
                self.next_id = id + 1;
                return Ok(Some(Found { id, summary: row.get(1)?, has_rows: row.get(2)? }));
            }
            // Another series': ours comes later on this day, or on the next that there is.
            let day = if key.series < self.series { key.day } else { key.day + 1 };
            self.next_id = ChunkKey { day, series: self.series, part: 0 }.id();
        }
    }

    /// The parts that follow the last one on its day; the next one is of a later day.
    fn rest_of_day(&mut self) -> Result<Vec<i64>, Fault> {
        let last = ChunkKey { part: LAST_PART, ..ChunkKey::of(self.next_id - 1) }.id();
        let mut query =
            self.connection.prepare_cached("SELECT id FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id")?;
        let ids = query.query_map([self.next_id, last], |row| row.get(0))?.collect::<Result<_, _>>()?;
        self.next_id = last + 1;
        Ok(ids)
    }
}
