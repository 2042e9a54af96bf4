//! For integrators: device profiles, and a site's devices put into its file, taken out and rolled back.
//!
//! A change is noted with who, when and why, the text before it is kept, and the running hub takes it up by its own reload.
//! Read next: [`crate::site_files`].

use axum::Json;
use axum::extract::{Path, State};
use hub_model::text::Told as _;
use hub_model::{LocalText, Quantity, SiteId, local};
use serde_json::json;

use crate::app::{App, SharedApp};
use crate::auth::Integrator;
use crate::body::JsonBody;
use crate::nearest::nothing_has;
use crate::problem::{FieldError, Problem, somebody, too_long};
use crate::query::Params;
use crate::records::{MAX_TEXT_CHARS, number, some_text};
use crate::site_files::{ChangedBy, ProfileText, SiteChange, SiteFault, SiteFiles};
use crate::wire;

/// The longest text of a device, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The device profiles: those that come with the hub and the commune's own, without their texts.
#[utoipa::path(
    get, path = "/profiles", tag = "field",
    responses(
        (status = 200, body = Vec<wire::Profile>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_profiles(
    State(app): State<SharedApp>,
    _: Integrator,
    params: Params,
) -> Result<Json<Vec<wire::Profile>>, Problem> {
    params.only(&[], &[])?;
    let found = asked(&app, |files| Ok(files.profiles())).await?;
    Ok(Json(found.into_iter().map(|one| wire::ProfileDetail::from(one).profile).collect()))
}

/// A device profile with its text.
#[utoipa::path(
    get, path = "/profiles/{profile}", tag = "field",
    params(("profile" = String, Path, description = "The profile's id.")),
    responses(
        (status = 200, body = wire::ProfileDetail),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_profile(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(profile): Path<String>,
    params: Params,
) -> Result<Json<wire::ProfileDetail>, Problem> {
    params.only(&[], &[])?;
    let all = asked(&app, |files| Ok(files.profiles())).await?;
    let what = local!("hồ sơ thiết bị", "profile");
    let detail = nothing_has(&what, &profile, all.iter().map(|one| &*one.id));
    let unknown = || Problem::not_found("profile", detail);
    let found: ProfileText = all.into_iter().find(|one| one.id == profile).ok_or_else(unknown)?;
    Ok(Json(found.into()))
}

/// What points can measure, in the order of the hub's own list.
#[utoipa::path(
    get, path = "/quantities", tag = "field",
    responses(
        (status = 200, body = Vec<wire::Quantity>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_quantities(
    _: Integrator,
    params: Params,
) -> Result<Json<Vec<wire::Quantity>>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(Quantity::codes().filter_map(Quantity::parse).map(Into::into).collect()))
}

/// A site's file with each device's part of it, and how it came to be so.
#[utoipa::path(
    get, path = "/sites/{site}/file", tag = "field",
    params(("site" = String, Path, description = "The site.")),
    responses(
        (status = 200, body = wire::SiteFile),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_site_file(
    State(app): State<SharedApp>,
    _: Integrator,
    Path(site): Path<String>,
    params: Params,
) -> Result<Json<wire::SiteFile>, Problem> {
    params.only(&[], &[])?;
    shown(&app, known(&app, &site)?).await.map(Json)
}

/// A text that a site's file held.
#[utoipa::path(
    get, path = "/sites/{site}/file/versions/{id}", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("id" = u64, Path, description = "The version's number."),
    ),
    responses(
        (status = 200, body = wire::OldSiteText),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_site_version(
    State(app): State<SharedApp>,
    _: Integrator,
    Path((site, id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<wire::OldSiteText>, Problem> {
    params.only(&[], &[])?;
    let (site, id) = (known(&app, &site)?, number(&id)?);
    let (version, text) = asked(&app, move |files| files.version(&site, id)).await?;
    Ok(Json(wire::OldSiteText { version: wire::SiteVersion::of(version, &app.zone), text }))
}

/// Says what is wrong with a device, or how the site's file would read with it; keeps nothing.
#[utoipa::path(
    post, path = "/sites/{site}/devices/{device}/check", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device's id within the site, which need not exist yet."),
    ),
    request_body = wire::CheckDeviceRequest,
    responses(
        (status = 200, body = wire::CheckedSiteFile),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_device_check(
    State(app): State<SharedApp>,
    _: Integrator,
    Path((site, device)): Path<(String, String)>,
    JsonBody(request): JsonBody<wire::CheckDeviceRequest>,
) -> Result<Json<wire::CheckedSiteFile>, Problem> {
    let (site, change) = (known(&app, &site)?, put(device, request.toml)?);
    let text = asked(&app, move |files| files.preview(&site, &change)).await?;
    Ok(Json(wire::CheckedSiteFile { text }))
}

/// Puts a device into its site's file, or in the place of the one with its id; the rest of the file stays as it was written.
/// Refused when the hub would not take the file up, or somebody has changed it since `revision`.
#[utoipa::path(
    put, path = "/sites/{site}/devices/{device}", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device's id within the site."),
    ),
    request_body = wire::SaveDeviceRequest,
    responses(
        (status = 200, body = wire::SavedSiteFile),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_device(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path((site, device)): Path<(String, String)>,
    JsonBody(request): JsonBody<wire::SaveDeviceRequest>,
) -> Result<Json<wire::SavedSiteFile>, Problem> {
    let change = put(device, request.toml)?;
    changed(&app, caller.name, known(&app, &site)?, change, request.revision, request.why).await
}

/// Takes a device out of its site's file: it is read no more, its readings stay. Refused as when one is saved.
#[utoipa::path(
    delete, path = "/sites/{site}/devices/{device}", tag = "field",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "The device's id within the site."),
        ("revision" = String, Query, description = "What was seen of the file."),
        ("why" = Option<String>, Query, description = "Why."),
    ),
    responses(
        (status = 200, body = wire::SavedSiteFile),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_device(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path((site, device)): Path<(String, String)>,
    params: Params,
) -> Result<Json<wire::SavedSiteFile>, Problem> {
    let params = params.only(&["revision", "why"], &[])?;
    let revision =
        params.one("revision").ok_or_else(|| Problem::invalid("revision", local!("cần có", "is needed")))?;
    let (revision, why) = (revision.to_owned(), params.one("why").map(str::to_owned));
    changed(&app, caller.name, known(&app, &site)?, SiteChange::Remove { device }, revision, why).await
}

/// Puts a text in force again that the site's file held. Refused as when a device is saved.
#[utoipa::path(
    post, path = "/sites/{site}/file/restore", tag = "field",
    params(("site" = String, Path, description = "The site.")),
    request_body = wire::RestoreSiteRequest,
    responses(
        (status = 200, body = wire::SavedSiteFile),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_site_restore(
    State(app): State<SharedApp>,
    Integrator(caller): Integrator,
    Path(site): Path<String>,
    JsonBody(request): JsonBody<wire::RestoreSiteRequest>,
) -> Result<Json<wire::SavedSiteFile>, Problem> {
    let change = SiteChange::Restore { version: request.version };
    changed(&app, caller.name, known(&app, &site)?, change, request.revision, request.why).await
}

/// Makes a change, notes it, and answers when the running hub has taken it up or it is clear that it waits.
async fn changed(
    app: &SharedApp,
    by: String,
    site: SiteId,
    change: SiteChange,
    revision: String,
    why: Option<String>,
) -> Result<Json<wire::SavedSiteFile>, Problem> {
    let why = some_text("why", why, MAX_TEXT_CHARS)?.unwrap_or_default();
    let who = ChangedBy { name: by.clone(), at: app.now(), why: why.clone() };
    let object = match &change {
        SiteChange::Put { device, .. } | SiteChange::Remove { device } => format!("{site}/{device}"),
        SiteChange::Restore { .. } => site.to_string(),
    };
    let detail = match &change {
        SiteChange::Restore { version } => json!({ "why": why, "version": version }),
        _ => json!({ "why": why }),
    };
    let of = site.clone();
    let what = asked(app, move |files| files.change(&of, &revision, &change, &who)).await?;
    tracing::warn!(object, by, what, "a person changed a site's file");
    let action = if what == "restored" { "site_file_restored".to_owned() } else { format!("device_{what}") };
    app.note(&by, &action, &object, detail).await;
    let waits_for = app.hub.site_files.taken_up().await;
    let file = shown(app, site).await?;
    let in_force = waits_for.is_none();
    let (waits_for, waits_for_vi) = waits_for.map(|LocalText { vi, en }| (en, vi)).unzip();
    Ok(Json(wire::SavedSiteFile { file, in_force, waits_for, waits_for_vi }))
}

async fn shown(app: &SharedApp, site: SiteId) -> Result<wire::SiteFile, Problem> {
    let of = site.clone();
    let file = asked(app, move |files| files.read(&of)).await?;
    Ok(wire::SiteFile::of(site.to_string(), file, &app.zone))
}

fn put(device: String, toml: String) -> Result<SiteChange, Problem> {
    hub_model::id::check_part(&device).map_err(|error| Problem::invalid("device", error.told()))?;
    if toml.len() > MAX_BYTES {
        return Err(Problem::invalid("toml", too_long(&toml, MAX_BYTES)));
    }
    Ok(SiteChange::Put { device, toml })
}

/// The site, when it is one of the configuration.
fn known(app: &App, site: &str) -> Result<SiteId, Problem> {
    app.site("site", site).map(|site| site.id.clone())
}

async fn asked<T: Send + 'static>(
    app: &SharedApp,
    question: impl FnOnce(&dyn SiteFiles) -> Result<T, SiteFault> + Send + 'static,
) -> Result<T, Problem> {
    let files = app.hub.site_files.clone();
    let answer = tokio::task::spawn_blocking(move || question(&*files)).await;
    answer.map_err(|_| Problem::internal())?.map_err(problem)
}

fn problem(fault: SiteFault) -> Problem {
    match fault {
        SiteFault::Missing(what) => Problem::not_found("file", what),
        SiteFault::Overtaken(who) => {
            let LocalText { vi, en } = who.map_or_else(somebody, LocalText::same);
            Problem::conflict(local!(
                "{vi} vừa sửa tệp này; chưa lưu gì. Hãy so với bản đang có.",
                "{en} has changed this file in the meantime; nothing was saved. Compare with what is there now."
            ))
        }
        SiteFault::Faulty(faults) => {
            Problem::invalid_all(faults.into_iter().map(|fault| FieldError::new("toml", fault)).collect())
        }
        // The caller learns that nothing was changed; why goes to the log, for it names the machine's folders.
        SiteFault::File(error) => {
            tracing::error!(%error, "a site's file cannot be read or written");
            Problem::unavailable(local!(
                "Không đọc hoặc ghi được tệp của địa điểm; chưa đổi gì. Nhật ký của máy chủ ghi rõ lý do.",
                "The site's file cannot be read or written; nothing was changed. The hub's log says why."
            ))
        }
    }
}
