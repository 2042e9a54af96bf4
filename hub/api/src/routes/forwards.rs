//! The ways out to other engines: how each fares, and the lines that one refuses for ever.
//!
//! Read next: [`crate::forward`].

use axum::Json;
use axum::extract::{Path, State};

use crate::app::{SharedApp, store_problem};
use crate::auth::{Integrator, Viewer};
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;
use hub_model::local;

/// Every way out, in the order of the configuration; none when nothing is forwarded.
#[utoipa::path(
    get, path = "/forwards", tag = "forwards",
    responses(
        (status = 200, body = Vec<wire::Forward>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_forwards(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Forward>>, Problem> {
    params.only(&[], &[])?;
    let all = app.hub.forwards.all();
    Ok(Json(all.into_iter().map(|forward| wire::Forward::of(forward, &app.zone)).collect()))
}

/// The last lines that a way out had to set aside because the other side refuses them for ever, the newest first.
#[utoipa::path(
    get, path = "/forwards/{forward}/refused", tag = "forwards",
    params(("forward" = String, Path, description = "Its id.")),
    responses(
        (status = 200, body = Vec<wire::RefusedLine>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_refused_lines(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Vec<wire::RefusedLine>>, Problem> {
    params.only(&[], &[])?;
    let forwards = app.hub.forwards.clone();
    let all = forwards.all();
    if all.iter().all(|forward| forward.id != id) {
        let what = local!("nơi chuyển số liệu đi", "forward");
        let detail = nothing_has(&what, &id, all.iter().map(|forward| forward.id.as_str()));
        return Err(Problem::not_found("forward", detail));
    }
    let read = tokio::task::spawn_blocking(move || forwards.refused(&id));
    let lines = read.await.map_err(|_| Problem::internal())?.map_err(|error| store_problem(&error))?;
    Ok(Json(lines.into_iter().map(|line| wire::RefusedLine::of(line, &app.zone)).collect()))
}
