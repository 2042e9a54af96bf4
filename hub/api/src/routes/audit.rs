//! Who did what when, and how far the work on stored readings is.

use axum::Json;
use axum::extract::{Path, State};
use hub_store::records::DeedFilter;

use crate::app::SharedApp;
use crate::auth::{Officer, Viewer};
use crate::problem::Problem;
use crate::query::Params;
use crate::records::number;
use crate::wire;

/// Deeds in one answer when nothing else is asked for, and at most.
const DEEDS: usize = 200;
const MAX_DEEDS: usize = 1_000;
/// Jobs in one answer, the newest.
const MAX_JOBS: usize = 50;

/// Who did what when, the newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
        ("by" = Option<String>, Query, description = "Only what this account did."),
        ("action" = Option<String>, Query, description = "Only this action, such as `login`."),
        ("object" = Option<String>, Query, description = "Only what was done to this, or to something within it."),
        ("before" = Option<u64>, Query, description = "Only what has a smaller number: the next page."),
        ("limit" = Option<u32>, Query, description = "1 to 1000, else 200.", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, body = Vec<wire::Deed>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_audit(
    State(app): State<SharedApp>,
    _: Officer,
    params: Params,
) -> Result<Json<Vec<wire::Deed>>, Problem> {
    let params = params.only(&["from", "to", "by", "action", "object", "before", "limit"], &[])?;
    let (from, to) = params.period()?;
    let own = |name: &str| params.one(name).map(str::to_owned);
    let before = params.number("before", 0, usize::MAX)?;
    let filter = DeedFilter {
        from,
        to,
        by: own("by"),
        action: own("action"),
        object: own("object"),
        before: before.map(|before| (before as u64).min(i64::MAX.cast_unsigned())),
        limit: params.number("limit", 1, MAX_DEEDS)?.unwrap_or(DEEDS),
    };
    let deeds = app.records(move |records| records.deeds(&filter)).await?;
    Ok(Json(deeds.into_iter().map(|noted| wire::Deed::of(noted, &app.zone)).collect()))
}

/// Work on stored readings, the newest first, at most 50.
#[utoipa::path(
    get, path = "/jobs", tag = "audit",
    responses(
        (status = 200, body = Vec<wire::Job>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_jobs(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Job>>, Problem> {
    params.only(&[], &[])?;
    let jobs = app.records(|records| records.jobs(MAX_JOBS)).await?;
    Ok(Json(jobs.iter().map(|job| wire::Job::of(job, &app.zone)).collect()))
}

/// How far a piece of work on stored readings is.
#[utoipa::path(
    get, path = "/jobs/{id}", tag = "audit",
    params(("id" = u64, Path, description = "The job's number.")),
    responses(
        (status = 200, body = wire::Job),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_job(
    State(app): State<SharedApp>,
    _: Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<wire::Job>, Problem> {
    params.only(&[], &[])?;
    let id = number(&id)?;
    let job = app.records(move |records| records.job(id)).await?;
    Ok(Json(wire::Job::of(&job, &app.zone)))
}
