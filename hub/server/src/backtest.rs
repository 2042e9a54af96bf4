//! Takes a rule through stored history: `commune-hub rules backtest` and `POST /rules/{rule}/backtest`.
//!
//! Reads the store piece by piece, so that memory does not grow with the span, and never touches the living logic. Read
//! next: `hub_logic::Backtest`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use adapters_sdk::clock::stopwatch;
use hub_api::{BacktestAsked, BacktestRefused, BacktestRunner, Backtested};
use hub_logic::{Backtest, BacktestDifference, BacktestReport, Host, RuleSet};
use hub_model::{Commune, PointId, Reading, Reason, Timestamp};
use hub_store::History;
use jiff::tz::TimeZone;

use crate::rules::RuleFiles;

/// The longest span of one back-test.
const MAX_SPAN: Duration = Duration::from_secs(400 * 24 * 3600);
/// So many points are read a day at a time; of more, shorter pieces, so that a piece stays at a few hundred thousand readings.
const POINTS_A_DAY: u64 = 20;
const DAY: Duration = Duration::from_secs(24 * 3600);
const SHORTEST_PIECE: Duration = Duration::from_secs(5 * 60);

/// What back-tests need of the hub.
#[derive(Clone)]
pub struct Backtests {
    /// The commune as configured.
    pub commune: Arc<Commune>,
    /// Its time zone.
    pub zone: TimeZone,
    /// Where the rules' files are.
    pub rules: RuleFiles,
    /// Where the readings are.
    pub history: Arc<dyn History>,
}

impl Backtests {
    /// As the API asks for it.
    pub fn runner(self) -> BacktestRunner {
        Arc::new(move |asked, progress| self.run(asked, progress))
    }

    /// Takes the rule through the span, telling `progress` the share that is done; it may break off.
    ///
    /// # Errors
    /// When there is no such rule, its text is refused, the span is not allowed, somebody broke it off, or the store cannot
    /// be read.
    pub fn run(
        &self,
        asked: &BacktestAsked,
        progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<Backtested, BacktestRefused> {
        let BacktestAsked { rule, from, to, source } = asked;
        if from >= to || to.since(*from) > MAX_SPAN {
            return Err(BacktestRefused::Span { longest: MAX_SPAN });
        }
        let file = format!("{rule}.rhai");
        let files = self.rules.rules().map_err(|error| {
            tracing::error!("rules cannot be read: {error:#}");
            BacktestRefused::Unreadable
        })?;
        let in_force = files.into_iter().find(|(name, _)| *name == file).map(|(_, text)| text);
        let tested = source.clone().or_else(|| in_force.clone()).ok_or(BacktestRefused::UnknownRule)?;
        let mut runs = vec![self.begin(&file, tested, *from, *to)?];
        if let (Some(_), Some(text)) = (source, in_force) {
            // A rule in force that is refused raises nothing that could be compared.
            runs.extend(self.begin(&file, text, *from, *to).ok());
        }
        self.feed(&mut runs, *from, *to, progress)?;
        let mut reports = runs.into_iter().map(Backtest::finish);
        let report = reports.next().ok_or(BacktestRefused::UnknownRule)?;
        let in_force: Option<BacktestReport> = reports.next();
        let difference = in_force.as_ref().map(|old| BacktestDifference::between(&report, old));
        Ok(Backtested { report, in_force, difference })
    }

    fn begin(
        &self,
        file: &str,
        text: String,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Backtest, BacktestRefused> {
        let (rules, _) = RuleSet::compile([(file.to_owned(), text)]);
        let (zone, elapsed_ms) = (self.zone.clone(), stopwatch());
        let host = Host {
            utc_offset_s: Box::new(move |moment| crate::calendar::utc_offset_s(&zone, moment)),
            elapsed: Arc::new(move || Duration::from_millis(elapsed_ms())),
        };
        let mut run = Backtest::new(&self.commune, rules, from, to, host).map_err(BacktestRefused::Rule)?;
        for (point, span) in run.windows() {
            let before = self.readings(&point, from.minus(span), from)?;
            run.warm(before);
        }
        Ok(run)
    }

    fn feed(
        &self,
        runs: &mut [Backtest],
        from: Timestamp,
        to: Timestamp,
        progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<(), BacktestRefused> {
        let mut points: Vec<PointId> = runs.iter().flat_map(Backtest::points).collect();
        points.sort();
        points.dedup();
        let share = (points.len() as u64).div_ceil(POINTS_A_DAY).max(1);
        let piece = (DAY / u32::try_from(share).unwrap_or(u32::MAX)).max(SHORTEST_PIECE);
        let mut begin = from;
        while begin < to {
            let done = begin.since(from).as_secs_f64() / to.since(from).as_secs_f64();
            if progress(done).is_break() {
                return Err(BacktestRefused::BrokenOff);
            }
            let end = begin.plus(piece).min(to);
            let mut all = Vec::new();
            for point in &points {
                all.extend(self.readings(point, begin, end)?);
            }
            all.sort_by_key(taken_at);
            replay(runs, all);
            begin = end;
        }
        Ok(())
    }

    fn readings(
        &self,
        point: &PointId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Reading>, BacktestRefused> {
        let mut readings = Vec::new();
        let read = self.history.readings(point, from, to, &mut |reading| {
            readings.push(reading);
            ControlFlow::Continue(())
        });
        read.map_err(|error| {
            tracing::error!(%error, "the history could not be read for a back-test");
            BacktestRefused::Unreadable
        })?;
        Ok(readings)
    }
}

/// Hands on what was received together at once, as it was then.
fn replay(runs: &mut [Backtest], readings: Vec<Reading>) {
    let mut readings = readings.into_iter().peekable();
    while let Some(first) = readings.next() {
        let at = taken_at(&first);
        let mut together = vec![first];
        while let Some(next) = readings.next_if(|next| taken_at(next) == at) {
            together.push(next);
        }
        if let Some((last, others)) = runs.split_last_mut() {
            others.iter_mut().for_each(|run| run.take(at, together.clone()));
            last.take(at, together);
        }
    }
}

/// When a reading was taken in. One that came late changes no alarm: it stands where it was measured.
fn taken_at(reading: &Reading) -> Timestamp {
    match reading.reason {
        Some(Reason::Late) => reading.measured_at,
        _ => reading.received_at,
    }
}
