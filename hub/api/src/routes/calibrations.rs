//! Calibrations of a point: listed, entered, changed, removed, and tried before.

use axum::Json;
use axum::extract::{Path, State};
use hub_model::{Calibration, Decimal, Point, Timestamp, local};
use hub_store::records::{CalibrationRecord, Job, NewCalibration};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::{Officer, Viewer};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::query::Params;
use crate::records::{MAX_NAME_CHARS, MAX_TEXT_CHARS, not_ahead, number, some_text};
use crate::wire;

/// Beyond any instrument: a factor outside is a slip of the pen.
const GAINS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// A point's id, as it stands in an address.
pub(crate) type PointPath = Path<(String, String, String)>;

/// The configured point of an address.
pub(crate) fn point_of<'a>(app: &'a App, path: &PointPath) -> Result<&'a Point, Problem> {
    let (site, device, point) = &path.0;
    let id = format!("{site}/{device}/{point}");
    let found = app.hub.commune.points().find(|point| point.id.as_str() == id);
    found.ok_or_else(|| Problem::not_found("point", app.no_point(&id)))
}

/// The calibrations of a point, in the order of their dates: officers' and the configuration's.
#[utoipa::path(
    get, path = "/points/{site}/{device}/{point}/calibrations", tag = "calibrations",
    params(
        ("site" = String, Path, description = "The point's site."),
        ("device" = String, Path, description = "The device's own part of the id."),
        ("point" = String, Path, description = "The point's own part of the id."),
    ),
    responses(
        (status = 200, body = Vec<wire::Calibration>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_calibrations(
    State(app): State<SharedApp>,
    _: Viewer,
    path: PointPath,
    params: Params,
) -> Result<Json<Vec<wire::Calibration>>, Problem> {
    params.only(&[], &[])?;
    let point = point_of(&app, &path)?;
    let id = point.id.clone();
    let entered = app.records(move |records| records.calibrations(Some(&id))).await?;
    let configured = point.calibrations.iter();
    let mut all: Vec<(Timestamp, wire::Calibration)> = configured
        .map(|one| (one.from, wire::Calibration::configured(point.id.as_str(), one, &app.zone)))
        .chain(
            entered.iter().map(|one| (one.entered.calibration.from, wire::Calibration::of(one, &app.zone))),
        )
        .collect();
    all.sort_by_key(|(from, _)| *from);
    Ok(Json(all.into_iter().map(|(_, shape)| shape).collect()))
}

/// The calibrations that officers have entered, of all points or of one site's, in the order of points and dates. The last
/// of a point tells when it is to be calibrated again.
#[utoipa::path(
    get, path = "/calibrations", tag = "calibrations",
    params(("site" = Option<String>, Query, description = "Only those of this site's points.")),
    responses(
        (status = 200, body = Vec<wire::Calibration>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_all_calibrations(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Calibration>>, Problem> {
    let params = params.only(&["site"], &[])?;
    let site = params.one("site").map(|id| app.site("site", id)).transpose()?.map(|site| site.id.clone());
    let mut entered = app.records(|records| records.calibrations(None)).await?;
    entered.retain(|one| site.as_ref().is_none_or(|site| one.entered.point.site() == *site));
    Ok(Json(entered.iter().map(|one| wire::Calibration::of(one, &app.zone)).collect()))
}

/// Enters a calibration. What was measured from its date on is judged once more, from its raw numbers.
///
/// The answer waits for that up to 3 s; the job goes on afterwards, `GET /jobs/{id}` says how far it is.
#[utoipa::path(
    post, path = "/points/{site}/{device}/{point}/calibrations", tag = "calibrations",
    params(
        ("site" = String, Path, description = "The point's site."),
        ("device" = String, Path, description = "The device's own part of the id."),
        ("point" = String, Path, description = "The point's own part of the id."),
    ),
    request_body = wire::CalibrationRequest,
    responses(
        (status = 200, body = wire::CalibrationChange),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_calibration(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    path: PointPath,
    JsonBody(request): JsonBody<wire::CalibrationRequest>,
) -> Result<Json<wire::CalibrationChange>, Problem> {
    let new = entered(&app, point_of(&app, &path)?, request, &caller.name)?;
    let deed = app.deed(&caller.name, "calibration_added", new.point.as_str(), &detail(&new));
    let (record, job) = app.records(move |records| records.add_calibration(&new, &deed)).await?;
    answer(&app, Some(&record), job).await
}

/// Changes a calibration. Somebody else's change since the `version` that was read is told with 409.
#[utoipa::path(
    put, path = "/calibrations/{id}", tag = "calibrations",
    params(("id" = u64, Path, description = "The calibration's number.")),
    request_body = wire::CalibrationRequest,
    responses(
        (status = 200, body = wire::CalibrationChange),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_calibration(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::CalibrationRequest>,
) -> Result<Json<wire::CalibrationChange>, Problem> {
    let id = number(&id)?;
    let version = request.version.ok_or_else(no_version)?;
    let before = app.records(move |records| records.calibration(id)).await?;
    let point = point_named(&app, &before)?;
    let new = entered(&app, point, request, &caller.name)?;
    let told = json!({"before": detail(&before.entered), "after": detail(&new)});
    let deed = app.deed(&caller.name, "calibration_changed", new.point.as_str(), &told);
    let (record, job) =
        app.records(move |records| records.change_calibration(id, version, &new, &deed)).await?;
    answer(&app, Some(&record), job).await
}

/// Removes a calibration; what was measured from its date on is judged once more.
#[utoipa::path(
    delete, path = "/calibrations/{id}", tag = "calibrations",
    params(
        ("id" = u64, Path, description = "The calibration's number."),
        ("version" = u64, Query, description = "The version that was read."),
    ),
    responses(
        (status = 200, body = wire::CalibrationChange),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_calibration(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<wire::CalibrationChange>, Problem> {
    let (id, version) = (number(&id)?, version_of(params)?);
    let before = app.records(move |records| records.calibration(id)).await?.entered;
    let deed = app.deed(&caller.name, "calibration_removed", before.point.as_str(), &detail(&before));
    let job = app.records(move |records| records.remove_calibration(id, version, &deed)).await?;
    answer(&app, None, job).await
}

/// The version that a removal names.
pub(super) fn version_of(params: Params) -> Result<u64, Problem> {
    let params = params.only(&["version"], &[])?;
    let version = params.one("version").map(str::parse::<u64>);
    version.and_then(Result::ok).ok_or_else(no_version)
}

pub(super) fn no_version() -> Problem {
    Problem::invalid(
        "version",
        local!(
            "được phép: phiên bản đã đọc, một số nguyên",
            "allowed: the version that was read, a whole number"
        ),
    )
}

/// The calibration of a request, when nothing is wrong with it.
pub(super) fn entered(
    app: &App,
    point: &Point,
    request: wire::CalibrationRequest,
    caller: &str,
) -> Result<NewCalibration, Problem> {
    if point.counter.is_some() {
        return Err(Problem::conflict(local!(
            "Tổng của bộ đếm không hiệu chuẩn: hệ số của điểm đo cho biết một xung là bao nhiêu.",
            "A counter's total is not calibrated: its scale says what one count is."
        )));
    }
    let from = not_ahead(app, "from", day_or_moment(app, "from", &request.from)?)?;
    let next_due = request.next_due.as_ref().map(|due| day_or_moment(app, "next_due", due)).transpose()?;
    if next_due.is_some_and(|due| due <= from) {
        let detail = local!(
            "có ngày không muộn hơn from, được phép: một ngày muộn hơn",
            "found one not later than from, allowed: a later day"
        );
        return Err(Problem::invalid("next_due", detail));
    }
    if point.calibrations.iter().any(|configured| configured.from == from) {
        let detail = local!(
            "Cấu hình đã có hiệu chuẩn của điểm đo này vào ngày này; hãy sửa ở đó.",
            "The configuration has a calibration of this point with this date; it is changed there."
        );
        return Err(Problem::conflict(detail));
    }
    let decimal = |at: &str, number: f64| {
        Decimal::from_f64(number).ok_or_else(|| {
            let detail = local!(
                "có {number}, được phép: tối đa 36 chữ số thập phân",
                "found {number}, allowed: at most 36 decimal places"
            );
            Problem::invalid(at, detail)
        })
    };
    if !GAINS.contains(&request.gain.abs()) {
        let (found, least, most) = (request.gain, GAINS.start(), GAINS.end());
        let detail = local!(
            "có {found}, được phép: {least} đến {most}, hoặc như vậy nhưng âm, không được bằng 0",
            "found {found}, allowed: {least} to {most} or below 0, never 0"
        );
        return Err(Problem::invalid("gain", detail));
    }
    let by = some_text("by", request.by, MAX_NAME_CHARS)?.unwrap_or_else(|| caller.to_owned());
    Ok(NewCalibration {
        point: point.id.clone(),
        calibration: Calibration {
            from,
            gain: decimal("gain", request.gain)?,
            offset: decimal("offset", request.offset)?,
            by,
        },
        certificate: some_text("certificate", request.certificate, MAX_NAME_CHARS)?,
        note: some_text("note", request.note, MAX_TEXT_CHARS)?,
        next_due,
    })
}

/// A day such as 2026-03-01, the commune's, or a moment.
fn day_or_moment(app: &App, at: &str, found: &wire::Moment) -> Result<Timestamp, Problem> {
    let read = match found {
        wire::Moment::Text(text) => app.zone.day(text).map_or_else(|| found.read(), Ok),
        wire::Moment::Millis(_) => found.read(),
    };
    read.map_err(|detail| Problem::invalid(at, detail))
}

fn point_named<'a>(app: &'a App, record: &CalibrationRecord) -> Result<&'a Point, Problem> {
    let id = &record.entered.point;
    let found = app.hub.commune.points().find(|point| point.id == *id);
    found.ok_or_else(|| Problem::not_found("point", app.no_point(id.as_str())))
}

fn detail(new: &NewCalibration) -> serde_json::Value {
    let calibration = &new.calibration;
    json!({
        "from_ms": calibration.from.as_millis(),
        "gain": calibration.gain.to_f64(),
        "offset": calibration.offset.to_f64(),
        "by": calibration.by,
        "certificate": new.certificate,
        "note": new.note,
        "next_due_ms": new.next_due.map(Timestamp::as_millis),
    })
}

async fn answer(
    app: &App,
    record: Option<&CalibrationRecord>,
    job: Job,
) -> Result<Json<wire::CalibrationChange>, Problem> {
    let job = app.settled(job).await?;
    let calibration = record.map(|record| wire::Calibration::of(record, &app.zone));
    Ok(Json(wire::CalibrationChange { calibration, job: wire::Job::of(&job, &app.zone) }))
}
