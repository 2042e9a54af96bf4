//! Readings of a period: raw columns, buckets for a chart, or CSV for a spreadsheet.

use std::ops::{ControlFlow, Range};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use hub_model::{PointId, Timestamp, local};
use hub_store::{Bucket, History, Spans};

use super::csv;
use crate::accept;
use crate::app::{App, SharedApp};
use crate::auth::Viewer;
use crate::calendar::{self, Width};
use crate::older::{self, Older};
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// Most buckets for each point.
const MAX_BUCKETS: usize = 5_000;
/// Most raw readings in one JSON answer over all its points; CSV has no such bound.
const MAX_ROWS: usize = 100_000;
/// About what a reading or a bucket takes in JSON.
const ROW_BYTES: usize = 48;
/// The period when none is given.
const DEFAULT_PERIOD: Duration = Duration::from_secs(24 * 3600);

/// What was asked for.
pub(super) struct Question {
    pub series: Vec<(PointId, &'static str)>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub spans: Option<Spans>,
    /// Whether buckets are to say what was not good in them.
    pub doubts: bool,
}

/// Readings measured in `[from, to)` of one point, or a list for several. Without `to` until now, without `from` a day.
///
/// With `buckets=N` the period is cut into N equal parts, with `bucket=hour`, `day`, `week` or `month` into those of the commune
/// (weeks begin on Monday), and each part that has values gives one row. Values of quality
/// `fail`, `missing` and `calibrating` are in no row; with `doubts=true` they
/// are counted, as suspect ones are, bucket by bucket. CSV comes with `Accept: text/csv` and may be of any length.
#[utoipa::path(
    get, path = "/readings", tag = "readings",
    params(
        ("point" = Vec<String>, Query, description = "Full id of a point; may be given up to 50 times."),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
        ("bucket" = Option<String>, Query, description = "`hour`, `day`, `week` or `month`; at most 5000 of them."),
        ("buckets" = Option<u32>, Query, description = "1 to 5000.", minimum = 1, maximum = 5000),
        ("doubts" = Option<bool>, Query, description = "Whether buckets say what was not good in them; not in CSV."),
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
    let params = params.only(&["point", "from", "to", "bucket", "buckets", "doubts"], &["point"])?;
    let question = question(&app, &params)?;
    if accept::choose(&headers, &["application/json", "text/csv"]) == "text/csv" {
        return csv::export(&app, question);
    }
    let json = answer(&app, question).await?;
    let headers = [(header::VARY, "accept"), (header::CONTENT_TYPE, "application/json")];
    Ok((headers, json).into_response())
}

fn question(app: &SharedApp, params: &Params) -> Result<Question, Problem> {
    let series = app.asked_points(params)?;
    let (from, to) = params.period_or(DEFAULT_PERIOD, app.now())?;
    let doubts = params.word("doubts", &["true", "false"])? == Some("true");
    Ok(Question { series, from, to, spans: spans(app, params, from, to)?, doubts })
}

/// The answer in JSON: one point's, or a list of several's.
async fn answer(app: &App, question: Question) -> Result<Vec<u8>, Problem> {
    let older = app.hub.older.clone();
    let count = question.series.len();
    let is_cut = question.spans.is_some();
    let of_some = move |history: &dyn History, range| listed(history, older.as_deref(), &question, range);
    let texts = if is_cut {
        app.read_side_by_side(count, of_some).await?
    } else {
        // Readings are counted over all points.
        vec![app.read(move |history| Ok(of_some(history, 0..count))).await??]
    };
    let mut texts = texts.into_iter();
    let mut text = texts.next().unwrap_or_default();
    texts.for_each(|other| text.extend(other));
    if count > 1 {
        text.push(b']');
    }
    Ok(text)
}

/// The answers for some points in JSON; of a list, what stands before each, too.
fn listed(
    history: &dyn History,
    older: Option<&dyn Older>,
    question: &Question,
    points: Range<usize>,
) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let mut rows_left = MAX_ROWS;
    let is_list = question.series.len() > 1;
    for (index, (point, unit)) in points.clone().zip(&question.series[points]) {
        let answer = match &question.spans {
            Some(spans) => buckets(history, older, (point, unit), question, spans)?,
            None => {
                let read = columns(history, older, point, unit, question, &mut rows_left)?;
                wire::SeriesAnswer::Readings(read)
            }
        };
        if is_list {
            text.push(if index == 0 { b'[' } else { b',' });
        }
        text.reserve(answer.rows() * ROW_BYTES + 256);
        serde_json::to_writer(&mut text, &answer).map_err(|_| Problem::internal())?;
    }
    Ok(text)
}

fn buckets(
    history: &dyn History,
    older: Option<&dyn Older>,
    (point, unit): (&PointId, &str),
    question: &Question,
    spans: &Spans,
) -> Result<wire::SeriesAnswer, Problem> {
    let read = older::buckets(history, older, point, (question.from, question.to), spans);
    let (buckets, seam) = read.map_err(|error| crate::app::store_problem(&error))?;
    let doubts = question.doubts.then(|| Box::new(doubts(&buckets)));
    let older = seam.map(wire::OlderPart::from);
    let columns = bucket_columns(point, unit, buckets);
    Ok(wire::SeriesAnswer::Buckets(wire::Buckets { doubts, older, ..columns }))
}

fn columns(
    history: &dyn History,
    older: Option<&dyn Older>,
    point: &PointId,
    unit: &str,
    question: &Question,
    rows_left: &mut usize,
) -> Result<wire::Readings, Problem> {
    let (mut t, mut v, mut q) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_too_long = false;
    let read = older::readings(history, older, point, (question.from, question.to), &mut |reading| {
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
    let seam = read.map_err(|error| crate::app::store_problem(&error))?;
    if is_too_long {
        let detail = local!(
            "khoảng thời gian này có hơn {MAX_ROWS} số đo: hãy lấy theo buckets, chọn khoảng ngắn hơn, hoặc lấy CSV (Accept: text/csv)",
            "the period holds over {MAX_ROWS} readings: ask for buckets, a shorter period, or CSV (Accept: text/csv)"
        );
        return Err(Problem::invalid("from", detail));
    }
    Ok(wire::Readings {
        point: point.to_string(),
        unit: unit.to_owned(),
        t,
        v,
        q,
        older: seam.map(Into::into),
    })
}

/// How the period is to be cut, if at all.
fn spans(app: &SharedApp, params: &Params, from: Timestamp, to: Timestamp) -> Result<Option<Spans>, Problem> {
    let count = params.number("buckets", 1, MAX_BUCKETS)?;
    let Some(word) = params.word("bucket", &Width::WORDS)? else {
        return Ok(count.map(|count| equal(from, to, count)));
    };
    if count.is_some() {
        return Err(Problem::invalid(
            "bucket",
            local!("chỉ dùng một trong hai: bucket hoặc buckets", "give either bucket or buckets"),
        ));
    }
    let edges = Width::parse(word).and_then(|width| calendar::edges(&app.zone, from, to, width, MAX_BUCKETS));
    let too_many = || {
        let detail = local!(
            "khoảng thời gian này có hơn {MAX_BUCKETS} phần như vậy; hãy chọn phần rộng hơn",
            "the period has over {MAX_BUCKETS} of them; ask for wider ones"
        );
        Problem::invalid("bucket", detail)
    };
    edges.map(Spans::Edges).map(Some).ok_or_else(too_many)
}

/// The period in `count` parts of equal length, rounded up to whole milliseconds.
fn equal(from: Timestamp, to: Timestamp, count: usize) -> Spans {
    let width_ms = to.since(from).as_millis().div_ceil(count as u128).max(1);
    Spans::Every { width: Duration::from_millis(u64::try_from(width_ms).unwrap_or(u64::MAX)), origin: from }
}

fn bucket_columns(point: &PointId, unit: &str, mut buckets: Vec<Bucket>) -> wire::Buckets {
    buckets.retain(|bucket| bucket.n > 0);
    wire::Buckets {
        point: point.to_string(),
        unit: unit.to_owned(),
        t: buckets.iter().map(|bucket| bucket.start.as_millis()).collect(),
        min: buckets.iter().map(|bucket| bucket.min).collect(),
        mean: buckets.iter().map(|bucket| bucket.mean).collect(),
        max: buckets.iter().map(|bucket| bucket.max).collect(),
        n: buckets.iter().map(|bucket| bucket.n).collect(),
        doubts: None,
        older: None,
    }
}

fn doubts(buckets: &[Bucket]) -> wire::Doubts {
    let mut doubts = wire::Doubts::default();
    let is_doubtful = |bucket: &&Bucket| {
        let counts = bucket.counts;
        counts.total() > u64::from(counts.good) + u64::from(counts.not_evaluated)
    };
    for bucket in buckets.iter().filter(is_doubtful) {
        doubts.t.push(bucket.start.as_millis());
        doubts.suspect.push(bucket.counts.suspect);
        doubts.fail.push(bucket.counts.fail);
        doubts.missing.push(bucket.counts.missing);
        doubts.calibrating.push(bucket.counts.calibrating);
    }
    doubts
}
