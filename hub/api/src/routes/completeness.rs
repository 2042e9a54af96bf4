//! How complete readings are: per point and day of the commune, how many of each quality, against how many are expected.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hub_model::{PointId, Timestamp};
use hub_store::{DaySummary, LocalDay, QualityCounts};

use crate::app::{App, SharedApp};
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// Most days in one question.
const MAX_DAYS: i64 = 400;
/// The period when none is given.
const DEFAULT_PERIOD: Duration = Duration::from_secs(30 * 24 * 3600);

/// Each day that `[from, to)` touches, whole, also those without a reading. Without `to` until now, without `from` 30 days.
///
/// `share` is the part of the expected readings that have a value of judged quality; null where no interval is configured.
/// Of the day that is under way, only what could have come by now is expected.
#[utoipa::path(
    get, path = "/completeness", tag = "readings",
    params(
        ("point" = Vec<String>, Query, description = "Full id of a point; may be given up to 50 times."),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
    ),
    responses(
        (status = 200, body = Vec<wire::Completeness>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_completeness(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Completeness>>, Problem> {
    let params = params.only(&["point", "from", "to"], &["point"])?;
    let points = app.asked_points(&params)?;
    let (from, to) = params.period_or(DEFAULT_PERIOD, app.now())?;
    let offset_s = app.zone.offset_s(from);
    let last = Timestamp::from_millis(to.as_millis() - 1);
    let (first, last) = (LocalDay::of(from, offset_s).0, LocalDay::of(last, offset_s).0);
    if last - first >= MAX_DAYS {
        return Err(Problem::invalid(
            "from",
            format!("the period has over {MAX_DAYS} days; ask for a shorter one"),
        ));
    }
    let mut answers = Vec::new();
    for (point, _) in points {
        let of = point.clone();
        let kept = app.read(move |history| history.days(&of, from, to)).await?;
        let days = (first..=last).map(LocalDay).map(|day| {
            let found = kept.iter().find(|summary| summary.day == day);
            shape(&app, &point, day.start(offset_s), found)
        });
        answers.push(wire::Completeness { point: point.to_string(), days: days.collect() });
    }
    Ok(Json(answers))
}

fn shape(app: &App, point: &PointId, start: Timestamp, found: Option<&DaySummary>) -> wire::DayCompleteness {
    let passed = app.now().since(start).min(DAY);
    let interval =
        app.hub.commune.devices().find(|device| device.id == point.device()).and_then(|d| d.interval);
    // What the store noted at the time counts before what is configured today.
    let whole = found.and_then(|summary| summary.expected).map(f64::from);
    let whole = whole.or_else(|| Some(DAY.as_secs_f64() / interval?.as_secs_f64()));
    let expected = whole.map(|whole| (whole * passed.as_secs_f64() / DAY.as_secs_f64()).floor() as u64);
    let counts = found.map_or_else(QualityCounts::default, |summary| summary.counts);
    let n = found.map_or(0, |summary| summary.n);
    let figure = |figure: fn(&DaySummary) -> f64| found.filter(|summary| summary.n > 0).map(figure);
    wire::DayCompleteness {
        day: app.zone.print(start).chars().take(DATE_CHARS).collect(),
        t: start.as_millis(),
        counts: counts.into(),
        n: n.into(),
        expected,
        share: expected
            .filter(|expected| *expected > 0)
            .map(|expected| (f64::from(n) / expected as f64).min(1.0)),
        min: figure(|summary| summary.min),
        mean: figure(|summary| summary.sum / f64::from(summary.n)),
        max: figure(|summary| summary.max),
        last: figure(|summary| summary.last),
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// `2026-03-01`.
const DATE_CHARS: usize = 10;
