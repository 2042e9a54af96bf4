//! How complete readings are: per point and day of the commune, how many of each quality, against how many are expected.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hub_model::{PointId, Timestamp, local};
use hub_store::{DaySummary, LocalDay, QualityCounts};

use crate::app::{App, SharedApp, store_problem};
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
            local!(
                "khoảng thời gian dài hơn {MAX_DAYS} ngày; hãy chọn khoảng ngắn hơn",
                "the period has over {MAX_DAYS} days; ask for a shorter one"
            ),
        ));
    }
    let days: Vec<Day> = (first..=last).map(|day| Day::of(&app, LocalDay(day), offset_s)).collect();
    let with_interval = |(point, _)| {
        let interval = interval(&app, &point);
        (point, interval)
    };
    let asked: Vec<(PointId, Option<Duration>)> = points.into_iter().map(with_interval).collect();
    let answers = app.read_side_by_side(asked.len(), move |history, range| {
        let of_point = |(point, interval): &(PointId, Option<Duration>)| {
            let kept = history.days(point, from, to).map_err(|error| store_problem(&error))?;
            let mut kept = kept.iter().peekable();
            let of_day = |day: &Day| {
                while kept.next_if(|summary| summary.day < day.day).is_some() {}
                shape(day, *interval, kept.next_if(|summary| summary.day == day.day))
            };
            Ok(wire::Completeness { point: point.to_string(), days: days.iter().map(of_day).collect() })
        };
        asked[range].iter().map(of_point).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(answers.await?.into_iter().flatten().collect()))
}

/// A day of the commune, the same for all points.
struct Day {
    day: LocalDay,
    start: Timestamp,
    date: String,
    /// How much of it is over.
    passed: Duration,
}

impl Day {
    fn of(app: &App, day: LocalDay, offset_s: i32) -> Self {
        let start = day.start(offset_s);
        let date = app.zone.print(start).chars().take(DATE_CHARS).collect();
        Self { day, start, date, passed: app.now().since(start).min(DAY) }
    }
}

/// How often the point's device is configured to be read.
fn interval(app: &App, point: &PointId) -> Option<Duration> {
    let device = point.device();
    app.hub.commune.devices().find(|known| known.id == device)?.interval
}

fn shape(day: &Day, interval: Option<Duration>, found: Option<&DaySummary>) -> wire::DayCompleteness {
    // What the store noted at the time counts before what is configured today.
    let whole = found.and_then(|summary| summary.expected).map(f64::from);
    let whole = whole.or_else(|| Some(DAY.as_secs_f64() / interval?.as_secs_f64()));
    let expected = whole.map(|whole| (whole * day.passed.as_secs_f64() / DAY.as_secs_f64()).floor() as u64);
    let counts = found.map_or_else(QualityCounts::default, |summary| summary.counts);
    let n = found.map_or(0, |summary| summary.n);
    let figure = |figure: fn(&DaySummary) -> f64| found.filter(|summary| summary.n > 0).map(figure);
    wire::DayCompleteness {
        day: day.date.clone(),
        t: day.start.as_millis(),
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
