//! Calibrations, maintenance and officers' corrections at work: what is in force goes to the pipeline, and stored readings
//! that it concerns are gone through bit by bit in the background.
//!
//! It never writes a reading itself: the pipeline does, between deliveries. A job's place is noted after each bit, so that a
//! hub that was killed goes on where it was; doing a bit twice changes nothing. Read next: `change.rs` (what becomes of a
//! reading), `work.rs` (the pipeline's side).

mod change;
mod clock;
mod configured;
mod work;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::Clock;
use anyhow::Context;
use hub_model::{Commune, Point, PointId, Reading, Timestamp, Upkeep, Window};
use hub_store::records::{EntryFilter, EntryKind, Job, JobProgress};
use hub_store::{History, Records};
use tokio::sync::{Notify, mpsc, oneshot, watch};

pub use clock::{Retime, ask_for};
pub use configured::note_configured;
pub use work::Work;

/// Readings that are looked at before the next commit. More would hold up deliveries for longer.
const AT_ONCE: usize = 1_000;
/// Work that may wait for the pipeline: the worker waits for each commit, so it is never more.
pub const WORK: usize = 4;
/// How long to wait after the store could not be asked.
const PAUSE: Duration = Duration::from_secs(5);

/// What is in force: calibrations of the configuration and of officers, and maintenance. Where both name a date, the
/// configuration counts.
///
/// # Errors
/// When the records cannot be read.
pub fn in_force(records: &Records, commune: &Commune) -> anyhow::Result<Upkeep> {
    let entered = records.calibrations(None)?;
    let entered = entered.into_iter().map(|record| (record.entered.point, record.entered.calibration));
    let configured = commune.points().flat_map(|point| {
        point.calibrations.iter().map(|calibration| (point.id.clone(), calibration.clone()))
    });
    let all =
        EntryFilter { kind: EntryKind::Maintenance, about: None, from: None, to: None, limit: usize::MAX };
    let windows = records.entries(&all)?.into_iter().map(|entry| {
        let entered = entry.entered;
        Window { scope: entered.scope, from: entered.from, to: entered.to }
    });
    Ok(Upkeep::new(entered.chain(configured), windows.collect()))
}

/// Goes through stored readings.
pub struct Worker {
    /// What people wrote down, and the jobs.
    pub records: Arc<Records>,
    /// Stored readings.
    pub history: Arc<dyn History>,
    /// The points.
    pub commune: watch::Receiver<Arc<Commune>>,
    /// The way to the pipeline.
    pub work: mpsc::Sender<Work>,
    /// Rung when a record was changed.
    pub changed: Arc<Notify>,
    /// Shows the number of the last job that is done.
    pub done: watch::Sender<u64>,
    /// Tells the time.
    pub clock: Clock,
}

impl Worker {
    /// Works until the pipeline ends.
    pub async fn run(self) {
        let worker = Arc::new(self);
        let mut known = None;
        loop {
            let changed = worker.changed.notified();
            match worker.clone().bit(&mut known).await {
                Ok(ControlFlow::Continue(true)) => {}
                Ok(ControlFlow::Continue(false)) => changed.await,
                Ok(ControlFlow::Break(())) => return,
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "stored readings cannot be gone through just now"
                    );
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Does one bit; whether there was one. Breaks off when the pipeline has ended.
    async fn bit(self: Arc<Self>, known: &mut Option<Upkeep>) -> anyhow::Result<ControlFlow<(), bool>> {
        let worker = self.clone();
        let (now_in_force, job) =
            blocking(move || Ok((in_force(&worker.records, &worker.commune())?, worker.records.next_job()?)))
                .await?;
        if known.as_ref() != Some(&now_in_force) {
            *known = Some(now_in_force.clone());
            let (committed, commit) = oneshot::channel();
            // Its commit follows those of all that was judged before, so that a job sees it.
            if self
                .send(Work::Upkeep { upkeep: Arc::new(now_in_force.clone()), committed }, commit)
                .await
                .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        let Some(job) = job else { return Ok(ControlFlow::Continue(false)) };
        let worker = self.clone();
        let (job, bit) = blocking(move || {
            let bit = worker.look(&job, &now_in_force)?;
            Ok((job, bit))
        })
        .await?;
        let Bit { changed, progress, point_done, is_done } = bit;
        if !changed.is_empty() {
            let (committed, commit) = oneshot::channel();
            let why =
                change::is_audited(job.asked.kind).then(|| (job.asked.by.clone(), job.asked.why.clone()));
            if self.send(Work::Amend { readings: changed, why, committed }, commit).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if let Some(point) = point_done {
            self.refill(point).await?;
        }
        let finished_at = is_done.then(|| self.clock.now());
        let worker = self.clone();
        blocking(move || {
            worker.records.advance_job(job.id, &progress, finished_at)?;
            if is_done {
                tracing::info!(
                    job = job.id,
                    kind = job.asked.kind.code(),
                    seen = progress.seen,
                    changed = progress.changed,
                    "stored readings gone through"
                );
                worker.done.send_replace(job.id);
            }
            Ok(())
        })
        .await?;
        Ok(ControlFlow::Continue(true))
    }

    async fn send(&self, work: Work, commit: oneshot::Receiver<()>) -> ControlFlow<()> {
        match self.work.send(work).await.is_ok() && commit.await.is_ok() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }

    fn commune(&self) -> Arc<Commune> {
        self.commune.borrow().clone()
    }

    /// Has the pipeline read again what rules remember of a point.
    async fn refill(&self, point: PointId) -> anyhow::Result<()> {
        let (reply, answer) = oneshot::channel();
        let asked = self.work.send(Work::LooksBack { point: point.clone(), reply }).await;
        let Some(span) = asked.ok().zip(answer.await.ok()).and_then(|(_, span)| span) else { return Ok(()) };
        let (history, now) = (self.history.clone(), self.clock.now());
        let of = point.clone();
        let readings =
            blocking(move || read(history.as_ref(), &of, now.minus(span), now, usize::MAX)).await?;
        // A pipeline that has ended is found out at the next bit.
        let _ = self.work.send(Work::Refill { point, readings }).await;
        Ok(())
    }

    /// Looks at the next readings of a job.
    fn look(&self, job: &Job, upkeep: &Upkeep) -> anyhow::Result<Bit> {
        let commune = self.commune();
        let mut points: Vec<&Point> =
            commune.points().filter(|point| job.asked.scope.covers(point.id.as_str())).collect();
        points.sort_by(|a, b| a.id.cmp(&b.id));
        let at = job.progress.point.as_ref();
        let index = at.map_or(0, |at| points.partition_point(|point| point.id < *at));
        let Some(point) = points.get(index) else { return Ok(Bit::last(job)) };
        let from = if at == Some(&point.id) { job.progress.next } else { job.asked.from };
        let to = job.asked.to.unwrap_or(Timestamp::from_millis(i64::MAX));
        let readings = read(self.history.as_ref(), &point.id, from, to, AT_ONCE)?;
        let changed = change::changed(&job.asked, point, upkeep, self.history.as_ref(), &readings)?;
        let point_done = readings.len() < AT_ONCE;
        let next = readings.last().map_or(from, |last| last.measured_at.plus(Duration::from_millis(1)));
        let after = points.get(index + 1).filter(|_| point_done);
        let progress = JobProgress {
            point: Some(after.map_or(&point.id, |after| &after.id).clone()),
            next: if after.is_some() { job.asked.from } else { next },
            seen: job.progress.seen + readings.len() as u64,
            changed: job.progress.changed + changed.len() as u64,
            share: share(job, index, points.len(), next, point_done),
        };
        let is_done = point_done && after.is_none();
        Ok(Bit { changed, progress, point_done: point_done.then(|| point.id.clone()), is_done })
    }
}

/// What one look at the next readings gives.
struct Bit {
    changed: Vec<Reading>,
    progress: JobProgress,
    point_done: Option<PointId>,
    is_done: bool,
}

impl Bit {
    /// Of a job that no configured point is left for.
    fn last(job: &Job) -> Self {
        let progress = JobProgress { share: 1.0, ..job.progress.clone() };
        Self { changed: Vec::new(), progress, point_done: None, is_done: true }
    }
}

/// The share of a job that is done, by its points and by the time within one.
fn share(job: &Job, index: usize, points: usize, next: Timestamp, point_done: bool) -> f64 {
    let end = job.asked.to.unwrap_or(job.asked.asked_at).min(job.asked.asked_at);
    let (whole, part) = (end.since(job.asked.from).as_secs_f64(), next.since(job.asked.from).as_secs_f64());
    let within = if point_done || whole <= 0.0 { 1.0 } else { (part / whole).min(1.0) };
    ((index as f64 + within) / points as f64).clamp(0.0, 1.0)
}

/// At most `count` readings of `[from, to)`.
fn read(
    history: &dyn History,
    point: &PointId,
    from: Timestamp,
    to: Timestamp,
    count: usize,
) -> anyhow::Result<Vec<Reading>> {
    let mut readings = Vec::new();
    history.readings(point, from, to, &mut |reading| {
        readings.push(reading);
        if readings.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(readings)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread of the hub broke down")?
}
