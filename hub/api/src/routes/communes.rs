//! A province's communes: how each fares now, and what it belongs to on a day.
//!
//! A province only looks: what would change a commune's readings or alarms is refused here. Read next: [`crate::communes`].

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;
use hub_model::{LocalText, local};

/// Calls by which people change what is the province's own: logins, notices, its hub's alarms and rules.
const OWN: [&str; 8] = ["session", "sessions", "users", "tokens", "setup", "alarms", "rules", "notices"];

/// A province's communes, in the order of things on a day. A commune's hub has none.
#[utoipa::path(
    get, path = "/communes", tag = "communes",
    params(("at" = Option<String>, Query, description = "RFC 3339 or epoch ms; without it now.")),
    responses(
        (status = 200, body = wire::Communes),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_communes(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<wire::Communes>, Problem> {
    let params = params.only(&["at"], &[])?;
    let at = params.time("at")?.unwrap_or_else(|| app.now());
    let communes = app.hub.communes.as_ref();
    let communes = communes.ok_or_else(|| Problem::not_found("communes", not_a_province()))?;
    Ok(Json(wire::Communes::of(communes.overview(at), &app.zone)))
}

/// Lets a province's hub be asked anything and change nothing of its communes.
pub(crate) async fn only_looks(
    State(app): State<SharedApp>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    // Within the API the path has lost its beginning.
    let is_own = request.uri().path().split('/').nth(1).is_some_and(|call| OWN.contains(&call));
    if app.hub.communes.is_some() && !request.method().is_safe() && !is_own {
        return Err(Problem::conflict(local!(
            "Máy chủ của tỉnh chỉ để xem: việc này làm tại máy chủ của xã.",
            "A province's hub only looks: this is done at the commune's own hub."
        )));
    }
    Ok(next.run(request).await)
}

fn not_a_province() -> LocalText {
    local!("máy chủ này là của một xã", "this hub is a commune's own")
}
