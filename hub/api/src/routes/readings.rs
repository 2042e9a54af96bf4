//! Readings of a period: raw columns, buckets for a chart, or CSV for a spreadsheet.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use hub_model::{PointId, Timestamp};
use hub_store::{Bucket, History, Spans, StoreError};

use super::csv;
use crate::accept;
use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::{Params, from_not_before_to};
use crate::wire;

/// Most points in one question.
const MAX_POINTS: usize = 50;
/// Most buckets for each point.
const MAX_BUCKETS: usize = 5_000;
/// Most raw readings in one JSON answer over all its points; CSV has no such bound.
const MAX_ROWS: usize = 100_000;
/// The period when none is given.
const DEFAULT_PERIOD: Duration = Duration::from_secs(24 * 3600);

/// What was asked for.
pub(super) struct Question {
    pub series: Vec<(PointId, &'static str)>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub buckets: Option<usize>,
}

/// Readings measured in `[from, to)` of one point, or a list for several. Without `to` until now, without `from` a day.
///
/// With `buckets=N` the period is cut into N equal parts and each part that has values gives one row. Values of quality
/// `fail`, `missing` and `calibrating` are in no bucket. CSV comes with `Accept: text/csv` and may be of any length.
#[utoipa::path(
    get, path = "/readings", tag = "readings",
    params(
        ("point" = Vec<String>, Query, description = "Full id of a point; may be given up to 50 times."),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
        ("buckets" = Option<u32>, Query, description = "1 to 5000.", minimum = 1, maximum = 5000),
    ),
    responses(
        (status = 200, content((wire::ReadingsAnswer = "application/json"), (String = "text/csv"))),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_readings(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let params = params.only(&["point", "from", "to", "buckets"], &["point"])?;
    let question = question(&app, &params)?;
    if accept::choose(&headers, &["application/json", "text/csv"]) == "text/csv" {
        return csv::export(&app, question);
    }
    let is_list = question.series.len() > 1;
    let mut answers = app.read(move |history| Ok(answer(history, &question))).await??;
    let answer = match answers.pop() {
        Some(only) if !is_list => wire::ReadingsAnswer::One(only),
        last => {
            answers.extend(last);
            wire::ReadingsAnswer::Several(answers)
        }
    };
    Ok(([(header::VARY, "accept")], Json(answer)).into_response())
}

fn question(app: &SharedApp, params: &Params) -> Result<Question, Problem> {
    let mut series = Vec::new();
    for id in params.all("point") {
        let known = app.point(id).ok_or_else(|| Problem::not_found("point", app.no_point(id)))?;
        if !series.contains(known) {
            series.push(known.clone());
        }
    }
    if series.is_empty() || series.len() > MAX_POINTS {
        let detail =
            format!("found {}, allowed: 1 to {MAX_POINTS} points as site/device/point", series.len());
        return Err(Problem::invalid("point", detail));
    }
    let (from, to) = params.period()?;
    let to = to.unwrap_or_else(|| app.now());
    let from = from.unwrap_or_else(|| to.minus(DEFAULT_PERIOD));
    if from >= to {
        return Err(from_not_before_to());
    }
    Ok(Question { series, from, to, buckets: params.number("buckets", 1, MAX_BUCKETS)? })
}

fn answer(history: &dyn History, question: &Question) -> Result<Vec<wire::SeriesAnswer>, Problem> {
    let mut answers = Vec::new();
    let mut rows_left = MAX_ROWS;
    for (point, unit) in &question.series {
        let answer = match question.buckets {
            Some(count) => {
                let buckets = buckets(history, point, question, count);
                wire::SeriesAnswer::Buckets(bucket_columns(
                    point,
                    unit,
                    &buckets.map_err(|error| crate::app::store_problem(&error))?,
                ))
            }
            None => wire::SeriesAnswer::Readings(columns(history, point, unit, question, &mut rows_left)?),
        };
        answers.push(answer);
    }
    Ok(answers)
}

fn columns(
    history: &dyn History,
    point: &PointId,
    unit: &str,
    question: &Question,
    rows_left: &mut usize,
) -> Result<wire::Readings, Problem> {
    let (mut t, mut v, mut q) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_too_long = false;
    let read = history.readings(point, question.from, question.to, &mut |reading| {
        if *rows_left == 0 {
            is_too_long = true;
            return ControlFlow::Break(());
        }
        *rows_left -= 1;
        t.push(reading.measured_at.as_millis());
        v.push(reading.value);
        q.push(reading.quality.into());
        ControlFlow::Continue(())
    });
    read.map_err(|error| crate::app::store_problem(&error))?;
    if is_too_long {
        let detail = format!(
            "the period holds over {MAX_ROWS} readings: ask for buckets, a shorter period, or CSV (Accept: text/csv)"
        );
        return Err(Problem::invalid("from", detail));
    }
    Ok(wire::Readings { point: point.to_string(), unit: unit.to_owned(), t, v, q })
}

/// The period in `count` parts of equal length, rounded up to whole milliseconds.
pub(super) fn buckets(
    history: &dyn History,
    point: &PointId,
    question: &Question,
    count: usize,
) -> Result<Vec<Bucket>, StoreError> {
    let span_ms = question.to.since(question.from).as_millis();
    let width_ms = span_ms.div_ceil(count as u128).max(1);
    let width = Duration::from_millis(u64::try_from(width_ms).unwrap_or(u64::MAX));
    let spans = Spans::Every { width, origin: question.from };
    history.buckets(point, question.from, question.to, &spans)
}

fn bucket_columns(point: &PointId, unit: &str, buckets: &[Bucket]) -> wire::Buckets {
    wire::Buckets {
        point: point.to_string(),
        unit: unit.to_owned(),
        t: buckets.iter().map(|bucket| bucket.start.as_millis()).collect(),
        min: buckets.iter().map(|bucket| bucket.min).collect(),
        mean: buckets.iter().map(|bucket| bucket.mean).collect(),
        max: buckets.iter().map(|bucket| bucket.max).collect(),
        n: buckets.iter().map(|bucket| bucket.n).collect(),
    }
}
