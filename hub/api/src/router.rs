//! All routes in one place, and the OpenAPI document that is made from them.
//!
//! A call is either in [`public`] or behind the gate in [`protected`]: there is no third place, so a new route is closed
//! unless somebody opens it here.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, SharedApp};
use crate::auth::{COOKIE, gate};
use crate::hub::Hub;
use crate::push::influx::errors_as_influx;
use crate::routes::{
    accounts, alarms, announcement, audit, backtest, calibrations, commune, communes, completeness,
    corrections, deliver, entries, field, forwards, links, metrics, mqtt, notices, points, preview, push,
    readings, rule_texts, rules, service, session, setup, site_files, sites, snapshot, start, stream,
    surroundings,
};
use crate::{dashboard, guard, health, wire};

/// Where the API's calls live.
const API: &str = "/api/v1";

/// The hub's whole HTTP face. Serve it with [`crate::serve()`], which tells it the clients' addresses.
pub fn router(hub: Hub) -> Router {
    let policy = guard::content_policy(hub.surroundings.tiles.as_ref().map(|tiles| &*tiles.origin));
    let app = Arc::new(App::new(hub, openapi()));
    let behind_gate = |calls: OpenApiRouter<SharedApp>| {
        // The last layer is asked first: nobody is told what kind of hub it is before the gate.
        let calls = calls.route_layer(from_fn_with_state(app.clone(), communes::only_looks));
        calls.route_layer(from_fn_with_state(app.clone(), gate))
    };
    let gated = behind_gate(protected());
    let (api, _) = OpenApiRouter::new().nest(API, public().merge(gated)).split_for_parts();
    let routes = api
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::get_metrics))
        .fallback(elsewhere)
        .with_state(app.clone());
    // These bound their bodies themselves, by the memory that all of them take.
    let written = behind_gate(written()).layer(from_fn(errors_as_influx));
    let (bulk, _) = OpenApiRouter::new().nest(API, behind_gate(pushed())).merge(written).split_for_parts();
    guard::around(routes, bulk.with_state(app.clone()), policy)
}

/// The OpenAPI 3.1 document, as `/api/v1/openapi.json` and `commune-hub openapi` give it: always the same text.
pub fn openapi() -> String {
    let calls: OpenApiRouter<SharedApp> = OpenApiRouter::with_openapi(head())
        .nest(API, public().merge(protected()).merge(pushed()))
        .merge(written());
    // The document is made of strings and lists only, which JSON can always say.
    let mut text = calls.into_openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Calls that need no login.
fn public() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::default()
        .routes(routes!(commune::get_commune))
        .routes(routes!(commune::get_openapi))
        .routes(routes!(session::post_session))
        .routes(routes!(setup::post_setup))
        .routes(routes!(setup::post_display))
        .routes(routes!(links::post_look))
        .routes(routes!(links::post_link))
}

/// Calls behind the gate: each also names the role that it needs.
fn protected() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::default()
        .routes(routes!(session::get_session, session::delete_session))
        .routes(routes!(communes::get_communes))
        .routes(routes!(snapshot::get_snapshot))
        .routes(routes!(sites::get_sites))
        .routes(routes!(sites::get_site))
        .routes(routes!(surroundings::get_map))
        .routes(routes!(surroundings::get_photo))
        .routes(routes!(points::get_points))
        .routes(routes!(readings::get_readings, deliver::post_readings))
        .routes(routes!(alarms::get_alarms))
        .routes(routes!(alarms::get_groups))
        .routes(routes!(alarms::get_alarm))
        .routes(routes!(alarms::post_acknowledge))
        .routes(routes!(announcement::get_announcement, announcement::post_announcement))
        .routes(routes!(alarms::post_comment))
        .routes(routes!(alarms::post_shelve))
        .routes(routes!(alarms::post_unshelve))
        .routes(routes!(alarms::post_reset))
        .routes(routes!(service::get_out_of_service, service::post_out_of_service))
        .routes(routes!(service::post_in_service))
        .routes(routes!(links::post_link_as_caller))
        .routes(routes!(notices::get_notices))
        .routes(routes!(notices::get_channels))
        .routes(routes!(notices::get_duty))
        .routes(routes!(notices::post_channel_test))
        .routes(routes!(rules::get_rules))
        .routes(routes!(rule_texts::get_rule, rule_texts::put_rule))
        .routes(routes!(rule_texts::post_check))
        .routes(routes!(rule_texts::post_cases))
        .routes(routes!(rule_texts::post_switch))
        .routes(routes!(rule_texts::post_delete))
        .routes(routes!(rule_texts::get_rule_versions))
        .routes(routes!(rule_texts::get_rule_version))
        .routes(routes!(backtest::post_backtest))
        .routes(routes!(calibrations::get_calibrations, calibrations::post_calibration))
        .routes(routes!(calibrations::get_all_calibrations))
        .routes(routes!(preview::post_preview))
        .routes(routes!(completeness::get_completeness))
        .routes(routes!(calibrations::put_calibration, calibrations::delete_calibration))
        .routes(routes!(corrections::post_correction))
        .routes(routes!(corrections::get_point_audit))
        .routes(routes!(entries::get_maintenance, entries::post_maintenance))
        .routes(routes!(entries::put_maintenance, entries::delete_maintenance))
        .routes(routes!(entries::get_notes, entries::post_note))
        .routes(routes!(entries::put_note, entries::delete_note))
        .routes(routes!(audit::get_audit))
        .routes(routes!(audit::get_jobs))
        .routes(routes!(audit::get_job))
        .routes(routes!(field::get_buses))
        .routes(routes!(field::get_frames))
        .routes(routes!(field::post_probe))
        .routes(routes!(field::post_device_trial))
        .routes(routes!(site_files::get_profiles))
        .routes(routes!(site_files::get_quantities))
        .routes(routes!(site_files::get_profile))
        .routes(routes!(site_files::get_site_file))
        .routes(routes!(site_files::get_site_version))
        .routes(routes!(site_files::post_site_restore))
        .routes(routes!(site_files::put_device, site_files::delete_device))
        .routes(routes!(site_files::post_device_check))
        .routes(routes!(forwards::get_forwards))
        .routes(routes!(forwards::get_refused_lines))
        .routes(routes!(field::get_point_writes, field::post_point_write))
        .routes(routes!(mqtt::get_mqtt))
        .routes(routes!(mqtt::get_arrivals))
        .routes(routes!(mqtt::get_unknown))
        .routes(routes!(mqtt::post_proposal))
        .routes(routes!(mqtt::post_command))
        .routes(routes!(stream::get_stream))
        .routes(routes!(accounts::post_password))
        .routes(routes!(accounts::get_sessions))
        .routes(routes!(accounts::delete_open_session))
        .routes(routes!(accounts::get_users, accounts::post_user))
        .routes(routes!(accounts::patch_user, accounts::delete_user))
        .routes(routes!(accounts::get_tokens, accounts::post_token))
        .routes(routes!(accounts::delete_token))
}

/// Calls behind the gate that take readings in other formats than our own.
fn pushed() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::default().routes(routes!(push::post_senml)).routes(routes!(push::post_netjson))
}

/// The call behind the gate that InfluxDB's clients know, at their address.
fn written() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::default().routes(routes!(push::post_write))
}

/// What the document says beside its calls.
fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Smart-commune hub")
        .version("1")
        .description(Some(
            "Sites, points, readings and alarms of a commune. Times are RFC 3339 with the commune's offset, in columns \
             epoch ms; units are UCUM codes; errors are RFC 9457 problems.",
        ))
        .build();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        COOKIE,
        "Set by POST /api/v1/session. Calls that change something must then send JSON.",
    )));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token.")).build();
    let mut components = Components::new();
    components.add_security_scheme("session", cookie);
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    // Shapes of no call: events of the stream, which names them in words, and what comes with the page.
    for (name, schema) in [
        (wire::ReadingEvent::name(), wire::ReadingEvent::schema()),
        (wire::HealthEvent::name(), wire::HealthEvent::schema()),
        (wire::ResyncEvent::name(), wire::ResyncEvent::schema()),
        (wire::Start::name(), wire::Start::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    let any = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([any("session"), any("token")]))
        .build()
}

/// Addresses outside the API are the dashboard's; unknown ones inside are said to be unknown.
async fn elsewhere(State(app): State<SharedApp>, request: Request) -> Response {
    let path = request.uri().path();
    let is_ours = ["/api", "/health", "/metrics"]
        .iter()
        .any(|ours| path.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_ours {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response();
    }
    let (parts, _) = request.into_parts();
    if dashboard::is_page(&parts.uri)
        && let Some(start) = start::of_caller(&app, &parts.method, &parts.headers).await
        && let Some(page) = dashboard::page_with(&start, &parts.headers)
    {
        return page;
    }
    dashboard::serve(&parts.uri, &parts.headers)
}
