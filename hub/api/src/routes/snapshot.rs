//! What a dashboard shows first, in one answer: on a slow phone each further call is another half second.

use axum::Json;
use axum::extract::State;

use super::alarms::MAX_ALARMS;
use super::{points, sites::Now};
use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// The commune's sites, their devices and points with their latest values, and the active alarms (the newest 1,000), all of
/// one moment: what `/sites`, `/sites/{site}`, `/points` and `/alarms` tell, without the hub's own site.
#[utoipa::path(
    get, path = "/snapshot", tag = "sites",
    responses(
        (status = 200, body = wire::Snapshot),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_snapshot(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<wire::Snapshot>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(told(&app).await?))
}

/// The snapshot as it is told.
pub(super) async fn told(app: &SharedApp) -> Result<wire::Snapshot, Problem> {
    let now = Now::read(app).await?;
    Ok(wire::Snapshot {
        sites: now.sites(app),
        devices: now.devices(app),
        points: points::listed(app, &now.latest, None, None),
        alarms: now.alarms.iter().take(MAX_ALARMS).map(|alarm| wire::Alarm::of(alarm, &app.zone)).collect(),
    })
}
