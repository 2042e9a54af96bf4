//! What is committed but not sealed yet, and what is known now of every point: in RAM, series by series.
//!
//! Changed by the writer alone, and only after a commit. Readings of the same moment are one, the last wins. Readings that are being
//! sealed stay until their chunks are committed. Read next: `seal.rs`, which takes them away.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use hub_model::{PointId, Timestamp};

use super::codes::{quality_of, reading_of_row, reason_of};
use super::hot::{Entry, Record};
use super::readers::Fault;
use crate::chunk::Row;
use crate::head::{last_good, renewed};
use crate::port::Latest;

/// All series.
#[derive(Default)]
pub(super) struct Mirror {
    all: Vec<Series>,
    by_point: HashMap<PointId, usize>,
    by_id: HashMap<i64, usize>,
    in_order: BTreeMap<PointId, usize>,
    readings: usize,
}

/// How many readings left for one of the same moment, and for how many of those it was no correction.
#[derive(Default)]
struct Replaced {
    all: usize,
    repeats: u64,
}

/// One series.
pub(super) struct Series {
    pub id: i64,
    pub point: PointId,
    pub latest: Option<Latest>,
    /// Up to this commit its readings are in chunks, or on their way there.
    pub frozen_at: u64,
    fresh: Vec<Entry>,
    is_unsorted: bool,
    /// The first commit that `fresh` is of.
    fresh_since: u64,
    sealing: Option<Arc<Vec<Entry>>>,
    sealing_since: u64,
}

impl Mirror {
    pub(super) fn add(&mut self, id: i64, point: PointId, sealed_at: u64, latest: Option<Latest>) {
        let at = self.all.len();
        self.by_point.insert(point.clone(), at);
        self.by_id.insert(id, at);
        self.in_order.insert(point.clone(), at);
        self.all.push(Series {
            id,
            point,
            latest,
            frozen_at: sealed_at,
            fresh: Vec::new(),
            is_unsorted: false,
            fresh_since: 0,
            sealing: None,
            sealing_since: 0,
        });
    }

    /// Takes a commit's records, in their order. Gives how many took the place of another one here.
    pub(super) fn take(&mut self, commit: u64, records: &[Record]) -> Result<u64, Fault> {
        let mut unsorted = Vec::new();
        let mut next = 0;
        for record in records {
            let at = match self.all.get(next) {
                Some(series) if series.id == record.series => next,
                _ => *self.by_id.get(&record.series).ok_or_else(|| unknown(record.series))?,
            };
            next = at + 1;
            let series = &mut self.all[at];
            series.push(commit, &record.entry);
            if series.is_unsorted && unsorted.last() != Some(&at) {
                unsorted.push(at);
            }
            if record.is_latest {
                series.renew(&record.entry)?;
            }
        }
        self.readings += records.len();
        let mut repeats = 0;
        for at in unsorted {
            let replaced = self.all[at].sort();
            self.readings -= replaced.all;
            repeats += replaced.repeats;
        }
        Ok(repeats)
    }

    /// Takes a commit's records again when the store is opened: those that are not sealed. What they repeat has been counted.
    pub(super) fn replay(&mut self, commit: u64, records: &[Record]) -> Result<(), Fault> {
        let mut waiting = Vec::with_capacity(records.len());
        for record in records {
            let Some(at) = self.by_id.get(&record.series) else { return Err(unknown(record.series)) };
            let series = &mut self.all[*at];
            if commit > series.frozen_at {
                waiting.push(*record);
            } else if record.is_latest {
                series.renew(&record.entry)?;
            }
        }
        self.take(commit, &waiting).map(drop)
    }

    /// The first commit whose row of the hot log is needed, once the series in `gone` have been let go of.
    pub(super) fn needed_since(&self, gone: &HashSet<i64>) -> Option<u64> {
        // Every series is asked, after every lot: who is gone is looked up of those alone for which it matters.
        let since = |series: &Series| {
            let is_gone = series.is_sealing() && gone.contains(&series.id);
            if is_gone { series.fresh_since() } else { series.needs_since() }
        };
        self.all.iter().filter_map(since).min()
    }

    pub(super) fn all(&self) -> &[Series] {
        &self.all
    }

    pub(super) fn of_point(&self, point: &PointId) -> Option<&Series> {
        self.by_point.get(point).map(|at| &self.all[*at])
    }

    /// The place and the id of a point's series. It is looked for at `likely` first: the points of a device come in their order.
    pub(super) fn place_of(&self, point: &PointId, likely: usize) -> Option<(usize, i64)> {
        match self.all.get(likely) {
            Some(series) if series.point == *point => Some((likely, series.id)),
            _ => self.by_point.get(point).map(|at| (*at, self.all[*at].id)),
        }
    }

    pub(super) fn of_id(&self, id: i64) -> Option<&Series> {
        self.by_id.get(&id).map(|at| &self.all[*at])
    }

    /// What is known now of all points, in the order of their ids.
    pub(super) fn latest(&self) -> Vec<Latest> {
        self.in_order.values().filter_map(|at| self.all[*at].latest.clone()).collect()
    }

    /// How many readings are held.
    pub(super) fn readings(&self) -> usize {
        self.readings
    }

    /// Sets a series' readings aside to be sealed, or gives those that are so already.
    pub(super) fn freeze(&mut self, id: i64, commit: u64) -> Option<Arc<Vec<Entry>>> {
        let series = &mut self.all[*self.by_id.get(&id)?];
        if series.sealing.is_none() && !series.fresh.is_empty() {
            series.sealing = Some(Arc::new(std::mem::take(&mut series.fresh)));
            series.sealing_since = series.fresh_since;
            series.frozen_at = commit;
        }
        series.sealing.clone()
    }

    /// Lets go of what was frozen: it is in chunks now.
    pub(super) fn let_go(&mut self, id: i64) {
        let Some(at) = self.by_id.get(&id) else { return };
        if let Some(sealed) = self.all[*at].sealing.take() {
            self.readings -= sealed.len();
        }
    }
}

impl Series {
    /// How many readings wait to be sealed.
    pub(super) fn waiting(&self) -> usize {
        self.fresh.len()
    }

    /// The first commit that it still needs the hot log for.
    pub(super) fn needs_since(&self) -> Option<u64> {
        if self.sealing.is_some() { Some(self.sealing_since) } else { self.fresh_since() }
    }

    /// Whether some of its readings are on their way into a chunk.
    pub(super) fn is_sealing(&self) -> bool {
        self.sealing.is_some()
    }

    fn fresh_since(&self) -> Option<u64> {
        (!self.fresh.is_empty()).then_some(self.fresh_since)
    }

    /// Makes a reading the latest. In place: this runs for each reading that comes in.
    fn renew(&mut self, entry: &Entry) -> Result<(), Fault> {
        let Some(latest) = &mut self.latest else {
            let reading = reading_of_row(&entry.row(), self.point.clone())?;
            self.latest = Some(renewed(None, reading));
            return Ok(());
        };
        let row = entry.row();
        let reading = &mut latest.reading;
        reading.measured_at = Timestamp::from_millis(row.measured_at);
        reading.received_at = Timestamp::from_millis(row.received_at);
        (reading.raw, reading.value) = (row.raw, row.value);
        reading.quality = quality_of(row.quality.into())?;
        reading.reason = if row.reason == 0 { None } else { Some(reason_of(row.reason.into())?) };
        latest.last_good = last_good(latest.last_good, reading);
        Ok(())
    }

    /// The reading of a moment.
    pub(super) fn standing(&self, at_ms: i64) -> Option<&Entry> {
        let find =
            |entries: &'_ [Entry]| entries.binary_search_by_key(&at_ms, |entry| entry.measured_at).ok();
        match find(&self.fresh) {
            Some(found) => self.fresh.get(found),
            None => self.sealing.as_ref().and_then(|sealing| sealing.get(find(sealing)?)),
        }
    }

    /// Its readings measured in `[from, to)`, in the order of `measured_at`.
    pub(super) fn rows(&self, from_ms: i64, to_ms: i64) -> Vec<Row> {
        let within = |entries: &[Entry]| -> Vec<Row> {
            let first = entries.partition_point(|entry| entry.measured_at < from_ms);
            let after = entries.partition_point(|entry| entry.measured_at < to_ms);
            entries.get(first..after).unwrap_or_default().iter().map(Entry::row).collect()
        };
        let fresh = within(&self.fresh);
        match &self.sealing {
            None => fresh,
            Some(sealing) => merged(within(sealing), fresh),
        }
    }

    fn push(&mut self, commit: u64, entry: &Entry) {
        if self.fresh.is_empty() {
            self.fresh_since = commit;
        }
        self.is_unsorted |= self.fresh.last().is_some_and(|last| last.measured_at >= entry.measured_at);
        self.fresh.push(*entry);
    }

    /// Brings `fresh` in order, of each moment the last written. Gives how many left.
    fn sort(&mut self) -> Replaced {
        self.is_unsorted = false;
        // Stable: of the same moment the last written stays last.
        self.fresh.sort_by_key(|entry| entry.measured_at);
        let mut replaced = Replaced::default();
        self.fresh.dedup_by(|next, kept| {
            if next.measured_at != kept.measured_at {
                return false;
            }
            replaced.all += 1;
            replaced.repeats += u64::from(!next.is_correction);
            // Whether something sealed lies beneath is still the first one's question.
            *kept = Entry { may_repeat: kept.may_repeat, ..*next };
            true
        });
        replaced
    }
}

fn unknown(series: i64) -> Fault {
    Fault::Damaged { what: "series", found: series.to_string() }
}

/// Two runs in the order of `measured_at`, each moment once: `newer` wins.
pub(super) fn merged(older: Vec<Row>, newer: Vec<Row>) -> Vec<Row> {
    if older.last().is_none_or(|last| newer.first().is_none_or(|first| last.measured_at < first.measured_at))
    {
        let mut all = older;
        all.extend(newer);
        return all;
    }
    let mut all = Vec::with_capacity(older.len() + newer.len());
    let mut newer = newer.into_iter().peekable();
    for row in older {
        while let Some(before) = newer.next_if(|new| new.measured_at < row.measured_at) {
            all.push(before);
        }
        if newer.peek().is_none_or(|new| new.measured_at != row.measured_at) {
            all.push(row);
        }
    }
    all.extend(newer);
    all
}

impl Entry {
    pub(super) fn row(&self) -> Row {
        let number = |number: f64| (!number.is_nan()).then_some(number);
        Row {
            measured_at: self.measured_at,
            received_at: self.received_at,
            raw: number(self.raw),
            value: number(self.value),
            quality: self.quality,
            reason: self.reason,
        }
    }
}
