//! What officers change on readings, and what they have changed.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hub_model::{Scope, Timestamp, local};
use hub_store::records::{JobKind, NewJob};
use serde_json::json;

use super::calibrations::{PointPath, point_of};
use crate::app::SharedApp;
use crate::auth::{Officer, Viewer};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::query::{Params, from_not_before_to};
use crate::records::{MAX_TEXT_CHARS, not_ahead, text};
use crate::wire::{self, CorrectionAction};

/// Most changes in one answer, the newest.
const MAX_AUDITED: usize = 10_000;

/// Takes readings out of account, puts a value in their place, or takes such changes back. Raw numbers stay; what was
/// replaced is kept with who, when and why.
///
/// The answer waits up to 3 s; the job goes on afterwards, `GET /jobs/{id}` says how far it is.
#[utoipa::path(
    post, path = "/points/{site}/{device}/{point}/corrections", tag = "corrections",
    params(
        ("site" = String, Path, description = "The point's site."),
        ("device" = String, Path, description = "The device's own part of the id."),
        ("point" = String, Path, description = "The point's own part of the id."),
    ),
    request_body = wire::CorrectionRequest,
    responses(
        (status = 200, body = wire::Job),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_correction(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    path: PointPath,
    JsonBody(request): JsonBody<wire::CorrectionRequest>,
) -> Result<Json<wire::Job>, Problem> {
    let point = point_of(&app, &path)?;
    let read = |at: &str, moment: &wire::Moment| moment.read().map_err(|detail| Problem::invalid(at, detail));
    let from = not_ahead(&app, "from", read("from", &request.from)?)?;
    let to = match &request.to {
        Some(to) => read("to", to)?,
        None => from.plus(Duration::from_millis(1)),
    };
    if from >= to {
        return Err(from_not_before_to());
    }
    let why = text("reason", &request.reason, MAX_TEXT_CHARS)?;
    let kind = match request.action {
        CorrectionAction::Exclude => JobKind::Exclude,
        CorrectionAction::Set => JobKind::Set,
        CorrectionAction::Restore => JobKind::Restore,
    };
    let is_set = kind == JobKind::Set;
    if is_set != request.value.is_some() {
        let detail = match is_set {
            true => local!("cần có khi action là set", "is needed to set one"),
            false => local!("chỉ dùng khi action là set", "is only for the action set"),
        };
        return Err(Problem::invalid("value", detail));
    }
    // What was judged before the correction was asked for; a reading that comes later is another.
    let to = to.min(app.now().plus(Duration::from_millis(1)));
    let new = NewJob {
        kind,
        scope: Scope::Point(point.id.clone()),
        from,
        to: Some(to),
        number: request.value,
        why: why.clone(),
        by: caller.name.clone(),
        asked_at: app.now(),
    };
    let detail = json!({
        "action": kind.code(), "from_ms": from.as_millis(), "to_ms": to.as_millis(), "value": request.value, "reason": why,
    });
    let deed = app.deed(&caller.name, "readings_corrected", point.id.as_str(), &detail);
    let job = app.records(move |records| records.add_job(&new, &deed)).await?;
    let job = app.settled(job).await?;
    Ok(Json(wire::Job::of(&job, &app.zone)))
}

/// What officers have changed on a point's readings measured in `[from, to)`, in the order in which they did; the newest
/// 10,000.
#[utoipa::path(
    get, path = "/points/{site}/{device}/{point}/audit", tag = "corrections",
    params(
        ("site" = String, Path, description = "The point's site."),
        ("device" = String, Path, description = "The device's own part of the id."),
        ("point" = String, Path, description = "The point's own part of the id."),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
    ),
    responses(
        (status = 200, body = Vec<wire::AuditedReading>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_point_audit(
    State(app): State<SharedApp>,
    _: Viewer,
    path: PointPath,
    params: Params,
) -> Result<Json<Vec<wire::AuditedReading>>, Problem> {
    let params = params.only(&["from", "to"], &[])?;
    let id = point_of(&app, &path)?.id.clone();
    let (from, to) = params.period()?;
    let from = from.unwrap_or(Timestamp::from_millis(i64::MIN));
    let to = to.unwrap_or(Timestamp::from_millis(i64::MAX));
    let all = app.read(move |history| history.audit(&id, from, to)).await?;
    let newest = &all[all.len().saturating_sub(MAX_AUDITED)..];
    Ok(Json(newest.iter().map(|correction| wire::AuditedReading::of(correction, &app.zone)).collect()))
}
