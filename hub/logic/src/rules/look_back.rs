//! What `p` tells of the hours behind it beside sums: percentiles, completeness, a series of summaries.
//!
//! Looks only at the one-minute aggregates that are kept anyway. Read next: [`crate::window`], [`super::watched`].

use std::time::Duration;

use rhai::{Array, Dynamic, INT, Map};

use super::watched::{Asked, Watched, or_unit};
use crate::places::Target;
use crate::window::MAX_WINDOW;

/// Spans of a series when the rule does not say how many: as many as fit into a day, and no more than these.
const SERIES_SPANS: u32 = 48;
/// The most spans of a series: a day in steps of five minutes.
const MAX_SERIES_SPANS: u32 = 288;
/// How long a value counts where neither its device's interval nor its expiry is known.
const HOLD: Duration = Duration::from_secs(15 * 60);

/// How far a series reaches back; `None` when that is not allowed.
pub(super) fn series_span(width: Duration, count: Option<INT>) -> Option<Duration> {
    spans(width, count).map(|count| width * count)
}

fn spans(width: Duration, count: Option<INT>) -> Option<u32> {
    if width < Duration::from_secs(60) || width > MAX_WINDOW {
        return None;
    }
    let fitting = u32::try_from(MAX_WINDOW.as_millis() / width.as_millis()).ok()?;
    match count {
        None => Some(fitting.min(SERIES_SPANS)),
        Some(count) => {
            u32::try_from(count).ok().filter(|count| (1..=fitting.min(MAX_SERIES_SPANS)).contains(count))
        }
    }
}

impl Watched {
    /// The value below which a share (0 to 100) of the minutes' means lies.
    pub(super) fn percentile(&self, share: f64, span: &str) -> Asked<Dynamic> {
        if !(0.0..=100.0).contains(&share) {
            return Err(format!("percentile() takes a share from 0 to 100, found {share}").into());
        }
        let (window, span) = self.window(span)?;
        Ok(or_unit(window.percentile(self.now, span, share)))
    }

    /// The share of the span in which the value was known, 0 to 1.
    pub(super) fn completeness(&self, span: &str) -> Asked<f64> {
        let (window, span) = self.window(span)?;
        Ok(window.completeness(self.now, span, self.hold()))
    }

    /// Summaries of the last spans of a width, the oldest first; where nothing was measured, `n` is 0 and the rest `()`.
    pub(super) fn series(&self, width: &str, count: Option<INT>) -> Asked<Array> {
        let each = hub_model::duration::parse(width).map_err(|error| error.to_string())?;
        let refused = || "series() reaches back at most \"24h\", in at most 288 spans of at least a minute";
        let count = spans(each, count).ok_or_else(refused)?;
        let (window, each) = self.window(width)?;
        let one = |back: u32| {
            let ends = self.now.minus(each * back);
            let all = window.over(ends, each);
            let mut map = Map::new();
            map.insert("at".into(), Dynamic::from_int(ends.minus(each).as_millis()));
            map.insert("n".into(), Dynamic::from_int(all.map_or(0, |all| all.count as INT)));
            map.insert("min".into(), or_unit(all.map(|all| all.min)));
            map.insert("mean".into(), or_unit(all.map(|all| all.mean())));
            map.insert("max".into(), or_unit(all.map(|all| all.max)));
            Dynamic::from_map(map)
        };
        Ok((0..count).rev().map(one).collect())
    }

    /// How long one value counts: a little longer than the device's interval, else until it expires.
    fn hold(&self) -> Duration {
        let interval = self.world.places.device(self.target).and_then(|device| device.interval);
        let expiry = match self.target {
            Target::Point(point) => self.world.places.point(point).checks.expire_after,
            _ => None,
        };
        interval.map(|interval| interval * 3 / 2).or(expiry).unwrap_or(HOLD)
    }
}
