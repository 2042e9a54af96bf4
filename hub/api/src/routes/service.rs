//! What is out of service, taking something out, and putting it in again. What that means for alarms is the logic's.

use axum::Json;
use axum::extract::State;
use hub_model::{Scope, local};
use serde_json::json;

use super::alarms::refusal;
use crate::app::{App, SharedApp};
use crate::auth::{Officer, Viewer};
use crate::body::JsonBody;
use crate::hub::{Request, ServiceChange};
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// What is out of service: its alarms are followed and not told.
#[utoipa::path(
    get, path = "/out-of-service", tag = "alarms",
    params(("state" = Option<String>, Query, description = "`active` (the default) or `all`, with what has ended.")),
    responses(
        (status = 200, body = Vec<wire::OutOfService>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_out_of_service(
    State(app): State<SharedApp>,
    _: Viewer,
    params: Params,
) -> Result<Json<Vec<wire::OutOfService>>, Problem> {
    let params = params.only(&["state"], &[])?;
    let ended = params.word("state", &["active", "all"])? == Some("all");
    list(&app, ended).await.map(Json)
}

/// Takes a site, a device or a point out of service, until a time or until somebody puts it in again.
#[utoipa::path(
    post, path = "/out-of-service", tag = "alarms",
    request_body = wire::OutOfServiceRequest,
    responses(
        (status = 200, body = Vec<wire::OutOfService>, description = "All that is out of service now."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_out_of_service(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    JsonBody(request): JsonBody<wire::OutOfServiceRequest>,
) -> Result<Json<Vec<wire::OutOfService>>, Problem> {
    let scope = known(&app, &request.scope)?;
    let until = request.until.map(|until| until.read()).transpose();
    let until = until.map_err(|detail| Problem::invalid("until", detail))?;
    change(&app, ServiceChange::Out { scope, until, reason: request.reason }, caller.name).await
}

/// Puts in service again what was taken out.
#[utoipa::path(
    post, path = "/out-of-service/end", tag = "alarms",
    request_body = wire::InServiceRequest,
    responses(
        (status = 200, body = Vec<wire::OutOfService>, description = "All that is still out of service."),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_in_service(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    JsonBody(request): JsonBody<wire::InServiceRequest>,
) -> Result<Json<Vec<wire::OutOfService>>, Problem> {
    // What is no longer configured can be put in service all the same.
    let refused = || {
        let detail = local!(
            "được phép: địa điểm, địa điểm/thiết bị hoặc địa điểm/thiết bị/điểm đo",
            "allowed: a site, site/device or site/device/point"
        );
        Problem::invalid("scope", detail)
    };
    let scope = Scope::parse(&request.scope).ok_or_else(refused)?;
    change(&app, ServiceChange::In(scope), caller.name).await
}

async fn change(
    app: &App,
    change: ServiceChange,
    by: String,
) -> Result<Json<Vec<wire::OutOfService>>, Problem> {
    let (word, scope, told) = match &change {
        ServiceChange::Out { scope, until, reason } => {
            let told = json!({"until_ms": until.map(|until| until.as_millis()), "reason": reason});
            ("taken_out_of_service", scope.to_string(), told)
        }
        ServiceChange::In(scope) => ("put_in_service", scope.to_string(), json!({})),
    };
    let who = by.clone();
    let done = app.ask(|reply| Request::Service { change, by, reply }).await?;
    done.map_err(|refused| refusal(app, refused, "reason"))?;
    app.note(&who, word, &scope, told).await;
    list(app, false).await.map(Json)
}

async fn list(app: &App, ended: bool) -> Result<Vec<wire::OutOfService>, Problem> {
    let all = app.read(move |history| history.out_of_service(ended)).await?;
    Ok(all.iter().map(|one| wire::OutOfService::of(one, &app.zone)).collect())
}

/// The scope, when something of this name is configured.
fn known(app: &App, text: &str) -> Result<Scope, Problem> {
    let commune = &app.hub.commune;
    let scope = Scope::parse(text).filter(|scope| match scope {
        Scope::Site(site) => commune.site(site.as_str()).is_some(),
        Scope::Device(device) => commune.devices().any(|known| known.id == *device),
        Scope::Point(point) => app.point(point.as_str()).is_some(),
    });
    scope.ok_or_else(|| {
        let ids = commune.sites.iter().map(|site| site.id.as_str());
        let ids = ids.chain(commune.devices().map(|device| device.id.as_str()));
        let ids = ids.chain(commune.points().map(|point| point.id.as_str()));
        let what = local!("địa điểm, thiết bị hoặc điểm đo", "site, device or point");
        Problem::invalid("scope", nothing_has(&what, text, ids))
    })
}
