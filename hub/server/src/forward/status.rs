//! How each target fares: for `/health/ready`, `/metrics` and the API. Holds no secret.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use adapters_influxdb::{Kind, Target};
use adapters_sdk::Clock;
use hub_api::{Forward, MetricsText, Part, RefusedLine};
use hub_model::{LocalText, Timestamp};
use hub_store::{CommitSeq, FeedState, History, Refused, Store, StoreError};

use crate::feed::lag_s;

/// Refused lines in one answer.
const LINES_SHOWN: usize = 100;

/// A target's figures since the hub's start. Clones share them.
#[derive(Debug, Clone)]
pub struct Status {
    id: Arc<str>,
    kind: Kind,
    url: Arc<str>,
    what: &'static str,
    now: Arc<Mutex<Figures>>,
}

/// What is counted.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Lines that have arrived.
    pub lines: u64,
    /// Bytes that went over the link.
    pub bytes: u64,
    /// Requests.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Why the last one failed; `None` once one has arrived again.
    pub failing: Option<LocalText>,
    /// When something arrived last.
    pub arrived_at: Option<Timestamp>,
    /// When the oldest news that has not arrived was received; `None` when all has, debts aside.
    pub behind_since: Option<Timestamp>,
    /// How far the feed was at the last look.
    pub state: FeedState,
}

impl Status {
    /// Of a target that has done nothing yet.
    pub fn of(target: &Target) -> Self {
        Self {
            id: target.id.as_str().into(),
            kind: target.kind,
            url: target.url.as_str().into(),
            what: target.what.code(),
            now: Arc::default(),
        }
    }

    /// Changes the figures.
    pub fn note(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The figures as they are.
    pub fn figures(&self) -> Figures {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Looks at all targets. Clones share what they see.
#[derive(Debug, Clone)]
pub struct Watch(pub(super) Arc<RwLock<Vec<Status>>>);

impl Watch {
    fn all(&self) -> Vec<Status> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Each target, for the API.
    pub fn forwards(&self, last_commit: CommitSeq, now: Timestamp) -> Vec<Forward> {
        let each = |status: Status| {
            let figures = status.figures();
            Forward {
                id: status.id.to_string(),
                kind: match status.kind {
                    Kind::InfluxDb2 => "influxdb2",
                    Kind::VictoriaMetrics => "victoriametrics",
                },
                url: status.url.to_string(),
                what: status.what,
                lag_s: lag_s(figures.behind_since, now),
                waiting_commits: last_commit.0.saturating_sub(figures.state.upto.0),
                owed: figures.state.owed,
                oldest: figures.state.oldest,
                lines: figures.lines,
                bytes: figures.bytes,
                errors: figures.errors,
                refused: figures.state.refused,
                arrived_at: figures.arrived_at,
                failing: figures.failing,
            }
        };
        self.all().into_iter().map(each).collect()
    }

    /// The lag of the target that is furthest behind, in seconds; `None` where nothing is forwarded.
    pub fn longest_lag_s(&self, now: Timestamp) -> Option<f64> {
        self.all().iter().map(|status| lag_s(status.figures().behind_since, now)).reduce(f64::max)
    }

    /// Each target's part of `/health/ready`. One that is not reached leaves the hub ready: nothing is lost.
    pub fn parts(&self) -> Vec<Part> {
        let each = |status: Status| {
            let name = format!("forward {}", status.id);
            let Figures { failing, state, .. } = status.figures();
            match failing {
                Some(why) => Part::degraded(name, why.en),
                None if state.refused > 0 => {
                    Part::degraded(name, format!("{} lines were refused and are set aside", state.refused))
                }
                None => Part::ok(name),
            }
        };
        self.all().into_iter().map(each).collect()
    }

    /// The targets' figures.
    pub fn metrics(&self, now: Timestamp, metrics: &mut MetricsText) {
        let all: Vec<_> =
            self.all().into_iter().map(|status| (status.id.to_string(), status.figures())).collect();
        if all.is_empty() {
            return;
        }
        let labels: Vec<_> = all.iter().map(|(id, _)| [("target", id.as_str())]).collect();
        let samples = |value: &dyn Fn(&Figures) -> f64| -> Vec<(&[(&str, &str)], f64)> {
            let values = all.iter().map(|(_, figures)| value(figures));
            labels.iter().map(|labels| labels.as_slice()).zip(values).collect()
        };
        let lag = samples(&|figures| lag_s(figures.behind_since, now));
        metrics.gauge("commune_forward_lag_seconds", "Age of the oldest news that has not arrived.", &lag);
        let owed = samples(&|figures| figures.state.owed as f64);
        metrics.gauge(
            "commune_forward_owed_spans",
            "Days of points that are still to be caught up with.",
            &owed,
        );
        let up = samples(&|figures| f64::from(u8::from(figures.failing.is_none())));
        metrics.gauge("commune_forward_up", "1 unless the last request failed.", &up);
        let lines = samples(&|figures| figures.lines as f64);
        metrics.counter("commune_forward_lines", "Lines that have arrived.", &lines);
        let bytes = samples(&|figures| figures.bytes as f64);
        metrics.counter("commune_forward_bytes", "Bytes sent.", &bytes);
        let requests = samples(&|figures| figures.requests as f64);
        metrics.counter("commune_forward_requests", "Requests answered.", &requests);
        let errors = samples(&|figures| figures.errors as f64);
        metrics.counter("commune_forward_errors", "Requests that failed and are tried again.", &errors);
        let refused = samples(&|figures| figures.state.refused as f64);
        metrics.counter("commune_forward_refused", "Lines refused for ever and set aside.", &refused);
    }
}

/// What the API shows of all targets.
pub struct Shown {
    pub(super) watch: Watch,
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
}

impl hub_api::Forwards for Shown {
    fn all(&self) -> Vec<Forward> {
        self.watch.forwards(self.store.last_commit(), self.clock.now())
    }

    fn refused(&self, id: &str) -> Result<Vec<RefusedLine>, StoreError> {
        let lines = self.store.lines_set_aside(id, LINES_SHOWN)?.into_iter();
        Ok(lines.map(|Refused { at, line, why }| RefusedLine { at, line, why }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_lag_is_that_of_the_target_furthest_behind() {
        let at = Timestamp::from_millis;
        let status = |behind_since| {
            let figures = Figures { behind_since, ..Figures::default() };
            let now = Arc::new(Mutex::new(figures));
            Status { id: "a".into(), kind: Kind::InfluxDb2, url: "".into(), what: "raw", now }
        };
        let watch = |all| Watch(Arc::new(RwLock::new(all)));
        assert_eq!(watch(vec![]).longest_lag_s(at(0)), None);
        assert_eq!(watch(vec![status(None)]).longest_lag_s(at(9_000)), Some(0.0));
        let three = vec![status(Some(at(8_000))), status(Some(at(2_000))), status(None)];
        assert_eq!(watch(three).longest_lag_s(at(9_000)), Some(7.0));
    }
}
