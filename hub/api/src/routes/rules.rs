//! The rules and how they fare.

use axum::Json;
use axum::extract::State;

use crate::app::SharedApp;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// All rules, with what is wrong with those that cannot run.
#[utoipa::path(
    get, path = "/rules", tag = "rules",
    responses(
        (status = 200, body = Vec<wire::Rule>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_rules(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::Rule>>, Problem> {
    params.only(&[], &[])?;
    let rules = app.hub.rules.borrow().iter().map(wire::Rule::from).collect();
    Ok(Json(rules))
}
