//! One series' readings from the file, part by part in the order of time, with what waits in RAM laid over them.
//!
//! What waits must be looked at first: readings that are sealed meanwhile are then seen twice, and the one from RAM wins, but never
//! missed. A part of which only the figures are wanted stays shut. Read next: `query.rs`, which asks; `key.rs`, how days are found.

use std::ops::ControlFlow;

use rusqlite::Connection;

use super::key::{ChunkKey, LAST_PART, day_of};
use super::mirror::merged;
use super::readers::Fault;
use crate::chunk::{Damaged, Row, Summary, decode, decode_hours, decode_summary, decode_values, summarise};

/// A question stops after so many rows or pieces, so that none is long; it goes on where it stopped.
const PAGE_ROWS: usize = 4_096;
const PAGE_PIECES: usize = 512;

/// A series' parts on one day lie side by side. Those of its next day are looked up, rather than stepped to over all other series'.
const PARTS: &str = "SELECT id, summary, hours, body FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id";

/// What of the rows is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// All that is known of them.
    Whole,
    /// What figures are made of: when they were measured, value and quality.
    Values,
}

impl Depth {
    fn decode(self, body: &[u8]) -> Result<Vec<Row>, Damaged> {
        match self {
            Self::Whole => decode(body),
            Self::Values => decode_values(body),
        }
    }
}

/// What is shown, in the order of time.
pub(super) enum Piece {
    Rows(Vec<Row>),
    Figures(Box<Summary>),
}

/// Takes a piece, and says whether it wants more. Whoever makes figures takes each piece at once, while it is at hand; whoever may take
/// long gathers a page of them.
pub(super) type Take<'t> = dyn FnMut(Piece) -> Result<ControlFlow<()>, Fault> + 't;

/// Gives pieces to whoever takes them.
struct Shown<'p, 't> {
    take: &'p mut Take<'t>,
    pieces: usize,
    rows: usize,
    is_enough: bool,
}

impl Shown<'_, '_> {
    fn push(&mut self, piece: Piece) -> Result<(), Fault> {
        self.pieces += 1;
        if let Piece::Rows(rows) = &piece {
            self.rows += rows.len();
        }
        if !self.is_enough {
            self.is_enough = (self.take)(piece)?.is_break();
        }
        Ok(())
    }
}

/// A series and a span of time, half walked.
pub(super) struct Walk<'a> {
    series: i64,
    /// The next moment; none when all has been shown.
    next_ms: Option<i64>,
    to_ms: i64,
    utc_offset_s: i32,
    depth: Depth,
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
        depth: Depth,
        waiting: Vec<Row>,
        figures_will_do: &'a dyn Fn(i64, i64) -> bool,
    ) -> Self {
        let next_ms = (from_ms < to_ms).then_some(from_ms);
        Self { series, next_ms, to_ms, utc_offset_s, depth, waiting, figures_will_do, damaged: Vec::new() }
    }

    /// Whether all has been shown.
    pub(super) fn is_done(&self) -> bool {
        self.next_ms.is_none()
    }

    /// Shows the next pieces, from one committed state of the file.
    pub(super) fn page(&mut self, connection: &Connection, take: &mut Take<'_>) -> Result<(), Fault> {
        let moment = connection.unchecked_transaction()?;
        let Some(mut from_ms) = self.next_ms else { return Ok(()) };
        let mut shown = Shown { take, pieces: 0, rows: 0, is_enough: false };
        let id =
            |at_ms, part| ChunkKey { day: day_of(at_ms, self.utc_offset_s), series: self.series, part }.id();
        let (mut next_id, last_id) = (id(from_ms, 0), id(self.to_ms.saturating_sub(1), LAST_PART));
        let mut query = moment.prepare_cached(PARTS)?;
        'day: loop {
            let mut parts = query.query([next_id, last_id])?;
            while let Some(found) = parts.next()? {
                let key = ChunkKey::of(found.get(0)?);
                if key.series != self.series {
                    // Another series': ours comes later on this day, or on the next that there is.
                    let day = if key.series < self.series { key.day } else { key.day + 1 };
                    next_id = ChunkKey { day, series: self.series, part: 0 }.id();
                    continue 'day;
                }
                let part = Part::of(found)?;
                let summary = match decode_summary(part.summary) {
                    Ok(summary) => summary,
                    Err(damaged) => {
                        self.damaged.push((key.id(), damaged.to_string()));
                        continue;
                    }
                };
                if summary.last_at < from_ms || summary.first_at >= self.to_ms {
                    continue;
                }
                if part.body.is_none() {
                    self.take_late(&moment, key, from_ms)?;
                    next_id = ChunkKey { day: key.day + 1, part: 0, ..key }.id();
                }
                self.wait_before(summary.first_at, &mut shown)?;
                if let Err(damaged) = self.show(&part, summary, from_ms, &mut shown)? {
                    self.damaged.push((key.id(), damaged.to_string()));
                    continue;
                }
                if shown.is_enough {
                    self.next_ms = None;
                    return Ok(());
                }
                match summary.last_at.checked_add(1).filter(|next| *next < self.to_ms) {
                    Some(next) => from_ms = next,
                    None => break 'day,
                }
                self.next_ms = Some(from_ms);
                if shown.rows >= PAGE_ROWS || shown.pieces >= PAGE_PIECES {
                    return Ok(());
                }
                if part.body.is_none() {
                    continue 'day;
                }
            }
            break;
        }
        // Rows that wait are left only where they follow the last part, or figures stand for rows that are gone.
        self.next_ms = None;
        shown.push(Piece::Rows(std::mem::take(&mut self.waiting)))
    }

    /// Lets the other parts of a day whose rows have left wait with what is in RAM: they came late, and lie anywhere in it.
    fn take_late(&mut self, connection: &Connection, first: ChunkKey, from_ms: i64) -> Result<(), Fault> {
        let last = ChunkKey { part: LAST_PART, ..first };
        let mut query = connection.prepare_cached(PARTS)?;
        let mut parts = query.query([first.id() + 1, last.id()])?;
        while let Some(found) = parts.next()? {
            match Part::of(found)?.body.map(|body| self.depth.decode(body)) {
                Some(Ok(mut rows)) => {
                    rows.retain(|row| row.measured_at >= from_ms && row.measured_at < self.to_ms);
                    self.waiting = merged(rows, std::mem::take(&mut self.waiting));
                }
                Some(Err(damaged)) => self.damaged.push((found.get(0)?, damaged.to_string())),
                None => {}
            }
        }
        Ok(())
    }

    /// Shows what waits and was measured before a part.
    fn wait_before(&mut self, first_ms: i64, shown: &mut Shown<'_, '_>) -> Result<(), Fault> {
        let before = self.waiting.partition_point(|row| row.measured_at < first_ms);
        if before == 0 {
            return Ok(());
        }
        let after = self.waiting.split_off(before);
        shown.push(Piece::Rows(std::mem::replace(&mut self.waiting, after)))
    }

    /// Shows one part, unless it is damaged.
    fn show(
        &mut self,
        part: &Part<'_>,
        summary: Summary,
        from_ms: i64,
        shown: &mut Shown<'_, '_>,
    ) -> Result<Result<(), Damaged>, Fault> {
        let over = self.waiting.partition_point(|row| row.measured_at <= summary.last_at);
        let is_whole = summary.first_at >= from_ms && summary.last_at < self.to_ms && over == 0;
        if is_whole && (self.figures_will_do)(summary.first_at, summary.last_at) {
            return shown.push(Piece::Figures(Box::new(summary))).map(Ok);
        }
        if is_whole && let Some(hours) = self.hours(part) {
            for hour in hours {
                shown.push(hour)?;
            }
            return Ok(Ok(()));
        }
        let Some(body) = part.body else {
            return self.show_without_rows(part, summary, from_ms, shown).map(Ok);
        };
        let mut rows = match self.depth.decode(body) {
            Ok(rows) => rows,
            Err(damaged) => return Ok(Err(damaged)),
        };
        if !is_whole {
            rows.retain(|row| row.measured_at >= from_ms && row.measured_at < self.to_ms);
        }
        let after = self.waiting.split_off(over);
        let waiting = std::mem::replace(&mut self.waiting, after);
        shown.push(Piece::Rows(merged(rows, waiting))).map(Ok)
    }

    /// Shows what is known of rows that have left: their hours, or all of them at once. What is asked of less than an hour gets the
    /// hours that begin within it.
    fn show_without_rows(
        &mut self,
        part: &Part<'_>,
        summary: Summary,
        from_ms: i64,
        shown: &mut Shown<'_, '_>,
    ) -> Result<(), Fault> {
        let hours = part.hours().unwrap_or_else(|| vec![(0, summary)]);
        for (_, mut figures) in hours {
            if figures.first_at >= from_ms && figures.first_at < self.to_ms {
                self.wait_before(figures.first_at, shown)?;
                let late = self.waiting.partition_point(|row| row.measured_at <= figures.last_at);
                if late > 0 && (self.figures_will_do)(figures.first_at, figures.last_at) {
                    // Joined, so that the last of them stays the last.
                    figures = figures.joined(&summarise(&self.waiting[..late], None));
                    self.waiting.drain(..late);
                }
                shown.push(Piece::Figures(Box::new(figures)))?;
            }
        }
        Ok(())
    }

    /// The part's hours, where they are known and will do.
    fn hours(&self, part: &Part<'_>) -> Option<Vec<Piece>> {
        let hours = part.hours()?;
        let will_do = |(_, hour): &(u8, Summary)| (self.figures_will_do)(hour.first_at, hour.last_at);
        if !hours.iter().all(will_do) {
            return None;
        }
        Some(hours.into_iter().map(|(_, hour)| Piece::Figures(Box::new(hour))).collect())
    }
}

/// The reading of a moment, if a chunk holds it. A chunk that cannot be read holds none.
pub(super) fn standing(
    connection: &Connection,
    series: i64,
    at_ms: i64,
    utc_offset_s: i32,
) -> Result<Option<Row>, Fault> {
    let id = |part| ChunkKey { day: day_of(at_ms, utc_offset_s), series, part }.id();
    let mut query = connection.prepare_cached(PARTS)?;
    let mut parts = query.query([id(0), id(LAST_PART)])?;
    while let Some(found) = parts.next()? {
        let part = Part::of(found)?;
        let holds = |summary: Summary| summary.first_at <= at_ms && at_ms <= summary.last_at;
        if !decode_summary(part.summary).is_ok_and(holds) {
            continue;
        }
        let rows = part.body.map(|body| decode(body).unwrap_or_default()).unwrap_or_default();
        if let Ok(found) = rows.binary_search_by_key(&at_ms, |row| row.measured_at) {
            return Ok(rows.get(found).copied());
        }
    }
    Ok(None)
}

/// A part as it lies in the file: blobs that are not looked at are not read.
struct Part<'a> {
    summary: &'a [u8],
    hours: Option<&'a [u8]>,
    body: Option<&'a [u8]>,
}

impl<'a> Part<'a> {
    fn of(found: &'a rusqlite::Row<'_>) -> Result<Self, Fault> {
        let blob = |column| Ok::<_, Fault>(found.get_ref(column)?.as_blob_or_null().unwrap_or_default());
        Ok(Self { summary: blob(1)?.unwrap_or_default(), hours: blob(2)?, body: blob(3)? })
    }

    /// Its hours. Damaged ones are no loss while there are rows: those tell the same.
    fn hours(&self) -> Option<Vec<(u8, Summary)>> {
        self.hours.and_then(|hours| decode_hours(hours).ok())
    }
}
