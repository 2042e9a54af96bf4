//! What a store holds, and how much of the disk each point takes. Opens no chunk: their figures are enough.
//!
//! Read next: `mod.rs`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use hub_model::{PointId, Timestamp};
use rusqlite::Connection;

use super::{Series, all_series, each_chunk, open};
use crate::chunk::decode_summary;
use crate::error::StoreError;
use crate::sqlite::readers::Fault;
use crate::sqlite::{hot, schema};

/// What a store holds.
#[derive(Debug, Clone, PartialEq)]
pub struct StatsReport {
    /// Its file, free pages included, and the log beside it.
    pub file_bytes: u64,
    /// Pages that are free within the file.
    pub free_bytes: u64,
    /// Readings that wait to be sealed. They are among the points' readings.
    pub waiting: u64,
    /// Each point that ever had a reading, in the order of their ids.
    pub points: Vec<PointStats>,
}

/// What a store holds of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct PointStats {
    /// The point.
    pub point: PointId,
    /// Readings that are there, each moment of the sealed ones once.
    pub readings: u64,
    /// Readings of which the hours' figures are there.
    pub hourly: u64,
    /// Bytes of the chunks of both.
    pub bytes: u64,
    /// When the first of them was measured.
    pub oldest: Option<Timestamp>,
    /// When the last one was.
    pub newest: Option<Timestamp>,
}

impl StatsReport {
    /// Readings of all points.
    pub fn readings(&self) -> u64 {
        self.points.iter().map(|point| point.readings).sum()
    }

    /// What a reading takes of the file, everything in it included; `None` without readings.
    pub fn bytes_a_reading(&self) -> Option<f64> {
        let readings = self.readings();
        (readings > 0).then(|| self.file_bytes.saturating_sub(self.free_bytes) as f64 / readings as f64)
    }
}

impl PointStats {
    fn extend(&mut self, first_ms: i64, last_ms: i64) {
        let (first, last) = (Timestamp::from_millis(first_ms), Timestamp::from_millis(last_ms));
        self.oldest = Some(self.oldest.map_or(first, |oldest| oldest.min(first)));
        self.newest = Some(self.newest.map_or(last, |newest| newest.max(last)));
    }
}

/// Sums up the store in `dir`, whether its hub runs or not.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub fn stats(dir: &Path) -> Result<StatsReport, StoreError> {
    let connection = open(dir)?;
    let size = |ending: &str| {
        fs::metadata(dir.join(format!("{}{ending}", schema::FILE))).map_or(0, |found| found.len())
    };
    sum_up(&connection, size("") + size("-wal")).map_err(|fault| fault.while_reading("what it holds"))
}

fn sum_up(connection: &Connection, file_bytes: u64) -> Result<StatsReport, Fault> {
    let series = all_series(connection)?;
    let point = |(id, series): (&i64, &Series)| {
        let point = series.point.clone();
        (*id, PointStats { point, readings: 0, hourly: 0, bytes: 0, oldest: None, newest: None })
    };
    let mut points: HashMap<i64, PointStats> = series.iter().map(point).collect();
    each_chunk(connection, false, &mut |chunk| {
        // What cannot be read is told by a check.
        let Some((stats, summary)) =
            points.get_mut(&chunk.key.series).zip(decode_summary(&chunk.summary).ok())
        else {
            return Ok(());
        };
        let readings = if chunk.body.is_some() { &mut stats.readings } else { &mut stats.hourly };
        *readings += summary.counts.total();
        stats.bytes += chunk.bytes;
        stats.extend(summary.first_at, summary.last_at);
        Ok(())
    })?;
    let mut waiting = 0;
    let mut query = connection.prepare("SELECT seq, body FROM hot ORDER BY seq")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        for record in hot::decode(row.get_ref(1)?.as_blob().unwrap_or_default()).unwrap_or_default() {
            let is_sealed = series.get(&record.series).is_none_or(|series| seq <= series.sealed_seq);
            if let Some(stats) = points.get_mut(&record.series).filter(|_| !is_sealed) {
                waiting += 1;
                stats.readings += 1;
                stats.extend(record.entry.measured_at, record.entry.measured_at);
            }
        }
    }
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let free_bytes = (pragma("freelist_count")? * pragma("page_size")?).cast_unsigned();
    let mut points: Vec<PointStats> = points.into_values().collect();
    points.sort_by(|one, other| one.point.cmp(&other.point));
    Ok(StatsReport { file_bytes, free_bytes, waiting, points })
}
