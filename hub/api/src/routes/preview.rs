//! What a calibration would change, before it is entered: nothing is kept.

use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use hub_logic::rejudge;
use hub_model::{Point, PointId, Timestamp, Upkeep};
use hub_store::{History, StoreError};

use super::calibrations::{PointPath, entered, point_of};
use crate::app::SharedApp;
use crate::auth::Officer;
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::wire;

/// Readings that are looked at, from the calibration's date on.
const MAX_READINGS: u64 = 200_000;
/// Readings that are shown, spread over the period.
const SHOWN: usize = 200;

/// Tries a calibration on what is stored. It is taken as the point's only one from its date on.
#[utoipa::path(
    post, path = "/points/{site}/{device}/{point}/calibrations/preview", tag = "calibrations",
    params(
        ("site" = String, Path, description = "The point's site."),
        ("device" = String, Path, description = "The device's own part of the id."),
        ("point" = String, Path, description = "The point's own part of the id."),
    ),
    request_body = wire::CalibrationRequest,
    responses(
        (status = 200, body = wire::CalibrationPreview),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_preview(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    path: PointPath,
    JsonBody(request): JsonBody<wire::CalibrationRequest>,
) -> Result<Json<wire::CalibrationPreview>, Problem> {
    let point = point_of(&app, &path)?.clone();
    let new = entered(&app, &point, request, &caller.name)?;
    let (from, to) = (new.calibration.from, app.now());
    let upkeep = Upkeep::new([(new.point, new.calibration)], Vec::new());
    app.read(move |history| preview(history, &point, &upkeep, from, to)).await.map(Json)
}

/// Before and after, of readings that have a value either way.
fn preview(
    history: &dyn History,
    point: &Point,
    upkeep: &Upkeep,
    from: Timestamp,
    to: Timestamp,
) -> Result<wire::CalibrationPreview, StoreError> {
    let id: &PointId = &point.id;
    let (mut rows, mut seen, mut changed, mut sums) = (Vec::new(), 0, 0, (0.0, 0.0));
    // Each `step`th reading is kept, and the step doubles whenever there are too many of them.
    let mut step = 1;
    history.readings(id, from, to, &mut |reading| {
        if seen == MAX_READINGS {
            seen += 1;
            return ControlFlow::Break(());
        }
        let again = rejudge(point, upkeep, &reading);
        let Some((before, after)) = reading.value.zip(again.value) else { return ControlFlow::Continue(()) };
        changed += u64::from((before, reading.quality) != (after, again.quality));
        sums = (sums.0 + before, sums.1 + after);
        if seen % step == 0 {
            rows.push((reading.measured_at.as_millis(), before, after));
        }
        seen += 1;
        if rows.len() > 2 * SHOWN {
            rows = rows.iter().step_by(2).copied().collect();
            step *= 2;
        }
        ControlFlow::Continue(())
    })?;
    let readings = seen.min(MAX_READINGS);
    let mean = |sum: f64| (readings > 0).then(|| sum / readings as f64);
    Ok(wire::CalibrationPreview {
        readings,
        changed,
        is_partial: seen > MAX_READINGS,
        mean_before: mean(sums.0),
        mean_after: mean(sums.1),
        t: rows.iter().map(|row| row.0).collect(),
        before: rows.iter().map(|row| row.1).collect(),
        after: rows.iter().map(|row| row.2).collect(),
    })
}
