//! What the hub serves: the commune's own data, which the login page needs, too.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::{App, SharedApp};
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// The commune.
#[utoipa::path(
    get, path = "/commune", tag = "commune", security(()),
    responses(
        (status = 200, body = wire::Commune),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_commune(
    State(app): State<SharedApp>,
    params: Params,
) -> Result<Json<wire::Commune>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(told(&app).await?))
}

/// The commune as it is told.
pub(super) async fn told(app: &App) -> Result<wire::Commune, Problem> {
    let commune = &app.hub.commune;
    let (seconds, from, until) = app.zone.offset_span(app.now());
    Ok(wire::Commune {
        id: commune.id.clone(),
        role: if app.hub.communes.is_some() { "province" } else { "commune" },
        name: (&commune.name).into(),
        timezone: commune.timezone.clone(),
        utc_offset: wire::UtcOffset { seconds, from, until },
        location: commune.location.map(wire::Location::from),
        languages: commune.languages.clone(),
        version: app.hub.version.clone(),
        needs_setup: super::setup::is_needed(app).await?,
    })
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "commune", security(()),
    responses((status = 200, body = Object, description = "OpenAPI 3.1.")),
)]
pub(crate) async fn get_openapi(State(app): State<SharedApp>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], app.document.clone()).into_response()
}
