//! Readings that have left this hub for their age, from wherever they were forwarded to; laid before those that are here.
//!
//! What cannot be had is said, never shown as a gap. Read next: [`crate::routes::readings`].

use std::ops::ControlFlow;
use std::time::Duration;

use hub_model::{PointId, Reading, Timestamp};
use hub_store::{Bucket, History, Spans, StoreError, buckets_of};

/// From this width on a chart can be drawn from the hours' figures, which stay longer than readings.
const HOUR: Duration = Duration::from_secs(3_600);

/// Where readings are that have left this hub.
pub trait Older: Send + Sync {
    /// Readings measured before this moment have left.
    fn since(&self) -> Timestamp;

    /// The hours' figures of readings measured before this moment have left, too.
    fn hours_since(&self) -> Timestamp;

    /// Shows `visit` the readings of `point` measured in `[from, to)`, in the order of `measured_at`, until it breaks off. May take
    /// some seconds.
    ///
    /// # Errors
    /// Why they cannot be had just now, without a secret.
    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(&Reading) -> ControlFlow<()>,
    ) -> Result<(), String>;
}

/// That a part of an answer is not from here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seam {
    /// What was measured before it is from elsewhere.
    pub until: Timestamp,
    /// Why it cannot be had; `None` when it is there.
    pub failing: Option<String>,
}

/// Shows `visit` readings from here and from elsewhere as one history.
pub(crate) fn readings(
    history: &dyn History,
    older: Option<&dyn Older>,
    point: &PointId,
    (from, to): (Timestamp, Timestamp),
    visit: &mut dyn FnMut(&Reading) -> ControlFlow<()>,
) -> Result<Option<Seam>, StoreError> {
    let Some((older, until)) =
        older.map(|older| (older, older.since().min(to))).filter(|(_, until)| from < *until)
    else {
        history.readings(point, from, to, &mut |reading| visit(&reading))?;
        return Ok(None);
    };
    let mut flow = ControlFlow::Continue(());
    let read = older.readings(point, from, until, &mut |reading| {
        flow = visit(reading);
        flow
    });
    if flow.is_continue() {
        history.readings(point, until, to, &mut |reading| visit(&reading))?;
    }
    Ok(Some(Seam { until, failing: read.err() }))
}

/// Buckets from here and from elsewhere as one history, also those without a value. What cannot be had from elsewhere is told from the hours that are here.
pub(crate) fn buckets(
    history: &dyn History,
    older: Option<&dyn Older>,
    point: &PointId,
    (from, to): (Timestamp, Timestamp),
    spans: &Spans,
) -> Result<(Vec<Bucket>, Option<Seam>), StoreError> {
    let needs = |older: &&dyn Older| {
        from < older.since() && !(narrowest(spans) >= HOUR && from >= older.hours_since())
    };
    let Some(older) = older.filter(needs) else {
        return Ok((history.all_buckets(point, from, to, spans)?, None));
    };
    let until = older.since().min(to);
    let mut failing = None;
    let before = buckets_of(spans, |take| failing = older.readings(point, from, until, take).err())?;
    if failing.is_some() {
        return Ok((history.all_buckets(point, from, to, spans)?, Some(Seam { until, failing })));
    }
    let mut all = before;
    for bucket in history.all_buckets(point, until, to, spans)? {
        match all.last_mut().filter(|last| last.start == bucket.start) {
            Some(last) => *last = together(last, &bucket),
            None => all.push(bucket),
        }
    }
    Ok((all, Some(Seam { until, failing: None })))
}

fn narrowest(spans: &Spans) -> Duration {
    match spans {
        Spans::Every { width, .. } => *width,
        Spans::Edges(edges) => {
            edges.windows(2).map(|pair| pair[1].since(pair[0])).min().unwrap_or(Duration::ZERO)
        }
    }
}

/// A bucket that the seam goes through.
fn together(before: &Bucket, after: &Bucket) -> Bucket {
    let mut counts = before.counts;
    counts += after.counts;
    // A bucket without a value has no figures but its counts.
    if before.n == 0 || after.n == 0 {
        let valued = if after.n == 0 { before } else { after };
        return Bucket { counts, ..*valued };
    }
    let n = before.n + after.n;
    let mean = (before.mean * before.n as f64 + after.mean * after.n as f64) / n as f64;
    let (min, max) = (before.min.min(after.min), before.max.max(after.max));
    Bucket { start: before.start, n, min, mean: mean.clamp(min, max), max, last: after.last, counts }
}
