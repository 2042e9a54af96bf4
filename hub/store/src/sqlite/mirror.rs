//! What is committed but not sealed yet, and what is known now of every point: in RAM, series by series.
//!
//! Changed by the writer alone, and only after a commit. Readings of the same moment are one, the last wins. Readings that are being
//! sealed stay until their chunks are committed. Read next: `seal.rs`, which takes them away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;

use hub_model::{PointId, Timestamp};

use super::codes::{quality_of, reading_of_row, reason_of};
use super::hot::{Entry, Record};
use super::packed::Packed;
use super::readers::Fault;
use crate::chunk::Row;
use crate::head::{last_good, renewed};
use crate::port::Latest;

/// So many series are looked at ahead of their readings: what they hold fits into the smallest cache but one.
const SEEN_AHEAD: usize = 64;

/// All series.
#[derive(Default)]
pub(super) struct Mirror {
    all: Vec<Series>,
    /// The point and the id of each series, side by side: they are looked at for every reading, and most series do not fit into a cache.
    names: Vec<(PointId, i64)>,
    by_point: HashMap<PointId, usize>,
    by_id: HashMap<i64, usize>,
    in_order: BTreeMap<PointId, usize>,
    /// A series is full when so many of its readings wait.
    seal_at: usize,
    /// The series that need the hot log, by the first commit that they need it for.
    by_need: BTreeSet<(u64, i64)>,
    /// The full ones, by the first commit of what waits.
    full: BTreeSet<(u64, i64)>,
    readings: usize,
    bytes: usize,
}

/// One series.
pub(super) struct Series {
    pub id: i64,
    pub point: PointId,
    pub latest: Option<Latest>,
    /// Up to this commit its readings are in chunks, or on their way there.
    pub frozen_at: u64,
    fresh: Packed,
    /// The first commit that `fresh` is of.
    fresh_since: u64,
    sealing: Option<Arc<Packed>>,
    sealing_since: u64,
}

impl Mirror {
    /// None yet; one is full with `seal_at` readings.
    pub(super) fn sealing_at(seal_at: usize) -> Self {
        Self { seal_at: seal_at.max(1), ..Self::default() }
    }

    pub(super) fn add(&mut self, id: i64, point: PointId, sealed_at: u64, latest: Option<Latest>) {
        let at = self.all.len();
        self.by_point.insert(point.clone(), at);
        self.by_id.insert(id, at);
        self.in_order.insert(point.clone(), at);
        self.names.push((point.clone(), id));
        self.all.push(Series {
            id,
            point,
            latest,
            frozen_at: sealed_at,
            fresh: Packed::default(),
            fresh_since: 0,
            sealing: None,
            sealing_since: 0,
        });
    }

    /// Takes a commit's records, in their order. Gives how many took the place of another one here.
    pub(super) fn take(&mut self, commit: u64, records: &[Record]) -> Result<u64, Fault> {
        let mut out_of_order: Vec<(usize, Entry)> = Vec::new();
        let places = self.places_of(records)?;
        for (number, (Record { series: id, is_latest, entry }, at)) in records.iter().zip(&places).enumerate()
        {
            if number % SEEN_AHEAD == 0 {
                let ahead = places.iter().skip(number).take(SEEN_AHEAD);
                // Many looks at once take hardly longer than one; each series would else be waited for by itself.
                black_box(ahead.map(|at| self.all[*at].look()).fold(0, usize::wrapping_add));
            }
            let (at, series) = (*at, &mut self.all[*at]);
            if *is_latest {
                series.renew(entry)?;
            }
            self.readings += 1;
            if series.fresh.last_at().is_some_and(|last| last >= entry.measured_at) {
                out_of_order.push((at, *entry));
                continue;
            }
            let size = series.fresh.size();
            series.fresh.push(entry);
            self.bytes += series.fresh.size() - size;
            if series.fresh.len() == 1 {
                series.fresh_since = commit;
                if series.sealing.is_none() {
                    self.by_need.insert((commit, *id));
                }
            }
            if series.fresh.len() == series.full_at(self.seal_at) {
                self.full.insert((series.fresh_since, *id));
            }
        }
        // Stable: of a series they stay in the order in which they came.
        out_of_order.sort_by_key(|(at, _)| *at);
        let mut repeats = 0;
        for of_one in out_of_order.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((at, _)) = of_one.first() else { continue };
            repeats += self.put_in_order(*at, of_one.iter().map(|(_, entry)| *entry));
        }
        Ok(repeats)
    }

    fn places_of(&self, records: &[Record]) -> Result<Vec<usize>, Fault> {
        let mut next = 0;
        let place = |record: &Record| {
            let at = match self.names.get(next) {
                Some((_, id)) if *id == record.series => next,
                _ => *self.by_id.get(&record.series).ok_or_else(|| unknown(record.series))?,
            };
            next = at + 1;
            Ok(at)
        };
        records.iter().map(place).collect()
    }

    /// Puts among what waits of a series what was measured before the last of it. Gives how many took the place of another one.
    fn put_in_order(&mut self, at: usize, entries: impl Iterator<Item = Entry>) -> u64 {
        let series = &mut self.all[at];
        let all: Vec<Entry> = series.fresh.iter().chain(entries).collect();
        let count = all.len();
        let (kept, repeats) = sorted(all);
        let size = series.fresh.size();
        series.fresh = Packed::of(&kept);
        self.bytes = self.bytes + series.fresh.size() - size;
        self.readings -= count - kept.len();
        if kept.len() >= series.full_at(self.seal_at) {
            self.full.insert((series.fresh_since, series.id));
        }
        repeats
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
        let mut newest_of_gone = None;
        for (since, id) in &self.by_need {
            let series = self.of_id(*id).filter(|series| series.is_sealing() && gone.contains(id));
            let Some(series) = series else {
                return Some(newest_of_gone.map_or(*since, |newest: u64| newest.min(*since)));
            };
            newest_of_gone = newest_of_gone.into_iter().chain(series.fresh_since()).min();
        }
        newest_of_gone
    }

    /// The series that need the hot log and since which commit, those that need its beginning first.
    pub(super) fn by_need(&self) -> impl Iterator<Item = (u64, &Series)> {
        self.by_need.iter().filter_map(|(since, id)| Some((*since, self.of_id(*id)?)))
    }

    /// The full series, those that have waited for longest first.
    pub(super) fn full(&self) -> impl Iterator<Item = &Series> {
        self.full.iter().filter_map(|(_, id)| self.of_id(*id))
    }

    pub(super) fn all(&self) -> &[Series] {
        &self.all
    }

    pub(super) fn of_point(&self, point: &PointId) -> Option<&Series> {
        self.by_point.get(point).map(|at| &self.all[*at])
    }

    /// The place and the id of a point's series. It is looked for at `likely` first: the points of a device come in their order.
    pub(super) fn place_of(&self, point: &PointId, likely: usize) -> Option<(usize, i64)> {
        match self.names.get(likely) {
            Some((name, id)) if name == point => Some((likely, *id)),
            _ => self.by_point.get(point).map(|at| (*at, self.names[*at].1)),
        }
    }

    /// From now on the series of these points go by these ids: those that come with the readings, so that they are told to be the same
    /// without a look at their text.
    pub(super) fn share(&mut self, points: impl Iterator<Item = PointId>) {
        for point in points {
            let Some(at) = self.by_point.get(&point) else { continue };
            self.names[*at].0 = point;
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

    /// How many bytes of RAM they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sets a series' readings aside to be sealed, or gives those that are so already.
    pub(super) fn freeze(&mut self, id: i64, commit: u64) -> Option<Arc<Packed>> {
        let series = &mut self.all[*self.by_id.get(&id)?];
        if series.sealing.is_none() && !series.fresh.is_empty() {
            self.full.remove(&(series.fresh_since, id));
            let next = series.fresh.half_as_large();
            self.bytes += next.size();
            series.sealing = Some(Arc::new(std::mem::replace(&mut series.fresh, next)));
            series.sealing_since = series.fresh_since;
            series.frozen_at = commit;
        }
        series.sealing.clone()
    }

    /// Lets go of what was frozen: it is in chunks now.
    pub(super) fn let_go(&mut self, id: i64) {
        let Some(at) = self.by_id.get(&id) else { return };
        let series = &mut self.all[*at];
        let Some(sealed) = series.sealing.take() else { return };
        self.readings -= sealed.len();
        self.bytes -= sealed.size();
        self.by_need.remove(&(series.sealing_since, id));
        self.by_need.extend(series.fresh_since().map(|since| (since, id)));
    }
}

impl Series {
    /// With how many waiting readings it is full. The first time with another count for each series, so that those that began together are
    /// not sealed together for ever.
    fn full_at(&self, seal_at: usize) -> usize {
        if self.frozen_at > 0 {
            return seal_at;
        }
        let half = seal_at / 2;
        seal_at - half + usize::try_from(self.id.wrapping_mul(7_919).rem_euclid(half as i64 + 1)).unwrap_or(0)
    }

    /// Brings what a reading changes into the processor's cache: its own fields and the end of the bytes.
    fn look(&self) -> usize {
        let latest = self.latest.as_ref().map_or(0, |latest| latest.reading.quality as usize);
        latest ^ self.frozen_at as usize ^ self.sealing_since as usize ^ self.fresh.look()
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
    pub(super) fn standing(&self, at_ms: i64) -> Option<Entry> {
        let find = |packed: &Packed| {
            let may_hold = packed.last_at().is_some_and(|last| last >= at_ms);
            packed.iter().take_while(|_| may_hold).find(|entry| entry.measured_at == at_ms)
        };
        find(&self.fresh).or_else(|| self.sealing.as_deref().and_then(find))
    }

    /// Its readings measured in `[from, to)`, in the order of `measured_at`.
    pub(super) fn rows(&self, from_ms: i64, to_ms: i64) -> Vec<Row> {
        let within = |packed: &Packed| -> Vec<Row> {
            let from = packed.iter().skip_while(|entry| entry.measured_at < from_ms);
            from.take_while(|entry| entry.measured_at < to_ms).map(|entry| entry.row()).collect()
        };
        let fresh = within(&self.fresh);
        match &self.sealing {
            None => fresh,
            Some(sealing) => merged(within(sealing), fresh),
        }
    }
}

/// The entries in the order of `measured_at`, of each moment the last written; and how many left for one of the same moment without its
/// being a correction.
fn sorted(mut entries: Vec<Entry>) -> (Vec<Entry>, u64) {
    // Stable: of the same moment the last written stays last.
    entries.sort_by_key(|entry| entry.measured_at);
    let mut repeats = 0;
    entries.dedup_by(|next, kept| {
        if next.measured_at != kept.measured_at {
            return false;
        }
        repeats += u64::from(!next.is_correction);
        // Whether something sealed lies beneath is still the first one's question.
        *kept = Entry { may_repeat: kept.may_repeat, ..*next };
        true
    });
    (entries, repeats)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::samples::point;
    use proptest::prelude::*;

    const SERIES: i64 = 5;
    const SEAL_AT: usize = 3;

    fn record(series: i64, at: i64) -> Record {
        let entry = Entry {
            measured_at: at,
            received_at: at,
            raw: 1.0,
            value: 1.0,
            reason: 0,
            quality: 1,
            may_repeat: true,
            is_correction: false,
        };
        Record { series, is_latest: true, entry }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(Vec<(i64, i64)>),
        Freeze(i64),
        LetGo(i64),
    }

    fn a_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            prop::collection::vec((1..=SERIES, 0..20_i64), 1..8).prop_map(Step::Take),
            (1..=SERIES).prop_map(Step::Freeze),
            (1..=SERIES).prop_map(Step::LetGo),
        ]
    }

    proptest! {
        #[test]
        fn what_is_kept_in_order_is_what_a_look_at_every_series_finds(steps in prop::collection::vec(a_step(), 1..60)) {
            let mut mirror = Mirror::sealing_at(SEAL_AT);
            (1..=SERIES).for_each(|id| mirror.add(id, point(&format!("a/b/p{id}")), 0, None));
            for (commit, step) in (1..).zip(steps) {
                match step {
                    Step::Take(all) => {
                        let records: Vec<_> = all.into_iter().map(|(series, at)| record(series, at)).collect();
                        mirror.take(commit, &records).unwrap();
                    }
                    Step::Freeze(id) => drop(mirror.freeze(id, commit)),
                    Step::LetGo(id) => mirror.let_go(id),
                }
                let all = &mirror.all;
                let held = || all.iter().flat_map(|series| series.sealing.as_deref().into_iter().chain([&series.fresh]));
                prop_assert_eq!(mirror.readings(), held().map(Packed::len).sum::<usize>());
                prop_assert_eq!(mirror.bytes(), held().map(Packed::size).sum::<usize>());
                let need = |series: &Series| match series.is_sealing() {
                    true => Some(series.sealing_since),
                    false => series.fresh_since(),
                };
                let mut needs: Vec<_> = all.iter().filter_map(|series| Some((need(series)?, series.id))).collect();
                needs.sort_unstable();
                let by_need = mirror.by_need().map(|(since, series)| (since, series.id));
                prop_assert_eq!(by_need.collect::<Vec<_>>(), needs);
                let is_full = |series: &&Series| series.fresh.len() >= series.full_at(SEAL_AT);
                let mut full: Vec<_> = mirror.full().map(|series| series.id).collect();
                full.sort_unstable();
                prop_assert_eq!(full, all.iter().filter(is_full).map(|series| series.id).collect::<Vec<_>>());
                for gone in [HashSet::new(), HashSet::from([1, 2]), (1..=SERIES).collect()] {
                    let is_gone = |series: &Series| series.is_sealing() && gone.contains(&series.id);
                    let since = |series: &Series| if is_gone(series) { series.fresh_since() } else { need(series) };
                    prop_assert_eq!(mirror.needed_since(&gone), all.iter().filter_map(since).min());
                }
            }
        }
    }
}
