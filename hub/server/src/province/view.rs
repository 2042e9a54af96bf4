//! What the API of a province's hub reads: its own hub from the store, communes from the engine.
//!
//! Never writes, and is asked by the API alone: rules and notices of the province's own hub never wait for an engine. Read next:
//! `mod.rs` (what is kept at hand), `assemble.rs`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use adapters_influxdb::Row;
use adapters_influxdb::history::Series;
use adapters_sdk::Clock;
use hub_model::{Alarm, AlarmId, OutOfService, PointId, Reading, Timestamp, Tracking, Transition};
use hub_store::{
    AlarmFilter, Bucket, CommitSeq, Correction, DaySummary, History, Latest, LocalDay, Spans, Store,
    StoreError, buckets_of,
};

use super::assemble::{self, Source};
use super::{ALARMS, Province};

/// Steps of alarms are looked for so far back.
const ALARM_SPAN: Duration = Duration::from_secs(400 * 86_400);
/// Closed alarms are looked for so far back where the question has no beginning.
const CLOSED_SPAN: Duration = Duration::from_secs(30 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// The history of everything that a province's hub shows.
pub struct View {
    pub(super) own: Arc<Store>,
    pub(super) province: Province,
    pub(super) clock: Clock,
    pub(super) utc_offset_s: i32,
}

fn elsewhere(error: impl ToString) -> StoreError {
    StoreError::Elsewhere { why: error.to_string() }
}

impl View {
    fn source(&self, point: &PointId) -> Option<Source> {
        self.province.seen().sources.get(point).cloned()
    }

    fn read(
        &self,
        source: &Source,
        point: &PointId,
        (from, to): (Timestamp, Timestamp),
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let series = Series { commune: &source.commune, quantity: &source.quantity, point: &source.point };
        let mut take = |reading: Reading| visit(Reading { point: point.clone(), ..reading });
        self.province.remote().readings(&series, from, to, &mut take).map_err(elsewhere)
    }
}

impl History for View {
    fn latest(&self) -> Result<Vec<Latest>, StoreError> {
        let (seen, now) = (self.province.seen(), self.clock.now());
        let mut all = self.own.latest()?;
        let devices = seen.sites().flat_map(|site| &site.devices);
        for device in devices {
            let its = device.points.iter().filter_map(|point| Some((point, seen.latest.get(&point.id)?)));
            all.extend(its.map(|(point, latest)| assemble::aged(latest, point, device.interval, now)));
        }
        all.sort_by(|one, other| one.reading.point.cmp(&other.reading.point));
        Ok(all)
    }

    fn latest_of(&self, point: &PointId) -> Result<Option<Latest>, StoreError> {
        if self.source(point).is_none() {
            return self.own.latest_of(point);
        }
        let (seen, now) = (self.province.seen(), self.clock.now());
        let mut devices = seen.sites().flat_map(|site| &site.devices);
        let its = devices.find(|device| device.id == point.device()).and_then(|device| {
            let known = device.points.iter().find(|known| known.id == *point)?;
            Some(assemble::aged(seen.latest.get(point)?, known, device.interval, now))
        });
        Ok(its)
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        match self.source(point) {
            None => self.own.readings(point, from, to, visit),
            Some(source) => self.read(&source, point, (from, to), visit),
        }
    }

    fn all_buckets(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        spans: &Spans,
    ) -> Result<Vec<Bucket>, StoreError> {
        let Some(source) = self.source(point) else { return self.own.all_buckets(point, from, to, spans) };
        let mut read = Ok(());
        let buckets = buckets_of(spans, |take| {
            read = self.read(&source, point, (from, to), &mut |reading| take(&reading));
        });
        read.and(buckets)
    }

    fn days(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<DaySummary>, StoreError> {
        if self.source(point).is_none() {
            return self.own.days(point, from, to);
        }
        if from >= to {
            return Ok(Vec::new());
        }
        let day = |at: Timestamp| LocalDay::of(at, self.utc_offset_s);
        let first = day(from).start(self.utc_offset_s);
        let after = LocalDay(day(Timestamp::from_millis(to.as_millis() - 1)).0 + 1).start(self.utc_offset_s);
        let seen = self.province.seen();
        let mut devices = seen.sites().flat_map(|site| &site.devices);
        let interval = devices.find(|device| device.id == point.device()).and_then(|device| device.interval);
        let expected = interval.map(|interval| DAY.as_millis() / interval.as_millis().max(1));
        let shape = |bucket: Bucket| DaySummary {
            day: day(bucket.start),
            start: bucket.start,
            counts: bucket.counts,
            expected: expected.and_then(|expected| u32::try_from(expected).ok()),
            n: u32::try_from(bucket.n).unwrap_or(u32::MAX),
            min: bucket.min,
            max: bucket.max,
            sum: bucket.mean * bucket.n as f64,
            last: bucket.last,
        };
        let buckets = self.all_buckets(point, first, after, &Spans::Every { width: DAY, origin: first })?;
        Ok(buckets.into_iter().map(shape).collect())
    }

    fn audit(&self, point: &PointId, from: Timestamp, to: Timestamp) -> Result<Vec<Correction>, StoreError> {
        self.own.audit(point, from, to)
    }

    fn alarms(&self, filter: &AlarmFilter) -> Result<Vec<Alarm>, StoreError> {
        let mut all = self.own.alarms(filter)?;
        let seen = self.province.seen();
        let mut theirs = seen.alarms.clone();
        if !filter.active_only {
            let now = self.clock.now();
            let from = filter.from.unwrap_or_else(|| now.minus(CLOSED_SPAN));
            let rows = self.province.remote().rows(ALARMS, None, from, now).map_err(elsewhere)?;
            let step = |row| Some((Row::at(row), assemble::alarm(row, &seen.communes)?));
            let mut steps: Vec<_> = rows.iter().filter_map(step).collect();
            steps.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            for (_, alarm) in steps {
                if theirs.iter().all(|known| known.id != alarm.id) {
                    theirs.push(alarm);
                }
            }
        }
        all.extend(theirs.into_iter().filter(|alarm| filter.accepts(alarm)));
        all.sort_by_key(|alarm| std::cmp::Reverse((alarm.raised_at, alarm.id)));
        all.truncate(filter.limit);
        Ok(all)
    }

    fn alarm(&self, id: AlarmId) -> Result<Option<(Alarm, Vec<Transition>)>, StoreError> {
        let Some(part) = assemble::part_of(id) else { return self.own.alarm(id) };
        let (seen, now) = (self.province.seen(), self.clock.now());
        let its = seen.communes.keys().filter(|commune| assemble::commune_part(commune) == part);
        for commune in its {
            let rows = self.province.remote().rows(ALARMS, Some(commune), now.minus(ALARM_SPAN), now);
            if let Some(found) = assemble::history(rows.map_err(elsewhere)?, id, &seen.communes) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn tracking(&self) -> Result<Vec<Tracking>, StoreError> {
        self.own.tracking()
    }

    fn out_of_service(&self, ended: bool) -> Result<Vec<OutOfService>, StoreError> {
        self.own.out_of_service(ended)
    }

    fn next_alarm_id(&self) -> Result<AlarmId, StoreError> {
        self.own.next_alarm_id()
    }

    fn last_commit(&self) -> CommitSeq {
        self.own.last_commit()
    }
}
